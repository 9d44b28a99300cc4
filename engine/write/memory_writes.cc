#include "engine/write/memory_writes.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/canonical.h"
#include "engine/history.h"
#include "engine/write/runs.h"
#include "engine/write/spaces.h"
#include "engine/write/versions.h"

namespace engram {
namespace {

Status CheckVersion(std::string_view id, const std::optional<CurrentMemory>& current,
                    std::optional<uint64_t> if_version) {
  if (!if_version) return {};
  const uint64_t stored = current ? current->row.version.value : 0;
  if (stored == *if_version) return {};
  return FailedPrecondition(fmt::format("\"{}\" is at version {}, not {}", id, stored, *if_version))
      .At("if_version")
      .With("version", std::to_string(stored));
}

Status NoSuchMemory(std::string_view id) { return NotFound(fmt::format("there is no memory \"{}\"", id)).At("id"); }

// Scopes are part of what a memory is; only a new life may have others.
Status CheckScopes(const Scopes& stored, const Scopes& given) {
  const auto check = [](std::string_view name, const std::string& a, const std::string& b) -> Status {
    if (a == b) return {};
    return InvalidArgument(fmt::format("{} can't change: it is \"{}\", not \"{}\"", name, a, b)).At(std::string(name));
  };
  RETURN_IF_ERROR(check("user_id", stored.user_id, given.user_id));
  RETURN_IF_ERROR(check("agent_id", stored.agent_id, given.agent_id));
  RETURN_IF_ERROR(check("run_id", stored.run_id, given.run_id));
  RETURN_IF_ERROR(check("app_id", stored.app_id, given.app_id));
  return check("actor_id", stored.actor_id, given.actor_id);
}

// Whether a write in mode `newer` has nothing newer to say: its source version is not above the stored one. What
// was stored without a source version was written here and stays, unless the write's own update time is later.
bool IsNotNewer(const IdRow& row, const Attributes* stored, const WriteMemory& write) {
  if (row.source_version) return write.attributes.source.version.value_or(0) <= *row.source_version;
  if (!stored) return true;
  return !write.updated_at || *write.updated_at <= stored->updated_at;
}

// Same attributes, but for the times that every write sets.
bool SameAttributes(const Attributes& a, Attributes b) {
  b.created_at = a.created_at;
  b.updated_at = a.updated_at;
  return a == b;
}

OperationResult Done(std::string_view id, Version version, Outcome outcome) {
  return {std::string(id), version, outcome};
}

// Changes the state record at most. The memory's run is renewed all the same: its conversation goes on.
Result<OperationResult> KeepVersion(Transaction& tx, const std::string& id, const CurrentMemory& current,
                                    const StateRecord& state) {
  ASSIGN_OR_RETURN(const bool changed, PutState(tx, id, current, state));
  if (current.row.run) RETURN_IF_ERROR(RenewRun(tx, *current.row.run));
  return Done(id, current.row.version, changed ? Outcome::kUpdated : Outcome::kUnchanged);
}

// The live memory of the same scopes and content, when the namespace looks for it.
Result<std::optional<OperationResult>> FindDuplicate(Transaction& tx, const WriteMemory& write) {
  if (tx.head.config.deduplicate == Deduplicate::kNone || tx.takes_duplicates) return std::optional<OperationResult>();
  const Hash128 hash = DuplicateHash(write.attributes.scopes, write.content);
  const std::string with_node = keys::Duplicate(hash, NodeNumber());
  std::vector<NodeNumber> nodes;
  const auto it = tx.rows().ScanPrefix(std::string_view(with_node).substr(0, with_node.size() - 4));
  for (; it->Valid(); it->Next()) {
    ByteReader in(it->key().substr(it->key().size() - 4));
    nodes.emplace_back(in.Key32());
  }
  RETURN_IF_ERROR(it->status());
  ASSIGN_OR_RETURN(const auto ids, ReadNodeIds(tx.rows(), nodes));
  for (const std::string& id : ids) {
    ASSIGN_OR_RETURN(const auto current, FindCurrent(tx, id));
    if (!current) continue;
    if (current->row.run) RETURN_IF_ERROR(RenewRun(tx, *current->row.run));
    return std::optional<OperationResult>(Done(id, current->row.version, Outcome::kDuplicate));
  }
  return std::optional<OperationResult>();
}

Status CheckGivenVersions(const std::optional<Version>& version, const std::vector<ImportedVersion>& history) {
  const auto check = [](Version given) -> Status {
    if (given <= kGivenVersionMax) return {};
    return Unprocessable(fmt::format("version {} is more than {}", given.value, kGivenVersionMax.value)).At("version");
  };
  if (version) RETURN_IF_ERROR(check(*version));
  for (size_t i = 0; i < history.size(); ++i) {
    Status status = check(history[i].version);
    if (!status.ok()) return std::move(status).Under(fmt::format("history[{}]", i));
  }
  return {};
}

// Whether the id's own history has this version as it is given. What the policy has trimmed away is not missed.
Result<bool> IsInHistory(Transaction& tx, const std::string& id, const IdRow& row, const ImportedVersion& given) {
  ASSIGN_OR_RETURN(const auto stored, FindFormerVersion(tx.rows(), id, row.node, given.version));
  if (!stored) return tx.head.config.history_versions != kHistoryKeepAll;
  const bool ended = stored->kind == HistoryEvent::Kind::kDelete || stored->kind == HistoryEvent::Kind::kExpire;
  if (given.event != ImportedVersion::Event::kWritten) return ended && stored->time == given.attributes.updated_at;
  return !ended && stored->time == given.attributes.updated_at &&
         ContentHash(stored->memory.content) == ContentHash(given.content) &&
         SameAttributes(stored->memory.attributes, given.attributes);
}

// Stores a former version, or the end of a former life, unless the id, deleted since, has it already; true when it
// was stored. `alive`: whether another version came before it in the same life.
Result<bool> ImportVersion(Transaction& tx, const std::string& id, const ImportedVersion& given,
                           const std::optional<IdRow>& before, bool alive) {
  if (before && before->is_memory && given.version <= before->version) {
    ASSIGN_OR_RETURN(const bool same, IsInHistory(tx, id, *before, given));
    if (same) return false;
    return AlreadyExists(
               fmt::format("version {} of \"{}\" is given, but the id came to version {} before it was deleted, "
                           "and what it was at {} differs: erase it first",
                           given.version.value, id, before->version.value, given.version.value))
        .At("version")
        .With("version", std::to_string(before->version.value));
  }
  if (given.event != ImportedVersion::Event::kWritten) {
    RETURN_IF_ERROR(PutImportedEnd(tx, id, given));
    return true;
  }
  RETURN_IF_ERROR(AdmitVectors(tx, given.content, {}));
  const auto kind = alive ? HistoryEvent::Kind::kUpdate : HistoryEvent::Kind::kAdd;
  RETURN_IF_ERROR(PutImportedVersion(tx, id, kind, given));
  return true;
}

Result<OperationResult> CreateMemory(Transaction& tx, const WriteMemory& write) {
  ASSIGN_OR_RETURN(auto duplicate, FindDuplicate(tx, write));
  if (duplicate) return std::move(*duplicate);
  RETURN_IF_ERROR(EndIfDue(tx, write.id).status());
  ASSIGN_OR_RETURN(const auto before, FindId(tx.rows(), write.id));
  bool alive = false;
  for (size_t i = 0; i < write.history.size(); ++i) {
    auto imported = ImportVersion(tx, write.id, write.history[i], before, alive);
    if (!imported.ok()) return std::move(imported).status().Under(fmt::format("history[{}]", i));
    alive = *imported && write.history[i].event == ImportedVersion::Event::kWritten;
  }
  NextVersion next;
  next.content = write.content;
  next.attributes = write.attributes;
  next.attributes.created_at = write.created_at.value_or(tx.log_time());
  next.attributes.updated_at = write.updated_at.value_or(write.created_at.value_or(tx.log_time()));
  next.state = ChangedState(StateRecord(), write.state, tx.log_time());
  // A life that was deleted has used its versions up: the new one counts on from there.
  const bool is_above = !before || !before->is_memory || (write.version && *write.version > before->version);
  if (is_above) next.version = write.version;
  next.source_version = write.attributes.source.version;
  next.follows_import = alive;
  ASSIGN_OR_RETURN(const Version version, PutVersion(tx, write.id, std::nullopt, std::move(next)));
  return Done(write.id, version, Outcome::kCreated);
}

Result<OperationResult> ReplaceMemory(Transaction& tx, const WriteMemory& write, const CurrentMemory& current) {
  RETURN_IF_ERROR(CheckScopes(current.attributes.attributes.scopes, write.attributes.scopes));
  const StateRecord state = ChangedState(current.state, write.state, tx.log_time());
  const bool same_content = ContentHash(write.content) == current.row.content_hash;
  const bool same_times = (!write.created_at || *write.created_at == current.attributes.attributes.created_at) &&
                          (!write.updated_at || *write.updated_at == current.attributes.attributes.updated_at);
  if (same_content && same_times && SameAttributes(current.attributes.attributes, write.attributes)) {
    return KeepVersion(tx, write.id, current, state);
  }
  NextVersion next;
  if (!same_content) next.content = write.content;
  next.attributes = write.attributes;
  next.attributes.created_at = write.created_at.value_or(current.attributes.attributes.created_at);
  next.attributes.updated_at = write.updated_at.value_or(tx.log_time());
  next.state = state;
  if (write.version && *write.version > current.row.version) next.version = write.version;
  next.source_version = write.attributes.source.version;
  ASSIGN_OR_RETURN(const Version version, PutVersion(tx, write.id, current, std::move(next)));
  return Done(write.id, version, Outcome::kUpdated);
}

Result<Content> ReadWholeContent(Transaction& tx, const std::string& id, const CurrentMemory& current) {
  Include include;
  include.vectors = true;
  ASSIGN_OR_RETURN(Memory memory, ReadMemory(tx.rows(), id, current.row, include));
  return std::move(memory.content);
}

// Applies the content part of a patch; true when anything differs.
Result<bool> PatchContent(const PatchMemory& patch, Content* content) {
  const Content before = *content;
  if (patch.text) content->text = *patch.text;
  if (patch.clear_fields) content->fields.clear();
  if (patch.clear_vectors) {
    std::erase_if(content->vectors, [](const auto& entry) { return entry.first != kDefaultSpace; });
  }
  for (const auto& [name, text] : patch.fields) {
    if (text) {
      content->fields.insert_or_assign(name, *text);
    } else {
      content->fields.erase(name);
    }
  }
  const bool new_text = before.text != content->text || before.fields != content->fields;
  for (const auto& [space, vector] : patch.vectors) {
    if (vector) {
      content->vectors.insert_or_assign(space, *vector);
    } else {
      content->vectors.erase(space);
    }
  }
  if (new_text && !patch.keep_vectors) {
    for (const auto& [space, vector] : content->vectors) {
      if (patch.vectors.contains(space)) continue;
      return Unprocessable(fmt::format("the text changes but the vector in space \"{}\" was made from the old one: "
                                       "send the new vector, or keep_vectors: true",
                                       space))
          .At(space == kDefaultSpace ? "vector" : "vectors." + space);
    }
  }
  return *content != before;
}

void PatchSource(const SourcePatch& patch, Source* source) {
  if (patch.system) source->system = *patch.system;
  if (patch.id) source->id = *patch.id;
  if (patch.version) source->version = *patch.version;
  if (patch.batch) source->batch = *patch.batch;
}

void PatchAttributes(const PatchMemory& patch, Attributes* attributes) {
  if (patch.clear_metadata) attributes->metadata.clear();
  if (patch.metadata) MergePatch(*patch.metadata, &attributes->metadata);
  if (patch.role) attributes->role = *patch.role;
  if (patch.kind) attributes->kind = *patch.kind;
  if (patch.state) attributes->state = *patch.state;
  if (patch.event_time) attributes->event_time = *patch.event_time;
  if (patch.source) PatchSource(*patch.source, &attributes->source);
}

// Stores changed attributes (and content, where given) as a new version, or the state record alone.
Result<OperationResult> StoreChange(Transaction& tx, const std::string& id, const CurrentMemory& current,
                                    std::optional<Content> content, Attributes attributes, const StateRecord& state) {
  if (!content && attributes == current.attributes.attributes) return KeepVersion(tx, id, current, state);
  NextVersion next;
  next.content = std::move(content);
  next.attributes = std::move(attributes);
  next.attributes.updated_at = tx.log_time();
  next.state = state;
  next.source_version = next.attributes.source.version;
  ASSIGN_OR_RETURN(const Version version, PutVersion(tx, id, current, std::move(next)));
  return Done(id, version, Outcome::kUpdated);
}

bool StillMatches(const Filter* filter, std::string_view id, const CurrentMemory& current) {
  return !filter || Matches(*filter, FilterFields(id, current.attributes.attributes, current.state));
}

// The same for a memory as it is last known: live, due or deleted.
Result<bool> LastMatches(Transaction& tx, const Filter& filter, const std::string& id) {
  ASSIGN_OR_RETURN(const auto row, FindId(tx.rows(), id));
  if (!row || !row->is_memory) return false;
  ASSIGN_OR_RETURN(const auto last, ReadLastKnown(tx.rows(), *row));
  return last && Matches(filter, FilterFields(id, last->attributes, last->state));
}

}  // namespace

Result<OperationResult> ApplyWrite(Transaction& tx, const WriteMemory& write) {
  RETURN_IF_ERROR(CheckGivenVersions(write.version, write.history));
  ASSIGN_OR_RETURN(const auto current, FindCurrent(tx, write.id));
  RETURN_IF_ERROR(CheckVersion(write.id, current, write.if_version));
  if (tx.mode == WriteMode::kInsert && current) {
    return AlreadyExists(fmt::format("there is a memory \"{}\" already", write.id)).At("id");
  }
  if (tx.mode == WriteMode::kUpdate && !current) return NoSuchMemory(write.id);
  if (tx.mode == WriteMode::kNewer) {
    ASSIGN_OR_RETURN(const auto row, FindId(tx.rows(), write.id));
    const Attributes* stored = current ? &current->attributes.attributes : nullptr;
    if (row && row->is_memory && IsNotNewer(*row, stored, write))
      return Done(write.id, row->version, Outcome::kUnchanged);
  }
  RETURN_IF_ERROR(AdmitVectors(tx, write.content, write.vector_models));
  return current ? ReplaceMemory(tx, write, *current) : CreateMemory(tx, write);
}

Result<OperationResult> ApplyTombstone(Transaction& tx, const WriteTombstone& write) {
  RETURN_IF_ERROR(CheckGivenVersions(std::nullopt, write.history));
  RETURN_IF_ERROR(FindCurrent(tx, write.id).status());
  ASSIGN_OR_RETURN(const auto before, FindId(tx.rows(), write.id));
  if (before && before->is_memory) return Done(write.id, before->version, Outcome::kUnchanged);
  bool alive = false;
  for (size_t i = 0; i < write.history.size(); ++i) {
    auto imported = ImportVersion(tx, write.id, write.history[i], std::nullopt, alive);
    if (!imported.ok()) return std::move(imported).status().Under(fmt::format("history[{}]", i));
    alive = write.history[i].event == ImportedVersion::Event::kWritten;
  }
  RETURN_IF_ERROR(SealTombstone(tx, write.id, write.source_version));
  return Done(write.id, write.history.back().version, Outcome::kCreated);
}

Result<OperationResult> ApplyPatch(Transaction& tx, const PatchMemory& patch) {
  ASSIGN_OR_RETURN(const auto current, FindCurrent(tx, patch.id));
  if (!current) return NoSuchMemory(patch.id);
  RETURN_IF_ERROR(CheckVersion(patch.id, current, patch.if_version));
  std::optional<Content> content;
  if (patch.text || patch.clear_fields || !patch.fields.empty() || patch.clear_vectors || !patch.vectors.empty()) {
    ASSIGN_OR_RETURN(content, ReadWholeContent(tx, patch.id, *current));
    ASSIGN_OR_RETURN(const bool differs, PatchContent(patch, &*content));
    RETURN_IF_ERROR(AdmitVectors(tx, *content, {}));
    if (!differs) content.reset();
  }
  Attributes attributes = current->attributes.attributes;
  PatchAttributes(patch, &attributes);
  const StateRecord state = ChangedState(current->state, patch.record, tx.log_time());
  return StoreChange(tx, patch.id, *current, std::move(content), std::move(attributes), state);
}

Result<OperationResult> ApplyDelete(Transaction& tx, const DeleteMemory& deletion) {
  bool matches = true;
  if (deletion.still_matches) {  // before one that is due is ended: its state record goes with it
    ASSIGN_OR_RETURN(matches, LastMatches(tx, *deletion.still_matches, deletion.id));
  }
  ASSIGN_OR_RETURN(const auto current, FindCurrent(tx, deletion.id));
  RETURN_IF_ERROR(CheckVersion(deletion.id, current, deletion.if_version));
  if (!matches) return Done(deletion.id, current ? current->row.version : Version(), Outcome::kSkipped);
  if (deletion.erase) {
    // A tombstone has a history that an erase must take away, too.
    ASSIGN_OR_RETURN(const bool erased, EraseMemory(tx, deletion.id));
    if (!erased && deletion.must_exist) return NoSuchMemory(deletion.id);
    return Done(deletion.id, Version(), erased ? Outcome::kDeleted : Outcome::kSkipped);
  }
  if (!current) {
    if (deletion.must_exist) return NoSuchMemory(deletion.id);
    return Done(deletion.id, Version(), Outcome::kSkipped);
  }
  RETURN_IF_ERROR(EndLife(tx, deletion.id, *current, HistoryEvent::Kind::kDelete));
  return Done(deletion.id, current->row.version.Next(), Outcome::kDeleted);
}

Result<OperationResult> ApplyUpdate(Transaction& tx, const UpdateMemory& update) {
  ASSIGN_OR_RETURN(const auto current, FindCurrent(tx, update.id));
  if (!current || !StillMatches(update.still_matches.get(), update.id, *current))
    return Done(update.id, Version(), Outcome::kSkipped);
  const AttributeChange& wanted = *update.change;
  Attributes attributes = current->attributes.attributes;
  StateChange change;
  if (wanted.replace_metadata) attributes.metadata = *wanted.replace_metadata;
  for (const std::string& path : wanted.unset) RETURN_IF_ERROR(SetPath(path, Value(), &attributes, &change));
  for (const auto& [path, value] : wanted.set) RETURN_IF_ERROR(SetPath(path, value, &attributes, &change));
  const StateRecord state = ChangedState(current->state, change, tx.log_time());
  return StoreChange(tx, update.id, *current, std::nullopt, std::move(attributes), state);
}

Result<OperationResult> ApplyFeedback(Transaction& tx, const Feedback& feedback) {
  if (!(feedback.weight > 0 && feedback.weight <= kFeedbackWeightMax)) {
    return InvalidArgument(
               fmt::format("weight {} is not a number above 0 and at most {}", feedback.weight, kFeedbackWeightMax))
        .At("weight");
  }
  ASSIGN_OR_RETURN(const auto current, FindCurrent(tx, feedback.id));
  if (!current) return NoSuchMemory(feedback.id);
  StateRecord state = current->state;
  double* sum = nullptr;
  switch (feedback.signal) {
    case Feedback::Signal::kUsed: sum = &state.used; break;
    case Feedback::Signal::kHelpful: sum = &state.helpful; break;
    case Feedback::Signal::kHarmful: sum = &state.harmful; break;
  }
  *sum = std::min(*sum + feedback.weight, kFeedbackSumMax);
  return KeepVersion(tx, feedback.id, *current, state);
}

Result<OperationResult> ApplyTouch(Transaction& tx, const Touch& touch) {
  ASSIGN_OR_RETURN(const auto current, FindCurrent(tx, touch.id));
  if (!current || !current->state.refresh_ttl_on_read) return Done(touch.id, Version(), Outcome::kSkipped);
  StateRecord state = current->state;
  state.access_count += touch.reads;
  state.last_access = tx.log_time();
  if (state.ttl_seconds) {
    StateChange renewed;
    renewed.ttl_seconds = state.ttl_seconds;
    state = ChangedState(state, renewed, tx.log_time());
  }
  RETURN_IF_ERROR(PutState(tx, touch.id, *current, state).status());
  return Done(touch.id, current->row.version, Outcome::kUpdated);
}

}  // namespace engram
