#include "tools/import/push_back.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "tools/import/record_diff.h"
#include "tools/import/revision.h"

namespace engram {
namespace {

constexpr size_t kPlacesMax = 1'000;
constexpr int kPlacesKept = 20;  // in the store
constexpr int64_t kSecond = 1'000'000;

// What of a memory may stay behind.
constexpr const char* kLeavable[] = {"fields",     "metadata", "user_id", "agent_id", "run_id",     "app_id",
                                     "actor_id",   "role",     "kind",    "state",    "event_time", "expires_at",
                                     "importance", "pinned",   "vector",  "vectors"};

int64_t MicrosOf(const google::protobuf::Timestamp& time) { return time.seconds() * kSecond + time.nanos() / 1'000; }

enum class Outcome : uint8_t { kNothing, kWritten, kDeleted };

struct Entry {
  size_t number = 0;  // among the changes
  bool ended = false;
  v1::Memory memory;  // of one that ended: its id, and events, the last one its end
};

class Pusher {
 public:
  Pusher(Client& client, NamespaceChanges& changes, PushTarget& target, const PushOptions& options, Progress& progress)
      : client_(client),
        changes_(changes),
        target_(target),
        options_(options),
        progress_(progress),
        system_(target.Describe().system),
        outcomes_(changes.size()) {
    if (!target.Describe().normalises_cosine) return;
    for (const auto& [name, space] : target.config().vectors()) {
      const bool dense = space.type() != v1::VECTOR_TYPE_SPARSE && space.type() != v1::VECTOR_TYPE_MULTI;
      if (dense && space.metric() == v1::METRIC_COSINE) rules_.cosine_spaces.push_back(name);
    }
  }

  Result<PushReport> Run() {
    result().set_changed(changes_.size());
    result().set_erased(changes_.erased());
    RETURN_IF_ERROR(ForEachBatch([this](std::vector<Entry>& batch) { return Push(batch); }));
    if (!options_.dry_run) {
      RETURN_IF_ERROR(ForEachBatch([this](std::vector<Entry>& batch) { return Verify(batch); }));
    }
    progress_.Finish();
    result().set_complete(!options_.dry_run && report_.unmatched() == 0);
    return std::move(report_);
  }

 private:
  v1::ImportPushBack& result() { return report_.result; }

  void Place(const char* what, const std::string& id, const std::string& why) {
    std::string place = fmt::format("{}, \"{}\": {}", what, id, why);
    if (result().places_size() < kPlacesKept) result().add_places(place);
    if (report_.places.size() < kPlacesMax) report_.places.push_back(std::move(place));
  }

  Status ForEachBatch(const std::function<Status(std::vector<Entry>& batch)>& work) {
    std::vector<Entry> batch;
    RETURN_IF_ERROR(changes_.ForEach([&](size_t number, RecordItem item) -> Status {
      Entry& entry = batch.emplace_back();
      entry.number = number;
      auto* const tombstone = std::get_if<Tombstone>(&item);
      entry.ended = tombstone != nullptr;
      entry.memory = std::move(entry.ended ? tombstone->memory : std::get<v1::Memory>(item));
      if (!entry.ended) LeaveOut(&entry.memory);
      if (batch.size() < options_.batch) return {};
      Status status = work(batch);
      batch.clear();
      return status;
    }));
    return batch.empty() ? Status() : work(batch);
  }

  void LeaveOut(v1::Memory* memory) const {
    const auto* type = v1::Memory::descriptor();
    for (const std::string& name : options_.leave_out) {
      v1::Memory::GetReflection()->ClearField(memory, type->FindFieldByName(name));
      if (name == "expires_at") memory->clear_ttl_seconds();
    }
  }

  // --- One batch.

  Status Push(std::vector<Entry>& batch) {
    RETURN_IF_ERROR(target_.Begin(options_.dry_run ? PushTarget::Access::kRead : PushTarget::Access::kWrite));
    Status status = PushAll(batch);
    if (status.ok()) status = target_.Commit();
    if (!status.ok()) {
      target_.Abandon();
      return status;
    }
    done_ += batch.size();
    progress_.Update(done_, static_cast<double>(done_) / static_cast<double>(changes_.size()));
    return {};
  }

  Status PushAll(std::vector<Entry>& batch) {
    ASSIGN_OR_RETURN(const auto found, FindAll(batch));
    for (const Entry& entry : batch) {
      const auto at = found.find(entry.memory.id());
      const SourceRecord* there = at == found.end() ? nullptr : &at->second;
      RETURN_IF_ERROR(entry.ended ? PushEnd(entry, there) : PushMemory(entry, there));
    }
    return {};
  }

  Result<std::map<std::string, SourceRecord>> FindAll(const std::vector<Entry>& batch) {
    std::vector<std::string> ids;
    for (const Entry& entry : batch) ids.push_back(entry.memory.id());
    return target_.Find(ids);
  }

  Status PushMemory(const Entry& entry, const SourceRecord* there) {
    const v1::Memory& memory = entry.memory;
    if (there != nullptr && !there->problem.ok()) return Conflict(memory.id(), Unreadable(*there));
    const auto rehearsed = target_.Rehearse(memory, there);
    if (!rehearsed.ok()) return RefuseOrFail(memory.id(), rehearsed.status());
    if (const Status lost = CheckExpressed(memory, *rehearsed); !lost.ok()) return RefuseOrFail(memory.id(), lost);
    bool conflict = false;
    if (there != nullptr) {
      const v1::Memory& record = std::get<v1::Memory>(there->item);
      if (Differences(record, *rehearsed).empty()) {
        result().set_settled(result().settled() + 1);
        return {};
      }
      ASSIGN_OR_RETURN(const bool known, WasHere(record, &memory, there));
      conflict = !known;
    } else {
      ASSIGN_OR_RETURN(conflict, CameFromThere(memory));
    }
    if (conflict && !options_.overwrite) {
      return Conflict(memory.id(), there != nullptr ? "written there, too, since it was imported or pushed back"
                                                    : "deleted there since it was imported");
    }
    if (!options_.dry_run) {
      RETURN_IF_ERROR(EnsureReady());
      const Status written = target_.Write(memory, there);
      if (!written.ok()) return RefuseOrFail(memory.id(), written);
    }
    outcomes_[entry.number] = Outcome::kWritten;
    if (conflict) result().set_overwritten(result().overwritten() + 1);
    if (there == nullptr) {
      result().set_created(result().created() + 1);
    } else {
      result().set_updated(result().updated() + 1);
    }
    return {};
  }

  Status PushEnd(const Entry& entry, const SourceRecord* there) {
    const std::string& id = entry.memory.id();
    if (there == nullptr) {
      result().set_settled(result().settled() + 1);
      return {};
    }
    if (!there->problem.ok()) return Conflict(id, Unreadable(*there));
    const v1::Memory& record = std::get<v1::Memory>(there->item);
    const bool expired = !entry.memory.history().empty() && entry.memory.history().rbegin()->event() == "expire";
    const bool says_when = record.has_expires_at() && MicrosOf(record.expires_at()) <= Clock::Real().Now().micros;
    if (expired && says_when) {
      result().set_expired(result().expired() + 1);
      return {};
    }
    ASSIGN_OR_RETURN(const bool known, WasHere(record, nullptr, there, id));
    if (!known && !options_.overwrite) {
      return Conflict(id, "deleted here, and written there since it was imported or pushed back");
    }
    if (!options_.dry_run) {
      RETURN_IF_ERROR(EnsureReady());
      const Status deleted = target_.Delete(id);
      if (!deleted.ok()) return RefuseOrFail(id, deleted);
    }
    outcomes_[entry.number] = Outcome::kDeleted;
    if (!known) result().set_overwritten(result().overwritten() + 1);
    result().set_deleted(result().deleted() + 1);
    return {};
  }

  Status EnsureReady() {
    if (std::exchange(ready_, true) || !options_.before_write) return {};
    return options_.before_write();
  }

  static std::string Unreadable(const SourceRecord& there) {
    return fmt::format("what is there can't be read: {}{}{}", there.problem.field(),
                       there.problem.field().empty() ? "" : ": ", there.problem.message());
  }

  Status Conflict(const std::string& id, const std::string& why) {
    result().set_conflicts(result().conflicts() + 1);
    Place("conflict", id, why);
    return {};
  }

  // What is wrong with one record does not end the run.
  Status RefuseOrFail(const std::string& id, const Status& why) {
    const bool about_record =
        why.code() == StatusCode::kInvalidArgument || why.code() == StatusCode::kFailedPrecondition;
    if (!about_record) return why;
    result().set_refused(result().refused() + 1);
    Place("refused", id, why.field().empty() ? why.message() : fmt::format("{}: {}", why.field(), why.message()));
    return {};
  }

  // --- Comparing.

  // Of two records that the target's reader has made.
  std::vector<std::string> Differences(const v1::Memory& record, v1::Memory other) const {
    *other.mutable_source() = record.source();
    for (const bool forth : {true, false}) {
      const auto compared = forth ? CompareRecord(record, other, rules_) : CompareRecord(other, record, rules_);
      if (!compared.ok()) return {compared.status().message()};
      if (!compared->differences.empty()) return compared->differences;
    }
    return {};
  }

  // Whether `rehearsed` says all that `memory` does. Times may be cut to what the target tells them by; when a memory
  // was made and changed are the store's own times.
  static Status CheckExpressed(const v1::Memory& memory, const v1::Memory& rehearsed) {
    if (memory.id() != rehearsed.id()) {
      return InvalidArgument(fmt::format("it would be \"{}\" there", rehearsed.id())).At("id");
    }
    v1::Memory said = memory;
    *said.mutable_source() = rehearsed.source();
    if (rehearsed.has_created_at()) *said.mutable_created_at() = rehearsed.created_at();
    if (rehearsed.has_updated_at()) *said.mutable_updated_at() = rehearsed.updated_at();
    const auto cut = [](const google::protobuf::Timestamp& there, const google::protobuf::Timestamp& here) {
      const int64_t lost = MicrosOf(here) - MicrosOf(there);
      return lost >= 0 && lost < kSecond;
    };
    const bool takes_event_time =
        rehearsed.has_event_time() && (!memory.has_event_time() || cut(rehearsed.event_time(), memory.event_time()));
    if (takes_event_time) *said.mutable_event_time() = rehearsed.event_time();
    if (memory.has_expires_at() && rehearsed.has_expires_at() && cut(rehearsed.expires_at(), memory.expires_at())) {
      *said.mutable_expires_at() = rehearsed.expires_at();
    }
    said.clear_ttl_seconds();  // what it has come to stands in expires_at
    // Where a field can't be absent, an empty one stands for it.
    for (const auto& [name, text] : rehearsed.fields()) {
      if (text.empty()) said.mutable_fields()->insert({name, text});
    }
    ASSIGN_OR_RETURN(const RecordComparison compared, CompareRecord(rehearsed, said, CompareRules()));
    const auto no_place = [](const std::string& difference) {
      const size_t end = std::min(difference.find(": "), difference.size());
      return InvalidArgument("the source has no place for it as it is here").At(difference.substr(0, end));
    };
    if (!compared.differences.empty()) return no_place(compared.differences.front());
    if (memory.pinned() && !rehearsed.pinned()) return no_place("pinned");
    const bool same_importance = rehearsed.has_importance() && rehearsed.importance() == memory.importance();
    if (memory.has_importance() && !same_importance) return no_place("importance");
    return {};
  }

  Result<v1::HistoryReply> HistoryOf(const std::string& id) {
    auto history = client_.GetHistory(options_.namespace_name, id);
    if (!history.ok() && history.status().code() == StatusCode::kNotFound) return v1::HistoryReply();
    return history;
  }

  bool IsSource(const v1::Source& source) const { return source.system() == system_; }

  bool SameFingerprint(const v1::Memory& record, const v1::Memory& version) const {
    return IsSource(version.source()) && version.source().has_version() && record.source().has_version() &&
           SameRecord(version.source().version(), record.source().version());
  }

  Result<bool> WasHere(const v1::Memory& record, const v1::Memory* current, const SourceRecord* there,
                       const std::string& id = {}) {
    if (current != nullptr && SameFingerprint(record, *current)) return true;
    ASSIGN_OR_RETURN(const v1::HistoryReply history, HistoryOf(current != nullptr ? current->id() : id));
    for (const v1::HistoryEvent& event : history.events()) {
      if (!event.has_memory()) continue;
      if (SameFingerprint(record, event.memory())) return true;
      v1::Memory version = event.memory();
      version.set_id(record.id());
      // Versions know nothing of the state record. What is there now counts; after the end nobody knows any more.
      const v1::Memory& state = current != nullptr ? *current : record;
      if (state.has_expires_at()) *version.mutable_expires_at() = state.expires_at();
      if (state.has_importance()) version.set_importance(state.importance());
      if (state.has_pinned()) version.set_pinned(state.pinned());
      LeaveOut(&version);
      const auto rehearsed = target_.Rehearse(version, there);
      if (rehearsed.ok() && Differences(record, *rehearsed).empty()) return true;
    }
    return false;
  }

  Result<bool> CameFromThere(const v1::Memory& memory) {
    if (IsSource(memory.source())) return true;
    if (memory.version() <= 1) return false;
    ASSIGN_OR_RETURN(const v1::HistoryReply history, HistoryOf(memory.id()));
    return std::any_of(history.events().begin(), history.events().end(),
                       [this](const v1::HistoryEvent& event) { return IsSource(event.memory().source()); });
  }

  // --- Reading back.

  Status Verify(std::vector<Entry>& batch) {
    std::erase_if(batch, [this](const Entry& entry) { return outcomes_[entry.number] == Outcome::kNothing; });
    if (batch.empty()) return {};
    RETURN_IF_ERROR(target_.Begin(PushTarget::Access::kRead));
    Status status = VerifyAll(batch);
    target_.Abandon();
    return status;
  }

  Status VerifyAll(const std::vector<Entry>& batch) {
    ASSIGN_OR_RETURN(const auto found, FindAll(batch));
    for (const Entry& entry : batch) {
      const auto at = found.find(entry.memory.id());
      std::string wrong;
      if (outcomes_[entry.number] == Outcome::kDeleted) {
        if (at != found.end()) wrong = "still there";
      } else if (at == found.end()) {
        wrong = "not there";
      } else if (!at->second.problem.ok()) {
        wrong = Unreadable(at->second);
      } else {
        ASSIGN_OR_RETURN(const v1::Memory wanted, target_.Rehearse(entry.memory, &at->second));
        const auto differences = Differences(std::get<v1::Memory>(at->second.item), wanted);
        if (!differences.empty()) wrong = differences.front();
      }
      if (wrong.empty()) {
        result().set_verified(result().verified() + 1);
      } else {
        result().set_mismatched(result().mismatched() + 1);
        Place("read back otherwise", entry.memory.id(), wrong);
      }
    }
    return {};
  }

  Client& client_;
  NamespaceChanges& changes_;
  PushTarget& target_;
  const PushOptions& options_;
  Progress& progress_;
  const std::string system_;
  CompareRules rules_;
  std::vector<Outcome> outcomes_;  // by number
  bool ready_ = false;
  size_t done_ = 0;
  PushReport report_;
};

}  // namespace

Result<PushReport> PushBack(Client& client, NamespaceChanges& changes, PushTarget& target, const PushOptions& options,
                            Progress& progress) {
  return Pusher(client, changes, target, options, progress).Run();
}

Status CheckLeaveOut(const std::vector<std::string>& fields) {
  for (const std::string& field : fields) {
    const bool known =
        std::any_of(std::begin(kLeavable), std::end(kLeavable), [&](const char* name) { return field == name; });
    if (known) continue;
    std::string all;
    for (const char* name : kLeavable) all += (all.empty() ? "" : ", ") + std::string(name);
    return InvalidArgument(fmt::format("--leave-out {}: one of {}", field, all));
  }
  return {};
}

}  // namespace engram
