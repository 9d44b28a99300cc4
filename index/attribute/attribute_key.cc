#include "index/attribute/attribute_key.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "index/attribute/attribute_index.h"

namespace engram {
namespace {

using Kind = Value::Kind;

KeyView NumberKey(Kind kind, uint64_t bits) {
  KeyView key;
  key.rank = KeyRank::kNumber;
  key.number = kind;
  key.bits = bits;
  return key;
}

KeyView DoubleKey(double d) {
  if (std::isnan(d)) return NumberKey(Kind::kDouble, std::bit_cast<uint64_t>(std::numeric_limits<double>::quiet_NaN()));
  const bool whole = std::floor(d) == d;
  if (whole && d >= -0x1p63 && d < 0x1p63) {
    return NumberKey(Kind::kInt, static_cast<uint64_t>(static_cast<int64_t>(d)));
  }
  if (whole && d >= 0x1p63 && d < 0x1p64) return NumberKey(Kind::kUint, static_cast<uint64_t>(d));
  return NumberKey(Kind::kDouble, std::bit_cast<uint64_t>(d));
}

KeyView TextKey(std::string_view text) {
  KeyView key;
  if (text.size() <= kAttributeStringMax) {
    key.rank = KeyRank::kText;
    key.text = text;
    return key;
  }
  const Hash128 hash = HashBytes128(text);
  key.rank = KeyRank::kLongText;
  key.bits = hash.high;
  key.low = hash.low;
  return key;
}

KeyView BoolKey(bool v) {
  KeyView key;
  key.rank = KeyRank::kBool;
  key.bits = v ? 1 : 0;
  return key;
}

Value NumberValue(Kind kind, uint64_t bits) {
  switch (kind) {
    case Kind::kInt: return Value(static_cast<int64_t>(bits));
    case Kind::kUint: return Value(bits);
    default: return Value(std::bit_cast<double>(bits));
  }
}

std::strong_ordering CompareNumberKeys(const KeyView& a, const KeyView& b) {
  if (a.number == Kind::kInt && b.number == Kind::kInt) {
    return static_cast<int64_t>(a.bits) <=> static_cast<int64_t>(b.bits);
  }
  return CompareNumbers(NumberValue(a.number, a.bits), NumberValue(b.number, b.bits));
}

}  // namespace

std::optional<KeyView> KeyView::Of(const Value& value) {
  switch (value.kind()) {
    case Kind::kBool: return BoolKey(value.as_bool());
    case Kind::kInt: return NumberKey(Kind::kInt, static_cast<uint64_t>(value.as_int()));
    case Kind::kUint: return NumberKey(Kind::kUint, value.as_uint());
    case Kind::kDouble: return DoubleKey(value.as_double());
    case Kind::kString: return TextKey(value.as_string());
    case Kind::kNull:
    case Kind::kList:
    case Kind::kObject: return std::nullopt;
  }
  ENGRAM_CHECK(false);
}

KeyView KeyView::ListSize(uint64_t size) {
  KeyView key;
  key.rank = KeyRank::kListSize;
  key.bits = size;
  return key;
}

Value KeyView::ToValue() const {
  switch (rank) {
    case KeyRank::kBool: return Value(bits != 0);
    case KeyRank::kNumber: return NumberValue(number, bits);
    case KeyRank::kText: return Value(text);
    default: ENGRAM_CHECK(false);
  }
}

std::strong_ordering CompareKeys(const KeyView& a, const KeyView& b) {
  if (a.rank != b.rank) return a.rank <=> b.rank;
  if (a.rank == KeyRank::kNumber) return CompareNumberKeys(a, b);
  if (a.rank == KeyRank::kText) return a.text <=> b.text;
  if (a.bits != b.bits) return a.bits <=> b.bits;
  return a.low <=> b.low;
}

AttributeKey::Text AttributeKey::NewText(std::string_view text) {
  const auto size = static_cast<uint16_t>(text.size());
  Text bytes(new char[sizeof(size) + size]);
  std::memcpy(bytes.get(), &size, sizeof(size));
  std::memcpy(bytes.get() + sizeof(size), text.data(), size);
  return bytes;
}

AttributeKey::AttributeKey(const KeyView& view) {
  switch (view.rank) {
    case KeyRank::kBool: data_ = view.bits != 0; return;
    case KeyRank::kNumber:
      if (view.number == Kind::kInt) {
        data_ = static_cast<int64_t>(view.bits);
      } else if (view.number == Kind::kUint) {
        data_ = view.bits;
      } else {
        data_ = std::bit_cast<double>(view.bits);
      }
      return;
    case KeyRank::kText: data_ = NewText(view.text); return;
    case KeyRank::kLongText: data_ = std::make_unique<Hash128>(Hash128{view.bits, view.low}); return;
    case KeyRank::kListSize: data_ = ListSize{view.bits}; return;
    case KeyRank::kEnd: break;
  }
  ENGRAM_CHECK(false);
}

KeyRank AttributeKey::rank() const {
  constexpr KeyRank kRanks[] = {KeyRank::kBool, KeyRank::kNumber,   KeyRank::kNumber,  KeyRank::kNumber,
                                KeyRank::kText, KeyRank::kLongText, KeyRank::kListSize};
  return kRanks[data_.index()];
}

KeyView AttributeKey::view() const {
  switch (data_.index()) {
    case 0: return BoolKey(std::get<0>(data_));
    case 1: return NumberKey(Kind::kInt, static_cast<uint64_t>(std::get<1>(data_)));
    case 2: return NumberKey(Kind::kUint, std::get<2>(data_));
    case 3: return NumberKey(Kind::kDouble, std::bit_cast<uint64_t>(std::get<3>(data_)));
    case 6: return KeyView::ListSize(std::get<6>(data_).size);
    default: break;
  }
  KeyView key;
  key.rank = rank();
  if (const auto* hash = std::get_if<LongText>(&data_)) {
    key.bits = (*hash)->high;
    key.low = (*hash)->low;
    return key;
  }
  const char* bytes = std::get<Text>(data_).get();
  uint16_t size;
  std::memcpy(&size, bytes, sizeof(size));
  key.text = std::string_view(bytes + sizeof(size), size);
  return key;
}

size_t AttributeKey::MemoryBytes() const {
  constexpr size_t kMallocOverhead = 8;
  if (rank() == KeyRank::kText) return std::max<size_t>(sizeof(uint16_t) + view().text.size(), 24) + kMallocOverhead;
  return rank() == KeyRank::kLongText ? 24 + kMallocOverhead : 0;
}

}  // namespace engram
