// How one collection of Qdrant's has its points, both ways: memories as points that it takes, and points as the
// importer reads them. What the targets over a server and over the client's folder have in common.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tools/import/point_layout.h"
#include "tools/import/qdrant_config.h"
#include "tools/import/source.h"

namespace engram {

class PointForm {
 public:
  // `params`: of the collection, with "vectors" and "sparse_vectors" as Qdrant's API has them.
  PointForm(std::unique_ptr<PointLayout> layout, const QdrantMembers& params);

  const v1::NamespaceConfig& config() const { return config_; }
  // What of the parameters has no counterpart here. Sentences without a full stop.
  const std::vector<std::string>& notes() const { return notes_; }
  // The collection's vector without a name is the space "default".
  bool unnamed() const { return unnamed_; }

  // A point of the collection, so that new ones look alike.
  void Learn(const StoredPoint& point);
  SourceRecord RecordOf(StoredPoint point) const;

  // `there`: the payload that is replaced, or null. InvalidArgument, with a field, for an id or a vector that the
  // collection doesn't take. Vectors of spaces that it doesn't have are not in the point.
  Result<StoredPoint> PointOf(const v1::Memory& memory, const PointPayload* there) const;
  // What the importer would read of that.
  Result<v1::Memory> Rehearse(const v1::Memory& memory, const PointPayload* there) const;

  // Whether a point is written with its vector alone, and not with vectors under their names.
  bool IsAlone(const StoredPoint& point) const;
  // Of a space, as the collection has it: "" for the vector without a name.
  std::string NameOf(const std::string& space) const;

 private:
  const std::unique_ptr<PointLayout> layout_;
  v1::NamespaceConfig config_;
  std::vector<std::string> notes_;
  bool unnamed_ = true;
};

}  // namespace engram
