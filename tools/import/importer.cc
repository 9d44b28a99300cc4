#include "tools/import/importer.h"

#include <utility>

#include "tools/import/import_row.h"

namespace engram {

Importer::Importer(Client* client, ImportSource& source, ImportOptions options, Progress& progress)
    : client_(client),
      source_(source),
      options_(std::move(options)),
      progress_(progress),
      rejects_(options_.reject_limits, options_.dry_run, progress) {
  if (options_.import_id.empty()) options_.import_id = source_.DefaultImportId();
}

Status Importer::Run() {
  ImportLane lane({client_, source_.Describe(), &rejects_, /*routed=*/false, /*tenant=*/{}}, options_);
  Status status = Copy(&lane);
  summary_ = lane.summary();
  if (!status.ok()) return status;
  for (std::string& note : source_.Notes()) summary_.notes.push_back(std::move(note));
  progress_.Finish();
  return {};
}

Status Importer::Copy(ImportLane* lane) {
  RETURN_IF_ERROR(Prepare(lane));
  uint64_t read = 0;
  bool complete = false;
  while (!options_.limit || read < *options_.limit) {
    SourceRecord record;
    ASSIGN_OR_RETURN(const bool more, source_.Next(&record));
    if (!more) {
      complete = true;
      break;
    }
    if (!std::holds_alternative<v1::NamespaceConfig>(record.item)) {
      ++read;
      lane->CountRecord();
      rejects_.AddRecord();
    }
    RETURN_IF_ERROR(Take(lane, std::move(record)));
    progress_.Update(read, source_.Fraction());
  }
  return lane->Finish(source_.Cursor(complete), complete);
}

Status Importer::Prepare(ImportLane* lane) {
  std::optional<v1::ImportProgress> row;
  if (client_ != nullptr) {
    ASSIGN_OR_RETURN(row, FindImportRow(*client_, options_.namespace_name, options_.import_id));
  }
  RETURN_IF_ERROR(lane->Begin(std::move(row), source_.Cursor(/*finished=*/false)));
  uint64_t keep = 0;
  if (lane->earlier() && !options_.restart) {
    ASSIGN_OR_RETURN(const bool resumed, source_.Resume(lane->earlier()->cursor()));
    if (resumed) {
      keep = lane->earlier()->rejects();
      lane->Resume();
    }
  }
  cursor_ = source_.Cursor(/*finished=*/false);
  if (options_.rejects_path.empty() || options_.dry_run) return {};
  ASSIGN_OR_RETURN(auto file, RejectsFile::Open(options_.rejects_path, keep));
  rejects_.Open(std::move(file));
  return {};
}

Status Importer::Take(ImportLane* lane, SourceRecord record) {
  if (auto* config = std::get_if<v1::NamespaceConfig>(&record.item); config != nullptr && record.problem.ok()) {
    RETURN_IF_ERROR(lane->Commit(cursor_));
    RETURN_IF_ERROR(lane->AddConfig(std::move(record)));
  } else {
    if (lane->Refuses(record)) RETURN_IF_ERROR(lane->Commit(cursor_));
    RETURN_IF_ERROR(lane->Add(std::move(record), cursor_));
  }
  cursor_ = source_.Cursor(/*finished=*/false);
  return lane->full() ? lane->Commit(cursor_) : Status();
}

}  // namespace engram
