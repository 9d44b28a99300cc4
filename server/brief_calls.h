// Which calls are worth no other thread: handing one to a worker and its answer back costs more than a search of some
// thousand memories does. A call is expected to be brief while the latest of its kind were, a moment ago.
//
// A table of fixed size without locks; calls that meet in an entry push each other out, and then simply go to a worker.
// Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace engram {

class BriefCalls {
 public:
  static constexpr std::chrono::microseconds kBrief{500};
  // What was known of a call this long ago is no longer: what it reads may have been put away meanwhile.
  static constexpr std::chrono::seconds kKnownFor{1};

  // `call` is a hash of what calls have in common; `now` from a steady clock, from any origin.
  bool Expect(uint64_t call, std::chrono::nanoseconds now) const;
  // One that took longer is forgotten by halves, a call at a time.
  void Note(uint64_t call, std::chrono::nanoseconds took, std::chrono::nanoseconds now);

 private:
  static constexpr size_t kEntries = 4'096;

  // 24 bits of the hash, 24 of the time, 16 of the level in microseconds.
  std::array<std::atomic<uint64_t>, kEntries> entries_{};
};

}  // namespace engram
