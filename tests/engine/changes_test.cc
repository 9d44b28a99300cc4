// What became of memories since a position.
#include <map>
#include <random>

#include <gmock/gmock.h>

#include "tests/engine/engine_fixture.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ChangesTest : public EngineFixture {
 protected:
  Position Now() { return Info().position; }

  // All pages together.
  ChangesPage Since(Position since, uint32_t limit = 100) {
    ChangesQuery query;
    query.since = since;
    query.limit = limit;
    ChangesPage all;
    do {
      auto page = engine_->Changes(Ref(), query, {});
      EXPECT_TRUE(page.ok()) << page.status().ToString();
      if (!page.ok()) return all;
      EXPECT_LE(page->memories.size() + page->ended.size(), limit);
      for (ExportedMemory& memory : page->memories) all.memories.push_back(std::move(memory));
      for (ExportedTombstone& ended : page->ended) all.ended.push_back(std::move(ended));
      all.erased += page->erased;
      all.position = page->position;
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    return all;
  }

  static std::vector<std::string> IdsOf(const std::vector<ExportedMemory>& memories) {
    std::vector<std::string> ids;
    for (const ExportedMemory& memory : memories) ids.push_back(memory.memory.id);
    return ids;
  }
  static std::vector<std::string> IdsOf(const std::vector<ExportedTombstone>& ended) {
    std::vector<std::string> ids;
    for (const ExportedTombstone& tombstone : ended) ids.push_back(tombstone.id);
    return ids;
  }

  void Delete(const std::string& id, bool erase = false) {
    DeleteMemory remove;
    remove.id = id;
    remove.erase = erase;
    ASSERT_TRUE(Write(std::move(remove)).status.ok());
  }
};

TEST_F(ChangesTest, TellsWhatWasWrittenSinceAndNothingElse) {
  ASSERT_TRUE(Write(MemoryOf("a", "one")).status.ok());
  ASSERT_TRUE(Write(MemoryOf("b", "two")).status.ok());
  ASSERT_TRUE(Write(MemoryOf("c", "three")).status.ok());
  const Position since = Now();
  EXPECT_THAT(Since(since).memories, IsEmpty());
  ASSERT_TRUE(Write(MemoryOf("b", "two again")).status.ok());
  ASSERT_TRUE(Write(MemoryOf("d", "four")).status.ok());
  AttributeChange pin;
  pin.set.emplace_back("pinned", Value(true));
  ASSERT_TRUE(Write(UpdateOf("c", std::move(pin))).status.ok());
  const ChangesPage changes = Since(since);
  EXPECT_THAT(IdsOf(changes.memories), ElementsAre("b", "d", "c"));
  EXPECT_THAT(changes.ended, IsEmpty());
  EXPECT_EQ(changes.position, Now());
  EXPECT_EQ(changes.memories[0].memory.content.text, "two again");
  ASSERT_EQ(changes.memories[0].history.size(), 1U);
  EXPECT_EQ(changes.memories[0].history[0].memory.content.text, "two");
  EXPECT_TRUE(changes.memories[2].memory.state.pinned);
}

TEST_F(ChangesTest, AnEndIsToldWithItsTimeAndItsKind) {
  ASSERT_TRUE(Write(MemoryOf("a", "one")).status.ok());
  WriteMemory mortal = MemoryOf("b", "two");
  mortal.state.ttl_seconds = std::optional<uint64_t>(60);
  ASSERT_TRUE(Write(std::move(mortal)).status.ok());
  const Position since = Now();
  Advance(10);
  Delete("a");
  Advance(100);
  ASSERT_TRUE(engine_->SweepNow().ok());
  const ChangesPage changes = Since(since);
  EXPECT_THAT(changes.memories, IsEmpty());
  ASSERT_THAT(IdsOf(changes.ended), ElementsAre("a", "b"));
  EXPECT_EQ(changes.ended[0].history.back().kind, HistoryEvent::Kind::kDelete);
  EXPECT_EQ(changes.ended[0].history.back().time, kStart.PlusSeconds(10));
  EXPECT_EQ(changes.ended[0].history.front().memory.content.text, "one");
  EXPECT_EQ(changes.ended[1].history.back().kind, HistoryEvent::Kind::kExpire);
}

TEST_F(ChangesTest, WhatIsDueAndNotSweptIsGone) {
  ASSERT_TRUE(Write(MemoryOf("a", "one")).status.ok());
  const Position since = Now();
  WriteMemory mortal = MemoryOf("a", "two");
  mortal.state.ttl_seconds = std::optional<uint64_t>(60);
  ASSERT_TRUE(Write(std::move(mortal)).status.ok());
  Advance(100);
  const ChangesPage changes = Since(since);
  EXPECT_THAT(changes.memories, IsEmpty());
  ASSERT_THAT(IdsOf(changes.ended), ElementsAre("a"));
  EXPECT_EQ(changes.ended[0].history.back().kind, HistoryEvent::Kind::kExpire);
  EXPECT_EQ(changes.ended[0].history.back().version.value, 3U);
}

TEST_F(ChangesTest, EndsAreToldWithoutHistoryAndWithoutOneKept) {
  NamespaceConfig config;
  config.history_versions = 0;
  ASSERT_TRUE(Create(config).status.ok());
  ASSERT_TRUE(Write(MemoryOf("a", "one")).status.ok());
  ASSERT_TRUE(Write(MemoryOf("a", "two")).status.ok());
  const Position since = Now();
  Delete("a");
  const ChangesPage changes = Since(since);
  ASSERT_THAT(IdsOf(changes.ended), ElementsAre("a"));
  EXPECT_EQ(changes.ended[0].history.back().kind, HistoryEvent::Kind::kDelete);
  ChangesQuery query;
  query.since = since;
  query.history = false;
  const auto bare = engine_->Changes(Ref(), query, {});
  ASSERT_TRUE(bare.ok()) << bare.status().ToString();
  ASSERT_EQ(bare->ended.size(), 1U);
  EXPECT_EQ(bare->ended[0].history.size(), 1U);
}

TEST_F(ChangesTest, AnErasedMemoryIsCountedAndNotNamed) {
  ASSERT_TRUE(Write(MemoryOf("a", "one")).status.ok());
  const Position since = Now();
  Delete("a", /*erase=*/true);
  const ChangesPage changes = Since(since);
  EXPECT_THAT(changes.ended, IsEmpty());
  EXPECT_EQ(changes.erased, 1U);
  // Made anew it is another memory.
  ASSERT_TRUE(Write(MemoryOf("a", "anew")).status.ok());
  const ChangesPage later = Since(since);
  EXPECT_THAT(IdsOf(later.memories), ElementsAre("a"));
  EXPECT_EQ(later.erased, 1U);
}

TEST_F(ChangesTest, ADeletedMemoryThatWasMadeAnewIsThere) {
  ASSERT_TRUE(Write(MemoryOf("a", "one")).status.ok());
  const Position since = Now();
  Delete("a");
  ASSERT_TRUE(Write(MemoryOf("a", "two")).status.ok());
  const ChangesPage changes = Since(since);
  EXPECT_THAT(IdsOf(changes.memories), ElementsAre("a"));
  EXPECT_THAT(changes.ended, IsEmpty());
}

TEST_F(ChangesTest, WhatChangesBetweenTwoPagesComesAgain) {
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(Write(MemoryOf(id, "one")).status.ok());
  ChangesQuery query;
  query.limit = 2;
  const auto first = engine_->Changes(Ref(), query, {});
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  EXPECT_THAT(IdsOf(first->memories), ElementsAre("a", "b"));
  ASSERT_TRUE(Write(MemoryOf("a", "two")).status.ok());
  query.cursor = first->next_cursor;
  const auto second = engine_->Changes(Ref(), query, {});
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  EXPECT_THAT(IdsOf(second->memories), ElementsAre("c", "a"));
  EXPECT_EQ(second->next_cursor, "");
  EXPECT_EQ(second->position, Now());
}

TEST_F(ChangesTest, RefusesWhatItCannotTell) {
  ASSERT_TRUE(Write(MemoryOf("a", "one")).status.ok());
  ChangesQuery query;
  query.since = Position(99);
  EXPECT_EQ(engine_->Changes(Ref(), query, {}).status().code(), StatusCode::kInvalidArgument);
  query.since = Position(0);
  query.limit = 0;
  EXPECT_EQ(engine_->Changes(Ref(), query, {}).status().field(), "limit");
  query.limit = 1;
  query.cursor = "nonsense";
  EXPECT_EQ(engine_->Changes(Ref(), query, {}).status().field(), "cursor");
}

TEST_F(ChangesTest, ALogThatWasTrimmedSaysSo) {
  ASSERT_TRUE(Write(MemoryOf("a", "one")).status.ok());
  const Position since = Now();
  Advance(8 * 86'400);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Write(MemoryOf("b", std::to_string(i))).status.ok());
  const Position kept = Now();
  ChangesQuery query;
  query.since = Position(0);
  const auto expired = engine_->Changes(Ref(), query, {});
  EXPECT_EQ(expired.status().code(), StatusCode::kPositionExpired);
  EXPECT_NE(expired.status().message().find("full export"), std::string::npos) << expired.status().ToString();
  // What is still there is told.
  EXPECT_THAT(IdsOf(Since(since).memories), ElementsAre("b"));
  EXPECT_THAT(Since(kept).memories, IsEmpty());
}

// What came last of each id, over what was there before, is what is there at the end: whatever is written between
// pages.
TEST_F(ChangesTest, AppliedToWhatWasThereTheyMakeWhatIsThere) {
  const uint64_t seed = TestSeed(11);
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const auto pick = [&](uint64_t n) { return random() % n; };
  const auto write_one = [&] {
    const std::string id = "m" + std::to_string(pick(30));
    switch (pick(6)) {
      case 0: Delete(id, /*erase=*/false); break;
      case 1: {
        AttributeChange pin;
        pin.set.emplace_back("pinned", Value(pick(2) == 0));
        (void)Write(UpdateOf(id, std::move(pin)));
        break;
      }
      case 2: {
        WriteMemory mortal = MemoryOf(id, "mortal");
        mortal.state.ttl_seconds = std::optional<uint64_t>(1 + pick(3));
        ASSERT_TRUE(Write(std::move(mortal)).status.ok());
        break;
      }
      case 3: Advance(1); break;
      case 4: ASSERT_TRUE(engine_->SweepNow().ok()); break;
      default: ASSERT_TRUE(Write(MemoryOf(id, "text " + std::to_string(random()))).status.ok());
    }
  };
  const auto all = [&] {
    EXPECT_TRUE(engine_->SweepNow().ok());
    std::map<std::string, std::string> found;
    ExportQuery query;
    do {
      auto page = engine_->Export(Ref(), query, {});
      EXPECT_TRUE(page.ok()) << page.status().ToString();
      for (const ExportedMemory& m : page->memories) {
        found[m.memory.id] = m.memory.content.text + (m.memory.state.pinned ? " pinned" : "");
      }
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    return found;
  };
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 40; ++i) ASSERT_NO_FATAL_FAILURE(write_one());
    std::map<std::string, std::string> twin = all();
    ChangesQuery query;
    query.since = Now();
    query.limit = static_cast<uint32_t>(1 + pick(7));
    for (int i = 0; i < 40; ++i) ASSERT_NO_FATAL_FAILURE(write_one());
    do {
      ASSERT_TRUE(engine_->SweepNow().ok());
      const auto page = engine_->Changes(Ref(), query, {});
      ASSERT_TRUE(page.ok()) << page.status().ToString();
      for (const ExportedMemory& m : page->memories) {
        twin[m.memory.id] = m.memory.content.text + (m.memory.state.pinned ? " pinned" : "");
      }
      for (const ExportedTombstone& ended : page->ended) twin.erase(ended.id);
      query.cursor = page->next_cursor;
      if (!query.cursor.empty() && pick(2) == 0) {
        ASSERT_NO_FATAL_FAILURE(write_one());
      }
    } while (!query.cursor.empty());
    ASSERT_EQ(twin, all()) << "round " << round;
  }
}

}  // namespace
}  // namespace engram
