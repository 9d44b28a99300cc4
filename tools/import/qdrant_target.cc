#include "tools/import/qdrant_target.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/check.h"
#include "tools/import/import_id.h"
#include "tools/import/qdrant_config.h"
#include "tools/import/qdrant_json.h"

namespace engram {
namespace {

constexpr const char* kUnnamed = "default";
constexpr size_t kBodyBytes = size_t{8} << 20;  // of one upsert; Qdrant takes 32 MiB unless told otherwise
constexpr int kSampledPoints = 100;

using Vectors = std::map<std::string, v1::Vector>;

std::vector<float> FloatsOf(const v1::Vector& vector) {
  if (vector.has_dense()) return {vector.dense().values().begin(), vector.dense().values().end()};
  static_assert(std::endian::native == std::endian::little);
  std::vector<float> floats(vector.dense_f32().size() / sizeof(float));
  if (!floats.empty()) std::memcpy(floats.data(), vector.dense_f32().data(), floats.size() * sizeof(float));
  return floats;
}

// Floats as the shortest text that reads back as the same.
std::string VectorJson(const v1::Vector& vector) {
  if (vector.has_sparse()) {
    return fmt::format(R"({{"indices":[{}],"values":[{}]}})", fmt::join(vector.sparse().indices(), ","),
                       fmt::join(vector.sparse().values(), ","));
  }
  if (!vector.has_multi()) return fmt::format("[{}]", fmt::join(FloatsOf(vector), ","));
  std::string rows;
  for (const auto& row : vector.multi().rows()) {
    rows += fmt::format("{}[{}]", rows.empty() ? "" : ",", fmt::join(row.values(), ","));
  }
  return "[" + rows + "]";
}

std::string Quoted(const std::string& text) {
  v1::Value value;
  value.set_string_value(text);
  return PrintJson(value);
}

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
    dimensions = FloatsOf(vector).size();
  }
  if (type != space.type()) return InvalidArgument("the collection has another kind of vector under this name");
  if (space.dimensions() == 0 || dimensions == space.dimensions() || dimensions == 0) return {};
  return InvalidArgument(
      fmt::format("{} dimensions, and the collection's vectors have {}", dimensions, space.dimensions()));
}

class QdrantTarget final : public PushTarget {
 public:
  QdrantTarget(QdrantCollection at, std::unique_ptr<PointLayout> layout, const char* system)
      : at_(std::move(at)), layout_(std::move(layout)), system_(system) {}

  Status Open() {
    ASSIGN_OR_RETURN(api_, QdrantApi::Open(at_.server));
    ASSIGN_OR_RETURN(const v1::Value collection, api_->GetResult(QdrantPath(at_.collection)));
    const QdrantMembers* config = FindObject(collection.object_value().members(), "config");
    const QdrantMembers* params = config == nullptr ? nullptr : FindObject(*config, "params");
    if (params == nullptr) {
      return FailedPrecondition(fmt::format("{} says nothing of the collection's vectors", api_->url()));
    }
    std::vector<std::string> of_no_matter;
    ReadQdrantConfig(*params, &config_, &of_no_matter);
    const QdrantMembers* vectors = FindObject(*params, "vectors");
    // A vector that is called "default" is named all the same.
    unnamed_ = vectors == nullptr || vectors->count(kUnnamed) == 0;
    if (api_->shows_key()) notes_.emplace_back("the key goes to that server unencrypted; https:// would hide it");
    return LearnLayout();
  }

  SourceDescription Describe() const override {
    return {system_, fmt::format("{} collection {}", api_->url(), at_.collection), std::nullopt,
            /*normalises_cosine=*/true};
  }
  std::string DefaultImportId() const override { return MakeImportId(system_, api_->url() + "/" + at_.collection); }
  const v1::NamespaceConfig& config() const override { return config_; }
  const char* unit() const override { return "points"; }
  bool has_backup() const override { return false; }
  Status BackUp(const std::string&) override { return FailedPrecondition("a snapshot of a Qdrant is made over there"); }
  std::vector<std::string> Notes() const override { return notes_; }

  Status Begin(Access) override {
    Abandon();
    return {};
  }

  void Abandon() override {
    found_.clear();
    upserts_.clear();
    deletes_.clear();
  }

  Status Commit() override {
    std::string points;
    for (const std::string& point : upserts_) {
      if (!points.empty() && points.size() + point.size() > kBodyBytes)
        RETURN_IF_ERROR(Upsert(std::exchange(points, "")));
      points += (points.empty() ? "" : ",") + point;
    }
    if (!points.empty()) RETURN_IF_ERROR(Upsert(points));
    if (!deletes_.empty()) {
      const std::string path = QdrantPath(at_.collection, "/points/delete?wait=true");
      RETURN_IF_ERROR(CheckDone(path, api_->Post(path, fmt::format(R"({{"points":[{}]}})", fmt::join(deletes_, ",")))));
    }
    Abandon();
    return {};
  }

  Result<std::map<std::string, SourceRecord>> Find(const std::vector<std::string>& ids) override {
    std::map<std::string, SourceRecord> records;
    std::string list;
    for (const std::string& id : ids) {
      if (IsQdrantId(id)) list += (list.empty() ? "" : ",") + QdrantIdJson(id);
    }
    if (list.empty()) return records;
    ASSIGN_OR_RETURN(const std::string body,
                     api_->Post(QdrantPath(at_.collection, "/points"),
                                fmt::format(R"({{"ids":[{}],"with_payload":true,"with_vector":true}})", list)));
    auto points = ReadQdrantPoints(body);
    if (!points.ok()) {
      return FailedPrecondition(
          fmt::format("{} does not answer as Qdrant does: {}", api_->url(), points.status().message()));
    }
    for (StoredPoint& point : *points) {
      if (point.id.empty()) return FailedPrecondition(fmt::format("{}: {}", point.place, point.problem.message()));
      SourceRecord& record = records[point.id];
      record.place = point.place;
      record.raw = point.raw;
      record.problem = point.problem;
      if (!record.problem.ok()) continue;
      found_[point.id] = point.payload;
      auto memory = layout_->Read(std::move(point));
      record.problem = memory.status();
      if (memory.ok()) record.item = *std::move(memory);
    }
    return records;
  }

  Result<v1::Memory> Rehearse(const v1::Memory& memory, const SourceRecord* there) override {
    ASSIGN_OR_RETURN(StoredPoint point, PointOf(memory, there));
    return layout_->Read(std::move(point));
  }

  Status Write(const v1::Memory& memory, const SourceRecord* there) override {
    ASSIGN_OR_RETURN(const StoredPoint point, PointOf(memory, there));
    upserts_.push_back(QdrantPointJson(point, unnamed_));
    return {};
  }

  Status Delete(const std::string& id) override {
    ENGRAM_CHECK(IsQdrantId(id));  // it was found there
    deletes_.push_back(QdrantIdJson(id));
    return {};
  }

 private:
  Result<StoredPoint> PointOf(const v1::Memory& memory, const SourceRecord* there) const {
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
    const auto found = there == nullptr ? found_.end() : found_.find(memory.id());
    ASSIGN_OR_RETURN(point.payload, layout_->Write(memory, found == found_.end() ? nullptr : &found->second));
    return point;
  }

  Status LearnLayout() {
    ASSIGN_OR_RETURN(
        const std::string body,
        api_->Post(QdrantPath(at_.collection, "/points/scroll"),
                   fmt::format(R"({{"limit":{},"with_payload":true,"with_vector":false}})", kSampledPoints)));
    const auto page = ReadQdrantPage(body);
    if (!page.ok()) {
      return FailedPrecondition(
          fmt::format("{} does not answer as Qdrant does: {}", api_->url(), page.status().message()));
    }
    for (const StoredPoint& point : page->points) {
      if (point.problem.ok()) layout_->Learn(point.payload);
    }
    return {};
  }

  Status Upsert(const std::string& points) {
    const std::string path = QdrantPath(at_.collection, "/points?wait=true");
    return CheckDone(path, api_->Put(path, fmt::format(R"({{"points":[{}]}})", points)));
  }

  // {"result": {"operation_id": 7, "status": "completed"}}
  Status CheckDone(const std::string& path, const Result<std::string>& answer) const {
    if (!answer.ok()) return answer.status();
    v1::Value value;
    const bool read = ParseJson(*answer, &value).ok() && value.has_object_value();
    const QdrantMembers* result = read ? FindObject(value.object_value().members(), "result") : nullptr;
    const v1::Value* status = result == nullptr ? nullptr : FindMember(*result, "status");
    if (status != nullptr && status->string_value() == "completed") return {};
    return FailedPrecondition(
        fmt::format("{}{} does not say that it is done: {}", api_->url(), path, answer->substr(0, 300)));
  }

  const QdrantCollection at_;
  const std::unique_ptr<PointLayout> layout_;
  const char* const system_;
  std::unique_ptr<QdrantApi> api_;
  v1::NamespaceConfig config_;
  bool unnamed_ = true;
  std::vector<std::string> notes_;
  std::map<std::string, PointPayload> found_;  // of this batch
  std::vector<std::string> upserts_;           // JSON
  std::vector<std::string> deletes_;
};

}  // namespace

std::string QdrantPointJson(const StoredPoint& point, bool unnamed) {
  const bool alone = unnamed && point.vectors.size() == 1 && point.vectors.count(kUnnamed) == 1;
  std::string vectors;
  for (const auto& [space, vector] : point.vectors) {
    const std::string name = unnamed && space == kUnnamed ? "" : space;
    vectors += fmt::format("{}{}:{}", vectors.empty() ? "" : ",", Quoted(name), VectorJson(vector));
  }
  v1::Value payload;
  auto& members = *payload.mutable_object_value()->mutable_members();
  for (const auto& [key, value] : point.payload) members[key] = value;
  return fmt::format(R"({{"id":{},"vector":{},"payload":{}}})", QdrantIdJson(point.id),
                     alone ? VectorJson(point.vectors.at(kUnnamed)) : "{" + vectors + "}", PrintJson(payload));
}

Result<std::unique_ptr<PushTarget>> OpenQdrantTarget(QdrantCollection collection, std::unique_ptr<PointLayout> layout,
                                                     const char* system) {
  auto target = std::make_unique<QdrantTarget>(std::move(collection), std::move(layout), system);
  RETURN_IF_ERROR(target->Open());
  return std::unique_ptr<PushTarget>(std::move(target));
}

}  // namespace engram
