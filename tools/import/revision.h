// Numbers for records whose source has none, so that an import can be run again and again:
//
//   source.version := revision << 40 | fingerprint          fingerprint: 40 bits of a hash over the source's record
//
// A record that its source has not changed keeps its number, whatever became of the memory since: there is nothing
// newer to say. One that has changed gets the next revision.
#pragma once

#include <cstdint>

namespace engram {

constexpr int kFingerprintBits = 40;

constexpr uint64_t Fingerprint(uint64_t version) { return version & ((uint64_t{1} << kFingerprintBits) - 1); }
constexpr uint64_t FirstRevision(uint64_t hash) { return uint64_t{1} << kFingerprintBits | Fingerprint(hash); }
constexpr bool SameRecord(uint64_t version, uint64_t other) { return Fingerprint(version) == Fingerprint(other); }
// Above `stored`, of the record that `version` is about.
constexpr uint64_t NextRevision(uint64_t stored, uint64_t version) {
  return ((stored >> kFingerprintBits) + 1) << kFingerprintBits | Fingerprint(version);
}

}  // namespace engram
