// The vectors of one collection by the ids of its points, for a source that keeps its memories elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "engram/v1/memory.pb.h"
#include "tools/import/point_store.h"

namespace engram {

// Confined to one thread. All of the vectors are in memory.
class VectorShelf {
 public:
  static constexpr size_t kBytesMax = size_t{2} << 30;

  // Reads the collection once. NotFound names the collections there are; OutOfSpace beyond kBytesMax; a point that
  // can't be read is an error with its place.
  static Result<std::unique_ptr<VectorShelf>> Load(std::unique_ptr<PointStore> store, const std::string& collection);

  // Type, dimensions and metric of each space.
  const v1::NamespaceConfig& config() const { return config_; }
  // Gives the memory the vectors of the point with its id. False when there is no such point.
  bool Take(v1::Memory* memory);
  std::vector<std::string> Notes() const;

 private:
  struct Shelved {
    std::map<std::string, v1::Vector> vectors;
    bool taken = false;
  };

  std::string name_;
  v1::NamespaceConfig config_;
  std::vector<std::string> notes_;
  std::unordered_map<std::string, Shelved> points_;
  uint64_t taken_ = 0;
};

}  // namespace engram
