// The fields of a stretch of slots as bytes, for a file; AttributeIndex::LoadStretch puts them back. That costs a
// fraction of setting them memory by memory, as each value is looked up once.
//
// stretch := count:varint path*                        the number of paths
// path    := name:string count:varint value*           by name; the number of values
// value   := key count:varint gap*                     by key; the number of places that have it
// key     := 0 bool:u8 | 1 kind:u8 bits:u64 | 2 text:string | 3 high:u64 low:u64 | 4 size:varint
// gap     := varint: place - place before - 1; the first one's is its place
//
// A key is a bool, a number (of a Value::Kind), a string, the hash of one over kAttributeStringMax or the size of a
// list. Places number the slots of the stretch from 0 in their order.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "index/attribute/attribute_index.h"

namespace engram {

// Collects what an index has under slots. Confined to one thread; movable.
class FieldStretchWriter {
 public:
  // Without fields of these names.
  explicit FieldStretchWriter(std::vector<std::string> without);
  ~FieldStretchWriter();
  FieldStretchWriter(FieldStretchWriter&&) noexcept;
  FieldStretchWriter& operator=(FieldStretchWriter&&) noexcept;

  // The fields of the slot as they are now, at the next place: under the lock of the index's owner.
  // REQUIRES: the slot is known.
  void Add(const AttributeIndex& index, Slot slot);
  // Needs no lock.
  std::string Encode() &&;

 private:
  class Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace engram
