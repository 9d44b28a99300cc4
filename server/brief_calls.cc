#include "server/brief_calls.h"

#include <algorithm>

namespace engram {
namespace {

constexpr unsigned kTickShift = 20;  // of nanoseconds: about a millisecond
constexpr uint64_t kMask24 = (uint64_t{1} << 24) - 1;
constexpr uint64_t kLevelMax = UINT16_MAX;
constexpr uint64_t kKnownTicks = std::chrono::nanoseconds(BriefCalls::kKnownFor).count() >> kTickShift;

struct Entry {
  uint64_t tag;
  uint64_t tick;
  uint64_t level;

  static Entry Of(uint64_t packed) { return {packed >> 40, packed >> 16 & kMask24, packed & kLevelMax}; }
  uint64_t Packed() const { return tag << 40 | tick << 16 | level; }
};

uint64_t TagOf(uint64_t call) { return call >> 40; }
uint64_t TickOf(std::chrono::nanoseconds now) { return static_cast<uint64_t>(now.count()) >> kTickShift & kMask24; }

bool Knows(const Entry& entry, uint64_t call, uint64_t tick) {
  return entry.tag == TagOf(call) && ((tick - entry.tick) & kMask24) <= kKnownTicks;
}

}  // namespace

bool BriefCalls::Expect(uint64_t call, std::chrono::nanoseconds now) const {
  const uint64_t packed = entries_[call % kEntries].load(std::memory_order_relaxed);
  if (packed == 0) return false;
  const Entry entry = Entry::Of(packed);
  return Knows(entry, call, TickOf(now)) && entry.level <= static_cast<uint64_t>(kBrief.count());
}

void BriefCalls::Note(uint64_t call, std::chrono::nanoseconds took, std::chrono::nanoseconds now) {
  std::atomic<uint64_t>& place = entries_[call % kEntries];
  const Entry before = Entry::Of(place.load(std::memory_order_relaxed));
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  // At least 1, so that no entry is 0.
  uint64_t level = std::clamp<uint64_t>(static_cast<uint64_t>(micros), 1, kLevelMax);
  if (Knows(before, call, TickOf(now))) level = std::max(level, before.level / 2);
  place.store(Entry{TagOf(call), TickOf(now), level}.Packed(), std::memory_order_relaxed);
}

}  // namespace engram
