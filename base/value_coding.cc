#include "base/value_coding.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

// value  := kind:u8 content                        (kind = Value::Kind, never renumber)
// content:= null    nothing
//           bool    u8, 0 or 1
//           int     zigzag varint
//           uint    varint, always above 2^63 - 1
//           double  8 bytes little-endian, every bit pattern as it is
//           string  varint length, bytes
//           list    varint count, value…
//           object  varint count, (string value)… in strictly ascending byte order of the keys

namespace engram {
namespace {

using Kind = Value::Kind;

uint32_t DepthOf(const Value& value, uint32_t above);

uint32_t DepthOf(const Value::List& list, uint32_t above) {
  uint32_t deepest = above + 1;
  for (const Value& item : list) deepest = std::max(deepest, DepthOf(item, above + 1));
  return deepest;
}

uint32_t DepthOf(const Value::Object& object, uint32_t above) {
  uint32_t deepest = above + 1;
  for (const auto& [key, item] : object) deepest = std::max(deepest, DepthOf(item, above + 1));
  return deepest;
}

uint32_t DepthOf(const Value& value, uint32_t above) {
  if (above > kValueDepthMax) return above;
  if (value.kind() == Kind::kList) return DepthOf(value.as_list(), above);
  if (value.kind() == Kind::kObject) return DepthOf(value.as_object(), above);
  return above;
}

void AppendAt(std::string* out, const Value& value, uint32_t depth);

void AppendListAt(std::string* out, const Value::List& list, uint32_t depth) {
  ENGRAM_CHECK(depth < kValueDepthMax);
  AppendVarint(out, list.size());
  for (const Value& item : list) AppendAt(out, item, depth + 1);
}

void AppendObjectAt(std::string* out, const Value::Object& object, uint32_t depth) {
  ENGRAM_CHECK(depth < kValueDepthMax);
  AppendVarint(out, object.size());
  for (const auto& [key, item] : object) {
    AppendString(out, key);
    AppendAt(out, item, depth + 1);
  }
}

void AppendAt(std::string* out, const Value& value, uint32_t depth) {
  out->push_back(static_cast<char>(value.kind()));
  switch (value.kind()) {
    case Kind::kNull: return;
    case Kind::kBool: out->push_back(value.as_bool() ? 1 : 0); return;
    case Kind::kInt: AppendSignedVarint(out, value.as_int()); return;
    case Kind::kUint: AppendVarint(out, value.as_uint()); return;
    case Kind::kDouble: AppendDouble(out, value.as_double()); return;
    case Kind::kString: AppendString(out, value.as_string()); return;
    case Kind::kList: AppendListAt(out, value.as_list(), depth); return;
    case Kind::kObject: AppendObjectAt(out, value.as_object(), depth); return;
  }
}

Value ReadAt(ByteReader* in, uint32_t depth);

Value::List ReadListAt(ByteReader* in, uint32_t depth) {
  if (depth >= kValueDepthMax) in->Fail();
  constexpr size_t kItemBytesMin = 1;
  const size_t count = in->Count(kItemBytesMin);
  Value::List list;
  for (size_t i = 0; i < count && in->ok(); ++i) list.push_back(ReadAt(in, depth + 1));
  return list;
}

Value::Object ReadObjectAt(ByteReader* in, uint32_t depth) {
  if (depth >= kValueDepthMax) in->Fail();
  constexpr size_t kEntryBytesMin = 2;
  const size_t count = in->Count(kEntryBytesMin);
  Value::Object object;
  for (size_t i = 0; i < count && in->ok(); ++i) {
    std::string key(in->String());
    if (!object.empty() && key <= object.rbegin()->first) in->Fail();
    Value item = ReadAt(in, depth + 1);
    if (in->ok()) object.emplace_hint(object.end(), std::move(key), std::move(item));
  }
  return object;
}

Value ReadBool(ByteReader* in) {
  const uint8_t byte = in->Byte();
  if (byte > 1) in->Fail();
  return Value(byte == 1);
}

Value ReadUint(ByteReader* in) {
  const uint64_t v = in->Varint();
  if (v <= static_cast<uint64_t>(INT64_MAX)) in->Fail();
  return Value(v);
}

Value ReadAt(ByteReader* in, uint32_t depth) {
  switch (static_cast<Kind>(in->Byte())) {
    case Kind::kNull: return Value();
    case Kind::kBool: return ReadBool(in);
    case Kind::kInt: return Value(in->SignedVarint());
    case Kind::kUint: return ReadUint(in);
    case Kind::kDouble: return Value(in->Double());
    case Kind::kString: return Value(in->String());
    case Kind::kList: return Value(ReadListAt(in, depth));
    case Kind::kObject: return Value(ReadObjectAt(in, depth));
  }
  in->Fail();
  return Value();
}

}  // namespace

uint32_t ValueDepth(const Value& value) { return DepthOf(value, 0); }

uint32_t ValueDepth(const Value::Object& object) { return DepthOf(object, 0); }

void AppendValue(std::string* out, const Value& value) { AppendAt(out, value, 0); }

void AppendObject(std::string* out, const Value::Object& object) { AppendObjectAt(out, object, 0); }

bool ReadValue(ByteReader* in, Value* value) {
  *value = ReadAt(in, 0);
  return in->ok();
}

bool ReadObject(ByteReader* in, Value::Object* object) {
  *object = ReadObjectAt(in, 0);
  return in->ok();
}

}  // namespace engram
