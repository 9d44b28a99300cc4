// An edge in a fixed 88 bytes. Types and scopes are numbers into tables shared by all edges, default ids
// are their 16 bytes; what does not fit so (metadata, ids of other forms) keeps the edge whole beside it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/hash.h"
#include "graph/edge.h"
#include "graph/interner.h"

namespace engram {

struct CompactEdge {
  NodeNumber source;
  NodeNumber target;
  uint32_t type = 0;
  uint32_t scopes = 0;
  NodeNumber memory;
  uint8_t flags = 0;  // which optional fields there are; whether `id` is the id
  double weight = 0;
  Version version;
  Timestamp recorded;
  Timestamp valid_from = Timestamp{INT64_MIN};
  Timestamp valid_to = Timestamp{INT64_MAX};
  Hash128 id;
  std::unique_ptr<const Edge> whole;

  // Has valid_from or valid_to.
  bool timed() const;
  // As ValidAt(edge, time).
  bool ValidAt(Timestamp time) const;
};

// The tables that compact edges point into. One writer, or many readers.
class EdgePacker {
 public:
  // REQUIRES: !edge.retired.
  CompactEdge Pack(const Edge& edge);
  // Gives back what Pack took.
  void Release(const CompactEdge& edge);

  // The edge, either `*edge.whole` or filled into `*scratch`, which may hold another unpacked edge or none.
  const Edge& Unpack(const CompactEdge& edge, Edge* scratch) const;

  const std::string& TypeAt(uint32_t type) const { return types_.At(type); }
  std::strong_ordering CompareIds(const CompactEdge& a, const CompactEdge& b) const;
  // Of types and scopes, about.
  size_t MemoryBytes() const;

 private:
  Interner<std::string> types_;
  Interner<Scopes> scopes_;
};

// What a whole edge takes, about.
size_t MemoryBytesOf(const Edge& edge);

}  // namespace engram
