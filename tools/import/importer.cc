#include "tools/import/importer.h"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "tools/import/record_check.h"
#include "tools/import/revision.h"
#include "tools/import/verify.h"

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

// Whether the namespace has what a configuration asks for; what that leaves open, and where the namespace stands, do
// not count.
bool Agrees(v1::NamespaceConfig wanted, v1::NamespaceConfig stored) {
  for (v1::NamespaceConfig* config : {&wanted, &stored}) {
    config->clear_aliases();
    config->clear_read_only();
  }
  for (auto& [name, space] : *wanted.mutable_vectors()) {
    if (space.type() == v1::VECTOR_TYPE_UNSPECIFIED) space.set_type(v1::VECTOR_TYPE_DENSE);
    if (space.metric() == v1::METRIC_UNSPECIFIED) space.set_metric(v1::METRIC_COSINE);
    const auto known = stored.vectors().find(name);
    if (known == stored.vectors().end()) continue;
    if (space.dimensions() == 0) space.set_dimensions(known->second.dimensions());
    if (space.model().empty()) space.set_model(known->second.model());
  }
  v1::NamespaceConfig merged = stored;
  merged.MergeFrom(wanted);
  return PrintJson(merged) == PrintJson(stored);
}

}  // namespace

Importer::Importer(Client* client, ImportSource& source, ImportOptions options, Progress& progress)
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
    if (!std::holds_alternative<v1::NamespaceConfig>(record.item)) ++summary_.records;
    RETURN_IF_ERROR(Take(std::move(record)));
    progress_.Update(summary_.records, source_.Fraction());
  }
  cursor_ = source_.Cursor(summary_.complete);
  RETURN_IF_ERROR(Flush(/*last=*/true));
  for (std::string& note : source_.Notes()) summary_.notes.push_back(std::move(note));
  progress_.Finish();
  return {};
}

Status Importer::Prepare() {
  ASSIGN_OR_RETURN(const std::optional<v1::ImportProgress> earlier, EarlierProgress());
  if (earlier) {
    ASSIGN_OR_RETURN(summary_.resumed, source_.Resume(earlier->cursor()));
    if (summary_.resumed) summary_.rejected_before = earlier->rejects();
    committed_ = earlier->cursor();
  }
  cursor_ = source_.Cursor(/*finished=*/false);
  if (committed_.empty()) committed_ = cursor_;
  if (options_.rejects_path.empty() || options_.dry_run) return {};
  ASSIGN_OR_RETURN(rejects_, RejectsFile::Open(options_.rejects_path, summary_.rejected_before));
  return {};
}

Result<std::optional<v1::ImportProgress>> Importer::EarlierProgress() {
  if (options_.restart || client_ == nullptr) return std::optional<v1::ImportProgress>();
  const auto described = client_->DescribeNamespace(options_.namespace_name);
  if (!described.ok()) {
    if (described.status().code() == StatusCode::kNotFound) return std::optional<v1::ImportProgress>();
    return described.status();
  }
  ASSIGN_OR_RETURN(const v1::ListImportsReply imports, client_->ListImports());
  for (const auto& entry : imports.imports()) {
    if (entry.namespace_() == described->name() && entry.import().id() == summary_.import_id) {
      return std::optional<v1::ImportProgress>(entry.import());
    }
  }
  return std::optional<v1::ImportProgress>();
}

bool Importer::StaysBehind(const RecordItem& item) {
  if (const auto* tombstone = std::get_if<Tombstone>(&item)) {
    ++summary_.tombstones;
    summary_.tombstone_versions += static_cast<uint64_t>(tombstone->memory.history_size());
    return true;
  }
  const auto* edge = std::get_if<v1::Edge>(&item);
  if (edge == nullptr || !edge->has_retired_at()) return false;
  ++summary_.retired_edges;
  return true;
}

Status Importer::Take(SourceRecord record) {
  if (record.problem.ok() && options_.dry_run) record.problem = CheckRecord(record.item);
  if (auto* config = std::get_if<v1::NamespaceConfig>(&record.item); config != nullptr && record.problem.ok()) {
    RETURN_IF_ERROR(Flush(/*last=*/false));
    record.problem = TakeConfig(std::move(*config));
    if (record.problem.ok()) return {};
    if (!BlamesItem(record.problem.code())) return record.problem;
  }
  if (record.problem.ok() && batch_.Refuses(record)) RETURN_IF_ERROR(Flush(/*last=*/false));
  if (!record.problem.ok()) {
    if (!rejects_ && !options_.dry_run) RETURN_IF_ERROR(Flush(/*last=*/false));  // what came before it is in
    RETURN_IF_ERROR(Reject(record, record.problem));
  } else if (!StaysBehind(record.item)) {
    batch_.Add(std::move(record));
  }
  cursor_ = source_.Cursor(false);
  return batch_.full() ? Flush(/*last=*/false) : Status();
}

Status Importer::TakeConfig(v1::NamespaceConfig config) {
  if (client_ == nullptr) return {};
  const auto described = client_->DescribeNamespace(options_.namespace_name);
  if (described.ok()) {
    if (!Agrees(config, described->config())) {
      summary_.notes.push_back(
          fmt::format("namespace {} was there already and keeps its own configuration, "
                      "which is another than the file's",
                      options_.namespace_name));
    }
    return {};
  }
  if (described.status().code() != StatusCode::kNotFound) return described.status();
  if (options_.dry_run) return {};
  if (config.read_only()) summary_.notes.emplace_back("the namespace was read-only; the new one is not yet");
  for (const std::string& alias : config.aliases()) {
    summary_.notes.push_back(fmt::format("the alias \"{}\" was not taken over", alias));
  }
  config.clear_read_only();
  config.clear_aliases();
  return client_->PutNamespace(options_.namespace_name, config).status();
}

Status Importer::FindDeleted(const std::map<std::string, const v1::Memory*>& stored, std::set<std::string>* deleted) {
  for (const std::string& id : batch_.MemoryIds()) {
    if (stored.count(id) != 0) continue;
    ASSIGN_OR_RETURN(const bool was_deleted, IsDeleted(*client_, options_.namespace_name, id));
    if (was_deleted) deleted->insert(id);
  }
  return {};
}

Result<v1::ListReply> Importer::FindHidden(const std::map<std::string, const v1::Memory*>& stored) {
  v1::ListRequest request;
  v1::Value& in = (*(*request.mutable_filter()->mutable_object_value()->mutable_members())["id"]
                        .mutable_object_value()
                        ->mutable_members())["in"];
  for (const v1::Memory* memory : batch_.Memories()) {
    const bool may_hide = memory->has_expires_at() && stored.count(memory->id()) == 0;
    if (may_hide) in.mutable_list_value()->add_values()->set_string_value(memory->id());
  }
  const int wanted = in.list_value().values_size();
  if (wanted == 0) return v1::ListReply();
  request.set_include_expired(true);
  request.add_include("source");
  request.set_limit(static_cast<uint32_t>(wanted));
  auto reply = client_->ListMemories(options_.namespace_name, request);
  if (!reply.ok() && reply.status().code() == StatusCode::kNotFound) return v1::ListReply();
  return reply;
}

Status Importer::DropSettled() {
  v1::GetRequest request;
  for (std::string& id : batch_.MemoryIds()) request.add_ids(std::move(id));
  if (request.ids_size() == 0) return {};
  request.add_include("source");
  const auto reply = client_->GetMemories(options_.namespace_name, request);
  if (!reply.ok() && reply.status().code() != StatusCode::kNotFound) return reply.status();
  std::map<std::string, const v1::Memory*> stored;
  if (reply.ok()) {
    for (const v1::Memory& memory : reply->memories()) stored[memory.id()] = &memory;
  }
  ASSIGN_OR_RETURN(const v1::ListReply hidden, FindHidden(stored));
  for (const v1::Memory& memory : hidden.memories()) stored[memory.id()] = &memory;
  std::set<std::string> deleted;
  if (options_.restart) RETURN_IF_ERROR(FindDeleted(stored, &deleted));  // otherwise `seen` tells, and erased ones, too
  batch_.RemoveMemories([&](v1::Memory* memory, bool seen) {
    const auto found = stored.find(memory->id());
    if (found == stored.end()) {
      const bool gone = seen || deleted.count(memory->id()) != 0;
      if (gone) ++summary_.gone;
      return gone;
    }
    const v1::Source& source = found->second->source();
    const uint64_t version = memory->source().version();
    // Without a number it is no import's: somebody else wrote it here.
    if (source.has_version() && !SameRecord(source.version(), version)) {
      memory->mutable_source()->set_version(NextRevision(source.version(), version));
      return false;
    }
    ++summary_.memories;
    ++summary_.unchanged;
    return true;
  });
  return {};
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
  summary_.stopped_by_record = true;
  Status ended(why.code(), fmt::format("{}: {}", record.place, why.message()));
  if (!why.field().empty()) ended = std::move(ended).At(why.field());
  return ended;
}

Status Importer::Flush(bool last) {
  if (options_.dry_run) {
    const v1::WriteRequest request = batch_.Request();
    summary_.memories += static_cast<uint64_t>(request.memories_size());
    summary_.edges += static_cast<uint64_t>(request.edges_size());
    summary_.nodes += static_cast<uint64_t>(request.nodes_size());
    summary_.runs += static_cast<uint64_t>(request.runs_size());
    batch_.Clear();
    return {};
  }
  if (options_.newer) RETURN_IF_ERROR(DropSettled());
  while (!batch_.empty() || (last && cursor_ != committed_)) {
    if (rejects_) RETURN_IF_ERROR(rejects_->Flush());
    v1::WriteRequest request = batch_.Request();
    if (options_.newer) request.set_mode(v1::WRITE_MODE_NEWER);
    v1::ImportProgress& progress = *request.mutable_import();
    progress.set_id(summary_.import_id);
    progress.set_cursor(cursor_);
    progress.set_rejects(summary_.rejected_before + summary_.rejected);
    const auto reply = client_->Write(options_.namespace_name, request);
    if (reply.ok()) {
      summary_.edges += static_cast<uint64_t>(request.edges_size());
      summary_.nodes += static_cast<uint64_t>(request.nodes_size());
      summary_.runs += static_cast<uint64_t>(request.runs_size());
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
