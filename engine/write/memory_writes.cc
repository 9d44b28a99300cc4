#include "engine/write/memory_writes.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/canonical.h"
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
  if (tx.head.config.deduplicate == Deduplicate::kNone) return std::optional<OperationResult>();
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

Result<OperationResult> CreateMemory(Transaction& tx, const WriteMemory& write) {
  ASSIGN_OR_RETURN(auto duplicate, FindDuplicate(tx, write));
  if (duplicate) return std::move(*duplicate);
  bool alive = false;
  for (size_t i = 0; i < write.history.size(); ++i) {
    const ImportedVersion& version = write.history[i];
    const bool written = version.event == ImportedVersion::Event::kWritten;
    const auto kind = alive ? HistoryEvent::Kind::kUpdate : HistoryEvent::Kind::kAdd;
    Status status = written ? PutImportedVersion(tx, write.id, kind, version) : PutImportedEnd(tx, write.id, version);
    if (!status.ok()) return std::move(status).Under(fmt::format("history[{}]", i));
    alive = written;
  }
  NextVersion next;
  next.content = write.content;
  next.attributes = write.attributes;
  next.attributes.created_at = write.created_at.value_or(tx.log_time());
  next.attributes.updated_at = write.updated_at.value_or(write.created_at.value_or(tx.log_time()));
  next.state = ChangedState(StateRecord(), write.state, tx.log_time());
  next.version = write.version;
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

void PatchAttributes(const PatchMemory& patch, Attributes* attributes) {
  if (patch.metadata) MergePatch(*patch.metadata, &attributes->metadata);
  if (patch.role) attributes->role = *patch.role;
  if (patch.kind) attributes->kind = *patch.kind;
  if (patch.state) attributes->state = *patch.state;
  if (patch.event_time) attributes->event_time = *patch.event_time;
  if (patch.source) attributes->source = *patch.source;
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

bool StillMatches(const std::optional<Filter>& filter, std::string_view id, const CurrentMemory& current) {
  return !filter || Matches(*filter, FilterFields(id, current.attributes.attributes, current.state));
}

}  // namespace

Result<OperationResult> ApplyWrite(Transaction& tx, const WriteMemory& write) {
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

Result<OperationResult> ApplyPatch(Transaction& tx, const PatchMemory& patch) {
  ASSIGN_OR_RETURN(const auto current, FindCurrent(tx, patch.id));
  if (!current) return NoSuchMemory(patch.id);
  RETURN_IF_ERROR(CheckVersion(patch.id, current, patch.if_version));
  std::optional<Content> content;
  if (patch.text || !patch.fields.empty() || !patch.vectors.empty()) {
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
  ASSIGN_OR_RETURN(const auto current, FindCurrent(tx, deletion.id));
  RETURN_IF_ERROR(CheckVersion(deletion.id, current, deletion.if_version));
  if (current && !StillMatches(deletion.still_matches, deletion.id, *current)) {
    return Done(deletion.id, current->row.version, Outcome::kSkipped);
  }
  if (deletion.erase && !(deletion.still_matches && !current)) {
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
  if (!current || !StillMatches(update.still_matches, update.id, *current))
    return Done(update.id, Version(), Outcome::kSkipped);
  Attributes attributes = current->attributes.attributes;
  StateChange change;
  if (update.replace_metadata) attributes.metadata = *update.replace_metadata;
  for (const std::string& path : update.unset) RETURN_IF_ERROR(SetPath(path, Value(), &attributes, &change));
  for (const auto& [path, value] : update.set) RETURN_IF_ERROR(SetPath(path, value, &attributes, &change));
  const StateRecord state = ChangedState(current->state, change, tx.log_time());
  return StoreChange(tx, update.id, *current, std::nullopt, std::move(attributes), state);
}

Result<OperationResult> ApplyFeedback(Transaction& tx, const Feedback& feedback) {
  ASSIGN_OR_RETURN(const auto current, FindCurrent(tx, feedback.id));
  if (!current) return NoSuchMemory(feedback.id);
  StateRecord state = current->state;
  switch (feedback.signal) {
    case Feedback::Signal::kUsed: state.used += feedback.weight; break;
    case Feedback::Signal::kHelpful: state.helpful += feedback.weight; break;
    case Feedback::Signal::kHarmful: state.harmful += feedback.weight; break;
  }
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
