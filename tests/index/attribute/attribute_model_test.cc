// The index against its definition: Matches() on every memory, one by one.
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "index/attribute/attribute_index.h"
#include "tests/index/attribute/documents.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

using Documents = std::map<Slot, AttributeFields>;

std::set<uint32_t> Naive(const Documents& documents, const Filter& filter) {
  std::set<uint32_t> slots;
  for (const auto& [slot, fields] : documents) {
    if (Matches(filter, fields)) slots.insert(slot.value);
  }
  return slots;
}

// As a caller uses the result: what is not exact is checked again.
std::set<uint32_t> Answer(const AttributeIndex& index, const Documents& documents, const Filter& filter) {
  const FilterResult result = index.Evaluate(filter);
  std::set<uint32_t> slots;
  for (const uint32_t slot : result.slots) {
    if (result.exact || Matches(filter, documents.at(Slot(slot)))) slots.insert(slot);
  }
  return slots;
}

// With the greatest created_at of each value.
std::vector<FacetValue> CountAll(const AttributeIndex& index, const char* field) {
  FacetCounter counter(field, "created_at");
  std::vector<Slot> slots;
  for (const uint32_t slot : index.slots()) slots.push_back(Slot(slot));
  index.Count(slots, &counter);
  return std::move(counter).Take();
}

// Sets, removes and changes of single fields, on the index and on the documents alike.
void Change(RandomDocuments& random, uint32_t slots, AttributeIndex* index, Documents* documents) {
  const Slot slot(static_cast<uint32_t>(random.Below(slots)) * 37);
  const auto found = documents->find(slot);
  if (found == documents->end() || random.OneIn(3)) {
    const AttributeFields fields = random.Fields();
    index->Set(slot, fields);
    (*documents)[slot] = fields;
    return;
  }
  if (random.OneIn(3)) {
    index->Remove(slot);
    documents->erase(found);
    return;
  }
  const char* const kNames[] = {"created_at", "metadata.t", "pinned"};
  const std::string name = kNames[random.Below(3)];
  const Value value = random.OneIn(3) ? Value() : random.OneIn(2) ? random.ListValue() : random.Scalar();
  index->SetField(slot, name, value);
  std::erase_if(found->second, [&](const auto& field) { return field.first == name; });
  if (!value.is_null()) found->second.emplace_back(name, value);
}

struct Model {
  const char* name;
  bool long_texts;
  uint32_t slots;
};

class AttributeModelTest : public testing::TestWithParam<Model> {};

TEST_P(AttributeModelTest, EvaluateIsWhatMatchesSays) {
  const uint64_t seed = TestSeed(6);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  RandomDocuments random(seed, GetParam().long_texts);
  AttributeIndex index;
  Documents documents;
  size_t inexact = 0;
  for (int round = 0; round < 30; ++round) {
    for (uint32_t i = 0; i < GetParam().slots / 2; ++i) Change(random, GetParam().slots, &index, &documents);
    ASSERT_EQ(index.slots().cardinality(), documents.size());
    for (int question = 0; question < 40; ++question) {
      const Value json = random.FilterJson(4);
      const auto filter = ParseFilter(json);
      ASSERT_TRUE(filter.ok()) << filter.status().ToString() << " " << DebugString(json);
      const FilterResult result = index.Evaluate(*filter);
      const std::set<uint32_t> expected = Naive(documents, *filter);
      ASSERT_EQ(Answer(index, documents, *filter), expected) << DebugString(json);
      for (const uint32_t slot : expected) ASSERT_TRUE(result.slots.contains(slot)) << DebugString(json);
      ASSERT_TRUE(result.slots.isSubset(index.slots()));
      if (result.exact) {
        ASSERT_EQ(result.slots.cardinality(), expected.size()) << DebugString(json);
      }
      inexact += result.exact ? 0 : 1;
    }
  }
  // Only long texts can make an answer a superset, and among so many questions some must.
  EXPECT_EQ(inexact > 0, GetParam().long_texts);
}

// With a writer in every pause. All filters of one call speak of the moment it ends.
TEST_P(AttributeModelTest, EvaluationInPiecesIsWhatMatchesSaysInTheEnd) {
  const uint64_t seed = TestSeed(21);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  RandomDocuments random(seed, GetParam().long_texts);
  AttributeIndex index;
  Documents documents;
  for (uint32_t i = 0; i < GetParam().slots; ++i) Change(random, GetParam().slots, &index, &documents);
  size_t pauses = 0;
  for (int question = 0; question < 400; ++question) {
    const Value json[] = {random.FilterJson(4), random.FilterJson(2)};
    const auto first = ParseFilter(json[0]);
    const auto second = ParseFilter(json[1]);
    ASSERT_TRUE(first.ok() && second.ok());
    size_t changes = 1 + random.Below(200);
    const auto pause = [&] {
      ++pauses;
      if (changes == 0) return true;
      --changes;
      Change(random, GetParam().slots, &index, &documents);
      return true;
    };
    const auto results = index.EvaluateInPieces({&*first, &*second}, pause, 1 + random.Below(9));
    ASSERT_TRUE(results.has_value());
    ASSERT_EQ(results->size(), 2U);
    for (size_t i = 0; i < 2; ++i) {
      const Filter& filter = i == 0 ? *first : *second;
      const std::set<uint32_t> expected = Naive(documents, filter);
      std::set<uint32_t> got;
      ASSERT_TRUE((*results)[i].slots.isSubset(index.slots()));
      for (const uint32_t slot : (*results)[i].slots) {
        if ((*results)[i].exact || Matches(filter, documents.at(Slot(slot)))) got.insert(slot);
      }
      ASSERT_EQ(got, expected) << DebugString(json[i]);
    }
  }
  EXPECT_GT(pauses, 400U);
}

TEST_P(AttributeModelTest, APauseMayEndAnEvaluation) {
  RandomDocuments random(1, GetParam().long_texts);
  AttributeIndex index;
  for (uint32_t slot = 0; slot < 50; ++slot) index.Set(Slot(slot), {{"id", Value(std::to_string(slot))}});
  const auto filter = ParseFilter(Value::Object{{"id", Value::Object{{"icontains", "7"}}}});
  ASSERT_TRUE(filter.ok());
  size_t pauses = 0;
  EXPECT_FALSE(index
                   .EvaluateInPieces(
                       {&*filter}, [&] { return ++pauses < 3; }, 1)
                   .has_value());
  EXPECT_EQ(pauses, 3U);
  EXPECT_TRUE(index
                  .EvaluateInPieces(
                      {&*filter}, [] { return true; }, 1)
                  .has_value());
}

// A narrow condition beside a wide one: the few slots left are looked at one by one instead of uniting
// the postings of many values, which must not show.
TEST_P(AttributeModelTest, OneMemoryIsFoundOrNotAsMatchesSays) {
  const uint64_t seed = TestSeed(13);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  RandomDocuments random(seed, GetParam().long_texts);
  AttributeIndex index;
  Documents documents;
  for (uint32_t slot = 0; slot < GetParam().slots; ++slot) {
    AttributeFields& fields = documents[Slot(slot)];
    fields = random.Fields();
    fields.emplace_back("id", std::to_string(slot));
    index.Set(Slot(slot), fields);
  }
  for (int question = 0; question < 5000; ++question) {
    const auto slot = static_cast<uint32_t>(random.Below(GetParam().slots));
    const Value one = Value::Object{{"id", std::to_string(slot)}};
    const Value json = Value::Object{{"and", Value::List{one, random.FilterJson(1)}}};
    const Filter filter = ParseFilter(json).value();
    const FilterResult result = index.Evaluate(filter);
    const bool matches = Matches(filter, documents.at(Slot(slot)));
    ASSERT_EQ(Answer(index, documents, filter).contains(slot), matches) << DebugString(json);
    ASSERT_LE(result.slots.cardinality(), 1U);
    ASSERT_TRUE(!result.exact || result.slots.contains(slot) == matches) << DebugString(json);
  }
}

TEST_P(AttributeModelTest, DifferentSpellingsOfOneFilterAgree) {
  const uint64_t seed = TestSeed(7);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  RandomDocuments random(seed, GetParam().long_texts);
  AttributeIndex index;
  Documents documents;
  for (uint32_t i = 0; i < GetParam().slots; ++i) Change(random, GetParam().slots, &index, &documents);
  const auto answer = [&](Value json) { return Answer(index, documents, ParseFilter(json).value()); };
  const auto negated = [](Value json) { return Value(Value::Object{{"not", std::move(json)}}); };
  const auto group = [](const char* kind, Value a, Value b) {
    return Value(Value::Object{{kind, Value::List{std::move(a), std::move(b)}}});
  };
  for (int question = 0; question < 200; ++question) {
    const Value a = random.FilterJson(2);
    const Value b = random.FilterJson(2);
    ASSERT_EQ(answer(a), answer(negated(negated(a)))) << DebugString(a);
    ASSERT_EQ(answer(group("and", a, b)), answer(group("and", b, a))) << DebugString(a) << DebugString(b);
    ASSERT_EQ(answer(negated(group("and", a, b))), answer(group("or", negated(a), negated(b))));
    ASSERT_EQ(answer(negated(group("or", a, b))), answer(group("and", negated(a), negated(b))));
    ASSERT_EQ(answer(group("and", a, a)), answer(a));
    const Filter joined = And(ParseFilter(a).value(), ParseFilter(b).value());
    ASSERT_EQ(Answer(index, documents, joined), answer(group("and", a, b)));
  }
}

TEST_P(AttributeModelTest, AChangedIndexEqualsOneBuiltFresh) {
  const uint64_t seed = TestSeed(8);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  RandomDocuments random(seed, GetParam().long_texts);
  AttributeIndex index;
  Documents documents;
  for (uint32_t i = 0; i < 10 * GetParam().slots; ++i) Change(random, GetParam().slots, &index, &documents);
  AttributeIndex fresh;
  for (const auto& [slot, fields] : documents) {
    fresh.Set(slot, fields);
    ASSERT_EQ(index.Fingerprint(slot), fresh.Fingerprint(slot));
  }
  EXPECT_EQ(index.paths(), fresh.paths());
  EXPECT_TRUE(index.slots() == fresh.slots());
  for (const char* field : {"metadata.a", "metadata.t", "metadata.n", "created_at", "pinned", "user_id"}) {
    const auto facet = CountAll(index, field);
    const auto expected = CountAll(fresh, field);
    ASSERT_EQ(facet.size(), expected.size());
    for (size_t i = 0; i < facet.size(); ++i) {
      EXPECT_EQ(facet[i].value, expected[i].value);
      EXPECT_EQ(facet[i].count, expected[i].count);
      EXPECT_EQ(facet[i].max, expected[i].max);
    }
  }
  for (const auto& [slot, fields] : documents) index.Remove(slot);
  EXPECT_EQ(index.paths(), 0U);
  EXPECT_TRUE(index.slots().isEmpty());
}

INSTANTIATE_TEST_SUITE_P(Models, AttributeModelTest,
                         testing::Values(Model{"short_texts", false, 60}, Model{"long_texts", true, 60},
                                         Model{"many", true, 800}),
                         [](const auto& model) { return std::string(model.param.name); });

}  // namespace
}  // namespace engram
