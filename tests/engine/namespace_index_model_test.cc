// NamespaceIndex against a naive twin: a map of rows, filtered by Matches, and an index rebuilt from them.
#include <algorithm>
#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/namespace_index.h"
#include "tests/engine/index_events.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

using ::testing::IsEmpty;

class Twin {
 public:
  explicit Twin(uint64_t seed) : random_(seed) { index_ = std::move(*NamespaceIndex::Create(NamespaceConfig())); }

  void Step() {
    now_.micros += Pick(2) ? 0 : 1'000'000;
    std::vector<IndexEvent> events;
    for (uint32_t n = 1 + Pick(3); n > 0; --n) AddEvents(&events);
    Publication publication;
    publication.position = Position(++position_);
    publication.events = std::move(events);
    index_->Apply(publication);
  }

  void Check() {
    Bury();
    const Filter filter = RandomFilter();
    ViewRequest request;
    request.filter = &filter;
    auto view = index_->View(request, now_);
    ASSERT_TRUE(view.ok());
    SlotSet expected;
    for (const auto& [slot, row] : rows_) {
      const bool listed = filter.Mentions("state") || row.attributes.state == MemoryState::kActive;
      if (listed && Matches(filter, FilterFields(row.row.id, row.attributes, row.state))) expected.add(slot);
    }
    ASSERT_EQ(Numbers(view->visible), Numbers(expected));
    CheckNeighbors(*view);
    CheckHeld();
    Hold(*std::move(view));
    CheckRebuilt();
  }

  bool outdated() const { return index_->outdated(); }

 private:
  // A view with what it said when it was taken.
  struct HeldView {
    IndexView view;
    std::vector<uint32_t> visible;
    std::vector<std::string> ids;
  };

  uint32_t Pick(uint32_t n) { return static_cast<uint32_t>(random_() % n); }

  const ContentAdded* PickLive() {
    if (rows_.empty()) return nullptr;
    auto at = rows_.lower_bound(Pick(next_slot_));
    return at == rows_.end() ? &rows_.begin()->second : &at->second;
  }

  DenseVector RandomVector(size_t dimensions) {
    DenseVector vector;
    for (size_t i = 0; i < dimensions; ++i) vector.push_back(static_cast<float>(1 + Pick(9)));
    return vector;
  }

  ContentAdded RandomMemory() {
    static const char* const kWords[] = {"tea", "coffee", "milk", "sugar", "cake"};
    ContentAdded added = Added(next_slot_++, "");
    Content content;
    for (uint32_t n = Pick(6); n > 0; --n) content.text += std::string(kWords[Pick(5)]) + " ";
    if (Pick(3)) content.vectors["default"] = RandomVector(3);
    if (!Pick(4)) content.vectors["second"] = RandomVector(2);
    added.content = std::make_shared<const Content>(std::move(content));
    Randomise(&added.attributes);
    Randomise(&added.state);
    added.row.order = {EventTime(added.attributes), Position(position_ + 1), added.row.slot.value};
    return added;
  }
  void Randomise(Attributes* attributes) {
    attributes->kind = std::string(1, static_cast<char>('a' + Pick(3)));
    attributes->state = static_cast<MemoryState>(Pick(4) ? 0 : Pick(3));
    attributes->metadata["n"] = Value(int64_t{Pick(10)});
    attributes->event_time = At(Pick(50));
  }
  void Randomise(StateRecord* state) {
    state->expires_at.reset();
    if (!Pick(4)) state->expires_at = Timestamp{now_.micros + 1'000'000 * (1 + Pick(30))};
    state->pinned = !Pick(5);
    state->importance.reset();
    if (Pick(2)) state->importance = Pick(10) / 10.0;
  }

  void AddEvents(std::vector<IndexEvent>* events) {
    Bury();  // what is due is absent to the write path
    const ContentAdded* live = PickLive();
    const uint32_t what = live ? Pick(10) : 0;
    if (what <= 3) {
      ContentAdded added = RandomMemory();
      if (Pick(2)) added.row.run = EnterRun(Pick(4), events);
      rows_[added.row.slot.value] = added;
      events->push_back(std::move(added));
    } else if (what <= 5) {
      ContentAdded added = RandomMemory();
      added.row.node = live->row.node;
      added.row.id = live->row.id;
      added.row.run = live->row.run;
      added.replaces = live->row.slot;
      rows_.erase(live->row.slot.value);
      ContentAdded first_seen = added;
      first_seen.replaces.reset();
      rows_[added.row.slot.value] = first_seen;
      events->push_back(std::move(added));
    } else if (what == 6) {
      ContentAdded& row = rows_.at(live->row.slot.value);
      Randomise(&row.attributes);
      row.row.version = row.row.version.Next();
      row.row.order.event_time = EventTime(row.attributes);
      events->push_back(AttributesChanged{row.row, row.attributes, row.state});
    } else if (what == 7) {
      ContentAdded& row = rows_.at(live->row.slot.value);
      Randomise(&row.state);
      events->push_back(StateChanged{row.row.node, row.row.slot, row.state});
    } else if (what == 8) {
      events->push_back(SlotRemoved{live->row.slot});
      rows_.erase(live->row.slot.value);
    } else {
      Renew(live->row.run, events);
    }
  }
  // A run whose time came isn't used again: its name gets another number.
  uint32_t EnterRun(uint32_t name, std::vector<IndexEvent>* events) {
    const auto known = runs_.find(name);
    const auto expiry = known == runs_.end() ? run_expiry_.end() : run_expiry_.find(known->second);
    const bool over = expiry != run_expiry_.end() && expiry->second <= now_;
    if (known == runs_.end() || over) runs_[name] = next_run_++;
    Renew(runs_[name], events);
    return runs_[name];
  }
  void Renew(std::optional<uint32_t> run, std::vector<IndexEvent>* events) {
    if (!run) return;
    std::optional<Timestamp> time;
    if (Pick(3)) time = Timestamp{now_.micros + 1'000'000 * (1 + Pick(40))};
    run_expiry_.erase(*run);
    if (time) run_expiry_[*run] = *time;
    events->push_back(RunChanged{*run, time, false});
  }

  void Bury() {
    for (auto at = rows_.begin(); at != rows_.end();) {
      const ContentAdded& row = at->second;
      const bool own = row.state.expires_at && *row.state.expires_at <= now_;
      const auto run = row.row.run ? run_expiry_.find(*row.row.run) : run_expiry_.end();
      const bool by_run = run != run_expiry_.end() && run->second <= now_;
      at = own || by_run ? rows_.erase(at) : std::next(at);
    }
  }

  Filter RandomFilter() {
    switch (Pick(4)) {
      case 0: return Filter();
      case 1: return Equals("kind", Value(std::string(1, static_cast<char>('a' + Pick(3)))));
      case 2: return Condition("metadata.n", Filter::Op::kGte, Value(int64_t{Pick(10)}));
      default: return Equals("state", Value(MemoryStateName(static_cast<MemoryState>(Pick(3)))));
    }
  }

  void CheckNeighbors(const IndexView& view) {
    const ContentAdded* live = PickLive();
    if (!live) return;
    std::vector<std::pair<RunOrder, uint32_t>> run;
    for (const auto& [slot, row] : rows_) {
      if (row.row.run && row.row.run == live->row.run) run.emplace_back(row.row.order, slot);
    }
    std::sort(run.begin(), run.end());
    std::map<uint32_t, uint32_t> expected;
    for (size_t self = 0; self < run.size(); ++self) {
      if (run[self].second != live->row.slot.value) continue;
      for (size_t i = 0; i < run.size(); ++i) {
        const size_t distance = i < self ? self - i : i - self;
        if (distance >= 1 && distance <= 2 && view.visible.contains(run[i].second)) {
          expected[run[i].second] = static_cast<uint32_t>(distance);
        }
      }
    }
    std::map<uint32_t, uint32_t> found;
    const auto near = index_->Neighbors(view, {live->row.slot}, 2);
    for (const auto& n : near[0]) found[n.slot.value] = n.distance;
    ASSERT_EQ(found, expected);
  }

  void Hold(IndexView view) {
    std::vector<Slot> slots;
    for (const uint32_t slot : view.visible) slots.emplace_back(slot);
    HeldView held{std::move(view), {}, {}};
    held.visible = Numbers(held.view.visible);
    held.ids = index_->Ids(held.view, slots);
    held_.push_back(std::move(held));
    if (held_.size() > 5) held_.erase(held_.begin());
  }
  void CheckHeld() {
    for (const HeldView& held : held_) {
      ASSERT_EQ(Numbers(held.view.visible), held.visible);
      std::vector<Slot> slots;
      for (const uint32_t slot : held.visible) slots.emplace_back(slot);
      ASSERT_EQ(index_->Ids(held.view, slots), held.ids);
    }
  }

  void CheckRebuilt() {
    auto rebuilt = std::move(*NamespaceIndex::Create(NamespaceConfig()));
    for (const auto& [slot, row] : rows_) rebuilt->Load(row);
    for (const auto& [run, time] : run_expiry_) rebuilt->Load(RunChanged{run, time, false});
    rebuilt->FinishLoading(Position(position_), now_);
    ASSERT_THAT(index_->DifferencesFrom(*rebuilt), IsEmpty());
  }

  std::mt19937_64 random_;
  std::unique_ptr<NamespaceIndex> index_;
  Timestamp now_ = kNow;
  uint64_t position_ = 0;
  uint32_t next_slot_ = 0;
  std::map<uint32_t, ContentAdded> rows_;  // live ones, by slot
  std::map<uint32_t, Timestamp> run_expiry_;
  std::map<uint32_t, uint32_t> runs_;  // name to number
  uint32_t next_run_ = 0;
  std::vector<HeldView> held_;
};

TEST(NamespaceIndexModelTest, AgreesWithANaiveTwinAfterEveryKindOfEvent) {
  for (uint64_t round = 0; round < 4; ++round) {
    const uint64_t seed = TestSeed(20'260'101 + round);
    SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(seed));
    Twin twin(seed);
    for (int step = 0; step < 800; ++step) {
      twin.Step();
      if (step % 4 == 0) twin.Check();
      if (::testing::Test::HasFatalFailure()) return;
    }
    EXPECT_FALSE(twin.outdated());
  }
}

}  // namespace
}  // namespace engram
