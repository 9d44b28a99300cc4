// A stretch of fields put into an index is as if each memory had been set.
#include "index/attribute/field_stretch.h"

#include <gtest/gtest.h>

#include "tests/index/attribute/documents.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

using Slots = std::vector<std::optional<Slot>>;

std::string Encoded(const AttributeIndex& index, const std::vector<Slot>& slots,
                    const std::vector<std::string>& without = {}) {
  FieldStretchWriter writer(without);
  for (const Slot slot : slots) writer.Add(index, slot);
  return std::move(writer).Encode();
}

TEST(FieldStretchTest, IsAsIfEachWereSet) {
  const uint64_t seed = TestSeed(11);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  RandomDocuments random(seed, true);
  for (int round = 0; round < 30; ++round) {
    AttributeIndex source;
    AttributeIndex loaded;
    AttributeIndex set_one_by_one;
    std::vector<Slot> slots;
    Slots wanted;
    for (uint32_t slot = 0; slot < 400; slot += 1 + static_cast<uint32_t>(random.Below(3))) {
      const AttributeFields fields = random.Fields();
      source.Set(Slot(slot), fields);
      const size_t kind = random.Below(4);  // in the stretch, not wanted of it, there before, nowhere
      if (kind < 2) slots.push_back(Slot(slot));
      if (kind < 2) wanted.push_back(kind == 0 ? std::optional(Slot(slot)) : std::nullopt);
      if (kind == 2) loaded.Set(Slot(slot), fields);
      if (kind == 0 || kind == 2) set_one_by_one.Set(Slot(slot), fields);
    }
    ASSERT_TRUE(loaded.LoadStretch(Encoded(source, slots), wanted, 0).ok());
    ASSERT_TRUE(loaded.slots() == set_one_by_one.slots());
    for (const uint32_t slot : loaded.slots()) {
      ASSERT_EQ(loaded.Fingerprint(Slot(slot)), set_one_by_one.Fingerprint(Slot(slot)));
    }
    ASSERT_EQ(loaded.paths(), set_one_by_one.paths());
    for (int i = 0; i < 50; ++i) {
      const auto filter = ParseFilter(random.FilterJson(2));
      if (!filter.ok()) continue;
      ASSERT_TRUE(loaded.Evaluate(*filter).slots == set_one_by_one.Evaluate(*filter).slots);
    }
    // Both weigh the same within what the allocator rounds, and nothing is left behind.
    EXPECT_NEAR(static_cast<double>(loaded.MemoryBytes()), static_cast<double>(set_one_by_one.MemoryBytes()),
                0.1 * static_cast<double>(set_one_by_one.MemoryBytes()));
    const SlotSet all = loaded.slots();
    for (const uint32_t slot : all) loaded.Remove(Slot(slot));
    EXPECT_EQ(loaded.paths(), 0U);
  }
}

TEST(FieldStretchTest, LeavesOutWhatIsNotToBeKept) {
  AttributeIndex source;
  source.Set(Slot(3), {{"a", Value(1)}, {"b", Value("x")}});
  AttributeIndex loaded;
  ASSERT_TRUE(loaded.LoadStretch(Encoded(source, {Slot(3)}, {"b"}), Slots{Slot(7)}, 1).ok());
  loaded.SetField(Slot(7), "b", Value("y"));
  AttributeIndex expected;
  expected.Set(Slot(7), {{"a", Value(1)}, {"b", Value("y")}});
  EXPECT_EQ(loaded.Fingerprint(Slot(7)), expected.Fingerprint(Slot(7)));
}

TEST(FieldStretchTest, OtherBytesAreCorruptionAndPutNothing) {
  const uint64_t seed = TestSeed(12);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  RandomDocuments random(seed, true);
  AttributeIndex source;
  std::vector<Slot> slots;
  for (uint32_t slot = 0; slot < 12; ++slot) {
    source.Set(Slot(slot), random.Fields());
    slots.push_back(Slot(slot));
  }
  const std::string bytes = Encoded(source, slots);
  const Slots wanted(slots.begin(), slots.end());
  for (size_t size = 0; size < bytes.size(); ++size) {
    AttributeIndex index;
    EXPECT_EQ(index.LoadStretch(bytes.substr(0, size), wanted, 0).code(), StatusCode::kCorruption) << size;
    EXPECT_TRUE(index.slots().isEmpty() && index.paths() == 0);
  }
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 << random.Below(8)));
    AttributeIndex index;
    const Status status = index.LoadStretch(changed, wanted, 0);
    EXPECT_TRUE(status.ok() || status.code() == StatusCode::kCorruption) << at;
    EXPECT_EQ(index.slots().isEmpty(), !status.ok()) << at;
  }
  AttributeIndex index;
  EXPECT_EQ(index.LoadStretch(bytes, Slots(wanted.begin(), wanted.end() - 1), 0).code(), StatusCode::kCorruption);
}

}  // namespace
}  // namespace engram
