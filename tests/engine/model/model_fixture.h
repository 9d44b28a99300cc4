// The engine beside its twin: changes both in the same way, and compares what can be read without a search.
#pragma once

#include <map>
#include <string>

#include <gmock/gmock.h>

#include "tests/engine/engine_fixture.h"
#include "tests/engine/model/generator.h"
#include "tests/engine/model/naive_reads.h"
#include "tests/engine/model/twin.h"
#include "tests/index/random_seed.h"

namespace engram::model {

// Index bytes for either namespace alone.
inline constexpr uint64_t kRoomForOne = 480'000;
// From the first restart after so many operations on, indexes are sealed.
inline constexpr uint64_t kOperationsUnsealed = 4'000;

class ModelFixture : public EngineFixture {
 protected:
  explicit ModelFixture(uint64_t seed) : seed_(TestSeed(seed)), generator_(seed_) {}

  // What the engine takes for now.
  virtual Timestamp Now() const { return clock_.Now(); }

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
    const MutationResult result = WriteWhenThereIsRoom(engine_.get(), mutation);
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
    Mutation mutation;
    const bool deletes = generator_.OneIn(3);
    const UpdateMemory change = generator_.RandomUpdate("");
    const bool erase = generator_.OneIn(3);
    if (deletes && erase) {
      for (std::string& id : NaiveAbsentMatches(twin_, Now(), filter)) ids.push_back(std::move(id));
    }
    std::sort(ids.begin(), ids.end(), IdLess);
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
    evictions_ += engine_->Status().index_evictions;
    merges_ += engine_->Status().segments_merged;
    engine_.reset();
    EngineOptions options = Options();
    options.index_memory_bytes = generator_.OneIn(3) ? uint64_t{1} << 30 : kRoomForOne;
    // Nearly all of it in segments, which are too small here to keep within the small budget.
    if (operations_ >= kOperationsUnsealed) {
      options.index_memory_bytes = uint64_t{1} << 30;
      options.seal_rows = 10;
      options.graph_rows = 40;
    }
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

  // Every live memory, due or not.
  void CheckListOfAll() {
    ListQuery query;
    query.order_by = generator_.OneIn(3) ? "created_at" : "id";
    query.descending = generator_.OneIn(2);
    query.limit = 1 + generator_.Pick(30);
    query.include_expired = true;
    std::vector<std::string> expected;
    for (const auto& [id, memory] : twin_.memories) {
      if (memory->live && memory->attributes.state == MemoryState::kActive) expected.push_back(id);
    }
    expected = NaiveOrder(twin_, expected, query.order_by, query.descending);
    std::vector<std::string> listed;
    do {
      const auto page = engine_->List(Ref(), query, {});
      ASSERT_TRUE(page.ok()) << page.status().ToString();
      ASSERT_EQ(page->total, expected.size());
      for (const Memory& memory : page->memories) listed.push_back(memory.id);
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    ASSERT_EQ(listed, expected);
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

  // Whether an export has the memory: what is due is gone, unless expiry only hides.
  bool IsExported(const std::string& id) const {
    const TwinMemory* memory = twin_.Find(id);
    if (!memory || !memory->live) return false;
    if (memory->run && twin_.runs.at(*memory->run).deleted) return false;
    return twin_.config.on_expiry == OnExpiry::kHide || !twin_.IsDue(*memory, Now());
  }

  void CheckExported(const ExportedMemory& exported) {
    const Memory& memory = exported.memory;
    SCOPED_TRACE("exported memory " + memory.id);
    ASSERT_TRUE(IsExported(memory.id));
    const TwinMemory& expected = *twin_.Find(memory.id);
    ASSERT_EQ(memory.version.value, expected.version.value);
    ASSERT_TRUE(memory.content == expected.content);
    ASSERT_TRUE(memory.attributes == expected.attributes);
    ASSERT_EQ(memory.state.helpful, expected.state.helpful);
    ASSERT_EQ(memory.state.ttl_seconds, expected.state.ttl_seconds);
    ASSERT_EQ(exported.history.size() + 1, expected.history.size());
    for (size_t i = 0; i < exported.history.size(); ++i) {
      ASSERT_EQ(exported.history[i].version.value, expected.history[i]->version.value);
    }
  }

  void CheckExport() {
    ExportQuery query;
    query.limit = 1 + generator_.Pick(30);
    std::vector<std::string> memories;
    std::map<std::string, bool> nodes;
    std::set<Scopes> runs;
    std::set<std::string> edges;
    do {
      const auto page = engine_->Export(Ref(), query, {});
      ASSERT_TRUE(page.ok()) << page.status().ToString();
      for (const ExportedMemory& memory : page->memories) {
        ASSERT_NO_FATAL_FAILURE(CheckExported(memory));
        memories.push_back(memory.memory.id);
      }
      for (const ExportedNode& node : page->nodes) nodes[node.node.id] = node.implicit;
      for (const engram::Run& run : page->runs) ASSERT_TRUE(runs.insert(run.scopes).second);
      for (const NamedEdge& edge : page->edges) ASSERT_TRUE(edges.insert(edge.edge.id).second);
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    std::vector<std::string> expected;
    for (const auto& [id, memory] : twin_.memories) {
      if (IsExported(id)) expected.push_back(id);
    }
    std::sort(expected.begin(), expected.end(), IdLess);
    ASSERT_EQ(memories, expected);
    std::map<std::string, bool> expected_nodes;
    for (const auto& [id, node] : twin_.nodes) expected_nodes[id] = node.implicit;
    ASSERT_EQ(nodes, expected_nodes);
    std::set<std::string> expected_edges;
    const auto there = [&](const std::string& id) { return id.empty() || twin_.nodes.contains(id) || IsExported(id); };
    for (const auto& [id, edge] : twin_.edges) {
      if (there(edge->source) && there(edge->target) && there(edge->memory)) expected_edges.insert(id);
    }
    ASSERT_EQ(edges, expected_edges);
    for (const auto& [scopes, number] : twin_.run_names) {
      const TwinRun& run = twin_.runs.at(number);
      const bool over = run.expires_at && *run.expires_at <= Now();
      ASSERT_EQ(runs.contains(scopes), !over || twin_.config.on_expiry == OnExpiry::kHide);
    }
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
    const std::set<std::string> expected = NaiveEdges(twin_, query, Now());
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

  const uint64_t seed_;
  Generator generator_;
  TwinState twin_;
  std::map<std::string, uint64_t> reads_;
  uint64_t operations_ = 0;
  uint64_t evictions_ = 0;
  uint64_t merges_ = 0;  // of segments
  bool another_ = false;
};

}  // namespace engram::model
