#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "index/attribute/attribute_index.h"
#include "tests/index/attribute/documents.h"
#include "tests/index/attribute/json.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

struct ByValue {
  bool operator()(const Value& a, const Value& b) const { return CompareForSort(a, b) < 0; }
};

// The values of a field that sort, each once.
std::vector<Value> ValuesOf(const AttributeFields& fields, std::string_view name) {
  std::vector<Value> values;
  const auto keep = [&](const Value& value) {
    const bool text = value.kind() == Value::Kind::kString && value.as_string().size() <= kAttributeStringMax;
    const bool fits = text || value.is_number() || value.kind() == Value::Kind::kBool;
    const auto same = [&](const Value& other) { return CompareForSort(value, other) == 0; };
    if (fits && std::none_of(values.begin(), values.end(), same)) values.push_back(value);
  };
  for (const auto& [path, value] : fields) {
    if (path != name) continue;
    if (value.kind() != Value::Kind::kList) keep(value);
    if (value.kind() == Value::Kind::kList) std::for_each(value.as_list().begin(), value.as_list().end(), keep);
  }
  return values;
}

Value NaiveSortValue(const AttributeFields& fields, std::string_view name) {
  const std::vector<Value> values = ValuesOf(fields, name);
  const auto least = std::min_element(values.begin(), values.end(), ByValue());
  return least == values.end() ? Value() : *least;
}

TEST(FacetTest, AgreesWithCountingOneByOne) {
  const uint64_t seed = TestSeed(9);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  RandomDocuments random(seed, true);
  AttributeIndex index;
  std::map<uint32_t, AttributeFields> documents;
  for (uint32_t slot = 0; slot < 500; ++slot) {
    documents[slot] = random.Fields();
    index.Set(Slot(slot), documents[slot]);
  }
  for (const char* field : {"metadata.a", "metadata.t", "metadata.n", "user_id", "created_at", "metadata.gone"}) {
    for (const size_t one_in : {1U, 3U, 50U}) {
      SlotSet among;
      among.add(100'000);  // unknown slots count for nothing
      for (uint32_t slot = 0; slot < 500; ++slot) {
        if (random.OneIn(one_in)) among.add(slot);
      }
      struct Expected {
        uint64_t count = 0;
        std::optional<Value> max;
      };
      std::map<Value, Expected, ByValue> expected;
      for (const auto& [slot, fields] : documents) {
        if (!among.contains(slot)) continue;
        for (const Value& value : ValuesOf(fields, field)) {
          Expected& entry = expected[value];
          ++entry.count;
          const Value sort = NaiveSortValue(fields, "metadata.n");
          if (!sort.is_null() && (!entry.max || CompareForSort(sort, *entry.max) > 0)) entry.max = sort;
        }
      }
      const auto at_once = index.Facet(field, among);
      FacetCounter counter(field, "metadata.n");
      for (const uint32_t slot : among) index.Count({Slot(slot)}, &counter);
      const auto facet = std::move(counter).Take();
      ASSERT_EQ(facet.size(), expected.size()) << field;
      ASSERT_EQ(at_once.size(), expected.size()) << field;
      size_t i = 0;
      for (const auto& [value, entry] : expected) {
        ASSERT_EQ(CompareForSort(facet[i].value, value), std::strong_ordering::equal);
        ASSERT_EQ(facet[i].count, entry.count) << field << " " << DebugString(value);
        ASSERT_EQ(at_once[i].value, facet[i].value);
        ASSERT_EQ(at_once[i].count, entry.count) << field << " " << DebugString(value);
        ASSERT_EQ(facet[i].max.has_value(), entry.max.has_value());
        ASSERT_TRUE(!entry.max || CompareForSort(*facet[i].max, *entry.max) == 0);
        ++i;
      }
    }
  }
}

TEST(FacetTest, SortValuesAgreeWithTheLeastElement) {
  const uint64_t seed = TestSeed(10);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  RandomDocuments random(seed, true);
  AttributeIndex index;
  for (uint32_t slot = 0; slot < 500; ++slot) {
    const AttributeFields fields = random.Fields();
    index.Set(Slot(slot), fields);
    for (const char* field : {"metadata.a", "metadata.t", "created_at", "metadata.gone"}) {
      const Value value = index.SortValue(Slot(slot), field);
      ASSERT_EQ(CompareForSort(value, NaiveSortValue(fields, field)), std::strong_ordering::equal);
    }
  }
  EXPECT_TRUE(index.SortValue(Slot(9999), "metadata.a").is_null());
}

TEST(FacetTest, WithoutAMaxFieldThereIsNoMax) {
  AttributeIndex index;
  index.Set(Slot(1), {{"kind", Value("fact")}});
  FacetCounter counter("kind", "");
  index.Count({Slot(1)}, &counter);
  const auto facet = std::move(counter).Take();
  ASSERT_EQ(facet.size(), 1U);
  EXPECT_EQ(facet[0].max, std::nullopt);
}

TEST(FacetTest, OneNumberInSeveralFormsIsOneValueWhateverCameFirst) {
  for (const bool whole_first : {true, false}) {
    AttributeIndex index;
    index.Set(Slot(whole_first ? 1 : 2), MetadataFields(R"({"n": 1})"));
    index.Set(Slot(whole_first ? 2 : 1), MetadataFields(R"({"n": 1.0})"));
    const auto facet = index.Facet("metadata.n", index.slots());
    ASSERT_EQ(facet.size(), 1U);
    EXPECT_EQ(facet[0].value, Value(1));
    EXPECT_EQ(facet[0].count, 2U);
  }
}

TEST(CompareForSortTest, OrdersKindsThenValues) {
  const std::vector<Value> ascending = {
      Value(),           Value(false),    Value(true), Value(-1),           Value(0.5),          Value(1),
      Value(UINT64_MAX), Value(""),       Value("a"),  Value("b"),          Json("[]"),          Json("[1]"),
      Json("[1, 2]"),    Json("[\"a\"]"), Json("{}"),  Json(R"({"a": 1})"), Json(R"({"a": 2})"), Json(R"({"b": 0})")};
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(CompareForSort(ascending[i], ascending[j]), i <=> j) << i << " " << j;
    }
  }
  EXPECT_EQ(CompareForSort(Value(1), Value(1.0)), std::strong_ordering::equal);
}

}  // namespace
}  // namespace engram
