#include "tools/import/importer.h"

#include <utility>

#include <fmt/format.h>

namespace engram {
namespace {

// The record's own fault, as opposed to the store's or the network's.
bool BlamesItem(StatusCode code) {
  switch (code) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kUnprocessable:
    case StatusCode::kAlreadyExists:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kPayloadTooLarge:
    case StatusCode::kNotFound: return true;
    default: return false;
  }
}

// A stored memory shows both ways to say when it ends; a write takes one.
void KeepOneExpiry(SourceRecord* record) {
  auto* memory = std::get_if<v1::Memory>(&record->item);
  if (memory != nullptr && memory->has_expires_at()) memory->clear_ttl_seconds();
}

}  // namespace

Importer::Importer(Client& client, ImportSource& source, ImportOptions options, Progress& progress)
    : client_(client), source_(source), options_(std::move(options)), progress_(progress), batch_(options_.batch) {
  summary_.import_id = options_.import_id.empty() ? source_.DefaultImportId() : options_.import_id;
}

Status Importer::Run() {
  RETURN_IF_ERROR(Prepare());
  while (!options_.limit || summary_.records < *options_.limit) {
    SourceRecord record;
    ASSIGN_OR_RETURN(const bool more, source_.Next(&record));
    if (!more) {
      summary_.complete = true;
      break;
    }
    ++summary_.records;
    RETURN_IF_ERROR(Take(std::move(record)));
    progress_.Update(summary_.records, source_.Fraction());
  }
  cursor_ = source_.Cursor(summary_.complete);
  RETURN_IF_ERROR(Flush());
  progress_.Finish();
  return {};
}

Status Importer::Prepare() {
  ASSIGN_OR_RETURN(const std::optional<v1::ImportProgress> earlier, EarlierProgress());
  if (earlier) {
    ASSIGN_OR_RETURN(summary_.resumed, source_.Resume(earlier->cursor()));
    if (summary_.resumed) summary_.rejected_before = earlier->rejects();
    if (summary_.resumed) committed_ = earlier->cursor();
  }
  cursor_ = source_.Cursor(/*finished=*/false);
  if (committed_.empty()) committed_ = cursor_;
  if (options_.rejects_path.empty() || options_.dry_run) return {};
  ASSIGN_OR_RETURN(rejects_, RejectsFile::Open(options_.rejects_path, summary_.rejected_before));
  return {};
}

Result<std::optional<v1::ImportProgress>> Importer::EarlierProgress() {
  if (options_.restart) return std::optional<v1::ImportProgress>();
  const auto described = client_.DescribeNamespace(options_.namespace_name);
  if (!described.ok()) {
    if (described.status().code() == StatusCode::kNotFound) return std::optional<v1::ImportProgress>();
    return described.status();
  }
  ASSIGN_OR_RETURN(const v1::ListImportsReply imports, client_.ListImports());
  for (const auto& entry : imports.imports()) {
    if (entry.namespace_() == described->name() && entry.import().id() == summary_.import_id) {
      return std::optional<v1::ImportProgress>(entry.import());
    }
  }
  return std::optional<v1::ImportProgress>();
}

Status Importer::Take(SourceRecord record) {
  if (record.problem.ok() && batch_.Refuses(record)) RETURN_IF_ERROR(Flush());
  if (!record.problem.ok()) {
    if (!rejects_ && !options_.dry_run) RETURN_IF_ERROR(Flush());  // what came before it is in
    RETURN_IF_ERROR(Reject(record, record.problem));
  } else {
    KeepOneExpiry(&record);
    batch_.Add(std::move(record));
  }
  cursor_ = source_.Cursor(false);
  return batch_.full() ? Flush() : Status();
}

Status Importer::Reject(const SourceRecord& record, const Status& why) {
  ++summary_.rejected;
  if (rejects_) return rejects_->Add(record, why);
  if (options_.dry_run) {
    progress_.Clear();
    const std::string where = why.field().empty() ? "" : fmt::format(" (at {})", why.field());
    fmt::print(stderr, "{}: {}{}\n", record.place, why.message(), where);
    return {};
  }
  Status ended(why.code(), fmt::format("{}: {}", record.place, why.message()));
  if (!why.field().empty()) ended = std::move(ended).At(why.field());
  return ended;
}

Status Importer::Flush() {
  if (options_.dry_run) {
    const v1::WriteRequest request = batch_.Request();
    summary_.memories += static_cast<uint64_t>(request.memories_size());
    summary_.edges += static_cast<uint64_t>(request.edges_size());
    summary_.nodes += static_cast<uint64_t>(request.nodes_size());
    batch_.Clear();
    return {};
  }
  while (!batch_.empty() || cursor_ != committed_) {
    if (rejects_) RETURN_IF_ERROR(rejects_->Flush());
    v1::WriteRequest request = batch_.Request();
    v1::ImportProgress& progress = *request.mutable_import();
    progress.set_id(summary_.import_id);
    progress.set_cursor(cursor_);
    progress.set_rejects(summary_.rejected_before + summary_.rejected);
    const auto reply = client_.Write(options_.namespace_name, request);
    if (reply.ok()) {
      summary_.edges += static_cast<uint64_t>(request.edges_size());
      summary_.nodes += static_cast<uint64_t>(request.nodes_size());
      Count(*reply);
      batch_.Clear();
      committed_ = cursor_;
      break;
    }
    const auto blamed = BlamesItem(reply.status().code()) ? batch_.TakeBlamed(reply.status().field()) : std::nullopt;
    if (!blamed) return reply.status();
    RETURN_IF_ERROR(Reject(*blamed, reply.status()));
  }
  return {};
}

void Importer::Count(const v1::WriteReply& reply) {
  summary_.memories += static_cast<uint64_t>(reply.results_size());
  for (const v1::WriteResult& result : reply.results()) {
    if (result.outcome() == "created") ++summary_.created;
    if (result.outcome() == "updated") ++summary_.updated;
    if (result.outcome() == "unchanged") ++summary_.unchanged;
    if (result.outcome() == "duplicate") ++summary_.duplicates;
  }
}

}  // namespace engram
