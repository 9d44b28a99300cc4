// One writer, several readers and a sealer, as their owner arranges it: a lock around Add, Remove, View, Freeze and
// Replace, none around what is done with a view and around the writing of segments. Meant for ThreadSanitizer; it
// also checks what the readers see.
#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include <gtest/gtest.h>

#include "base/testing/fault_file_system.h"
#include "index/text/text_index.h"
#include "index/text/text_segment.h"
#include "tests/index/text/analyzed.h"

namespace engram {
namespace {

constexpr uint32_t kTexts = 1500;

struct Shared {
  std::shared_ptr<const Analyzer> analyzer = MakeAnalyzer("english");
  std::shared_mutex lock;
  TextIndex index{analyzer, {}};
  SlotSet live;
  FaultFileSystem files;
  std::atomic<bool> finished = false;
  std::atomic<uint64_t> replaced = 0;
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

// Seals what is fresh, and every third time merges all there is.
void SealOnce(Shared* shared, uint64_t round) {
  std::vector<TextPartHandle> handles;
  {
    const std::unique_lock hold(shared->lock);
    const std::optional<TextPartHandle> fresh = shared->index.Freeze();
    if (!fresh) return;
    if (round % 3 == 0) {
      handles = shared->index.Parts();
    } else {
      handles = {*fresh};
    }
  }
  const std::string path = "segment" + std::to_string(round);
  const uint64_t bytes = SealTexts(shared->files, path, *shared->analyzer, handles, Position(round)).value();
  std::shared_ptr<const TextSegment> segment;
  if (bytes > 0) segment = TextSegment::Open(shared->files, path, *shared->analyzer).value();
  const std::unique_lock hold(shared->lock);
  shared->index.Replace(handles, segment);
  ++shared->replaced;
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
  std::thread sealer([&] {
    uint64_t round = 1;
    while (!shared.finished) SealOnce(&shared, round++);
    SealOnce(&shared, 3 * round);
  });
  Write(&shared);
  sealer.join();
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(shared.index.statistics().texts, shared.live.cardinality());
  EXPECT_GT(shared.replaced, 0u);
}

}  // namespace
}  // namespace engram
