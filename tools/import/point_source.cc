#include "tools/import/point_source.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "tools/import/import_id.h"
#include "tools/import/loose_time.h"
#include "tools/import/revision.h"
#include "tools/progress.h"

namespace engram {

Result<std::string> OnlyCollection(const PointStore& store) {
  const std::vector<std::string> names = store.Collections();
  if (names.size() == 1) return names[0];
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return InvalidArgument(
      names.empty() ? fmt::format("{} has no collections", store.path())
                    : fmt::format("{} has several collections, name one by --collection: {}", store.path(), list));
}

Result<std::optional<std::string>> TakeText(std::map<std::string, v1::Value>* payload, const std::string& name) {
  const auto found = payload->find(name);
  if (name.empty() || found == payload->end()) return std::optional<std::string>();
  v1::Value value = std::move(found->second);
  payload->erase(found);
  switch (value.kind_case()) {
    case v1::Value::kStringValue: return std::optional<std::string>(std::move(*value.mutable_string_value()));
    case v1::Value::kNullValue:
    case v1::Value::KIND_NOT_SET: return std::optional<std::string>();
    case v1::Value::kListValue:
    case v1::Value::kObjectValue:
      return InvalidArgument("a list or an object where text is expected").At("payload." + name);
    default: return std::optional<std::string>(PrintJson(value));
  }
}

Result<std::optional<google::protobuf::Timestamp>> TakeTime(std::map<std::string, v1::Value>* payload,
                                                            const std::string& name) {
  using Time = std::optional<google::protobuf::Timestamp>;
  ASSIGN_OR_RETURN(const auto text, TakeText(payload, name));
  if (!text || text->empty()) return Time();
  auto time = ParseLooseTime(*text);
  if (!time.ok()) return std::move(time).status().At("payload." + name);
  return Time(ToProtoTime(*time));
}

void SetVectors(std::map<std::string, v1::Vector> vectors, v1::Memory* memory) {
  for (auto& [space, vector] : vectors) {
    (space == "default" ? *memory->mutable_vector() : (*memory->mutable_vectors())[space]) = std::move(vector);
  }
}

Result<v1::Memory> PointToMemory(StoredPoint point, const PayloadMapping& mapping, const char* system) {
  v1::Memory memory;
  auto* const payload = &point.payload;
  memory.set_id(point.id);
  memory.mutable_source()->set_system(system);
  memory.mutable_source()->set_id(point.id);
  memory.mutable_source()->set_version(FirstRevision(point.fingerprint));
  ASSIGN_OR_RETURN(auto text, TakeText(payload, mapping.text));
  memory.set_text(std::move(text).value_or(""));
  for (const std::string& name : mapping.fields) {
    ASSIGN_OR_RETURN(auto field, TakeText(payload, name));
    if (field) (*memory.mutable_fields())[name] = *std::move(field);
  }
  ASSIGN_OR_RETURN(const auto user_id, TakeText(payload, mapping.user_id));
  ASSIGN_OR_RETURN(const auto agent_id, TakeText(payload, mapping.agent_id));
  ASSIGN_OR_RETURN(const auto run_id, TakeText(payload, mapping.run_id));
  memory.set_user_id(user_id.value_or(""));
  memory.set_agent_id(agent_id.value_or(""));
  memory.set_run_id(run_id.value_or(""));
  ASSIGN_OR_RETURN(const auto created_at, TakeTime(payload, mapping.created_at));
  if (created_at) *memory.mutable_created_at() = *memory.mutable_updated_at() = *created_at;
  for (auto& [key, value] : point.payload) (*memory.mutable_metadata())[key] = std::move(value);
  SetVectors(std::move(point.vectors), &memory);
  return memory;
}

Result<std::unique_ptr<PointSource>> PointSource::Open(std::unique_ptr<PointStore> store, const std::string& collection,
                                                       PayloadMapping mapping) {
  std::string name = collection;
  if (name.empty()) {
    ASSIGN_OR_RETURN(name, OnlyCollection(*store));
  }
  ASSIGN_OR_RETURN(auto reader, store->OpenCollection(name));
  return std::unique_ptr<PointSource>(
      new PointSource(std::move(store), std::move(name), std::move(reader), std::move(mapping)));
}

SourceDescription PointSource::Describe() const {
  return {store_->system(), fmt::format("{} collection {}", store_->path(), collection_), reader_->points(),
          /*normalises_cosine=*/true};
}

std::string PointSource::DefaultImportId() const {
  return MakeImportId(store_->system(), store_->path() + "/" + collection_);
}

Result<bool> PointSource::Resume(const std::string& cursor) {
  ASSIGN_OR_RETURN(config_given_, reader_->Seek(cursor));
  if (config_given_) cursor_ = cursor;
  return config_given_;
}

Result<bool> PointSource::Next(SourceRecord* record) {
  if (!std::exchange(config_given_, true) && reader_->config().vectors_size() > 0) {
    record->place = fmt::format("collection {}", collection_);
    record->item = reader_->config();
    return true;
  }
  StoredPoint point;
  ASSIGN_OR_RETURN(const bool more, reader_->Next(&point));
  if (!more) return false;
  ++read_;
  cursor_ = reader_->Cursor();
  record->place = std::move(point.place);
  record->raw = std::move(point.raw);
  record->problem = point.problem;
  if (!record->problem.ok()) return true;
  const auto text = point.payload.find(mapping_.text);
  if (text == point.payload.end() || text->second.has_null_value()) ++without_text_;
  auto memory = PointToMemory(std::move(point), mapping_, store_->system());
  record->problem = memory.status();
  if (memory.ok()) record->item = *std::move(memory);
  return true;
}

std::string PointSource::Cursor(bool finished) const {
  // What changes in a finished collection may be anywhere in it: the next run looks at all of it.
  return finished ? "finished" : cursor_;
}

std::optional<double> PointSource::Fraction() const {
  const uint64_t points = reader_->points();
  return points == 0 ? 1.0 : std::min(1.0, static_cast<double>(read_) / static_cast<double>(points));
}

std::vector<std::string> PointSource::Notes() const {
  std::vector<std::string> notes = reader_->Notes();
  if (without_text_ > 0) {
    notes.push_back(
        fmt::format("{} points have no text in their payload field \"{}\" and can be found by vector and "
                    "metadata only; --text names another field",
                    WithThousands(without_text_), mapping_.text));
  }
  return notes;
}

}  // namespace engram
