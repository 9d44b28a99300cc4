// The engine against its twin: thousands of random operations, with restarts, evictions and the passing of time in
// between; after every few, everything that can be read is compared.
//
// ENGRAM_TEST_SEED picks the seed, ENGRAM_MODEL_OPERATIONS the number of operations per seed.
#include <cmath>
#include <cstdlib>

#include <gmock/gmock.h>

#include "tests/engine/engine_fixture.h"
#include "tests/engine/model/generator.h"
#include "tests/engine/model/naive_reads.h"
#include "tests/engine/model/naive_search.h"
#include "tests/engine/model/twin.h"
#include "tests/index/random_seed.h"

namespace engram::model {
namespace {

// Index bytes for either namespace alone.
constexpr uint64_t kRoomForOne = 420'000;

uint64_t OperationCount() {
  const char* text = std::getenv("ENGRAM_MODEL_OPERATIONS");
  return text ? std::stoull(text) : 10'000;
}

class EngineModelTest : public EngineFixture, public ::testing::WithParamInterface<uint64_t> {
 protected:
  EngineModelTest() : seed_(TestSeed(GetParam())), generator_(seed_) {}

  Timestamp Now() const { return clock_.Now(); }

  void CreateNamespace() {
    engram::CreateNamespace create{generator_.RandomConfig()};
    const auto result = Create(create.config);
    ASSERT_TRUE(result.status.ok()) << result.status.ToString();
    Mutation mutation = NewMutation({create});
    ASSERT_EQ(ApplyToTwin(mutation, Now(), &twin_).code, StatusCode::kOk);
  }

  // --- Writes.

  void MutateBoth() {
    Mutation mutation = generator_.RandomMutation(twin_, Now());
    operations_ += mutation.operations.size();
    mutation.tenant = tenant_;
    const TwinResult expected = ApplyToTwin(mutation, Now(), &twin_);
    const MutationResult result = engine_->Write(std::move(mutation), Durability::kBuffered);
    ASSERT_EQ(StatusCodeName(result.status.code()), StatusCodeName(expected.code)) << result.status.ToString();
    if (!expected.field.empty()) {
      ASSERT_TRUE(result.status.field().starts_with(expected.field)) << result.status.ToString();
    }
    if (expected.code != StatusCode::kOk) return;
    ASSERT_EQ(result.results.size(), expected.results.size());
    for (size_t i = 0; i < result.results.size(); ++i) {
      SCOPED_TRACE("result " + std::to_string(i));
      ASSERT_EQ(OutcomeName(result.results[i].outcome), OutcomeName(expected.results[i].outcome));
      if (expected.results[i].id.empty()) continue;
      ASSERT_EQ(result.results[i].id, expected.results[i].id);
      ASSERT_EQ(result.results[i].version.value, expected.results[i].version.value) << result.results[i].id;
    }
  }

  void ChangeByFilter() {
    const Filter filter = generator_.RandomFilter(Now());
    std::vector<std::string> ids = NaiveMatches(twin_, Now(), &filter, /*any_state=*/true);
    if (ids.size() > 12 && generator_.Pick(8) > 0) return;  // a world that is emptied all the time is dull
    std::sort(ids.begin(), ids.end(), IdLess);
    Mutation mutation;
    const bool deletes = generator_.OneIn(3);
    const UpdateMemory change = generator_.RandomUpdate("");
    const bool erase = generator_.OneIn(3);
    for (const std::string& id : ids) {
      UpdateMemory update = change;
      update.id = id;
      if (deletes) {
        mutation.operations.emplace_back(DeleteMemory{id, {}, {}, false, erase});
      } else {
        mutation.operations.emplace_back(std::move(update));
      }
    }
    operations_ += ids.size();
    const TwinResult expected = ApplyToTwin(mutation, Now(), &twin_);
    const auto reply = deletes ? engine_->DeleteByFilter(Ref(), filter, erase, Durability::kBuffered, {})
                               : engine_->UpdateByFilter(Ref(), filter, change, Durability::kBuffered, {});
    ASSERT_EQ(StatusCodeName(reply.status().code()), StatusCodeName(expected.code)) << reply.status().ToString();
    if (!reply.ok()) return;
    const auto changed = std::count_if(expected.results.begin(), expected.results.end(), [](const auto& result) {
      return result.outcome == Outcome::kDeleted || result.outcome == Outcome::kUpdated;
    });
    ASSERT_EQ(reply->changed, static_cast<uint64_t>(changed));
  }

  // Reads that renew a TTL become touches when the background runs, or when the engine stops.
  void TouchTwin() {
    Mutation touches;
    for (const auto& [id, reads] : reads_) touches.operations.emplace_back(Touch{id, reads});
    reads_.clear();
    if (touches.operations.empty()) return;
    ASSERT_EQ(ApplyToTwin(touches, Now(), &twin_).code, StatusCode::kOk);
  }
  void NoteRead(const std::string& id) {
    if (twin_.Find(id)->state.refresh_ttl_on_read) ++reads_[id];
  }

  void Sweep() {
    TouchTwin();
    SweepTwin(Now(), &twin_);
    const Status status = engine_->SweepNow();
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  void Restart() {
    TouchTwin();
    evictions_ += Evictions();
    engine_.reset();
    EngineOptions options = Options();
    options.index_memory_bytes = generator_.OneIn(3) ? uint64_t{1} << 30 : kRoomForOne;
    auto engine = Engine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
  }

  // Makes room for another namespace, which the small budget has not beside this one.
  void LoadAnother() {
    Mutation mutation = NewMutation({}, "another");
    if (!another_) {
      for (int i = 0; i < 570; ++i) mutation.operations.emplace_back(MemoryOf(std::to_string(i), WordFor(i)));
    }
    another_ = true;
    ASSERT_TRUE(engine_->Write(std::move(mutation), Durability::kBuffered).status.ok());
    const auto count = engine_->Count(Ref("another"), {}, {});
    ASSERT_TRUE(count.ok()) << count.status().ToString();
    ASSERT_EQ(count->first, 570U);
  }
  static std::string WordFor(int i) { return "word" + std::to_string(i) + " of another namespace"; }
  uint64_t Evictions() const {
    for (const auto& [name, value] : engine_->Status().gauges) {
      if (name == "index_evictions_total") return static_cast<uint64_t>(value);
    }
    return 0;
  }

  // --- Reads.

  void CheckGet(const std::string& id) {
    SCOPED_TRACE("memory " + id);
    const auto found = Get(id);
    const TwinMemory* expected = twin_.Find(id);
    const bool visible = expected && twin_.IsVisible(*expected, Now());
    ASSERT_EQ(found.has_value(), visible);
    if (!visible) return;
    NoteRead(id);
    ASSERT_EQ(found->version.value, expected->version.value);
    ASSERT_TRUE(found->content == expected->content);
    ASSERT_TRUE(found->attributes == expected->attributes);
    ASSERT_TRUE(found->state == expected->state);
  }

  void CheckHistory(const std::string& id) {
    SCOPED_TRACE("history of " + id);
    const auto events = engine_->History(Ref(), id);
    const TwinMemory* expected = twin_.Find(id);
    ASSERT_EQ(events.ok(), expected != nullptr) << events.status().ToString();
    if (!expected) return;
    ASSERT_EQ(events->size(), expected->history.size());
    std::optional<std::string> text;
    for (size_t i = 0; i < events->size(); ++i) {
      const HistoryEvent& event = (*events)[i];
      const TwinVersion& version = *expected->history[i];
      ASSERT_EQ(event.version.value, version.version.value);
      ASSERT_EQ(event.kind, version.kind);
      ASSERT_EQ(event.time, version.time);
      ASSERT_EQ(event.old_text, text);
      ASSERT_EQ(event.memory.version.value, version.of.value);
      // An end of life shows what it ended only while that is kept.
      const bool ended = version.of != version.version;
      const bool kept = !ended || (i > 0 && expected->history[i - 1]->version == version.of);
      text.reset();
      if (!kept) continue;
      ASSERT_TRUE(event.memory.content == version.content);
      ASSERT_TRUE(event.memory.attributes == version.attributes);
      if (!ended) text = version.content.text;
    }
  }

  void CheckCounters() {
    const NamespaceInfo info = Info();
    uint64_t memories = 0;
    uint64_t former = 0;
    for (const auto& [id, memory] : twin_.memories) {
      memories += memory->live ? 1 : 0;
      former += memory->history.size() - 1;
    }
    ASSERT_EQ(info.memories, memories);
    ASSERT_EQ(info.former_versions, former);
    ASSERT_EQ(info.edges, twin_.edges.size());
    ASSERT_EQ(info.nodes, twin_.nodes.size());
    ASSERT_EQ(info.runs, twin_.runs.size());
    ASSERT_TRUE(info.config == twin_.config);
  }

  void CheckList() {
    ListQuery query;
    if (!generator_.OneIn(4)) query.filter = generator_.RandomFilter(Now());
    if (generator_.OneIn(2)) query.order_by = generator_.RandomField();
    query.descending = generator_.OneIn(2);
    query.limit = 1 + generator_.Pick(30);
    SCOPED_TRACE("list by " + query.order_by + (query.descending ? " desc" : ""));
    const Filter* filter = query.filter ? &*query.filter : nullptr;
    const auto matching = NaiveMatches(twin_, Now(), filter);
    const auto expected = NaiveOrder(twin_, matching, query.order_by, query.descending);
    std::vector<std::string> listed;
    do {
      const auto page = engine_->List(Ref(), query, {});
      ASSERT_TRUE(page.ok()) << page.status().ToString();
      ASSERT_LE(page->memories.size(), query.limit);
      ASSERT_EQ(page->total, expected.size());
      for (const Memory& memory : page->memories) listed.push_back(memory.id);
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    ASSERT_EQ(listed, expected);
    const auto count = engine_->Count(Ref(), query.filter, {});
    ASSERT_TRUE(count.ok()) << count.status().ToString();
    ASSERT_EQ(count->first, expected.size());
  }

  void CheckFacet() {
    FacetQuery query;
    query.field = generator_.RandomField();
    if (generator_.OneIn(2)) query.filter = generator_.RandomFilter(Now());
    query.by_value = generator_.OneIn(2);
    query.limit = 1 + generator_.Pick(6);
    SCOPED_TRACE("facet of " + query.field);
    const auto matching = NaiveMatches(twin_, Now(), query.filter ? &*query.filter : nullptr);
    std::map<std::string, uint64_t> counts;
    do {
      const auto page = engine_->Facet(Ref(), query, {});
      ASSERT_TRUE(page.ok()) << page.status().ToString();
      for (const FacetValue& value : page->values) {
        const std::string key = FacetKey(value.value);
        ASSERT_TRUE(counts.emplace(key, value.count).second) << "twice: " << key;
      }
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    ASSERT_EQ(counts, NaiveFacet(twin_, matching, query.field));
  }

  void CheckRuns() {
    std::map<Scopes, engram::Run> listed;
    std::string cursor;
    do {
      auto page = engine_->ListRuns(Ref(), {}, 2, cursor);
      ASSERT_TRUE(page.ok()) << page.status().ToString();
      for (engram::Run& run : page->runs) ASSERT_TRUE(listed.emplace(run.scopes, std::move(run)).second);
      cursor = page->next_cursor;
    } while (!cursor.empty());
    for (const auto& [scopes, number] : twin_.run_names) {
      SCOPED_TRACE("run " + scopes.run_id + " of " + scopes.user_id + scopes.agent_id);
      const TwinRun& run = twin_.runs.at(number);
      const bool active = !run.expires_at || *run.expires_at > Now();
      ASSERT_EQ(listed.contains(scopes), active);
      if (!active) continue;
      const engram::Run found = std::move(listed.extract(scopes).mapped());
      ASSERT_EQ(found.expires_at, run.expires_at);
      ASSERT_EQ(found.last_activity, run.last_activity);
      ASSERT_TRUE(found.metadata == run.metadata);
      uint64_t members = 0;
      for (const auto& [id, memory] : twin_.memories) members += memory->live && memory->run == number ? 1 : 0;
      ASSERT_EQ(found.memories, members);
    }
    ASSERT_TRUE(listed.empty()) << listed.begin()->first.run_id;
  }

  bool IsPresent(const std::string& id) const {
    if (twin_.nodes.contains(id)) return true;
    const TwinMemory* memory = twin_.Find(id);
    return memory && twin_.IsVisible(*memory, Now());
  }

  void CheckEdges() {
    EdgeListQuery query;
    if (generator_.OneIn(2)) query.node_id = generator_.RandomEnd();
    query.direction = static_cast<Direction>(generator_.Pick(3));
    if (generator_.OneIn(3)) query.types = {"likes", "next"};
    if (generator_.OneIn(3)) query.filter = generator_.RandomEdgeFilter();
    query.limit = 1 + generator_.Pick(20);
    SCOPED_TRACE("edges of " + query.node_id);
    const std::set<std::string> expected = NaiveEdges(twin_, query);
    std::set<std::string> listed;
    do {
      const auto page = engine_->ListEdges(Ref(), query);
      ASSERT_EQ(page.ok(), query.node_id.empty() || IsPresent(query.node_id)) << page.status().ToString();
      if (!page.ok()) return;
      for (const NamedEdge& edge : page->edges) {
        const TwinEdge& twin = *twin_.edges.at(edge.edge.id);
        ASSERT_TRUE(listed.insert(edge.edge.id).second) << "twice: " << edge.edge.id;
        ASSERT_EQ(edge.source_id, twin.source);
        ASSERT_EQ(edge.target_id, twin.target);
        ASSERT_EQ(edge.memory_id, twin.memory);
        ASSERT_EQ(edge.edge.version.value, twin.edge.version.value);
        ASSERT_EQ(edge.edge.recorded, twin.edge.recorded);
      }
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    ASSERT_EQ(listed, expected);
  }

  void CheckExpand() {
    if (twin_.AnyDue(Now())) return;  // what is due but not swept still has its edges
    WalkRequest request;
    request.seeds = {generator_.RandomEnd()};
    if (generator_.OneIn(3)) request.seeds.push_back(generator_.RandomEnd());
    request.hops = generator_.Pick(4);
    request.direction = static_cast<Direction>(generator_.Pick(3));
    if (generator_.OneIn(3)) request.types = {"likes", "knows"};
    if (generator_.OneIn(3)) request.filter = generator_.RandomEdgeFilter();
    request.limit = 1000;
    const auto reply = engine_->Expand(Ref(), request);
    const bool known = std::all_of(request.seeds.begin(), request.seeds.end(),
                                   [&](const std::string& seed) { return IsPresent(seed); });
    ASSERT_EQ(reply.ok(), known) << reply.status().ToString();
    if (!known) return;
    const NaiveExpansion expected = NaiveExpand(twin_, request, Now());
    std::map<std::string, uint32_t> nodes;
    for (const auto& [node, distance] : reply->nodes) nodes[node.node.id] = distance;
    std::set<std::string> edges;
    for (const NamedEdge& edge : reply->edges) edges.insert(edge.edge.id);
    ASSERT_EQ(nodes, expected.nodes);
    ASSERT_EQ(edges, expected.edges);
  }

  void CheckPath() {
    if (twin_.AnyDue(Now())) return;
    WalkRequest request;
    request.seeds = {generator_.RandomEnd()};
    request.target = generator_.RandomEnd();
    request.hops = 1 + generator_.Pick(4);
    request.direction = static_cast<Direction>(generator_.Pick(3));
    SCOPED_TRACE("path from " + request.seeds[0] + " to " + request.target);
    const auto reply = engine_->FindPath(Ref(), request);
    ASSERT_EQ(reply.ok(), IsPresent(request.seeds[0]) && IsPresent(request.target)) << reply.status().ToString();
    if (!reply.ok()) return;
    const std::optional<double> expected = NaivePathCost(twin_, request, Now());
    ASSERT_EQ(reply->found, expected.has_value());
    if (!expected) return;
    ASSERT_NEAR(reply->cost, *expected, 1e-9);
    ASSERT_EQ(reply->nodes.front(), request.seeds[0]);
    ASSERT_EQ(reply->nodes.back(), request.target);
    ASSERT_EQ(reply->edges.size() + 1, reply->nodes.size());
    double cost = 0;
    for (const NamedEdge& edge : reply->edges) cost += 1 / edge.edge.weight;
    ASSERT_NEAR(cost, reply->cost, 1e-9);
  }

  // --- Search.

  NaiveQuery RandomQuery() {
    NaiveQuery query;
    const bool stems = twin_.config.text.analyzer == "english";
    for (uint32_t n = 1 + generator_.Pick(4); n > 0; --n) {
      NaiveQuery::Word word;
      do word.text = generator_.RandomWord();
      while (word.text == "don't");  // an analyzer may split it, which is the text index's own test
      if (generator_.OneIn(8)) word.occur = TextClause::Occur::kMust;
      if (generator_.OneIn(8)) word.occur = TextClause::Occur::kNot;
      if (!stems && generator_.OneIn(8)) {
        word.prefix = true;
        word.text = word.text.substr(0, 3);
        if (static_cast<unsigned char>(word.text.back()) >= 0x80) word.text = "te";
      }
      query.words.push_back(std::move(word));
    }
    return query;
  }

  // Ranked as expected, as far as the expected scores tell hits apart.
  void CheckHits(const SearchRequest& request, const NaiveHits& expected) {
    const auto reply = engine_->Search(Ref(), request, {});
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    std::vector<double> ranked;
    for (const auto& [id, score] : expected.scores) ranked.push_back(score);
    std::sort(ranked.rbegin(), ranked.rend());
    const size_t begin = std::min<size_t>(request.offset, ranked.size());
    ASSERT_EQ(reply->hits.size(), std::min<size_t>(request.top_k, ranked.size() - begin));
    std::set<std::string> seen;
    for (size_t i = 0; i < reply->hits.size(); ++i) {
      const SearchHit& hit = reply->hits[i];
      SCOPED_TRACE("hit " + std::to_string(i) + ": " + hit.id);
      const auto own = expected.scores.find(hit.id);
      ASSERT_TRUE(own != expected.scores.end()) << "should not be found";
      ASSERT_TRUE(seen.insert(hit.id).second) << "twice";
      ASSERT_NEAR(hit.score, own->second, expected.doubt);
      ASSERT_NEAR(hit.score, ranked[begin + i], 2 * expected.doubt);
      if (i > 0 && reply->hits[i - 1].score == hit.score) {
        ASSERT_TRUE(IdLess(reply->hits[i - 1].id, hit.id));
      }
      if (i > 0) {
        ASSERT_GE(reply->hits[i - 1].score, hit.score);
      }
      const TwinMemory& memory = *twin_.Find(hit.id);
      ASSERT_EQ(hit.memory.version.value, memory.version.value);
      ASSERT_EQ(hit.memory.content.text, memory.content.text);
      NoteRead(hit.id);
      CheckExplanation(hit);
    }
  }
  static void CheckExplanation(const SearchHit& hit) {
    if (!hit.explanation) return;
    double fused = 0;
    for (const auto& [name, leg] : hit.explanation->legs) {
      fused += leg.contribution;
      double terms = 0;
      for (const TermScore& term : leg.terms) terms += term.score;
      if (!leg.terms.empty()) {
        ASSERT_DOUBLE_EQ(terms, leg.score.value_or(0));
      }
    }
    ASSERT_DOUBLE_EQ(fused, hit.explanation->fused);
    double score = hit.explanation->fused;
    for (const auto& [name, share] : hit.explanation->adjust) score += share;
    ASSERT_DOUBLE_EQ(score, hit.score);
  }

  // A search of one leg alone shows the fused score, so the raw one comes from explain; the order is the same.
  void CheckOneLeg(SearchRequest request, const NaiveHits& raw) {
    request.explain = true;
    const auto reply = engine_->Search(Ref(), request, {});
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    std::vector<double> ranked;
    for (const auto& [id, score] : raw.scores) ranked.push_back(score);
    std::sort(ranked.rbegin(), ranked.rend());
    const size_t begin = std::min<size_t>(request.offset, ranked.size());
    ASSERT_EQ(reply->hits.size(), std::min<size_t>(request.top_k, ranked.size() - begin));
    for (size_t i = 0; i < reply->hits.size(); ++i) {
      const SearchHit& hit = reply->hits[i];
      SCOPED_TRACE("hit " + std::to_string(i) + ": " + hit.id);
      const auto own = raw.scores.find(hit.id);
      ASSERT_TRUE(own != raw.scores.end()) << "should not be found";
      const auto score = hit.explanation->legs.at(request.legs[0].name).score;
      ASSERT_TRUE(score.has_value());
      ASSERT_NEAR(*score, own->second, raw.doubt);
      ASSERT_NEAR(*score, ranked[begin + i], 2 * raw.doubt);
      if (i > 0 && reply->hits[i - 1].score == hit.score) {
        ASSERT_TRUE(IdLess(reply->hits[i - 1].id, hit.id));
      }
      NoteRead(hit.id);
      CheckExplanation(hit);
    }
  }

  // Importance, feedback and recency move the fused scores.
  void Adjust(SearchRequest* request, NaiveHits* hits) {
    request->importance_weight = generator_.Pick(3) / 10.0;
    request->feedback_weight = generator_.Pick(3) / 10.0;
    request->recency.weight = generator_.Pick(3) / 10.0;
    request->recency.half_life_seconds = 5'000;
    for (auto& [id, score] : hits->scores) {
      const TwinMemory& memory = *twin_.Find(id);
      const StateRecord& state = memory.state;
      const Timestamp time = memory.attributes.event_time.value_or(memory.attributes.created_at);
      const double age = std::max(0.0, static_cast<double>(Now().micros - time.micros) / 1e6);
      score += request->importance_weight * state.importance.value_or(0);
      score +=
          request->feedback_weight * (state.helpful - state.harmful) / (state.helpful + state.harmful + state.used + 1);
      score += request->recency.weight * std::exp2(-age / 5'000);
    }
  }

  void CheckSearch() {
    SearchRequest request;
    if (generator_.OneIn(2)) request.filter = generator_.RandomFilter(Now());
    request.top_k = 1 + generator_.Pick(20);
    if (generator_.OneIn(4)) request.offset = generator_.Pick(10);
    request.fusion.candidates = 1000;
    NaiveSearch naive(twin_, Now(), request.filter ? &*request.filter : nullptr);
    const NaiveQuery words = RandomQuery();
    const std::string space = generator_.OneIn(3) ? "second" : "default";
    const bool known = twin_.config.vectors.contains(space) && twin_.config.vectors.at(space).dimensions > 0;
    const DenseVector vector = generator_.RandomVector(known ? twin_.config.vectors.at(space).dimensions : 4);
    LegRequest text_leg;
    text_leg.name = "text";
    text_leg.text = words.Text();
    LegRequest vector_leg;
    vector_leg.name = "vector";
    vector_leg.type = LegType::kVector;
    vector_leg.vector = vector;
    vector_leg.vector_name = space;
    SCOPED_TRACE("search \"" + text_leg.text + "\" and in space " + space);
    const uint32_t what = known ? generator_.Pick(3) : 0;
    if (what == 0) {
      request.legs = {text_leg};
      CheckOneLeg(request, naive.Text(words));
    } else if (what == 1) {
      request.legs = {vector_leg};
      CheckOneLeg(request, naive.Vector(space, vector));
    } else if (const auto expected = naive.Hybrid(words, space, vector)) {
      request.legs = {text_leg, vector_leg};
      request.explain = generator_.OneIn(3);
      NaiveHits adjusted = *expected;
      if (generator_.OneIn(2)) Adjust(&request, &adjusted);
      CheckHits(request, adjusted);
    }
  }

  void CheckSome() {
    CheckGet(generator_.RandomId());
    if (HasFatalFailure()) return;
    switch (generator_.Pick(8)) {
      case 0: return CheckHistory(generator_.RandomId());
      case 1: return CheckList();
      case 2: return CheckFacet();
      case 3: return CheckEdges();
      case 4: return CheckExpand();
      case 5: return CheckPath();
      default: return CheckSearch();
    }
  }
  void CheckAll() {
    CheckCounters();
    for (const auto& [id, memory] : twin_.memories) {
      if (!HasFatalFailure()) CheckGet(id);
      if (!HasFatalFailure()) CheckHistory(id);
    }
    if (!HasFatalFailure()) CheckRuns();
    if (!HasFatalFailure()) ExpectConsistent();
  }

  void Step() {
    const uint32_t what = generator_.Pick(100);
    if (what < 3) {
      ChangeByFilter();
    } else if (what < 12) {
      Advance(generator_.Pick(30));
    } else if (what < 16) {
      Sweep();
    } else if (what < 17) {
      LoadAnother();
    } else {
      MutateBoth();
    }
    if (!HasFatalFailure() && generator_.OneIn(2)) CheckSome();
    if (!HasFatalFailure() && generator_.OneIn(250)) CheckAll();
    if (!HasFatalFailure() && generator_.OneIn(300)) Restart();
  }

  const uint64_t seed_;
  Generator generator_;
  TwinState twin_;
  std::map<std::string, uint64_t> reads_;
  uint64_t operations_ = 0;
  uint64_t evictions_ = 0;
  bool another_ = false;
};

TEST_P(EngineModelTest, AgreesWithItsTwin) {
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(seed_));
  RecordProperty("seed", std::to_string(seed_));
  ASSERT_NO_FATAL_FAILURE(CreateNamespace());
  const uint64_t wanted = OperationCount();
  while (operations_ < wanted) {
    SCOPED_TRACE("after " + std::to_string(operations_) + " operations");
    Step();
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
  Sweep();
  CheckAll();
  EXPECT_TRUE(evictions_ + Evictions() > 0 || wanted < 10'000) << "the budget was never short";
}

INSTANTIATE_TEST_SUITE_P(Seeds, EngineModelTest, ::testing::Values(20'260'101, 20'260'102));

}  // namespace
}  // namespace engram::model
