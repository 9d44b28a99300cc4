// A memory as the engine speaks of it: content (what takes a slot), attributes (what can change while the
// slot stays) and the state record (what changes often and makes no version).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/hash.h"
#include "base/ids.h"
#include "base/scopes.h"
#include "base/timestamp.h"
#include "base/value.h"
#include "index/attribute/filter.h"

namespace engram {

using DenseVector = std::vector<float>;
struct SparseVector {
  std::vector<uint32_t> indices;  // strictly ascending
  std::vector<float> values;      // as many
  bool operator==(const SparseVector&) const = default;
};
struct MultiVector {
  uint32_t dimensions = 0;
  std::vector<float> values;  // row after row
  bool operator==(const MultiVector&) const = default;
};
// The index is the type on disk; never renumber.
using VectorValue = std::variant<DenseVector, SparseVector, MultiVector>;

struct Content {
  std::string text;
  std::map<std::string, std::string> fields;
  std::map<std::string, VectorValue> vectors;  // by space
  bool operator==(const Content&) const = default;

  // What is indexed as one text: `text`, then `fields` in name order.
  std::vector<std::string_view> Texts() const;
};

// Never renumber.
enum class MemoryState : uint8_t { kActive = 0, kArchived = 1, kPaused = 2 };
std::string_view MemoryStateName(MemoryState state);

struct Source {
  std::string system;
  std::string id;
  std::optional<uint64_t> version;
  std::string batch;
  bool operator==(const Source&) const = default;
};

struct Attributes {
  Scopes scopes;
  std::string role;
  std::string kind;
  MemoryState state = MemoryState::kActive;
  Value::Object metadata;
  std::optional<Timestamp> event_time;
  Source source;
  Timestamp created_at;
  Timestamp updated_at;
  bool operator==(const Attributes&) const = default;
};

struct StateRecord {
  std::optional<Timestamp> expires_at;
  std::optional<uint64_t> ttl_seconds;
  bool refresh_ttl_on_read = false;
  std::optional<double> importance;  // 0 to 1
  bool pinned = false;
  uint64_t access_count = 0;  // counted for memories that refresh on read
  std::optional<Timestamp> last_access;
  double used = 0;  // feedback, weighted sums
  double helpful = 0;
  double harmful = 0;
  bool operator==(const StateRecord&) const = default;
};

struct Memory {
  std::string id;
  Version version;
  Content content;
  Attributes attributes;
  StateRecord state;
  std::optional<Hash128> hash;  // MemoryHash (canonical.h) of a current version; a read sets it
};

// The moment that orders a run and feeds recency: event_time, or created_at where there is none.
Timestamp EventTime(const Attributes& attributes);

// The fields a filter may name, flat (index/attribute/filter.h); times as int64 microseconds.
AttributeFields FilterFields(std::string_view id, const Attributes& attributes, const StateRecord& state);
// Those among them that follow from the state record alone: no version of the memory tells them.
AttributeFields StateFields(const StateRecord& state);
inline constexpr std::string_view kStateFields[] = {"expires_at", "importance", "pinned"};

// (helpful - harmful) / (helpful + harmful + used + 1), in (-1, 1).
double FeedbackScore(const StateRecord& state);

// Sorts as unsigned integers, then UUIDs, then other strings: the order of ids everywhere, ties included.
std::string IdSortKey(std::string_view id);
bool IdLess(std::string_view a, std::string_view b);

}  // namespace engram
