// ListMemories, CountMemories, FacetMemories and ResolveFilter, through the engine.
#include <algorithm>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/list_order.h"
#include "tests/engine/engine_fixture.h"
#include "tests/engine/index_events.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ListTest : public EngineFixture {
 protected:
  void Put(const std::string& id, Value::Object metadata = {}, MemoryState state = MemoryState::kActive) {
    WriteMemory write = MemoryOf(id, "text of " + id);
    write.attributes.metadata = std::move(metadata);
    write.attributes.state = state;
    ASSERT_TRUE(Write(write).status.ok());
  }

  Result<MemoryPage> Page(const ListQuery& query) { return engine_->List(Ref(), query, {}); }
  std::vector<std::string> Ids(const ListQuery& query) {
    auto page = Page(query);
    EXPECT_TRUE(page.ok()) << page.status().ToString();
    std::vector<std::string> ids;
    for (const Memory& memory : page->memories) ids.push_back(memory.id);
    return ids;
  }
  // All pages, one after the other.
  std::vector<std::string> Walk(ListQuery query) {
    std::vector<std::string> ids;
    do {
      auto page = Page(query);
      EXPECT_TRUE(page.ok()) << page.status().ToString();
      if (!page.ok()) return ids;
      EXPECT_LE(page->memories.size(), query.limit);
      for (const Memory& memory : page->memories) ids.push_back(memory.id);
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    return ids;
  }
  uint64_t Count(const std::optional<Filter>& filter = std::nullopt) {
    auto count = engine_->Count(Ref(), filter, {});
    EXPECT_TRUE(count.ok()) << count.status().ToString();
    return count.ok() ? count->first : UINT64_MAX;
  }
  static ListQuery By(const std::string& field, bool descending = false, uint32_t limit = 100) {
    ListQuery query;
    query.order_by = field;
    query.descending = descending;
    query.limit = limit;
    return query;
  }
};

TEST_F(ListTest, NewestComeFirstByDefault) {
  for (const char* id : {"a", "b", "c"}) {
    Put(id);
    Advance(1);
  }
  EXPECT_THAT(Ids(ListQuery()), ElementsAre("c", "b", "a"));
}

TEST_F(ListTest, IdsSortAsIntegersThenUuidsThenStrings) {
  for (const char* id : {"10", "9", "b", "018f0000-0000-7000-8000-000000000000", "a"}) Put(id);
  EXPECT_THAT(Walk(By("id", false, 2)), ElementsAre("9", "10", "018f0000-0000-7000-8000-000000000000", "a", "b"));
  EXPECT_THAT(Walk(By("id", true, 2)), ElementsAre("b", "a", "018f0000-0000-7000-8000-000000000000", "10", "9"));
}

TEST_F(ListTest, MissingValuesComeLastInBothDirectionsAndTiesStandById) {
  Put("10", {{"n", Value(1)}});
  Put("9", {{"n", Value(1)}});
  Put("5", {{"n", Value(2.5)}});
  Put("4");
  Put("3");
  EXPECT_THAT(Walk(By("metadata.n", false, 1)), ElementsAre("9", "10", "5", "3", "4"));
  EXPECT_THAT(Walk(By("metadata.n", true, 1)), ElementsAre("5", "9", "10", "3", "4"));
}

TEST_F(ListTest, LongStringsSortByTheirWholeValue) {
  const std::string common(400, 'x');
  Put("a", {{"s", Value(common + "2")}});
  Put("b", {{"s", Value(common + "1")}});
  Put("c", {{"s", Value("y")}});
  Put("d", {{"s", Value("a")}});
  EXPECT_THAT(Walk(By("metadata.s", false, 2)), ElementsAre("d", "b", "a", "c"));
}

TEST_F(ListTest, ConditionsOnLongStringsAreDecidedByRows) {
  const std::string common(400, 'x');
  Put("a", {{"s", Value(common + "needle")}});
  Put("b", {{"s", Value(common + "other")}});
  ListQuery query = By("id");
  query.filter = Condition("metadata.s", Filter::Op::kContains, Value("needle"));
  auto page = Page(query);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->total, 1u);
  EXPECT_THAT(Ids(query), ElementsAre("a"));
  EXPECT_EQ(Count(query.filter), 1u);
}

TEST_F(ListTest, OnlyActiveOnesUnlessTheFilterNamesTheState) {
  Put("a");
  Put("b", {}, MemoryState::kArchived);
  EXPECT_THAT(Ids(By("id")), ElementsAre("a"));
  EXPECT_EQ(Count(), 1u);
  ListQuery query = By("id");
  query.filter = Equals("state", Value("archived"));
  EXPECT_THAT(Ids(query), ElementsAre("b"));
  EXPECT_EQ(Count(query.filter), 1u);
}

TEST_F(ListTest, ACursorStandsWhereItStoodWhenRowsComeAndGo) {
  for (int i = 0; i < 6; ++i) Put(std::to_string(i), {{"n", Value(i * 10)}});
  ListQuery query = By("metadata.n", false, 2);
  auto first = Page(query);
  ASSERT_TRUE(first.ok());
  query.cursor = first->next_cursor;
  ASSERT_TRUE(Write(DeleteMemory{"1", {}, {}, false, false}).status.ok());  // where the cursor stands
  Put("100", {{"n", Value(5)}});                                            // before it
  Put("101", {{"n", Value(15)}});                                           // behind it
  EXPECT_THAT(Walk(query), ElementsAre("101", "2", "3", "4", "5"));
}

TEST_F(ListTest, ACursorOfAnotherRequestIsRefused) {
  for (int i = 0; i < 4; ++i) Put(std::to_string(i));
  ListQuery query = By("id", false, 2);
  const std::string cursor = Page(query)->next_cursor;
  const auto refused = [&](ListQuery other) {
    const Status status = Page(other).status();
    return status.code() == StatusCode::kInvalidArgument && status.field() == "cursor";
  };
  query.cursor = cursor;
  EXPECT_TRUE(Page(query).ok());
  ListQuery other = query;
  other.descending = true;
  EXPECT_TRUE(refused(other));
  other = query;
  other.order_by = "created_at";
  EXPECT_TRUE(refused(other));
  other = query;
  other.filter = Equals("kind", Value("x"));
  EXPECT_TRUE(refused(other));
  other = query;
  other.include_expired = true;
  EXPECT_TRUE(refused(other));
  for (size_t cut = 1; cut < cursor.size(); ++cut) {
    other = query;
    other.cursor = cursor.substr(0, cut);
    EXPECT_TRUE(refused(other)) << cut;
  }
  other.cursor = cursor + "x";
  EXPECT_TRUE(refused(other));
}

TEST_F(ListTest, AFieldHasOneMeaningHoweverItIsEscaped) {
  Put("a", {{R"(x\y)", Value(1)}});
  Put("b", {{R"(x\y)", Value(0)}});
  EXPECT_THAT(Ids(By(R"(metadata.x\y)")), ElementsAre("b", "a"));
  EXPECT_THAT(Ids(By(R"(metadata.x\\y)")), ElementsAre("b", "a"));
}

TEST_F(ListTest, UnknownFieldsAndEmptyPagesAreMistakes) {
  Put("a");
  EXPECT_EQ(Page(By("colour")).status().field(), "order_by");
  EXPECT_EQ(Page(By("metadata")).status().field(), "order_by");
  EXPECT_EQ(Page(By("id", false, 0)).status().field(), "limit");
}

TEST_F(ListTest, ExpiredOnesAreFoundOnRequestUntilTheyAreSwept) {
  WriteMemory write = MemoryOf("a", "short lived");
  write.state.expires_at = Timestamp{kStart.micros + 5'000'000};
  ASSERT_TRUE(Write(write).status.ok());
  Put("b");
  Advance(10);
  EXPECT_THAT(Ids(By("id")), ElementsAre("b"));
  EXPECT_EQ(Count(), 1u);
  ListQuery query = By("id", false, 1);
  query.include_expired = true;
  EXPECT_EQ(Page(query)->total, 2u);
  EXPECT_THAT(Walk(query), ElementsAre("a", "b"));
  ASSERT_TRUE(engine_->SweepNow().ok());
  EXPECT_THAT(Walk(query), ElementsAre("b"));
}

TEST_F(ListTest, PagesWithExpiredOnesCountTheListOnce) {
  for (const char* id : {"a", "b", "c", "d", "e"}) Put(id);
  Put("x", {}, MemoryState::kArchived);
  for (const bool descending : {false, true}) {
    ListQuery query = By("id", descending, 2);
    query.include_expired = true;
    const auto first = Page(query);
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(first->total, 5u);
    Put("f");
    query.cursor = first->next_cursor;
    const auto second = Page(query);
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(second->total, 5u);  // as the first page told it: no page reads more than itself
    EXPECT_EQ(second->memories.size(), 2u);
    EXPECT_EQ(second->memories[0].id, "c");
    DeleteMemory deletion;
    deletion.id = "f";
    ASSERT_TRUE(Write(deletion).status.ok());
  }
}

// --- Facets.

class FacetTest : public ListTest {
 protected:
  std::vector<std::pair<std::string, uint64_t>> Walk(FacetQuery query) {
    std::vector<std::pair<std::string, uint64_t>> values;
    do {
      auto page = engine_->Facet(Ref(), query, {});
      EXPECT_TRUE(page.ok()) << page.status().ToString();
      if (!page.ok()) return values;
      for (const FacetValue& value : page->values) values.emplace_back(value.value.as_string(), value.count);
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    return values;
  }
};

TEST_F(FacetTest, ValuesAreCountedExactlyInEitherOrder) {
  for (const char* topic : {"tea", "milk", "tea", "cake", "tea", "milk"}) {
    static int next = 0;
    Put("m" + std::to_string(next++), {{"topic", Value(topic)}});
  }
  Put("archived", {{"topic", Value("tea")}}, MemoryState::kArchived);
  FacetQuery query;
  query.field = "metadata.topic";
  query.limit = 1;
  EXPECT_THAT(Walk(query), ElementsAre(std::pair("tea", 3), std::pair("milk", 2), std::pair("cake", 1)));
  query.by_value = true;
  EXPECT_THAT(Walk(query), ElementsAre(std::pair("cake", 1), std::pair("milk", 2), std::pair("tea", 3)));
}

TEST_F(FacetTest, TheGreatestOfAnotherFieldComesWithEachValue) {
  Put("a", {{"topic", Value("tea")}, {"n", Value(3)}});
  Put("b", {{"topic", Value("tea")}, {"n", Value(7)}});
  FacetQuery query;
  query.field = "metadata.topic";
  query.max_field = "metadata.n";
  auto page = engine_->Facet(Ref(), query, {});
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->values[0].max, Value(7));
}

TEST_F(FacetTest, StringsTooLongForTheIndexAreCountedFromTheRows) {
  const std::string url = "https://" + std::string(280, 'u');
  const std::string later = "https://" + std::string(280, 'z');
  Put("a", {{"url", Value(url)}, {"topic", Value("tea")}});
  Put("b", {{"url", Value(url)}, {"topic", Value("tea")}});
  Put("c", {{"url", Value(Value::List{Value("short"), Value(url), Value(url), Value(later)})}});
  Put("d", {{"url", Value("short")}});
  FacetQuery query;
  query.field = "metadata.url";
  query.limit = 1;
  EXPECT_THAT(Walk(query), ElementsAre(std::pair(url, 3), std::pair("short", 2), std::pair(later, 1)));
  query.by_value = true;
  EXPECT_THAT(Walk(query), ElementsAre(std::pair(url, 3), std::pair(later, 1), std::pair("short", 2)));
}

TEST_F(FacetTest, AGreatestValueMayBeALongString) {
  const std::string longer = std::string(300, 'z');
  Put("a", {{"topic", Value("tea")}, {"title", Value("a short one")}});
  Put("b", {{"topic", Value("tea")}, {"title", Value(longer)}});
  Put("c", {{"topic", Value(std::string(300, 't'))}, {"title", Value("short")}});
  FacetQuery query;
  query.field = "metadata.topic";
  query.max_field = "metadata.title";
  auto page = engine_->Facet(Ref(), query, {});
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->values.size(), 2u);
  EXPECT_EQ(page->values[0].max, Value(longer));
  EXPECT_EQ(page->values[1].max, Value("short"));
}

TEST_F(FacetTest, AForeignCursorIsRefused) {
  Put("a", {{"topic", Value("tea")}});
  Put("b", {{"topic", Value("milk")}});
  FacetQuery query;
  query.field = "metadata.topic";
  query.limit = 1;
  query.cursor = engine_->Facet(Ref(), query, {})->next_cursor;
  query.by_value = true;
  EXPECT_EQ(engine_->Facet(Ref(), query, {}).status().field(), "cursor");
}

// --- By filter.

TEST_F(ListTest, ADeleteByFilterTakesArchivedOnesToo) {
  Put("a", {{"who", Value("ann")}});
  Put("b", {{"who", Value("ann")}}, MemoryState::kArchived);
  Put("c", {{"who", Value("bob")}});
  const auto reply =
      engine_->DeleteByFilter(Ref(), Equals("metadata.who", Value("ann")), false, Durability::kBuffered, std::nullopt);
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->changed, 2u);
  EXPECT_THAT(Ids(By("id")), ElementsAre("c"));
}

// --- The order itself, against sorting everything.

TEST(ListOrderTest, PagesJoinToTheWholeSortedList) {
  const uint64_t seed = TestSeed(7);
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    const ListOrder order{"f", random() % 2 == 0};
    std::vector<ListedRow> rows(random() % 30);
    for (size_t i = 0; i < rows.size(); ++i) {
      rows[i].slot = Slot(static_cast<uint32_t>(i));
      if (random() % 4)
        rows[i].value = random() % 2 ? Value(int64_t(random() % 4)) : Value(std::string(random() % 3, 'x'));
    }
    const auto fill = [](const std::vector<ListedRow*>& wanted) {
      for (ListedRow* row : wanted) row->SetId(std::to_string(row->slot.value * 37 % 101));
      return Status();
    };
    std::vector<ListedRow> sorted = rows;
    for (ListedRow& row : sorted) EXPECT_TRUE(fill({&row}).ok());
    std::sort(sorted.begin(), sorted.end(), [&](const ListedRow& a, const ListedRow& b) {
      const auto place = order.Compare(a.value, b.value);
      return place != 0 ? place < 0 : IdLess(a.id, b.id);
    });
    std::vector<std::string> expected;
    for (const ListedRow& row : sorted) expected.push_back(row.id);

    std::vector<std::string> joined;
    std::optional<ListPlace> after;
    const size_t limit = 1 + random() % 5;
    for (bool more = true; more;) {
      std::vector<ListedRow> page = rows;
      auto taken = TakePage(order, after, limit, fill, &page);
      ASSERT_TRUE(taken.ok());
      more = *taken;
      ASSERT_TRUE(!more || page.size() == limit);
      for (const ListedRow& row : page) joined.push_back(row.id);
      if (more) after = ListPlace{page.back().value, page.back().id};
    }
    ASSERT_EQ(joined, expected);
  }
}

}  // namespace
}  // namespace engram
