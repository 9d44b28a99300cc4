#include "tools/import/openmemory_source.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/hash.h"
#include "base/timestamp.h"
#include "tools/import/import_id.h"
#include "tools/import/loose_time.h"
#include "tools/import/revision.h"
#include "tools/progress.h"

namespace engram {
namespace {

Status ReadVector(const std::string& json, v1::Vector* vector) {
  v1::Value value;
  RETURN_IF_ERROR(ParseJson(json, &value));
  if (!value.has_list_value()) return InvalidArgument("no list of numbers");
  for (const v1::Value& number : value.list_value().values()) {
    if (number.has_int_value()) {
      vector->mutable_dense()->add_values(static_cast<float>(number.int_value()));
    } else if (number.has_double_value()) {
      vector->mutable_dense()->add_values(static_cast<float>(number.double_value()));
    } else {
      return InvalidArgument("a component is no number");
    }
  }
  return {};
}

v1::Value Text(std::string text) {
  v1::Value value;
  value.set_string_value(std::move(text));
  return value;
}

v1::Value Changes(const std::vector<OpenMemoryRow::StateChange>& changes) {
  v1::Value list;
  for (const OpenMemoryRow::StateChange& change : changes) {
    auto& members = *list.mutable_list_value()->add_values()->mutable_object_value()->mutable_members();
    members["from"].set_string_value(change.from);
    members["to"].set_string_value(change.to);
    if (change.at) members["at"].set_string_value(FormatRfc3339(*change.at));
  }
  return list;
}

v1::Value Categories(const std::vector<std::string>& names) {
  v1::Value list;
  for (const std::string& name : names) list.mutable_list_value()->add_values()->set_string_value(name);
  return list;
}

// Beside what the user has put there.
void AddMetadata(const std::string& name, v1::Value value, v1::Memory* memory) {
  auto& metadata = *memory->mutable_metadata();
  metadata[metadata.contains(name) ? "openmemory_" + name : name] = std::move(value);
}

}  // namespace

Result<std::unique_ptr<OpenMemorySource>> OpenMemorySource::Open(const std::string& file, bool quick,
                                                                 std::unique_ptr<VectorShelf> vectors) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return NotFound(fmt::format("cannot open {}", file));
  char start[2] = {};
  in.read(start, sizeof(start));
  const bool zip = in.gcount() == sizeof(start) && std::string_view(start, sizeof(start)) == "PK";
  auto reader = zip ? OpenOpenMemoryExport(file) : OpenOpenMemoryDatabase(file, quick);
  if (!reader.ok()) return reader.status();
  return std::unique_ptr<OpenMemorySource>(new OpenMemorySource(file, *std::move(reader), std::move(vectors)));
}

SourceDescription OpenMemorySource::Describe() const { return {kOpenMemorySystem, file_, reader_->memories()}; }

std::string OpenMemorySource::DefaultImportId() const { return MakeImportId(kOpenMemorySystem, file_); }

Result<bool> OpenMemorySource::Resume(const std::string& cursor) {
  ASSIGN_OR_RETURN(config_given_, reader_->Seek(cursor));
  return config_given_;
}

Result<bool> OpenMemorySource::Next(SourceRecord* record) {
  if (!std::exchange(config_given_, true) && vectors_ && vectors_->config().vectors_size() > 0) {
    *record = SourceRecord();
    record->place = "vectors";
    record->item = vectors_->config();
    return true;
  }
  OpenMemoryRow row;
  ASSIGN_OR_RETURN(const bool more, reader_->Next(&row));
  if (!more) return false;
  ++read_;
  *record = SourceRecord();
  record->place = row.place;
  record->problem = row.problem;
  if (record->problem.ok()) record->problem = ToItem(row, &record->item);
  record->raw = std::move(row.raw);
  return true;
}

Status OpenMemorySource::ToItem(const OpenMemoryRow& row, RecordItem* item) {
  if (row.state != "deleted") return ToMemory(row, &item->emplace<v1::Memory>());
  v1::Memory last;
  RETURN_IF_ERROR(ToMemory(row, &last));
  v1::Memory& gone = item->emplace<Tombstone>().memory;
  gone.set_id(last.id());
  *gone.mutable_source() = last.source();
  v1::HistoryEvent& made = *gone.add_history();
  made.set_version(1);
  made.set_event("add");
  *made.mutable_time() = last.created_at();
  v1::Memory& version = *made.mutable_memory();
  version.set_text(last.text());
  version.set_user_id(last.user_id());
  version.set_app_id(last.app_id());
  *version.mutable_metadata() = last.metadata();
  v1::HistoryEvent& ended = *gone.add_history();
  ended.set_version(2);
  ended.set_event("delete");
  *ended.mutable_time() = row.deleted_at ? ToProtoTime(*row.deleted_at) : last.updated_at();
  return {};
}

Status OpenMemorySource::ToMemory(const OpenMemoryRow& row, v1::Memory* memory) {
  if (row.id.empty()) return InvalidArgument("the memory has no id").At("id");
  memory->set_id(row.id);
  memory->set_text(row.content);
  memory->set_user_id(row.user);
  memory->set_app_id(row.app);
  if (row.state == "active" || row.state == "paused" || row.state == "archived") {
    memory->set_state(row.state);
  } else if (row.state != "deleted") {
    return InvalidArgument(fmt::format("the state \"{}\" is none of OpenMemory's", row.state)).At("state");
  }
  const auto created_at = row.created_at ? row.created_at : row.updated_at;
  const auto updated_at = row.updated_at ? row.updated_at : row.created_at;
  if (created_at) *memory->mutable_created_at() = ToProtoTime(*created_at);
  if (updated_at) *memory->mutable_updated_at() = ToProtoTime(*updated_at);
  if (row.metadata.has_object_value()) {
    for (const auto& [key, value] : row.metadata.object_value().members()) (*memory->mutable_metadata())[key] = value;
  } else if (!row.metadata.has_null_value() && row.metadata.kind_case() != v1::Value::KIND_NOT_SET) {
    return InvalidArgument("no object").At("metadata");
  }
  if (!row.categories.empty()) AddMetadata("categories", Categories(row.categories), memory);
  if (row.archived_at) AddMetadata("archived_at", Text(FormatRfc3339(*row.archived_at)), memory);
  if (!row.changes.empty()) AddMetadata("status_history", Changes(row.changes), memory);
  if (row.vector.empty()) {
    const bool shelved = vectors_ && vectors_->Take(memory);
    if (!shelved) ++without_vector_;
  } else if (Status status = ReadVector(row.vector, memory->mutable_vector()); !status.ok()) {
    return std::move(status).Under("vector");
  }
  const uint64_t hash = HashBytes64(fmt::format("{}\n{}", row.state, PrintJson(*memory)));
  if (row.accesses) memory->set_access_count(*row.accesses);
  if (row.accessed_at) *memory->mutable_last_accessed_at() = ToProtoTime(*row.accessed_at);
  v1::Source& source = *memory->mutable_source();
  source.set_system(kOpenMemorySystem);
  source.set_id(row.id);
  source.set_version(FirstRevision(hash));
  return {};
}

std::string OpenMemorySource::Cursor(bool finished) const {
  // What changes in a finished store may be anywhere in it: the next run looks at all of it.
  return finished ? "finished" : reader_->Cursor();
}

std::optional<double> OpenMemorySource::Fraction() const {
  const uint64_t all = reader_->memories();
  return all == 0 ? 1.0 : std::min(1.0, static_cast<double>(read_) / static_cast<double>(all));
}

std::vector<std::string> OpenMemorySource::Notes() const {
  std::vector<std::string> notes = reader_->Notes();
  if (vectors_) {
    for (std::string& note : vectors_->Notes()) notes.push_back(std::move(note));
  }
  if (without_vector_ > 0) {
    notes.push_back(
        fmt::format("{} memories have no vector here: OpenMemory keeps them in its vector store, or their "
                    "texts have to be embedded anew",
                    WithThousands(without_vector_)));
  }
  return notes;
}

}  // namespace engram
