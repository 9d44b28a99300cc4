// What vector stores have in common: collections of points, each an id, named vectors and a payload. A store is one
// file behind this interface, and every source that reads points works with all of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "engram/v1/namespace.pb.h"
#include "engram/v1/value.pb.h"

namespace engram {

struct StoredPoint {
  std::string place;  // "point 17"
  std::string raw;    // for the rejects file
  Status problem;     // not OK: only `place` and `raw` mean anything
  std::string id;
  std::map<std::string, v1::Vector> vectors;  // by space; the store's unnamed vector is "default"
  std::map<std::string, v1::Value> payload;
  uint64_t fingerprint = 0;  // another when any of this is
};

// One collection, from its first point to its last, in an order that does not change. Confined to one thread.
class PointReader {
 public:
  virtual ~PointReader() = default;

  // By the store's own count.
  virtual uint64_t points() const = 0;
  // Type, dimensions and metric of each space, as far as the store knows them.
  virtual const v1::NamespaceConfig& config() const = 0;
  // What of the collection is in no point and no configuration, or differs there. Sentences without a full stop.
  virtual std::vector<std::string> Notes() const = 0;

  // Whether the collection has a point of this id.
  virtual Result<bool> Holds(const std::string& id) = 0;

  // False at the end.
  virtual Result<bool> Next(StoredPoint* point) = 0;
  // Behind the point given last: what Seek wants. Opaque.
  virtual std::string Cursor() const = 0;
  // Goes on behind that point. False, and at the beginning, when the cursor is none of this collection.
  virtual Result<bool> Seek(const std::string& cursor) = 0;
};

// Confined to one thread; outlives its readers. Never changes what it reads.
class PointStore {
 public:
  virtual ~PointStore() = default;

  virtual const char* system() const = 0;  // "qdrant-local"
  virtual const std::string& path() const = 0;
  // Ascending.
  virtual std::vector<std::string> Collections() const = 0;
  // NotFound names the collections there are.
  virtual Result<std::unique_ptr<PointReader>> OpenCollection(const std::string& name) = 0;
};

}  // namespace engram
