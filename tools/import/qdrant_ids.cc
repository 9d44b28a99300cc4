#include "tools/import/qdrant_ids.h"

#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace engram {
namespace {

constexpr size_t kUuidChars = 36;

// Ids of one kind as numbers in the same order.
struct IdKind {
  std::string (*id_of)(uint64_t number);                        // the lowest with this number
  std::optional<uint64_t> (*number_of)(const std::string& id);  // nothing for the other kind
};

std::string IntegerId(uint64_t number) { return std::to_string(number); }

std::optional<uint64_t> IntegerOf(const std::string& id) {
  if (id.empty() || id.size() == kUuidChars) return std::nullopt;
  uint64_t number = 0;
  std::from_chars(id.data(), id.data() + id.size(), number);
  return number;
}

// A UUID counts by its first 64 bits.
std::string UuidId(uint64_t half) {
  return fmt::format("{:08x}-{:04x}-{:04x}-0000-000000000000", half >> 32, (half >> 16) & 0xffff, half & 0xffff);
}

std::optional<uint64_t> UuidOf(const std::string& id) {
  if (id.size() != kUuidChars) return std::nullopt;
  const std::string digits = id.substr(0, 8) + id.substr(9, 4) + id.substr(14, 4);
  uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return number;
}

constexpr IdKind kIntegers{&IntegerId, &IntegerOf};
constexpr IdKind kUuids{&UuidId, &UuidOf};

// The lowest number of a point that is `at` or above; nothing when there is none of this kind.
Result<std::optional<uint64_t>> LowestFrom(const FirstIdFrom& first_from, const IdKind& kind, uint64_t at) {
  ASSIGN_OR_RETURN(const std::string id, first_from(kind.id_of(at)));
  return kind.number_of(id);
}

// The highest number that a point has, or one so little below that of what lies between the lowest and the highest at
// most a sixteenth is missing. By galloping up from a number that a point has, then by bisection.
Result<uint64_t> AboutHighest(const FirstIdFrom& first_from, const IdKind& kind, uint64_t lowest) {
  constexpr uint64_t kGrowth = 16;
  constexpr uint64_t kClose = 16;
  uint64_t low = lowest;       // a point has it
  uint64_t high = UINT64_MAX;  // no point is above
  for (uint64_t step = 1; low < high; step *= kGrowth) {
    const uint64_t at = high - low < step ? high : low + step;
    ASSIGN_OR_RETURN(const auto found, LowestFrom(first_from, kind, at));
    if (!found) {
      high = at - 1;
      break;
    }
    low = *found;
    if (step > UINT64_MAX / kGrowth) break;
  }
  while (high - low > (low - lowest) / kClose) {
    const uint64_t at = low + (high - low - 1) / 2 + 1;
    ASSIGN_OR_RETURN(const auto found, LowestFrom(first_from, kind, at));
    (found ? low : high) = found ? *found : at - 1;
  }
  return low;
}

// Where the second and later ranges of one kind begin.
Status Divide(const FirstIdFrom& first_from, const IdKind& kind, uint64_t lowest, uint32_t parts,
              std::vector<std::string>* begins) {
  if (parts < 2) return {};
  ASSIGN_OR_RETURN(const uint64_t highest, AboutHighest(first_from, kind, lowest));
  const uint64_t step = (highest - lowest) / parts;
  if (step == 0) return {};
  for (uint32_t part = 1; part < parts; ++part) begins->push_back(kind.id_of(lowest + step * part));
  return {};
}

}  // namespace

Result<std::vector<std::string>> DivideIds(const FirstIdFrom& first_from, uint32_t parts) {
  std::vector<std::string> begins = {""};
  ASSIGN_OR_RETURN(const auto integer, LowestFrom(first_from, kIntegers, 0));
  if (integer) RETURN_IF_ERROR(Divide(first_from, kIntegers, *integer, parts, &begins));
  ASSIGN_OR_RETURN(const auto uuid, LowestFrom(first_from, kUuids, 0));
  if (!uuid) return begins;
  if (integer) begins.push_back(kUuids.id_of(0));
  RETURN_IF_ERROR(Divide(first_from, kUuids, *uuid, parts, &begins));
  return begins;
}

}  // namespace engram
