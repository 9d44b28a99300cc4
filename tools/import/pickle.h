// Python's pickles, as data. A pickle is a program for a stack machine that may call anything; this one builds values
// and calls nothing: a class is a name, an object a name with its arguments and state. Opcodes and classes outside a
// closed list are errors.
//
// Protocols 2 to 5 as far as plain data, pydantic models, dates and UUIDs need them; the opcodes are described in
// CPython's Lib/pickletools.py.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engram/v1/value.pb.h"

namespace engram {

struct PickleLimits {
  size_t bytes = size_t{64} << 20;
  size_t values = size_t{4} << 20;  // lists' and dicts' members included
};

using PickleRef = uint32_t;

struct PickleItem {
  enum class Kind : uint8_t {
    kNone,
    kBool,    // `number`
    kInt,     // `number`
    kUint,    // above 2^63 - 1: `number` reinterpreted
    kLong,    // beyond 64 bits: `text` are the bytes, two's complement, least significant first
    kFloat,   // `real`
    kText,    // UTF-8, or what Python makes of lone surrogates
    kBytes,   //
    kList,    // `members`; tuples and sets are lists of another kind
    kTuple,   //
    kSet,     //
    kDict,    // `members`: key, value, key, value …; a later key counts
    kClass,   // `text`: "module.name"
    kObject,  // `text`: the class; `members`: the tuple of arguments, and then the state where it has one
  };
  Kind kind = Kind::kNone;
  int64_t number = 0;
  double real = 0;
  std::string text;
  std::vector<PickleRef> members;
};

// Values refer to each other by number, also in circles: walk them with a bound on depth and on steps.
class Pickle {
 public:
  // `classes`: "module.name" of those that may be named. InvalidArgument says what is wrong at which byte.
  static Result<Pickle> Parse(std::string_view bytes, const std::set<std::string>& classes,
                              const PickleLimits& limits = {});

  const PickleItem& root() const { return items_[root_]; }
  const PickleItem& at(PickleRef ref) const { return items_[ref]; }

  // The value under a text key; null when there is none. REQUIRES: a dict.
  const PickleItem* Find(const PickleItem& dict, std::string_view key) const;
  // The attributes of an object that was built from its __dict__, as pydantic's are; null when it has none.
  const PickleItem* AttributesOf(const PickleItem& object) const;

 private:
  friend class PickleMachine;
  std::vector<PickleItem> items_;
  PickleRef root_ = 0;
};

// The classes of values that programs put into payloads: dates, times and UUIDs.
const std::set<std::string>& PickledPayloadClasses();

// As a value of ours: tuples and sets become lists, dates RFC 3339 or "2025-03-01", UUIDs their text. InvalidArgument,
// with a field, for what no value can say: bytes, integers beyond 64 bits, keys that are no text, circles, more than
// 64 levels, more than a million values.
Status ToWireValue(const Pickle& pickle, const PickleItem& item, v1::Value* value);

}  // namespace engram
