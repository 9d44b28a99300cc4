#include "engine/namespace_index.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/kv.h"
#include "engine/rows.h"
#include "tests/engine/index_events.h"

namespace engram {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class NamespaceIndexTest : public ::testing::Test {
 protected:
  NamespaceIndexTest() {
    auto index = NamespaceIndex::Create(NamespaceConfig());
    index_ = std::move(*index);
  }

  void Apply(std::vector<IndexEvent> events) {
    Publication publication;
    publication.position = index_->position().Next();
    publication.events = std::move(events);
    index_->Apply(publication);
  }

  IndexView View(const ViewRequest& request = {}, Timestamp now = kNow) {
    auto view = index_->View(request, now);
    EXPECT_TRUE(view.ok());
    return std::move(*view);
  }
  SlotSet Visible(const Filter* filter = nullptr, Timestamp now = kNow) {
    ViewRequest request;
    request.filter = filter;
    return View(request, now).visible;
  }
  // A view with one leg of text and one of vectors.
  IndexView SearchView(const std::string& text) {
    const auto query = ParseTextQuery(text, TextMode::kAny, index_->analyzer());
    ViewRequest request;
    request.texts = {&*query, nullptr};
    request.spaces = {"", "default"};
    return View(request);
  }
  std::vector<uint32_t> Search(const std::string& text) {
    const IndexView view = SearchView(text);
    return Numbers(view.legs[0].text->Top(view.legs[0].allowed, 100));
  }

  std::unique_ptr<NamespaceIndex> index_;
};

TEST_F(NamespaceIndexTest, AddedMemoriesAreFoundByEveryLeg) {
  Apply({WithVector(Added(0, "green tea"), {1, 0}), WithVector(Added(1, "black coffee"), {0, 1})});
  EXPECT_THAT(Search("tea"), ElementsAre(0));
  const IndexView view = SearchView("coffee");
  const float query[] = {0, 1};
  EXPECT_EQ(view.legs[1].vector->Top(query, view.legs[1].allowed, 1)[0].slot, Slot(1));
  EXPECT_THAT(Numbers(view.visible), ElementsAre(0, 1));
  EXPECT_EQ(view.position, Position(1));
}

TEST_F(NamespaceIndexTest, NewContentTakesThePlaceOfTheOld) {
  Apply({Added(0, "green tea", "a")});
  ContentAdded newer = Added(1, "black coffee", "a");
  newer.row.node = NodeNumber(0);
  newer.replaces = Slot(0);
  Apply({newer});
  EXPECT_THAT(Search("tea"), IsEmpty());
  EXPECT_THAT(Search("coffee"), ElementsAre(1));
  EXPECT_EQ(index_->SlotOf(View(), NodeNumber(0)), Slot(1));
}

// The deadline is asked on the same thread: if the lock were held, the writes in it would never return.
TEST_F(NamespaceIndexTest, TheWriterGetsInWhileALongFilterIsEvaluated) {
  std::vector<IndexEvent> events;
  for (uint32_t slot = 0; slot < 200; ++slot) events.emplace_back(Added(slot, "tea"));
  Apply(std::move(events));
  Filter any;
  any.kind = Filter::Kind::kOr;
  for (int i = 0; i < 100; ++i) {
    any.children.push_back(Condition("id", Filter::Op::kIcontains, Value("M" + std::to_string(i))));
  }
  int asked = 0;
  ViewRequest request;
  request.filter = &any;
  request.check_deadline = [&] {
    if (++asked == 1) Apply({Added(200, "late", "m7-late"), Added(201, "late", "other"), SlotRemoved{Slot(7)}});
    return Status();
  };
  const IndexView view = View(request);
  EXPECT_GT(asked, 1);
  EXPECT_EQ(view.position, index_->position());
  EXPECT_TRUE(view.visible.contains(200));
  EXPECT_FALSE(view.visible.contains(201));
  EXPECT_FALSE(view.visible.contains(7));
  EXPECT_EQ(view.visible.cardinality(), 200u);

  request.check_deadline = [] { return DeadlineExceeded("too long"); };
  EXPECT_EQ(index_->View(request, kNow).status().code(), StatusCode::kDeadlineExceeded);
}

TEST_F(NamespaceIndexTest, WhatFallsDueWhileAFilterIsEvaluatedIsNotInTheView) {
  std::vector<IndexEvent> events;
  for (uint32_t slot = 0; slot < 200; ++slot) events.emplace_back(Added(slot, "tea"));
  Apply(std::move(events));
  Filter any;
  any.kind = Filter::Kind::kOr;
  for (int i = 0; i < 100; ++i) any.children.push_back(Condition("id", Filter::Op::kIcontains, Value("m")));
  int asked = 0;
  ViewRequest request;
  request.filter = &any;
  request.check_deadline = [&] {
    if (++asked == 1) Apply({Expiring(Added(200, "late"), At(1))});
    return Status();
  };
  EXPECT_EQ(View(request).visible.cardinality(), 200u);
}

TEST_F(NamespaceIndexTest, ViewsDoNotSeeLaterWrites) {
  Apply({WithVector(Added(0, "tea"), {1, 0})});
  const IndexView view = SearchView("tea");
  ContentAdded newer = WithVector(Added(1, "tea tea"), {1, 0});
  newer.row.node = NodeNumber(0);
  newer.replaces = Slot(0);
  Apply({newer, WithVector(Added(2, "tea"), {1, 0})});

  EXPECT_THAT(Numbers(view.visible), ElementsAre(0));
  EXPECT_THAT(Numbers(view.legs[0].text->Top(view.legs[0].allowed, 9)), ElementsAre(0));
  const float query[] = {1, 0};
  EXPECT_THAT(Numbers(view.legs[1].vector->Top(query, view.legs[1].allowed, 9)), ElementsAre(0));
  const auto details = index_->Describe(view, {Slot(0), Slot(2)});
  EXPECT_EQ(details[0]->row.id, "m0");
  EXPECT_FALSE(details[1].has_value());
  EXPECT_EQ(index_->SlotOf(view, NodeNumber(0)), Slot(0));
  EXPECT_EQ(index_->SlotOf(view, NodeNumber(2)), std::nullopt);
}

TEST_F(NamespaceIndexTest, ViewsDescribeTheDeadAfterCompaction) {
  std::vector<IndexEvent> events;
  for (uint32_t slot = 0; slot < 1000; ++slot) events.push_back(Added(slot, "tea"));
  Apply(std::move(events));
  const IndexView view = View();
  for (uint32_t slot = 0; slot < 990; ++slot) Apply({SlotRemoved{Slot(slot)}});
  const auto details = index_->Describe(view, {Slot(0), Slot(995)});
  EXPECT_EQ(details[0]->row.id, "m0");
  EXPECT_EQ(details[1]->row.id, "m995");
  EXPECT_EQ(index_->sizes().rows, 10u);
}

TEST_F(NamespaceIndexTest, AttributesChangeWithoutTakingASlot) {
  ContentAdded added = Added(0, "tea");
  Apply({added});
  AttributesChanged changed{added.row, added.attributes, added.state};
  changed.row.version = Version(2);
  changed.attributes.metadata["topic"] = Value("drinks");
  Apply({changed});
  const Filter filter = Equals("metadata.topic", Value("drinks"));
  EXPECT_THAT(Numbers(Visible(&filter)), ElementsAre(0));
  EXPECT_EQ(index_->Describe(View(), {Slot(0)})[0]->row.version, Version(2));
}

TEST_F(NamespaceIndexTest, OnlyActiveMemoriesAreVisibleUnlessAFilterNamesTheState) {
  ContentAdded archived = Added(1, "tea");
  archived.attributes.state = MemoryState::kArchived;
  Apply({Added(0, "tea"), archived});
  EXPECT_THAT(Numbers(Visible()), ElementsAre(0));
  const Filter filter = Equals("state", Value("archived"));
  EXPECT_THAT(Numbers(Visible(&filter)), ElementsAre(1));
  ViewRequest request;
  request.leg_filters = {nullptr, &filter};
  IndexView view = View(request);
  EXPECT_THAT(Numbers(view.legs[0].allowed), ElementsAre(0));
  EXPECT_THAT(Numbers(view.legs[1].allowed), ElementsAre(1));
  EXPECT_TRUE(index_->Describe(view, {Slot(1)})[0].has_value());
  request = {};
  request.include_inactive = true;
  EXPECT_THAT(Numbers(View(request).visible), ElementsAre(0, 1));
}

TEST_F(NamespaceIndexTest, InactiveMemoriesCountInTextStatistics) {
  Apply({Added(0, "tea")});
  const double alone = SearchView("tea").legs[0].text->Score({Slot(0)})[0];
  ContentAdded archived = Added(1, "coffee");
  archived.attributes.state = MemoryState::kArchived;
  Apply({archived});
  EXPECT_GT(SearchView("tea").legs[0].text->Score({Slot(0)})[0], alone);
}

TEST_F(NamespaceIndexTest, StateRecordsAreFilterableAtOnce) {
  Apply({Added(0, "tea")});
  StateRecord state;
  state.pinned = true;
  state.importance = 0.5;
  Apply({StateChanged{NodeNumber(0), Slot(0), state}});
  const Filter pinned = Equals("pinned", Value(true));
  const Filter important = Condition("importance", Filter::Op::kGte, Value(0.5));
  EXPECT_THAT(Numbers(Visible(&pinned)), ElementsAre(0));
  EXPECT_THAT(Numbers(Visible(&important)), ElementsAre(0));
  Apply({StateChanged{NodeNumber(0), Slot(0), StateRecord()}});
  EXPECT_THAT(Numbers(Visible(&pinned)), IsEmpty());
  EXPECT_THAT(Numbers(Visible(&important)), IsEmpty());
}

TEST_F(NamespaceIndexTest, ExpiredMemoriesLeaveNoTraceInScores) {
  Apply({Added(0, "tea")});
  const double alone = SearchView("tea").legs[0].text->Score({Slot(0)})[0];
  Apply({Expiring(Added(1, "coffee"), kNow)});
  EXPECT_THAT(Numbers(Visible(nullptr, {kNow.micros - 1})), ElementsAre(0, 1));
  EXPECT_THAT(Numbers(Visible()), ElementsAre(0));
  EXPECT_EQ(SearchView("tea").legs[0].text->Score({Slot(0)})[0], alone);
  Apply({SlotRemoved{Slot(1)}});
  EXPECT_THAT(Numbers(Visible()), ElementsAre(0));
  EXPECT_FALSE(index_->outdated());
}

TEST_F(NamespaceIndexTest, AMovedExpiryHoldsAndTheOldOneDoesNot) {
  Apply({Expiring(Added(0, "tea"), At(10))});
  StateRecord later;
  later.expires_at = At(20);
  Apply({StateChanged{NodeNumber(0), Slot(0), later}});
  EXPECT_THAT(Numbers(Visible(nullptr, At(19))), ElementsAre(0));
  EXPECT_THAT(Numbers(Visible(nullptr, At(20))), IsEmpty());
}

TEST_F(NamespaceIndexTest, ARunTakesItsMemoriesWithItWhenItExpires) {
  Apply({InRun(Added(0, "tea"), 7), InRun(Added(1, "tea"), 7), InRun(Added(2, "tea"), 8)});
  Apply({RunChanged{7, At(10), false}});
  EXPECT_THAT(Numbers(Visible(nullptr, At(9))), ElementsAre(0, 1, 2));
  Apply({RunChanged{7, At(20), false}, InRun(Added(3, "tea"), 7)});
  EXPECT_THAT(Numbers(Visible(nullptr, At(19))), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(Numbers(Visible(nullptr, At(20))), ElementsAre(2));
  Apply({RunChanged{7, std::nullopt, true}, SlotRemoved{Slot(0)}, SlotRemoved{Slot(1)}, SlotRemoved{Slot(3)}});
  EXPECT_FALSE(index_->outdated());
}

TEST_F(NamespaceIndexTest, AMemoryKeptAliveAfterItsBurialMakesTheIndexOutdated) {
  Apply({Expiring(Added(0, "tea"), At(10)), InRun(Added(1, "tea"), 7), RunChanged{7, At(10), false}});
  EXPECT_THAT(Numbers(Visible(nullptr, At(10))), IsEmpty());
  StateRecord still_due;
  still_due.expires_at = At(9);
  Apply({StateChanged{NodeNumber(0), Slot(0), still_due}});
  EXPECT_FALSE(index_->outdated());
  Apply({RunChanged{7, At(99), false}});
  EXPECT_TRUE(index_->outdated());
}

TEST_F(NamespaceIndexTest, NeighboursStandInRunOrderAndCountEveryPlace) {
  // Event times turn the order of slots around: run order is 4 3 2 1 0.
  for (uint32_t slot = 0; slot < 5; ++slot) {
    ContentAdded added = InRun(Added(slot, "tea"), 1);
    added.row.order.event_time = At(100 - slot);
    added.attributes.kind = slot == 3 ? "other" : "note";
    Apply({added});
  }
  Apply({InRun(Added(5, "tea"), 2), Added(6, "tea")});
  const Filter notes = Equals("kind", Value("note"));
  ViewRequest request;
  request.filter = &notes;
  const IndexView view = View(request);
  const auto near = index_->Neighbors(view, {Slot(2), Slot(0), Slot(6)}, 2);
  std::map<uint32_t, uint32_t> of_two;
  for (const auto& neighbor : near[0]) of_two[neighbor.slot.value] = neighbor.distance;
  EXPECT_EQ(of_two, (std::map<uint32_t, uint32_t>{{4, 2}, {1, 1}, {0, 2}}));
  EXPECT_THAT(near[1], SizeIs(2));
  EXPECT_THAT(near[2], IsEmpty());
}

TEST_F(NamespaceIndexTest, FieldValuesFollowAMemoryToItsNewContent) {
  ContentAdded added = Added(0, "tea", "a");
  added.attributes.kind = "old";
  Apply({added, Added(1, "tea", "b")});
  const IndexView view = View();
  ContentAdded newer = Added(2, "coffee", "a");
  newer.row.node = NodeNumber(0);
  newer.replaces = Slot(0);
  newer.attributes.kind = "new";
  Apply({newer, SlotRemoved{Slot(1)}});
  EXPECT_THAT(index_->FieldValues(view, {Slot(0), Slot(1)}, "kind"), ElementsAre(Value("new"), Value()));
  for (const char* max_field : {"", "created_at"}) {
    const auto facet = index_->Facet(view, "kind", max_field, [] { return Status(); });
    ASSERT_TRUE(facet.ok());
    ASSERT_THAT(*facet, SizeIs(1));
    EXPECT_EQ((*facet)[0].value, Value("new"));
    EXPECT_EQ((*facet)[0].count, 1u);
  }
}

// As above: were the lock held, the writes would never return.
TEST_F(NamespaceIndexTest, TheWriterGetsInWhileAFacetIsCounted) {
  constexpr uint32_t kMemories = 5000;
  std::vector<IndexEvent> events;
  for (uint32_t slot = 0; slot < kMemories; ++slot) {
    ContentAdded added = Added(slot, "tea");
    added.attributes.kind = slot % 2 == 0 ? "even" : "odd";
    added.attributes.scopes.user_id = "u" + std::to_string(slot);
    events.emplace_back(std::move(added));
  }
  Apply(std::move(events));
  const IndexView view = View();
  // The first memory of all and the last one change their kind, another one goes.
  const auto rewrite = [&](uint32_t slot, uint32_t new_slot) {
    ContentAdded newer = Added(new_slot, "coffee", "m" + std::to_string(slot));
    newer.row.node = NodeNumber(slot);
    newer.replaces = Slot(slot);
    newer.attributes.kind = "new";
    newer.attributes.scopes.user_id = "new" + std::to_string(slot);
    Apply({newer});
  };
  int asked = 0;
  const auto write = [&] {
    if (++asked == 2) {
      rewrite(0, kMemories);
      rewrite(kMemories - 1, kMemories + 1);
      Apply({SlotRemoved{Slot(kMemories - 2)}});
    }
    return Status();
  };
  const auto by_kind = index_->Facet(view, "kind", "created_at", write);
  EXPECT_GT(asked, 2);
  ASSERT_TRUE(by_kind.ok());
  std::map<std::string, uint64_t> counts;
  for (const FacetValue& value : *by_kind) counts[value.value.as_string()] = value.count;
  const std::map<std::string, uint64_t> each_once = {
      {"even", kMemories / 2 - 1}, {"odd", kMemories / 2 - 1}, {"new", 1}};
  EXPECT_EQ(counts, each_once);
  EXPECT_EQ((*by_kind)[0].max, Value(At(kMemories - 4).micros)) << "of the even ones that were left";

  asked = 0;
  const auto count = [&] {
    ++asked;
    return Status();
  };
  const auto by_user = index_->Facet(view, "user_id", "", count);
  ASSERT_TRUE(by_user.ok());
  EXPECT_GT(asked, 2) << "many values are counted in pieces, too";

  const auto late = [] { return DeadlineExceeded("too long"); };
  EXPECT_EQ(index_->Facet(view, "user_id", "", late).status().code(), StatusCode::kDeadlineExceeded);
}

TEST_F(NamespaceIndexTest, NewParametersHoldForTheNextSearch) {
  Apply({Added(0, "tea tea"), Added(1, "coffee")});
  const double before = SearchView("tea").legs[0].text->Score({Slot(0)})[0];
  NamespaceConfig config;
  config.bm25.k1 = 0.1;
  Apply({ConfigChanged{config}});
  EXPECT_NE(SearchView("tea").legs[0].text->Score({Slot(0)})[0], before);
  EXPECT_EQ(index_->config().bm25.k1, 0.1);
}

TEST_F(NamespaceIndexTest, PublicationsUpToThePositionAreIgnored) {
  index_->FinishLoading(Position(5), kNow);
  Publication old;
  old.position = Position(5);
  old.events = {Added(0, "tea")};
  index_->Apply(old);
  EXPECT_THAT(Numbers(Visible()), IsEmpty());
  old.position = Position(6);
  index_->Apply(old);
  EXPECT_THAT(Numbers(Visible()), ElementsAre(0));
}

TEST_F(NamespaceIndexTest, DifferencesAreNamed) {
  const auto differences = [&](std::vector<IndexEvent> events) {
    auto other = NamespaceIndex::Create(NamespaceConfig());
    for (IndexEvent& event : events) (*other)->Load(std::move(event));
    (*other)->FinishLoading(index_->position(), At(0));
    return index_->DifferencesFrom(**other);
  };
  const ContentAdded whole = InRun(WithVector(Expiring(Added(0, "green tea"), At(5'000)), {1, 2}), 1);
  Apply({whole});
  EXPECT_THAT(differences({whole}), IsEmpty());
  EXPECT_FALSE(differences({}).empty());
  EXPECT_FALSE(differences({whole, Added(1, "more")}).empty());

  ContentAdded other = InRun(WithVector(Expiring(Added(0, "green team"), At(5'000)), {1, 2}), 1);
  EXPECT_THAT(differences({other}), ElementsAre("the terms of slot 0 differ"));
  other = whole;
  other.attributes.metadata["x"] = Value(1);
  EXPECT_THAT(differences({other}), ::testing::Contains("the attributes of slot 0 differ"));
  other = whole;
  other.row.version = Version(2);
  EXPECT_THAT(differences({other}), ElementsAre("the columns of slot 0 differ"));
  other = InRun(WithVector(Expiring(Added(0, "green tea"), At(5'000)), {1, 2, 3}), 1);
  EXPECT_FALSE(differences({other}).empty());
  EXPECT_THAT(differences({whole, RunChanged{1, At(9'000), false}}), ElementsAre("expiry differs"));
}

// --- Walks.

class WalkTest : public NamespaceIndexTest {
 protected:
  EdgeChange Put(const std::string& id, uint32_t source, uint32_t target) {
    Edge edge;
    edge.id = id;
    edge.source = NodeNumber(source);
    edge.target = NodeNumber(target);
    edge.type = "knows";
    auto change = PutEdge(rows_, edge, rows_);
    EXPECT_TRUE(change.ok());
    SetPosition(Position(++position_));
    return *change;
  }
  void SetPosition(Position position) {
    NamespaceCounters counters;
    counters.position = position;
    rows_.Put("K", EncodeCounters(counters));
  }
  void Publish(uint64_t position, IndexEvent event) {
    Publication publication;
    publication.position = Position(position);
    publication.events = {std::move(event)};
    index_->Apply(publication);
  }
  std::vector<uint32_t> Reached(const KvReader& rows, uint32_t from) {
    std::vector<uint32_t> reached;
    EXPECT_TRUE(index_
                    ->Walk(rows, WalkFilter(), kNow,
                           [&](const NeighborSource& source) {
                             return source.Visit(NodeNumber(from), Direction::kOut, [&](const Step& step) {
                               reached.push_back(step.other.value);
                               return true;
                             });
                           })
                    .ok());
    return reached;
  }

  MemoryKv rows_;
  uint64_t position_ = 0;
};

TEST_F(WalkTest, ChangesBeforeAndAfterTheBuildAreSeenOnce) {
  const EdgeChange first = Put("a", 1, 2);
  Publish(1, EdgesChanged{first});
  EXPECT_THAT(Reached(rows_, 1), ElementsAre(2));
  const EdgeChange second = Put("b", 1, 3);
  Publish(2, EdgesChanged{second});
  EXPECT_THAT(Reached(rows_, 1), ElementsAre(2, 3));
  EXPECT_GT(index_->sizes().graph_bytes, 0u);
}

TEST_F(WalkTest, AChangeThatTheRowsHadBeforeItWasPublishedIsNotAppliedTwice) {
  const EdgeChange first = Put("a", 1, 2);
  // Committed, so the walk's snapshot has it; published only afterwards.
  EXPECT_THAT(Reached(rows_, 1), ElementsAre(2));
  Publish(1, EdgesChanged{first});
  EXPECT_THAT(Reached(rows_, 1), ElementsAre(2));
}

TEST_F(WalkTest, RowsOlderThanAChangeServeTheirWalkAloneAndDoNotFillTheCache) {
  const MemoryKv old = rows_;
  const EdgeChange first = Put("a", 1, 2);
  Publish(1, EdgesChanged{first});
  EXPECT_THAT(Reached(old, 1), IsEmpty());
  EXPECT_THAT(Reached(rows_, 1), ElementsAre(2));
}

TEST_F(WalkTest, ErasedEdgesAreForgotten) {
  Publish(1, EdgesChanged{Put("a", 1, 2)});
  EXPECT_THAT(Reached(rows_, 1), ElementsAre(2));
  EXPECT_TRUE(EraseEdgesOf(rows_, NodeNumber(2), rows_).ok());
  SetPosition(Position(2));
  Publish(2, EdgesErased());
  EXPECT_THAT(Reached(rows_, 1), IsEmpty());
}

}  // namespace
}  // namespace engram
