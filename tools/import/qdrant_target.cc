#include "tools/import/qdrant_target.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/check.h"
#include "tools/import/dense_floats.h"
#include "tools/import/import_id.h"
#include "tools/import/point_form.h"
#include "tools/import/qdrant_config.h"
#include "tools/import/qdrant_json.h"

namespace engram {
namespace {

constexpr size_t kBodyBytes = size_t{8} << 20;  // of one upsert; Qdrant takes 32 MiB unless told otherwise
constexpr int kSampledPoints = 100;

// Floats as the shortest text that reads back as the same.
std::string VectorJson(const v1::Vector& vector) {
  if (vector.has_sparse()) {
    return fmt::format(R"({{"indices":[{}],"values":[{}]}})", fmt::join(vector.sparse().indices(), ","),
                       fmt::join(vector.sparse().values(), ","));
  }
  if (!vector.has_multi()) return fmt::format("[{}]", fmt::join(DenseFloats(vector), ","));
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

// The id, vectors and payload as an upsert has them.
std::string QdrantPointJson(const StoredPoint& point, const PointForm& form) {
  std::string vectors;
  for (const auto& [space, vector] : point.vectors) {
    vectors += fmt::format("{}{}:{}", vectors.empty() ? "" : ",", Quoted(form.NameOf(space)), VectorJson(vector));
  }
  v1::Value payload;
  auto& members = *payload.mutable_object_value()->mutable_members();
  for (const auto& [key, value] : point.payload) members[key] = value;
  return fmt::format(R"({{"id":{},"vector":{},"payload":{}}})", QdrantIdJson(point.id),
                     form.IsAlone(point) ? VectorJson(point.vectors.begin()->second) : "{" + vectors + "}",
                     PrintJson(payload));
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
    form_.emplace(std::move(layout_), *params);
    if (api_->shows_key()) notes_.emplace_back("the key goes to that server unencrypted; https:// would hide it");
    return LearnLayout();
  }

  SourceDescription Describe() const override {
    return {system_, fmt::format("{} collection {}", api_->url(), at_.collection), std::nullopt,
            /*normalises_cosine=*/true};
  }
  std::string DefaultImportId() const override { return MakeImportId(system_, api_->url() + "/" + at_.collection); }
  const v1::NamespaceConfig& config() const override { return form_->config(); }
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
      if (point.problem.ok()) found_[point.id] = point.payload;
      const std::string id = point.id;
      records[id] = form_->RecordOf(std::move(point));
    }
    return records;
  }

  Result<v1::Memory> Rehearse(const v1::Memory& memory, const SourceRecord* there) override {
    return form_->Rehearse(memory, PayloadOf(memory, there));
  }

  Status Write(const v1::Memory& memory, const SourceRecord* there) override {
    ASSIGN_OR_RETURN(const StoredPoint point, form_->PointOf(memory, PayloadOf(memory, there)));
    upserts_.push_back(QdrantPointJson(point, *form_));
    return {};
  }

  Status Delete(const std::string& id) override {
    ENGRAM_CHECK(IsQdrantId(id));  // it was found there
    deletes_.push_back(QdrantIdJson(id));
    return {};
  }

 private:
  const PointPayload* PayloadOf(const v1::Memory& memory, const SourceRecord* there) const {
    const auto found = there == nullptr ? found_.end() : found_.find(memory.id());
    return found == found_.end() ? nullptr : &found->second;
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
    for (const StoredPoint& point : page->points) form_->Learn(point);
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
  std::unique_ptr<PointLayout> layout_;  // until the collection is known
  const char* const system_;
  std::unique_ptr<QdrantApi> api_;
  std::optional<PointForm> form_;
  std::vector<std::string> notes_;
  std::map<std::string, PointPayload> found_;  // of this batch
  std::vector<std::string> upserts_;           // JSON
  std::vector<std::string> deletes_;
};

}  // namespace

Result<std::unique_ptr<PushTarget>> OpenQdrantTarget(QdrantCollection collection, std::unique_ptr<PointLayout> layout,
                                                     const char* system) {
  auto target = std::make_unique<QdrantTarget>(std::move(collection), std::move(layout), system);
  RETURN_IF_ERROR(target->Open());
  return std::unique_ptr<PushTarget>(std::move(target));
}

}  // namespace engram
