#include "tools/import/record_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/import/revision.h"

namespace engram {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::Memory Note(std::vector<float> vector) {
  v1::Memory memory;
  memory.set_id("a");
  memory.set_text("green tea");
  memory.set_user_id("ann");
  memory.mutable_source()->set_version(FirstRevision(77));
  for (const float x : vector) memory.mutable_vector()->mutable_dense()->add_values(x);
  return memory;
}

// As the store would tell it.
v1::Memory Stored(v1::Memory memory) {
  memory.mutable_created_at()->set_seconds(1'700'000'000);
  memory.mutable_updated_at()->set_seconds(1'700'000'001);
  memory.set_version(3);
  memory.set_hash("0123456789abcdef0123456789abcdef");
  return memory;
}

RecordComparison Compare(const v1::Memory& wanted, const v1::Memory& stored, const CompareRules& rules = {}) {
  auto compared = CompareRecord(wanted, stored, rules);
  EXPECT_TRUE(compared.ok()) << compared.status().ToString();
  return compared.ok() ? *compared : RecordComparison();
}

TEST(RecordDiffTest, WhatTheStoreAddsIsNoDifference) {
  v1::Memory stored = Stored(Note({1, 2}));
  stored.mutable_source()->set_version(NextRevision(FirstRevision(77), 77));
  const RecordComparison same = Compare(Note({1, 2}), stored);
  EXPECT_THAT(same.differences, IsEmpty());
  EXPECT_EQ(same.wanted, same.stored);
}

TEST(RecordDiffTest, EveryFieldThatDiffersIsNamed) {
  v1::Memory wanted = Note({1, 2});
  wanted.mutable_created_at()->set_seconds(1'600'000'000);
  v1::Memory stored = Stored(Note({1, 2.5F}));
  stored.set_text("black tea");
  (*stored.mutable_metadata())["topic"].set_string_value("tea");
  stored.set_state("archived");
  stored.mutable_expires_at()->set_seconds(1'900'000'000);
  const RecordComparison compared = Compare(wanted, stored);
  EXPECT_THAT(compared.differences,
              ElementsAre(HasSubstr("text: \"green tea\" in the source, \"black tea\""),
                          HasSubstr("vectors.default[1]: 2 in the source, 2.5"), HasSubstr("state"),
                          HasSubstr("metadata.topic"), HasSubstr("created_at"), HasSubstr("expires_at")));
  EXPECT_NE(compared.wanted, compared.stored);
}

TEST(RecordDiffTest, ADirectionIsEnoughWhereTheSourceNormalises) {
  CompareRules cosine;
  cosine.cosine_spaces = {"default"};
  const RecordComparison same = Compare(Note({3, 4}), Stored(Note({0.6F, 0.8F})), cosine);
  EXPECT_THAT(same.differences, IsEmpty());
  EXPECT_TRUE(same.same_direction);
  EXPECT_EQ(same.wanted, same.stored);
  EXPECT_THAT(Compare(Note({3, 4}), Stored(Note({0.6F, 0.80001F})), cosine).differences,
              ElementsAre(HasSubstr("vectors")));
  EXPECT_THAT(Compare(Note({3, 4}), Stored(Note({0.6F, 0.8F}))).differences, ElementsAre(HasSubstr("vectors")));
  EXPECT_THAT(Compare(Note({0, 0}), Stored(Note({0.6F, 0.8F})), cosine).differences, ElementsAre(HasSubstr("vectors")));
}

}  // namespace
}  // namespace engram
