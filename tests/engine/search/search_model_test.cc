// Random searches over random small namespaces against a literal implementation of the whole pipeline.
#include <map>
#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/engine/search/naive_search.h"
#include "tests/engine/search/requests.h"
#include "tests/engine/search/test_namespace.h"
#include "tests/index/random_seed.h"

namespace engram::search {
namespace {

class RandomWorld {
 public:
  RandomWorld(uint64_t seed, Metric metric) : random_(seed), metric_(metric), ns_(Config(metric)) {}

  static NamespaceConfig Config(Metric metric) {
    NamespaceConfig config;
    config.text.analyzer = "whitespace";
    config.vectors["default"] = {VectorType::kDense, 3, metric, ""};
    return config;
  }

  void ChangeSomething() {
    const std::string id = std::to_string(random_() % 30);
    if (random_() % 6 == 0 && memories_.contains(id)) {
      ns_.Delete(id);
      memories_.erase(id);
      return;
    }
    NaiveMemory memory{RandomDraft(id), memories_.size()};
    // Scopes can't change, nor does a memory's place in its run.
    const auto known = memories_.find(id);
    if (known != memories_.end()) {
      memory.draft.attributes.scopes = known->second.draft.attributes.scopes;
      memory.joined = known->second.joined;
    } else {
      memory.joined = ++joined_;
    }
    ns_.Write(memory.draft);
    memories_[id] = std::move(memory);
  }

  void SearchAndCompare() {
    const SearchRequest request = RandomRequest();
    const Result<SearchReply> reply = ns_.Search(request);
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    NaiveSearch naive(memories_, metric_, request, ns_.now());
    const auto expected = naive.Run();
    std::string got;
    std::string wanted;
    for (const SearchHit& hit : reply->hits) got += hit.id + "=" + std::to_string(hit.score) + " ";
    for (const auto& [id, score] : expected) wanted += id + "=" + std::to_string(score) + " ";
    SCOPED_TRACE("got " + got + "\nwanted " + wanted + "\n" + Describe(request));
    ASSERT_EQ(reply->hits.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      const SearchHit& hit = reply->hits[i];
      ASSERT_NEAR(hit.score, expected[i].second, 1e-9);
      ASSERT_EQ(hit.memory.content.text, memories_.at(hit.id).draft.text);
      // Where another id stands, rounding alone may have decided between the two.
      ASSERT_NEAR(naive.final_scores().at(hit.id), expected[i].second, 1e-9);
    }
  }

 private:
  template <class T>
  T Pick(std::initializer_list<T> choices) {
    return *(choices.begin() + random_() % choices.size());
  }
  bool Sometimes(int one_in) { return random_() % static_cast<uint64_t>(one_in) == 0; }

  std::string RandomText(size_t words) {
    std::string text;
    for (size_t i = 0; i < words; ++i) text += Pick({"tea ", "milk ", "water ", "cup ", "ann ", "bob "});
    return text;
  }
  // Small whole numbers: float and double agree on every product.
  std::vector<float> RandomVector() {
    std::vector<float> vector(3);
    for (float& x : vector) x = static_cast<float>(random_() % 7) - 3;
    if (vector[0] == 0 && vector[1] == 0 && vector[2] == 0) vector[0] = 1;
    return vector;
  }

  Draft RandomDraft(const std::string& id) {
    Draft draft{id, RandomText(random_() % 6)};
    if (!Sometimes(5)) draft.vector = RandomVector();
    draft.attributes.scopes.user_id = Pick({"", "ann", "bob"});
    draft.attributes.scopes.run_id = Pick({"", "r1", "r2"});
    draft.attributes.kind = Pick({"", "fact", "note"});
    draft.attributes.created_at = ns_.now();
    if (Sometimes(8)) draft.attributes.state = MemoryState::kArchived;
    if (!Sometimes(3))
      draft.attributes.event_time = Timestamp::FromSeconds(990'000 + static_cast<int64_t>(random_() % 50) * 300);
    if (Sometimes(2)) draft.state.importance = static_cast<double>(random_() % 11) / 10;
    draft.state.helpful = static_cast<double>(random_() % 3);
    draft.state.harmful = static_cast<double>(random_() % 3);
    return draft;
  }

  Filter RandomFilter() {
    const Value::Object filter = Pick<Value::Object>({{{"kind", "fact"}},
                                                      {{"user_id", Value::Object{{"in", Value::List{"ann", Value()}}}}},
                                                      {{"importance", Value::Object{{"gte", 0.3}}}},
                                                      {{"not", Value::Object{{"run_id", "r1"}}}}});
    return *ParseFilter(Value(filter));
  }

  LegRequest RandomLeg(size_t i) {
    LegRequest leg;
    leg.name = std::string(1, static_cast<char>('z' - i));
    leg.type = Sometimes(2) ? LegType::kText : LegType::kVector;
    if (leg.type == LegType::kText) {
      for (size_t w = 0; w < 1 + random_() % 4; ++w) leg.text += (Sometimes(8) ? Pick({"+", "-"}) : "") + RandomText(1);
      leg.text_mode = Pick({TextMode::kAny, TextMode::kAny, TextMode::kAny, TextMode::kAll});
      if (Sometimes(5)) leg.min_score = 0.413;
    } else {
      leg.vector = RandomVector();
      if (Sometimes(5)) leg.min_score = metric_ == Metric::kL2 ? -3.1 : 0.17;
    }
    if (Sometimes(4)) leg.filter = RandomFilter();
    if (Sometimes(4)) leg.candidates = static_cast<uint32_t>(random_() % 8);
    return leg;
  }

  SearchRequest RandomRequest() {
    SearchRequest request;
    const size_t legs = 1 + random_() % 3;
    for (size_t i = 0; i < legs; ++i) request.legs.push_back(RandomLeg(i));
    request.fusion.method = static_cast<FusionMethod>(random_() % 9);
    if (Sometimes(2)) request.fusion.method = FusionMethod::kRelative;
    request.fusion.candidates = Pick({3U, 100U});
    if (request.fusion.method != FusionMethod::kMem0 && Sometimes(3)) request.legs[0].weight = 0.7;
    if (Sometimes(2)) request.filter = RandomFilter();
    if (Sometimes(3)) request.context = {static_cast<uint32_t>(1 + random_() % 3), 0.23};
    if (Sometimes(3)) request.recency = {"", 3600, 0.31};
    if (Sometimes(4)) request.importance_weight = 0.37;
    if (Sometimes(4)) request.feedback_weight = 0.19;
    if (Sometimes(5)) request.diversity = 0.37;
    if (Sometimes(4)) request.group_by = "user_id", request.group_size = 2;
    if (Sometimes(6)) request.min_score = 0.2171;
    request.top_k = static_cast<uint32_t>(1 + random_() % 10);
    request.offset = Sometimes(3) ? static_cast<uint32_t>(random_() % 6) : 0;
    return request;
  }

  static std::string Describe(const SearchRequest& request) {
    std::ostringstream out;
    out << "method " << static_cast<int>(request.fusion.method) << " top_k " << request.top_k << " offset "
        << request.offset << " diversity " << request.diversity << " group " << request.group_by << " window "
        << request.context.window << " filter " << request.filter.has_value();
    for (const LegRequest& leg : request.legs) {
      out << "\n  leg " << leg.name << " text \"" << leg.text << "\" mode " << static_cast<int>(leg.text_mode)
          << " vector";
      for (const float x : leg.vector) out << " " << x;
      out << " filter " << leg.filter.has_value() << " min " << leg.min_score.value_or(-1e300) << " candidates "
          << leg.candidates.value_or(request.fusion.candidates);
    }
    return out.str();
  }

  std::mt19937_64 random_;
  Metric metric_;
  TestNamespace ns_;
  std::map<std::string, NaiveMemory> memories_;
  size_t joined_ = 0;
};

class SearchModelTest : public ::testing::TestWithParam<Metric> {};

TEST_P(SearchModelTest, EverySearchIsWhatItsDefinitionSays) {
  const uint64_t first = TestSeed(7'000);
  for (uint64_t seed = first; seed < first + 6; ++seed) {
    SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(seed));
    RandomWorld world(seed, GetParam());
    for (int step = 0; step < 40; ++step) {
      for (int change = 0; change < 3; ++change) world.ChangeSomething();
      for (int search = 0; search < 3; ++search) {
        world.SearchAndCompare();
        if (HasFatalFailure()) return;
      }
    }
  }
}

// Under cosine equal directions of different lengths tie in exact arithmetic only, so ties would differ by rounding.
INSTANTIATE_TEST_SUITE_P(Metrics, SearchModelTest, ::testing::Values(Metric::kDot, Metric::kL2));

}  // namespace
}  // namespace engram::search
