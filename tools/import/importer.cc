#include "tools/import/importer.h"

#include <iterator>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/hash.h"
#include "tools/import/import_row.h"
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
  for (auto& [hash, memory] : sample_) summary_.sample.push_back(std::move(memory));
  progress_.Finish();
  return {};
}

Status Importer::Prepare() {
  ASSIGN_OR_RETURN(earlier_, EarlierProgress());
  if (earlier_ && earlier_->state() == v1::IMPORT_STATE_ROLLING_BACK) {
    return FailedPrecondition(
        fmt::format("import {} is being rolled back: run `engram migrate rollback --namespace {} --import {}` again "
                    "until that is done",
                    summary_.import_id, options_.namespace_name, summary_.import_id));
  }
  if (earlier_ && earlier_->state() == v1::IMPORT_STATE_ROLLED_BACK) earlier_.reset();
  begun_ = earlier_ && earlier_->state() != v1::IMPORT_STATE_PLANNED;
  if (earlier_ && !options_.restart) {
    ASSIGN_OR_RETURN(summary_.resumed, source_.Resume(earlier_->cursor()));
    if (summary_.resumed) {
      summary_.rejected_before = earlier_->rejects();
      reasons_.Load(earlier_->reasons());
    }
    committed_ = earlier_->cursor();
  }
  cursor_ = source_.Cursor(/*finished=*/false);
  if (committed_.empty()) committed_ = cursor_;
  if (options_.rejects_path.empty() || options_.dry_run) return {};
  ASSIGN_OR_RETURN(rejects_, RejectsFile::Open(options_.rejects_path, summary_.rejected_before));
  return {};
}

Result<std::optional<v1::ImportProgress>> Importer::EarlierProgress() {
  if (client_ == nullptr) return std::optional<v1::ImportProgress>();
  return FindImportRow(*client_, options_.namespace_name, summary_.import_id);
}

Status Importer::DemandBackup(const v1::Namespace& described) const {
  return FailedPrecondition(fmt::format(
      "namespace {} has {} memories, {} nodes and {} edges already: give --backup DIR, a folder to be made that they "
      "are kept in first, so that a rollback can bring back what this import overwrites; or --no-backup to go without",
      described.name(), described.counts().memories(), described.counts().nodes(), described.counts().edges()));
}

Status Importer::EnsureBegun() {
  if (begun_) return {};
  const auto described = client_->DescribeNamespace(options_.namespace_name);
  if (!described.ok() && described.status().code() != StatusCode::kNotFound) return described.status();
  const bool holds_any = described.ok() && (described->counts().memories() > 0 || described->counts().nodes() > 0 ||
                                            described->counts().edges() > 0);
  if (holds_any && !options_.back_up && !options_.no_backup) return DemandBackup(*described);
  const SourceDescription source = source_.Describe();
  v1::ImportProgress planned;
  planned.set_state(v1::IMPORT_STATE_PLANNED);
  planned.mutable_source()->set_system(source.system);
  planned.mutable_source()->set_origin(source.origin);
  planned.mutable_source()->set_options(options_.origin_options);
  RETURN_IF_ERROR(WriteProgress(std::move(planned)));
  if (holds_any && options_.back_up) {
    ASSIGN_OR_RETURN(summary_.backup, options_.back_up(*described));
    v1::ImportProgress backed_up;
    backed_up.set_state(v1::IMPORT_STATE_BACKED_UP);
    backed_up.set_backup(summary_.backup);
    RETURN_IF_ERROR(WriteProgress(std::move(backed_up)));
  }
  begun_ = true;
  return {};
}

Status Importer::WriteProgress(v1::ImportProgress progress) {
  v1::WriteRequest request;
  progress.set_id(summary_.import_id);
  *request.mutable_import() = std::move(progress);
  return client_->Write(options_.namespace_name, request).status();
}

v1::ImportProgress Importer::CurrentProgress() const {
  v1::ImportProgress progress;
  progress.set_id(summary_.import_id);
  progress.set_cursor(cursor_);
  progress.set_rejects(summary_.rejected_before + summary_.rejected);
  v1::ImportTally tally;
  if (earlier_ && summary_.resumed) tally = earlier_->tally();
  tally.set_read(tally.read() + summary_.records);
  tally.set_settled(tally.settled() + summary_.settled);
  tally.set_gone(tally.gone() + summary_.gone);
  tally.set_tombstones(tally.tombstones() + summary_.tombstones);
  tally.set_ended_edges(tally.ended_edges() + summary_.retired_edges);
  const auto took = std::chrono::steady_clock::now() - started_;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  tally.set_milliseconds((earlier_ ? earlier_->tally().milliseconds() : 0) + static_cast<uint64_t>(ms));
  *progress.mutable_tally() = std::move(tally);
  *progress.mutable_reasons() = reasons_.rejects();
  return progress;
}

Status Importer::CheckRejects() const {
  const uint64_t rejected = summary_.rejected + summary_.rejected_before;
  if (options_.rejects_max && rejected > *options_.rejects_max) {
    return FailedPrecondition(fmt::format("{} records could not be taken, more than --abort-on rejects={} allows",
                                          rejected, *options_.rejects_max));
  }
  constexpr uint64_t kRecordsMin = 100;
  if (!options_.rejects_percent_max || summary_.records < kRecordsMin) return {};
  const double percent = 100.0 * static_cast<double>(summary_.rejected) / static_cast<double>(summary_.records);
  if (percent <= *options_.rejects_percent_max) return {};
  return FailedPrecondition(fmt::format("{} of {} records could not be taken, more than --abort-on rejects={}% allows",
                                        summary_.rejected, summary_.records, *options_.rejects_percent_max));
}

void Importer::KeepSample(const v1::Memory& memory) {
  if (options_.sample == 0) return;
  const uint64_t hash = HashBytes64(memory.id());
  if (sample_.size() == options_.sample && hash >= sample_.rbegin()->first) return;
  sample_[hash] = memory;
  if (sample_.size() > options_.sample) sample_.erase(std::prev(sample_.end()));
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
    if (const auto* memory = std::get_if<v1::Memory>(&record.item)) KeepSample(*memory);
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
    ASSIGN_OR_RETURN(const std::string ended, HowItEnded(*client_, options_.namespace_name, id));
    if (!ended.empty()) deleted->insert(id);
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
    ++summary_.settled;
    return true;
  });
  return {};
}

Status Importer::Reject(const SourceRecord& record, const Status& why) {
  ++summary_.rejected;
  reasons_.Add(record.place, why);
  if (rejects_) {
    RETURN_IF_ERROR(rejects_->Add(record, why));
    return CheckRejects();
  }
  if (options_.dry_run) {
    progress_.Clear();
    const std::string where = why.field().empty() ? "" : fmt::format(" (at {})", why.field());
    fmt::print(stderr, "{}: {}{}\n", record.place, why.message(), where);
    return CheckRejects();
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
  if (last || !batch_.empty()) RETURN_IF_ERROR(EnsureBegun());
  while (!batch_.empty() || (last && HasNews())) {
    if (rejects_) RETURN_IF_ERROR(rejects_->Flush());
    v1::WriteRequest request = batch_.Request();
    if (options_.newer) request.set_mode(v1::WRITE_MODE_NEWER);
    *request.mutable_import() = CurrentProgress();
    const bool writes = !batch_.empty();
    if (last && Copied(writes)) request.mutable_import()->set_state(v1::IMPORT_STATE_VERIFYING);
    const auto reply = client_->Write(options_.namespace_name, request);
    if (reply.ok()) {
      summary_.edges += static_cast<uint64_t>(request.edges_size());
      summary_.nodes += static_cast<uint64_t>(request.nodes_size());
      summary_.runs += static_cast<uint64_t>(request.runs_size());
      Count(*reply);
      batch_.Clear();
      committed_ = cursor_;
      wrote_ = wrote_ || writes;
      told_ = last;
      break;
    }
    const auto blamed = BlamesItem(reply.status().code()) ? batch_.TakeBlamed(reply.status().field()) : std::nullopt;
    if (!blamed) return reply.status();
    RETURN_IF_ERROR(Reject(*blamed, reply.status()));
  }
  return {};
}

bool Importer::Copied(bool writes) const {
  if (!summary_.complete) return false;
  const bool was_done = earlier_ && earlier_->state() == v1::IMPORT_STATE_DONE;
  return !was_done || wrote_ || writes;
}

bool Importer::HasNews() const {
  if (cursor_ != committed_) return true;
  const bool was_verifying = earlier_ && earlier_->state() == v1::IMPORT_STATE_VERIFYING;
  return !told_ && Copied(/*writes=*/false) && !(was_verifying && !wrote_);
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
