#include "tools/import/vector_shelf.h"

#include <utility>

#include <fmt/format.h>

#include "tools/progress.h"

namespace engram {

Result<std::unique_ptr<VectorShelf>> VectorShelf::Load(std::unique_ptr<PointStore> store,
                                                       const std::string& collection) {
  ASSIGN_OR_RETURN(const auto reader, store->OpenCollection(collection));
  auto shelf = std::make_unique<VectorShelf>();
  shelf->name_ = fmt::format("{} of {}", collection, store->path());
  shelf->config_ = reader->config();
  size_t bytes = 0;
  while (true) {
    StoredPoint point;
    ASSIGN_OR_RETURN(const bool more, reader->Next(&point));
    if (!more) break;
    if (!point.problem.ok()) {
      return Status(point.problem.code(), fmt::format("{}: {}", point.place, point.problem.message()));
    }
    for (const auto& [space, vector] : point.vectors) {
      bytes += vector.SpaceUsedLong() + space.size();
    }
    if (bytes > kBytesMax) {
      return Status(StatusCode::kOutOfSpace,
                    fmt::format("the vectors of {} are more than {} GiB: import the collection "
                                "by itself, as points",
                                shelf->name_, kBytesMax >> 30));
    }
    shelf->points_[point.id].vectors = std::move(point.vectors);
  }
  shelf->notes_ = reader->Notes();
  return shelf;
}

bool VectorShelf::Take(v1::Memory* memory) {
  const auto found = points_.find(memory->id());
  if (found == points_.end()) return false;
  for (const auto& [space, vector] : found->second.vectors) {
    (space == "default" ? *memory->mutable_vector() : (*memory->mutable_vectors())[space]) = vector;
  }
  if (!std::exchange(found->second.taken, true)) ++taken_;
  return true;
}

std::vector<std::string> VectorShelf::Notes() const {
  std::vector<std::string> notes = notes_;
  if (taken_ < points_.size()) {
    notes.push_back(fmt::format("{} of the {} points in {} belong to no memory that was read",
                                WithThousands(points_.size() - taken_), WithThousands(points_.size()), name_));
  }
  return notes;
}

}  // namespace engram
