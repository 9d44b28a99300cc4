// The key of one value under one path, in the order of the values. Private to index/attribute.
//
// Order: bools, numbers by value, strings by bytes, strings over kAttributeStringMax by hash (in no order
// that means anything), sizes of lists. A list puts its slot under the keys of its elements and under its
// size. Numbers have one form each: whole ones are integers, -0.0 is 0 and NaNs are one.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>

#include "base/hash.h"
#include "base/value.h"

namespace engram {

enum class KeyRank : uint8_t { kBool = 0, kNumber = 1, kText = 2, kLongText = 3, kListSize = 4, kEnd = 5 };

// A key that points at bytes owned elsewhere.
struct KeyView {
  KeyRank rank = KeyRank::kBool;
  Value::Kind number = Value::Kind::kInt;  // kNumber: kInt, kUint or kDouble
  uint64_t bits = 0;                       // the bool, the number's bits, the size or the hash's high half
  uint64_t low = 0;                        // kLongText: the hash's low half
  std::string_view text;                   // kText

  // The key of a scalar; nothing for null, lists and objects. The view points into `value`.
  static std::optional<KeyView> Of(const Value& value);
  static KeyView ListSize(uint64_t size);

  // REQUIRES: a bool, number or text.
  Value ToValue() const;
};

std::strong_ordering CompareKeys(const KeyView& a, const KeyView& b);

// The owned form: 16 bytes beside the text.
class AttributeKey {
 public:
  explicit AttributeKey(const KeyView& view);

  KeyView view() const;
  KeyRank rank() const;
  // Bytes allocated beside the object itself.
  size_t MemoryBytes() const;

 private:
  // The length in two bytes, then the bytes: half the size of a std::string for the usual short value.
  using Text = std::unique_ptr<char[]>;
  using LongText = std::unique_ptr<Hash128>;
  struct ListSize {
    uint64_t size;
  };
  static Text NewText(std::string_view text);

  std::variant<bool, int64_t, uint64_t, double, Text, LongText, ListSize> data_;
};

// Orders keys; also finds the first key of a rank.
struct KeyOrder {
  using is_transparent = void;
  bool operator()(const AttributeKey& a, const AttributeKey& b) const { return CompareKeys(a.view(), b.view()) < 0; }
  bool operator()(const AttributeKey& a, const KeyView& b) const { return CompareKeys(a.view(), b) < 0; }
  bool operator()(const KeyView& a, const AttributeKey& b) const { return CompareKeys(a, b.view()) < 0; }
  bool operator()(const AttributeKey& a, KeyRank b) const { return a.rank() < b; }
  bool operator()(KeyRank a, const AttributeKey& b) const { return a < b.rank(); }
};

}  // namespace engram
