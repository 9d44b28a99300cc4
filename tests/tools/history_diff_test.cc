#include "tools/import/history_diff.h"

#include <gtest/gtest.h>

namespace engram {
namespace {

struct Event {
  const char* kind;
  int64_t second;
  const char* text;
};

v1::Memory Wanted(const std::vector<Event>& events) {
  v1::Memory memory;
  for (const Event& event : events) {
    v1::HistoryEvent& one = *memory.add_history();
    one.set_event(event.kind);
    one.mutable_time()->set_seconds(event.second);
    if (event.text != nullptr) one.mutable_memory()->set_text(event.text);
  }
  return memory;
}

// As the store tells them: with the text before and after.
std::vector<v1::HistoryEvent> Stored(const std::vector<Event>& events) {
  std::vector<v1::HistoryEvent> out;
  std::string before;
  for (const Event& event : events) {
    v1::HistoryEvent& one = out.emplace_back();
    one.set_event(event.kind);
    one.mutable_time()->set_seconds(event.second);
    one.set_old_text(before);
    if (event.text != nullptr) one.set_new_text(event.text);
    before = one.new_text();
  }
  return out;
}

const std::vector<Event> kLife = {{"add", 1, "tea"}, {"update", 2, "milk"}, {"delete", 3, nullptr}, {"add", 4, "beer"}};

HistoryVerdict VerdictOf(std::vector<Event> stored, size_t keep = kHistoryUntrimmed) {
  return CompareHistory(Wanted(kLife), Stored(stored), keep).verdict;
}

TEST(HistoryDiffTest, EqualHistoriesHaveNoDifference) {
  const HistoryComparison compared = CompareHistory(Wanted(kLife), Stored(kLife), kHistoryUntrimmed);
  EXPECT_EQ(compared.verdict, HistoryVerdict::kEqual);
  EXPECT_EQ(compared.equal_events, 4U);
  EXPECT_TRUE(compared.differences.empty());
}

TEST(HistoryDiffTest, EachWayToDifferIsAClassAndTheFirstOneCounts) {
  EXPECT_EQ(VerdictOf({{"add", 1, "tea"}, {"update", 2, "milk"}, {"delete", 3, nullptr}}), HistoryVerdict::kMissing);
  std::vector<Event> more = kLife;
  more.push_back({"update", 5, "wine"});
  EXPECT_EQ(VerdictOf(more), HistoryVerdict::kExtra);
  std::vector<Event> other = kLife;
  other[2].kind = "expire";
  EXPECT_EQ(VerdictOf(other), HistoryVerdict::kKind);
  other = kLife;
  other[1].second = 7;
  EXPECT_EQ(VerdictOf(other), HistoryVerdict::kTime);
  other = kLife;
  other[0].text = "coffee";
  const HistoryComparison compared = CompareHistory(Wanted(kLife), Stored(other), kHistoryUntrimmed);
  EXPECT_EQ(compared.verdict, HistoryVerdict::kText);
  EXPECT_EQ(compared.differences.size(), 2U);  // the text it had, and what replaced it
  EXPECT_EQ(compared.differences[0], "history[0].new_text: \"tea\" in the source, \"coffee\" in the store");
  other[1].second = 7;
  EXPECT_EQ(VerdictOf(other), HistoryVerdict::kTime);
}

TEST(HistoryDiffTest, WhatTheNamespaceTrimsIsNotMissed) {
  std::vector<v1::HistoryEvent> stored = Stored(kLife);
  stored.erase(stored.begin(), stored.begin() + 1);
  stored[0].clear_old_text();
  EXPECT_EQ(CompareHistory(Wanted(kLife), stored, 3).verdict, HistoryVerdict::kEqual);
  EXPECT_EQ(CompareHistory(Wanted(kLife), stored, 4).verdict, HistoryVerdict::kMissing);
  EXPECT_EQ(CompareHistory(Wanted(kLife), {}, 0).verdict, HistoryVerdict::kEqual);
}

TEST(HistoryDiffTest, AVersionThatAnEarlierRunBroughtHasTheTimeOfThen) {
  std::vector<v1::HistoryEvent> stored = Stored(kLife);
  stored[3].mutable_time()->set_seconds(9);
  stored[3].mutable_memory()->mutable_source()->set_version(1);
  EXPECT_EQ(CompareHistory(Wanted(kLife), stored, kHistoryUntrimmed).verdict, HistoryVerdict::kEqual);
}

}  // namespace
}  // namespace engram
