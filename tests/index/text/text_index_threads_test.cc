// One writer and several readers, as their owner arranges it: a lock around Add, Remove and View, none
// around what is done with a view. Meant for ThreadSanitizer; it also checks what the readers see.
#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include <gtest/gtest.h>

#include "index/text/text_index.h"
#include "tests/index/text/analyzed.h"

namespace engram {
namespace {

constexpr uint32_t kTexts = 1500;

struct Shared {
  std::shared_ptr<const Analyzer> analyzer = MakeAnalyzer("english");
  std::shared_mutex lock;
  TextIndex index{analyzer, {}};
  SlotSet live;
  std::atomic<bool> finished = false;
};

std::string TextOf(uint32_t slot) {
  return "running number" + std::to_string(slot) + " with green tea " + (slot % 3 == 0 ? "milk" : "sugar");
}

void Write(Shared* shared) {
  for (uint32_t slot = 0; slot < kTexts; ++slot) {
    const std::unique_lock hold(shared->lock);
    shared->index.Add(Slot(slot), {TextOf(slot), "tea again"});
    shared->live.add(slot);
    if (slot < 20 || slot % 4 == 0) continue;
    shared->index.Remove(Slot(slot - 20));
    shared->live.remove(slot - 20);
  }
  shared->finished = true;
}

// What was true at the view must be true of every answer, however late it is asked for.
void CheckOneView(Shared* shared, const TextQuery& scored, const TextQuery& with_rules) {
  std::shared_lock hold(shared->lock);
  const TextView view = shared->index.View(scored);
  const TextView rules = shared->index.View(with_rules);
  const SlotSet live = shared->live;
  hold.unlock();

  const std::vector<ScoredSlot> all = view.Top(live, kTexts);
  ASSERT_EQ(all.size(), live.cardinality());  // every text has tea
  std::vector<Slot> slots;
  for (const ScoredSlot& hit : all) slots.push_back(hit.slot);
  const std::vector<double> scores = view.Score(slots);
  for (size_t i = 0; i < all.size(); ++i) ASSERT_EQ(scores[i], all[i].score);
  uint64_t without_milk = 0;
  for (const uint32_t slot : live) without_milk += slot % 3 != 0;
  ASSERT_EQ(rules.Restrict(live).cardinality(), without_milk);
  ASSERT_EQ(rules.Top(live, kTexts).size(), without_milk);
}

TEST(TextIndexThreadsTest, ReadersSeeTheirViewWhileTheWriterGoesOn) {
  Shared shared;
  const std::string words = "tea \"green tea\" runni* sugr~ number7*";
  const TextQuery scored = ParseTextQuery(words, TextMode::kAny, *shared.analyzer).value();
  const TextQuery with_rules = ParseTextQuery(words + " -milk", TextMode::kAny, *shared.analyzer).value();
  std::vector<std::thread> readers;
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&] {
      do {
        CheckOneView(&shared, scored, with_rules);
      } while (!shared.finished && !testing::Test::HasFatalFailure());
    });
  }
  Write(&shared);
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace engram
