#include "tools/import/point_form.h"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "tools/import/dense_floats.h"
#include "tools/import/qdrant_json.h"

namespace engram {
namespace {

constexpr const char* kUnnamed = "default";

using Vectors = std::map<std::string, v1::Vector>;

Vectors VectorsOf(const v1::Memory& memory) {
  Vectors vectors(memory.vectors().begin(), memory.vectors().end());
  if (memory.has_vector()) vectors[kUnnamed] = memory.vector();
  return vectors;
}

// Whether a vector of this space is one that the collection takes.
Status CheckVector(const v1::Vector& vector, const v1::VectorSpace& space) {
  v1::VectorType type = v1::VECTOR_TYPE_DENSE;
  size_t dimensions = 0;
  if (vector.has_sparse()) {
    type = v1::VECTOR_TYPE_SPARSE;
  } else if (vector.has_multi()) {
    type = v1::VECTOR_TYPE_MULTI;
    dimensions = vector.multi().rows().empty() ? 0 : static_cast<size_t>(vector.multi().rows(0).values_size());
  } else {
    dimensions = DenseFloats(vector).size();
  }
  if (type != space.type()) return InvalidArgument("the collection has another kind of vector under this name");
  if (space.dimensions() == 0 || dimensions == space.dimensions() || dimensions == 0) return {};
  return InvalidArgument(
      fmt::format("{} dimensions, and the collection's vectors have {}", dimensions, space.dimensions()));
}

}  // namespace

PointForm::PointForm(std::unique_ptr<PointLayout> layout, const QdrantMembers& params) : layout_(std::move(layout)) {
  ReadQdrantConfig(params, &config_, &notes_);
  const QdrantMembers* vectors = FindObject(params, "vectors");
  // A vector that is called "default" is named all the same.
  unnamed_ = vectors == nullptr || vectors->count(kUnnamed) == 0;
}

void PointForm::Learn(const StoredPoint& point) {
  if (point.problem.ok()) layout_->Learn(point.payload);
}

SourceRecord PointForm::RecordOf(StoredPoint point) const {
  SourceRecord record;
  record.place = point.place;
  record.raw = point.raw;
  record.problem = point.problem;
  if (!record.problem.ok()) return record;
  auto memory = layout_->Read(std::move(point));
  record.problem = memory.status();
  if (memory.ok()) record.item = *std::move(memory);
  return record;
}

Result<StoredPoint> PointForm::PointOf(const v1::Memory& memory, const PointPayload* there) const {
  if (!IsQdrantId(memory.id())) return InvalidArgument("Qdrant takes unsigned integers and UUIDs alone").At("id");
  StoredPoint point;
  point.id = memory.id();
  for (auto& [space, vector] : VectorsOf(memory)) {
    const auto known = config_.vectors().find(space);
    if (known == config_.vectors().end()) continue;
    Status fits = CheckVector(vector, known->second);
    if (!fits.ok()) return std::move(fits).At("vectors." + space);
    point.vectors[space] = vector;
  }
  ASSIGN_OR_RETURN(point.payload, layout_->Write(memory, there));
  return point;
}

Result<v1::Memory> PointForm::Rehearse(const v1::Memory& memory, const PointPayload* there) const {
  ASSIGN_OR_RETURN(StoredPoint point, PointOf(memory, there));
  return layout_->Read(std::move(point));
}

bool PointForm::IsAlone(const StoredPoint& point) const {
  return unnamed_ && point.vectors.size() == 1 && point.vectors.count(kUnnamed) == 1;
}

std::string PointForm::NameOf(const std::string& space) const { return unnamed_ && space == kUnnamed ? "" : space; }

}  // namespace engram
