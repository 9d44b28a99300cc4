// The engine against its twin: thousands of random operations, with restarts, evictions and the passing of time in
// between; after every few, everything that can be read is compared.
//
// ENGRAM_TEST_SEED picks the seed, ENGRAM_MODEL_OPERATIONS the number of operations per seed.
#include <cmath>
#include <cstdlib>

#include "tests/engine/model/model_fixture.h"
#include "tests/engine/model/naive_search.h"

namespace engram::model {
namespace {

uint64_t OperationCount() {
  const char* text = std::getenv("ENGRAM_MODEL_OPERATIONS");
  return text ? std::stoull(text) : 10'000;
}

class EngineModelTest : public ModelFixture, public ::testing::WithParamInterface<uint64_t> {
 protected:
  EngineModelTest() : ModelFixture(GetParam()) {}

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
    switch (generator_.Pick(9)) {
      case 0: return CheckHistory(generator_.RandomId());
      case 1: return generator_.OneIn(3) ? CheckListOfAll() : CheckList();
      case 2: return CheckFacet();
      case 3: return CheckEdges();
      case 4: return CheckExpand();
      case 5: return CheckPath();
      case 6: return CheckExport();
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
  EXPECT_TRUE(evictions_ + engine_->Status().index_evictions > 0 || wanted < 10'000) << "the budget was never short";
  EXPECT_TRUE(merges_ + engine_->Status().segments_merged > 0 || wanted < 10'000)
      << "nothing was ever sealed and merged";
  EXPECT_EQ(engine_->Status().sealing_failures, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, EngineModelTest, ::testing::Values(20'260'101, 20'260'102));

}  // namespace
}  // namespace engram::model
