#include "tests/engine/model/twin_writer.h"

#include <algorithm>
#include <cmath>

namespace engram::model {
namespace {

// RFC 7396, written again.
Value Merged(const Value& target, const Value& patch) {
  if (patch.kind() != Value::Kind::kObject) return patch;
  Value::Object merged;
  if (target.kind() == Value::Kind::kObject) merged = target.as_object();
  for (const auto& [name, value] : patch.as_object()) {
    if (value.is_null()) {
      merged.erase(name);
      continue;
    }
    const auto at = merged.find(name);
    merged[name] = Merged(at == merged.end() ? Value() : at->second, value);
  }
  return merged;
}

// The paths that the generator writes: metadata.a, metadata.a.b, kind, pinned, importance, state.
void SetPath(const std::string& path, const Value& value, Attributes* attributes, StateRecord* state) {
  if (path.starts_with("metadata.")) {
    Value::Object* object = &attributes->metadata;
    std::string name = path.substr(9);
    if (const size_t dot = name.find('.'); dot != std::string::npos) {
      const std::string outer = name.substr(0, dot);
      name = name.substr(dot + 1);
      const auto at = object->find(outer);
      const bool is_object = at != object->end() && at->second.kind() == Value::Kind::kObject;
      if (!is_object && value.is_null()) return;
      if (!is_object) (*object)[outer] = Value(Value::Object());
      object = &(*object)[outer].as_object();
    }
    if (value.is_null()) {
      object->erase(name);
    } else {
      (*object)[name] = value;
    }
  } else if (path == "kind") {
    attributes->kind = value.is_null() ? "" : value.as_string();
  } else if (path == "pinned") {
    if (value.kind() != Value::Kind::kBool) throw Refusal{StatusCode::kInvalidArgument};
    state->pinned = value.as_bool();
  } else if (path == "importance") {
    state->importance.reset();
    if (!value.is_null()) state->importance = value.as_double();
  } else if (path == "state") {
    for (const MemoryState s : {MemoryState::kActive, MemoryState::kArchived, MemoryState::kPaused}) {
      if (MemoryStateName(s) == value.as_string()) attributes->state = s;
    }
  } else {
    throw Refusal{StatusCode::kInvalidArgument};
  }
}

bool EqualButForTimes(const Attributes& a, Attributes b) {
  b.created_at = a.created_at;
  b.updated_at = a.updated_at;
  return a == b;
}

bool StillMatches(const Filter* filter, const std::string& id, const TwinMemory& memory) {
  return !filter || Matches(*filter, FilterFields(id, memory.attributes, memory.state));
}

}  // namespace

const TwinMemory* TwinWriter::Current(const std::string& id) {
  if (const auto node = state_.nodes.find(id); node != state_.nodes.end()) {
    if (node->second.implicit) return nullptr;
    throw Refusal{StatusCode::kAlreadyExists};
  }
  const TwinMemory* memory = state_.Find(id);
  return memory && memory->live && !state_.IsDue(*memory, now_) ? memory : nullptr;
}

void TwinWriter::EndIfDue(const std::string& id) {
  const TwinMemory* memory = state_.Find(id);
  if (!memory || !memory->live || !state_.IsDue(*memory, now_)) return;
  const bool deleted = memory->run && state_.runs.at(*memory->run).deleted;
  EndLife(id, deleted ? HistoryEvent::Kind::kDelete : HistoryEvent::Kind::kExpire);
}

TwinMemory& TwinWriter::Edit(const std::string& id) {
  auto& shared = state_.memories[id];
  auto copy = shared ? std::make_shared<TwinMemory>(*shared) : std::make_shared<TwinMemory>();
  shared = copy;
  return *copy;
}

void TwinWriter::CheckVersion(const TwinMemory* current, std::optional<uint64_t> if_version) const {
  const uint64_t stored = current ? current->version.value : 0;
  if (if_version && *if_version != stored) throw Refusal{StatusCode::kFailedPrecondition};
}

void TwinWriter::Admit(const Content& content) {
  for (const auto& [name, value] : content.vectors) {
    const auto& vector = std::get<DenseVector>(value);
    if (!state_.config.vectors.contains(name) && name != kDefaultSpace) throw Refusal{StatusCode::kUnprocessable};
    VectorSpace& space = state_.config.vectors[name];
    if (space.dimensions == 0) space.dimensions = static_cast<uint32_t>(vector.size());
    const bool finite = std::all_of(vector.begin(), vector.end(), [](float x) { return std::isfinite(x); });
    const bool zero = std::all_of(vector.begin(), vector.end(), [](float x) { return x == 0; });
    const bool fits = vector.size() == space.dimensions && !vector.empty();
    if (!fits || !finite || (zero && space.metric == Metric::kCosine)) throw Refusal{StatusCode::kUnprocessable};
  }
}

StateRecord TwinWriter::Changed(StateRecord state, const StateChange& change) const {
  if (change.ttl_seconds) {
    state.ttl_seconds = *change.ttl_seconds;
    state.expires_at.reset();
    if (state.ttl_seconds) state.expires_at = now_.PlusSeconds(static_cast<int64_t>(*state.ttl_seconds));
  }
  if (change.expires_at) state.expires_at = *change.expires_at;
  if (change.expires_at && !change.ttl_seconds) state.ttl_seconds.reset();
  if (change.refresh_ttl_on_read) state.refresh_ttl_on_read = *change.refresh_ttl_on_read;
  if (change.importance) state.importance = *change.importance;
  if (change.pinned) state.pinned = *change.pinned;
  if (change.access_count) state.access_count = *change.access_count;
  if (change.last_access) state.last_access = *change.last_access;
  if (change.used) state.used = *change.used;
  if (change.helpful) state.helpful = *change.helpful;
  if (change.harmful) state.harmful = *change.harmful;
  return state;
}

void TwinWriter::Trim(TwinMemory* memory) const {
  const uint32_t keep = state_.config.history_versions;
  if (keep == kHistoryKeepAll || memory->history.size() <= size_t{keep} + 1) return;
  memory->history.erase(memory->history.begin(), memory->history.end() - static_cast<ptrdiff_t>(keep) - 1);
}

void TwinWriter::PutVersion(const std::string& id, bool existed, bool new_content, Content content,
                            Attributes attributes, const StateRecord& state, std::optional<uint64_t> source_version,
                            std::optional<Version> given) {
  TwinMemory& memory = Edit(id);
  if (memory.version.value == 0) {
    const auto node = state_.nodes.find(id);
    memory.node = node == state_.nodes.end() ? state_.next_node++ : node->second.number;
    if (node != state_.nodes.end()) state_.nodes.erase(node);
  }
  memory.live = true;
  memory.version = given && *given > memory.version ? *given : memory.version.Next();
  if (new_content) memory.content = std::move(content);
  memory.attributes = std::move(attributes);
  memory.state = state;
  if (source_version) memory.source_version = source_version;
  if (!existed) {
    memory.run.reset();
    memory.joined = {state_.mutations, place_};
    const Scopes& scopes = memory.attributes.scopes;
    if (!scopes.run_id.empty()) {
      const auto active = ActiveRun(scopes);
      memory.run = active ? *active : NewRun(scopes);
    }
  }
  if (memory.run) Renew(*memory.run);
  auto version = std::make_shared<TwinVersion>();
  version->version = version->of = memory.version;
  version->kind = existed ? HistoryEvent::Kind::kUpdate : HistoryEvent::Kind::kAdd;
  version->time = memory.attributes.updated_at;
  version->content = memory.content;
  version->attributes = memory.attributes;
  memory.history.push_back(std::move(version));
  Trim(&memory);
}

bool TwinWriter::PutState(const std::string& id, const StateRecord& state) {
  if (state_.Find(id)->state == state) return false;
  Edit(id).state = state;
  return true;
}

OperationResult TwinWriter::KeepVersion(const std::string& id, const StateRecord& state) {
  const bool changed = PutState(id, state);
  const TwinMemory& memory = *state_.Find(id);
  if (memory.run) Renew(*memory.run);
  return {id, memory.version, changed ? Outcome::kUpdated : Outcome::kUnchanged};
}

OperationResult TwinWriter::StoreChange(const std::string& id, std::optional<Content> content, Attributes attributes,
                                        const StateRecord& state) {
  const TwinMemory& current = *state_.Find(id);
  if (!content && attributes == current.attributes) return KeepVersion(id, state);
  attributes.updated_at = now_;
  const auto source_version = attributes.source.version;
  const bool new_content = content.has_value();
  PutVersion(id, true, new_content, new_content ? std::move(*content) : Content(), std::move(attributes), state,
             source_version);
  return {id, state_.Find(id)->version, Outcome::kUpdated};
}

const TwinMemory* TwinWriter::FindDuplicate(const WriteMemory& op, std::string* id) {
  if (state_.config.deduplicate == Deduplicate::kNone) return nullptr;
  std::map<uint64_t, std::string> same;
  for (const auto& [other, memory] : state_.memories) {
    if (!memory->live || memory->attributes.scopes != op.attributes.scopes) continue;
    if (memory->content.text != op.content.text || memory->content.fields != op.content.fields) continue;
    same.emplace(memory->node, other);
  }
  for (const auto& [node, other] : same) {
    if (const TwinMemory* memory = Current(other)) {
      *id = other;
      return memory;
    }
  }
  return nullptr;
}

OperationResult TwinWriter::operator()(const WriteMemory& op) {
  const TwinMemory* current = Current(op.id);
  CheckVersion(current, op.if_version);
  if (mode_ == WriteMode::kInsert && current) throw Refusal{StatusCode::kAlreadyExists};
  if (mode_ == WriteMode::kUpdate && !current) throw Refusal{StatusCode::kNotFound};
  const std::optional<uint64_t>& given = op.attributes.source.version;
  if (const TwinMemory* stored = state_.Find(op.id); mode_ == WriteMode::kNewer && stored) {
    const bool newer = stored->source_version && given.value_or(0) > *stored->source_version;
    if (!newer) return {op.id, stored->version, Outcome::kUnchanged};
  }
  Admit(op.content);
  Attributes attributes = op.attributes;
  attributes.created_at = attributes.updated_at = now_;
  if (!current) {
    std::string twin;
    if (const TwinMemory* duplicate = FindDuplicate(op, &twin)) {
      if (duplicate->run) Renew(*duplicate->run);
      return {twin, duplicate->version, Outcome::kDuplicate};
    }
    EndIfDue(op.id);
    PutVersion(op.id, false, true, op.content, attributes, Changed({}, op.state), given, op.version);
    return {op.id, state_.Find(op.id)->version, Outcome::kCreated};
  }
  if (current->attributes.scopes != op.attributes.scopes) throw Refusal{StatusCode::kInvalidArgument};
  const StateRecord state = Changed(current->state, op.state);
  const bool same_content = op.content == current->content;
  if (same_content && EqualButForTimes(current->attributes, op.attributes)) return KeepVersion(op.id, state);
  attributes.created_at = current->attributes.created_at;
  PutVersion(op.id, true, !same_content, op.content, attributes, state, given, op.version);
  return {op.id, state_.Find(op.id)->version, Outcome::kUpdated};
}

OperationResult TwinWriter::operator()(const PatchMemory& op) {
  const TwinMemory* current = Current(op.id);
  if (!current) throw Refusal{StatusCode::kNotFound};
  CheckVersion(current, op.if_version);
  std::optional<Content> content;
  if (op.text || op.clear_fields || op.clear_vectors || !op.fields.empty() || !op.vectors.empty()) {
    content = current->content;
    if (op.text) content->text = *op.text;
    if (op.clear_fields) content->fields.clear();
    if (op.clear_vectors) content->vectors.erase("second");
    for (const auto& [name, text] : op.fields) {
      content->fields.erase(name);
      if (text) content->fields[name] = *text;
    }
    const bool new_text = content->text != current->content.text || content->fields != current->content.fields;
    for (const auto& [name, vector] : op.vectors) {
      content->vectors.erase(name);
      if (vector) content->vectors[name] = *vector;
    }
    for (const auto& [name, vector] : content->vectors) {
      if (new_text && !op.keep_vectors && !op.vectors.contains(name)) throw Refusal{StatusCode::kUnprocessable};
    }
    Admit(*content);
    if (*content == current->content) content.reset();
  }
  Attributes attributes = current->attributes;
  if (op.clear_metadata) attributes.metadata = {};
  if (op.metadata) attributes.metadata = Merged(attributes.metadata, *op.metadata).as_object();
  if (op.role) attributes.role = *op.role;
  if (op.kind) attributes.kind = *op.kind;
  if (op.state) attributes.state = *op.state;
  if (op.event_time) attributes.event_time = *op.event_time;
  if (op.source) {
    Source& source = attributes.source;
    source.system = op.source->system.value_or(source.system);
    source.id = op.source->id.value_or(source.id);
    source.batch = op.source->batch.value_or(source.batch);
    if (op.source->version) source.version = *op.source->version;
  }
  return StoreChange(op.id, std::move(content), std::move(attributes), Changed(current->state, op.record));
}

OperationResult TwinWriter::operator()(const UpdateMemory& op) {
  const TwinMemory* current = Current(op.id);
  if (!current) return {op.id, Version(), Outcome::kSkipped};
  if (!StillMatches(op.still_matches.get(), op.id, *current)) return {op.id, Version(), Outcome::kSkipped};
  Attributes attributes = current->attributes;
  StateRecord state = current->state;
  const AttributeChange& change = *op.change;
  if (change.replace_metadata) attributes.metadata = *change.replace_metadata;
  for (const std::string& path : change.unset) SetPath(path, Value(), &attributes, &state);
  for (const auto& [path, value] : change.set) SetPath(path, value, &attributes, &state);
  return StoreChange(op.id, std::nullopt, std::move(attributes), state);
}

OperationResult TwinWriter::operator()(const DeleteMemory& op) {
  const TwinMemory* current = Current(op.id);
  CheckVersion(current, op.if_version);
  if (current && !StillMatches(op.still_matches.get(), op.id, *current)) {
    return {op.id, current->version, Outcome::kSkipped};
  }
  if (op.erase) {
    const bool erased = Erase(op.id);
    if (!erased && op.must_exist) throw Refusal{StatusCode::kNotFound};
    return {op.id, Version(), erased ? Outcome::kDeleted : Outcome::kSkipped};
  }
  if (!current) {
    if (op.must_exist) throw Refusal{StatusCode::kNotFound};
    return {op.id, Version(), Outcome::kSkipped};
  }
  EndLife(op.id, HistoryEvent::Kind::kDelete);
  return {op.id, state_.Find(op.id)->version, Outcome::kDeleted};
}

OperationResult TwinWriter::operator()(const Feedback& op) {
  const TwinMemory* current = Current(op.id);
  if (!current) throw Refusal{StatusCode::kNotFound};
  StateRecord state = current->state;
  if (op.signal == Feedback::Signal::kUsed) state.used += op.weight;
  if (op.signal == Feedback::Signal::kHelpful) state.helpful += op.weight;
  if (op.signal == Feedback::Signal::kHarmful) state.harmful += op.weight;
  return KeepVersion(op.id, state);
}

OperationResult TwinWriter::operator()(const Touch& op) {
  const TwinMemory* current = Current(op.id);
  if (!current || !current->state.refresh_ttl_on_read) return {op.id, Version(), Outcome::kSkipped};
  StateRecord state = current->state;
  state.access_count += op.reads;
  state.last_access = now_;
  if (state.ttl_seconds) state.expires_at = now_.PlusSeconds(static_cast<int64_t>(*state.ttl_seconds));
  const Version version = current->version;
  PutState(op.id, state);
  return {op.id, version, Outcome::kUpdated};
}

void TwinWriter::EndLife(const std::string& id, HistoryEvent::Kind kind) {
  if (kind == HistoryEvent::Kind::kExpire && state_.config.on_expiry == OnExpiry::kErase) {
    Erase(id);
    return;
  }
  RetireEdgesOf(id);
  TwinMemory& memory = Edit(id);
  auto end = std::make_shared<TwinVersion>();
  end->of = memory.version;
  memory.version = memory.version.Next();
  end->version = memory.version;
  end->kind = kind;
  end->time = now_;
  end->content = memory.content;
  end->attributes = memory.attributes;
  memory.live = false;
  memory.run.reset();
  memory.state = StateRecord();
  memory.history.push_back(std::move(end));
  Trim(&memory);
}

bool TwinWriter::Erase(const std::string& id) {
  if (state_.memories.erase(id) == 0) return false;
  const auto concerns = [&](const auto& entry) {
    const TwinEdge& edge = *entry.second;
    return edge.source == id || edge.target == id || edge.memory == id;
  };
  std::erase_if(state_.edges, concerns);
  std::erase_if(state_.retired, concerns);
  return true;
}

void TwinWriter::Sweep() {
  const bool hide = state_.config.on_expiry == OnExpiry::kHide;
  std::vector<std::string> due;
  for (const auto& [id, memory] : state_.memories) {
    if (!memory->live || !state_.IsDue(*memory, now_)) continue;
    const bool run_deleted = memory->run && state_.runs.at(*memory->run).deleted;
    if (!hide || run_deleted) due.push_back(id);
  }
  for (const std::string& id : due) EndIfDue(id);
  std::erase_if(state_.runs, [&](const auto& entry) {
    const auto& [number, run] = entry;
    const bool over = run.expires_at && *run.expires_at <= now_ && (!hide || run.deleted);
    if (!over) return false;
    const auto name = state_.run_names.find(run.scopes);
    if (name != state_.run_names.end() && name->second == number) state_.run_names.erase(name);
    return true;
  });
}

}  // namespace engram::model
