#include "tools/import/import_lane.h"

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

ImportLane::ImportLane(const Shared& shared, ImportOptions options)
    : shared_(shared), options_(std::move(options)), batch_(options_.batch) {
  summary_.import_id = options_.import_id;
}

Status ImportLane::Begin(std::optional<v1::ImportProgress> earlier, const std::string& start) {
  earlier_ = std::move(earlier);
  if (earlier_ && earlier_->state() == v1::IMPORT_STATE_ROLLING_BACK) {
    return FailedPrecondition(
        fmt::format("import {} is being rolled back: run `engram migrate rollback {}--namespace {} --import {}` again "
                    "until that is done",
                    summary_.import_id, shared_.tenant.empty() ? "" : fmt::format("--tenant {} ", shared_.tenant),
                    options_.namespace_name, summary_.import_id));
  }
  if (earlier_ && earlier_->state() == v1::IMPORT_STATE_ROLLED_BACK) earlier_.reset();
  begun_ = earlier_ && earlier_->state() != v1::IMPORT_STATE_PLANNED;
  if (earlier_ && !options_.restart) committed_ = earlier_->cursor();
  if (committed_.empty()) committed_ = start;
  cursor_ = start;
  return {};
}

void ImportLane::Resume() {
  summary_.resumed = true;
  summary_.rejected_before = earlier_->rejects();
  shared_.rejects->AddEarlier(summary_.rejected_before);
  reasons_.Load(earlier_->reasons());
}

Status ImportLane::DemandBackup(const v1::Namespace& described) const {
  return FailedPrecondition(fmt::format(
      "namespace {} has {} memories, {} nodes and {} edges already: give --backup DIR, a folder to be made that they "
      "are kept in first, so that a rollback can bring back what this import overwrites; or --no-backup to go without",
      described.name(), described.counts().memories(), described.counts().nodes(), described.counts().edges()));
}

Status ImportLane::EnsureBegun() {
  if (begun_) return {};
  const auto described = shared_.client->DescribeNamespace(options_.namespace_name);
  if (!described.ok() && described.status().code() != StatusCode::kNotFound) return described.status();
  const bool holds_any = described.ok() && (described->counts().memories() > 0 || described->counts().nodes() > 0 ||
                                            described->counts().edges() > 0);
  if (holds_any && !options_.back_up && !options_.no_backup) return DemandBackup(*described);
  v1::ImportProgress planned;
  planned.set_state(v1::IMPORT_STATE_PLANNED);
  *planned.mutable_source() = Origin();
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

v1::ImportSource ImportLane::Origin() const {
  v1::ImportSource origin;
  origin.set_system(shared_.source.system);
  origin.set_origin(shared_.source.origin);
  origin.set_options(options_.origin_options);
  return origin;
}

Status ImportLane::WriteProgress(v1::ImportProgress progress) {
  v1::WriteRequest request;
  progress.set_id(summary_.import_id);
  *request.mutable_import() = std::move(progress);
  return shared_.client->Write(options_.namespace_name, request).status();
}

v1::ImportProgress ImportLane::CurrentProgress() const {
  v1::ImportProgress progress;
  progress.set_id(summary_.import_id);
  progress.set_cursor(cursor_);
  progress.set_rejects(summary_.rejected_before + summary_.rejected);
  v1::ImportTally tally;
  if (earlier_ && summary_.resumed) tally = earlier_->tally();
  tally.set_read(tally.read() + summary_.records);
  tally.set_settled(tally.settled() + summary_.settled);
  tally.set_gone(tally.gone() + summary_.gone);
  tally.set_unrouted(summary_.unrouted);
  const auto took = std::chrono::steady_clock::now() - started_;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  tally.set_milliseconds((earlier_ ? earlier_->tally().milliseconds() : 0) + static_cast<uint64_t>(ms));
  *progress.mutable_tally() = std::move(tally);
  *progress.mutable_reasons() = reasons_.rejects();
  if (shared_.routed) *progress.mutable_source() = Origin();
  return progress;
}

void ImportLane::KeepSample(const v1::Memory& memory) {
  if (options_.sample == 0) return;
  const uint64_t hash = HashBytes64(memory.id());
  if (sample_.size() == options_.sample && hash >= sample_.rbegin()->first) return;
  sample_[hash] = memory;
  if (sample_.size() > options_.sample) sample_.erase(std::prev(sample_.end()));
}

Status ImportLane::Add(SourceRecord record, const std::string& cursor_before) {
  if (record.problem.ok() && options_.dry_run) record.problem = CheckRecord(record.item);
  if (!record.problem.ok()) {
    if (shared_.rejects->ends_run()) RETURN_IF_ERROR(Commit(cursor_before));
    return Reject(record, record.problem);
  }
  if (const auto* memory = std::get_if<v1::Memory>(&record.item)) KeepSample(*memory);
  batch_.Add(std::move(record));
  return {};
}

Status ImportLane::AddConfig(SourceRecord record) {
  Status status;
  if (options_.dry_run) status = CheckRecord(record.item);
  if (status.ok()) status = TakeConfig(std::get<v1::NamespaceConfig>(record.item));
  if (status.ok()) return {};
  return BlamesItem(status.code()) ? Reject(record, status) : status;
}

Status ImportLane::TakeConfig(v1::NamespaceConfig config) {
  if (shared_.client == nullptr) return {};
  const auto described = shared_.client->DescribeNamespace(options_.namespace_name);
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
  return shared_.client->PutNamespace(options_.namespace_name, config).status();
}

Status ImportLane::FindDeleted(const std::map<std::string, const v1::Memory*>& stored, std::set<std::string>* deleted) {
  for (const std::string& id : batch_.MemoryIds()) {
    if (stored.count(id) != 0) continue;
    ASSIGN_OR_RETURN(const std::string ended, HowItEnded(*shared_.client, options_.namespace_name, id));
    if (!ended.empty()) deleted->insert(id);
  }
  return {};
}

Status ImportLane::FindGone(const std::map<std::string, const v1::Memory*>& stored, std::set<std::string>* gone) {
  v1::ListImportedRequest request;
  request.set_id(summary_.import_id);
  for (std::string& id : batch_.MemoryIds()) {
    if (stored.count(id) == 0) request.add_memory_ids(std::move(id));
  }
  if (request.memory_ids_size() == 0) return {};
  ASSIGN_OR_RETURN(const v1::ListImportedReply reply, shared_.client->ListImported(options_.namespace_name, request));
  for (const v1::ImportedItem& item : reply.items()) {
    // Gone, or back since the look that missed it, by somebody's hand: the write must not go over that unseen.
    if ((item.now() == "gone" || item.now() == "changed") && !item.id().empty()) gone->insert(item.id());
  }
  return {};
}

Result<v1::ListReply> ImportLane::FindHidden(const std::map<std::string, const v1::Memory*>& stored) {
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
  auto reply = shared_.client->ListMemories(options_.namespace_name, request);
  if (!reply.ok() && reply.status().code() == StatusCode::kNotFound) return v1::ListReply();
  return reply;
}

Status ImportLane::DropSettled() {
  v1::GetRequest request;
  for (std::string& id : batch_.MemoryIds()) request.add_ids(std::move(id));
  if (request.ids_size() == 0) return {};
  request.add_include("source");
  const auto reply = shared_.client->GetMemories(options_.namespace_name, request);
  if (!reply.ok() && reply.status().code() != StatusCode::kNotFound) return reply.status();
  std::map<std::string, const v1::Memory*> stored;
  if (reply.ok()) {
    for (const v1::Memory& memory : reply->memories()) stored[memory.id()] = &memory;
  }
  ASSIGN_OR_RETURN(const v1::ListReply hidden, FindHidden(stored));
  for (const v1::Memory& memory : hidden.memories()) stored[memory.id()] = &memory;
  std::set<std::string> deleted;
  if (options_.restart) {
    RETURN_IF_ERROR(FindDeleted(stored, &deleted));  // otherwise `seen` tells, and erased ones, too
  } else if (earlier_) {
    RETURN_IF_ERROR(FindGone(stored, &deleted));
  }
  batch_.RemoveMemories([&](v1::Memory* memory, bool seen) {
    const auto found = stored.find(memory->id());
    if (found == stored.end()) {
      // With a precondition it was there a moment ago.
      const bool gone = seen || memory->has_if_version() || deleted.count(memory->id()) != 0;
      if (gone) ++summary_.gone;
      return gone;
    }
    const v1::Source& source = found->second->source();
    const uint64_t version = memory->source().version();
    // Without a number it is no import's: somebody else wrote it here.
    if (source.has_version() && !SameRecord(source.version(), version)) {
      memory->mutable_source()->set_version(NextRevision(source.version(), version));
      // Nobody may write or delete it between this look and the write: its number is above all they know.
      if (found->second->has_version()) memory->set_if_version(found->second->version());
      return false;
    }
    ++summary_.memories;
    ++summary_.unchanged;
    ++summary_.settled;
    return true;
  });
  return {};
}

Status ImportLane::Reject(const SourceRecord& record, const Status& why) {
  ++summary_.rejected;
  reasons_.Add(record.place, why);
  const Destination where{shared_.tenant, options_.namespace_name};
  Status status = shared_.rejects->Take(record, why, shared_.routed ? where : Destination());
  summary_.stopped_by_record = shared_.rejects->stopped_by_record();
  return status;
}

Status ImportLane::Commit(const std::string& cursor) {
  cursor_ = cursor;
  return Flush(/*last=*/false);
}

Status ImportLane::Finish(const std::string& cursor, bool complete) {
  cursor_ = cursor;
  summary_.complete = complete;
  RETURN_IF_ERROR(Flush(/*last=*/true));
  for (auto& [hash, memory] : sample_) summary_.sample.push_back(std::move(memory));
  return {};
}

void ImportLane::CountOthers(const v1::WriteRequest& request) {
  for (const v1::Edge& edge : request.edges()) ++(edge.has_retired_at() ? summary_.retired_edges : summary_.edges);
  summary_.nodes += static_cast<uint64_t>(request.nodes_size());
  summary_.runs += static_cast<uint64_t>(request.runs_size());
  summary_.tombstones += static_cast<uint64_t>(request.tombstones_size());
  for (const v1::Memory& dead : request.tombstones()) {
    summary_.tombstone_versions += static_cast<uint64_t>(dead.history_size());
  }
}

Status ImportLane::Flush(bool last) {
  if (options_.dry_run) {
    const v1::WriteRequest request = batch_.Request();
    summary_.memories += static_cast<uint64_t>(request.memories_size());
    CountOthers(request);
    batch_.Clear();
    return {};
  }
  if (options_.newer) RETURN_IF_ERROR(DropSettled());
  if (last || !batch_.empty()) RETURN_IF_ERROR(EnsureBegun());
  while (!batch_.empty() || (last && HasNews())) {
    RETURN_IF_ERROR(shared_.rejects->Flush());
    v1::WriteRequest request = batch_.Request();
    if (options_.newer) request.set_mode(v1::WRITE_MODE_NEWER);
    *request.mutable_import() = CurrentProgress();
    const bool writes = !batch_.empty();
    if (last && Copied(writes)) request.mutable_import()->set_state(v1::IMPORT_STATE_VERIFYING);
    const auto reply = shared_.client->Write(options_.namespace_name, request);
    if (reply.ok()) {
      CountOthers(request);
      Count(*reply);
      batch_.Clear();
      committed_ = cursor_;
      wrote_ = wrote_ || writes;
      told_ = last;
      break;
    }
    if (options_.newer && reply.status().code() == StatusCode::kFailedPrecondition &&
        reply.status().field().ends_with(".if_version")) {
      RETURN_IF_ERROR(DropSettled());  // somebody came between: look again
      continue;
    }
    const auto blamed = BlamesItem(reply.status().code()) ? batch_.TakeBlamed(reply.status().field()) : std::nullopt;
    if (!blamed) return reply.status();
    RETURN_IF_ERROR(Reject(*blamed, reply.status()));
  }
  return {};
}

bool ImportLane::Copied(bool writes) const {
  if (!summary_.complete) return false;
  const bool was_done = earlier_ && earlier_->state() == v1::IMPORT_STATE_DONE;
  return !was_done || wrote_ || writes;
}

bool ImportLane::HasNews() const {
  if (cursor_ != committed_) return true;
  // A mapping that was changed routes otherwise from now on, and the row says so.
  const bool restated = shared_.routed && earlier_ && earlier_->source().options() != options_.origin_options;
  if (restated && !told_) return true;
  const bool was_verifying = earlier_ && earlier_->state() == v1::IMPORT_STATE_VERIFYING;
  return !told_ && Copied(/*writes=*/false) && !(was_verifying && !wrote_);
}

void ImportLane::Count(const v1::WriteReply& reply) {
  summary_.memories += static_cast<uint64_t>(reply.results_size());
  for (const v1::WriteResult& result : reply.results()) {
    if (result.outcome() == "created") ++summary_.created;
    if (result.outcome() == "updated") ++summary_.updated;
    if (result.outcome() == "unchanged") ++summary_.unchanged;
    if (result.outcome() == "duplicate") ++summary_.duplicates;
  }
}

}  // namespace engram
