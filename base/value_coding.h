// The one canonical encoding of metadata values: equal values give equal bytes on every machine, so
// hashes and digests may be taken over them.
#pragma once

#include <cstdint>
#include <string>

#include "base/coding.h"
#include "base/value.h"

namespace engram {

// Lists and objects inside one another, at most. Requests are held to it at the border.
constexpr uint32_t kValueDepthMax = 64;

// How many lists and objects stand inside one another at the deepest place: 0 for a scalar. Safe on any depth
// that could be parsed, as it stops counting above kValueDepthMax.
uint32_t ValueDepth(const Value& value);
uint32_t ValueDepth(const Value::Object& object);

// REQUIRES: ValueDepth(value) <= kValueDepthMax.
void AppendValue(std::string* out, const Value& value);
// The content of a kObject value without its kind byte; the object itself counts as one level.
void AppendObject(std::string* out, const Value::Object& object);

// Reads one value and stops behind it. False, with `in` failed, on anything that the functions above do not write:
// unknown kinds, keys out of order, numbers in a second form, deeper nesting.
bool ReadValue(ByteReader* in, Value* value);
bool ReadObject(ByteReader* in, Value::Object* object);

}  // namespace engram
