#include "graph/compact_edge.h"

#include <optional>
#include <string_view>

#include "base/check.h"

namespace engram {
namespace {

constexpr uint8_t kHasMemory = 1;
constexpr uint8_t kHasValidFrom = 2;
constexpr uint8_t kHasValidTo = 4;
constexpr uint8_t kHasHashId = 8;

constexpr size_t kHalfDigits = 16;
constexpr size_t kTreeNodeBytes = 48;

// The number that ToHex writes so, if there is one.
std::optional<uint64_t> ParseHalf(std::string_view digits) {
  uint64_t half = 0;
  for (const char c : digits) {
    uint64_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<uint64_t>(c - 'a') + 10;
    } else {
      return std::nullopt;
    }
    half = half << 4 | digit;
  }
  return half;
}

std::optional<Hash128> ParseHash(std::string_view id) {
  if (id.size() != 2 * kHalfDigits) return std::nullopt;
  const auto high = ParseHalf(id.substr(0, kHalfDigits));
  const auto low = ParseHalf(id.substr(kHalfDigits));
  if (!high || !low) return std::nullopt;
  return Hash128{*high, *low};
}

void WriteHalf(uint64_t half, char* out) {
  for (size_t i = kHalfDigits; i > 0; half >>= 4) out[--i] = "0123456789abcdef"[half & 15];
}

// ToHex without a new string.
void WriteHash(const Hash128& hash, std::string* out) {
  out->resize(2 * kHalfDigits);
  WriteHalf(hash.high, out->data());
  WriteHalf(hash.low, out->data() + kHalfDigits);
}

size_t MemoryBytesOf(const std::string& text) {
  static const size_t inline_bytes = std::string().capacity();
  return text.capacity() > inline_bytes ? text.capacity() + 1 : 0;
}

size_t MemoryBytesOf(const Scopes& scopes) {
  return MemoryBytesOf(scopes.user_id) + MemoryBytesOf(scopes.agent_id) + MemoryBytesOf(scopes.run_id) +
         MemoryBytesOf(scopes.app_id) + MemoryBytesOf(scopes.actor_id);
}

size_t MemoryBytesOf(const Value::Object& object);

size_t MemoryBytesOf(const Value& value) {
  if (value.kind() == Value::Kind::kString) return MemoryBytesOf(value.as_string());
  if (value.kind() == Value::Kind::kObject) return MemoryBytesOf(value.as_object());
  if (value.kind() != Value::Kind::kList) return 0;
  size_t bytes = value.as_list().capacity() * sizeof(Value);
  for (const Value& item : value.as_list()) bytes += MemoryBytesOf(item);
  return bytes;
}

size_t MemoryBytesOf(const Value::Object& object) {
  size_t bytes = 0;
  for (const auto& [key, item] : object) {
    bytes += kTreeNodeBytes + sizeof key + sizeof item + MemoryBytesOf(key) + MemoryBytesOf(item);
  }
  return bytes;
}

}  // namespace

bool CompactEdge::timed() const { return flags & (kHasValidFrom | kHasValidTo); }

bool CompactEdge::ValidAt(Timestamp time) const {
  // An open end stands as the last moment, which is inside.
  return valid_from <= time && (time < valid_to || !(flags & kHasValidTo));
}

CompactEdge EdgePacker::Pack(const Edge& edge) {
  ENGRAM_CHECK(!edge.retired);
  CompactEdge packed;
  packed.source = edge.source;
  packed.target = edge.target;
  packed.type = types_.Acquire(edge.type);
  packed.scopes = scopes_.Acquire(edge.scopes);
  packed.weight = edge.weight;
  packed.version = edge.version;
  packed.recorded = edge.recorded;
  if (edge.memory) {
    packed.flags |= kHasMemory;
    packed.memory = *edge.memory;
  }
  if (edge.valid_from) {
    packed.flags |= kHasValidFrom;
    packed.valid_from = *edge.valid_from;
  }
  if (edge.valid_to) {
    packed.flags |= kHasValidTo;
    packed.valid_to = *edge.valid_to;
  }
  const auto id = ParseHash(edge.id);
  if (id) {
    packed.flags |= kHasHashId;
    packed.id = *id;
  }
  if (!id || !edge.metadata.empty()) packed.whole = std::make_unique<const Edge>(edge);
  return packed;
}

void EdgePacker::Release(const CompactEdge& edge) {
  types_.Release(edge.type);
  scopes_.Release(edge.scopes);
}

const Edge& EdgePacker::Unpack(const CompactEdge& edge, Edge* scratch) const {
  if (edge.whole) return *edge.whole;
  WriteHash(edge.id, &scratch->id);
  scratch->version = edge.version;
  scratch->source = edge.source;
  scratch->target = edge.target;
  scratch->type = types_.At(edge.type);
  scratch->weight = edge.weight;
  scratch->scopes = scopes_.At(edge.scopes);
  scratch->recorded = edge.recorded;
  scratch->memory.reset();
  scratch->valid_from.reset();
  scratch->valid_to.reset();
  if (edge.flags & kHasMemory) scratch->memory = edge.memory;
  if (edge.flags & kHasValidFrom) scratch->valid_from = edge.valid_from;
  if (edge.flags & kHasValidTo) scratch->valid_to = edge.valid_to;
  return *scratch;
}

std::strong_ordering EdgePacker::CompareIds(const CompactEdge& a, const CompactEdge& b) const {
  // Digits sort as the numbers they write.
  if (a.flags & b.flags & kHasHashId) return a.id <=> b.id;
  std::string buffer;
  const auto id_of = [&](const CompactEdge& edge) -> std::string_view {
    if (!(edge.flags & kHasHashId)) return edge.whole->id;
    WriteHash(edge.id, &buffer);  // of one side at most
    return buffer;
  };
  return id_of(a) <=> id_of(b);
}

size_t EdgePacker::MemoryBytes() const {
  return types_.size() * (kTreeNodeBytes + sizeof(std::string)) + scopes_.size() * (kTreeNodeBytes + sizeof(Scopes));
}

size_t MemoryBytesOf(const Edge& edge) {
  return sizeof edge + MemoryBytesOf(edge.id) + MemoryBytesOf(edge.type) + MemoryBytesOf(edge.scopes) +
         MemoryBytesOf(edge.metadata);
}

}  // namespace engram
