// cursor := "memories " cursor of the points | "tombstones " id | "entities " cursor of the points | "finished"
#include "tools/import/mem0_source.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/hash.h"
#include "base/message_digest.h"
#include "tools/import/import_id.h"
#include "tools/import/loose_time.h"
#include "tools/import/point_source.h"
#include "tools/import/revision.h"

namespace engram {
namespace {

using Payload = std::map<std::string, v1::Value>;

constexpr const char* kTelemetry = "mem0migrations";
constexpr const char* kEntities[] = {"_entities", "-entities"};
constexpr const char* kMentions = "mentions";

constexpr std::string_view kMemoriesAt = "memories ";
constexpr std::string_view kTombstonesAt = "tombstones ";
constexpr std::string_view kEntitiesAt = "entities ";

// The first of the names that the payload has: Python's, then TypeScript's.
Result<std::string> TakeEither(Payload* payload, const char* name, const char* other) {
  for (const char* candidate : {name, other}) {
    ASSIGN_OR_RETURN(auto text, TakeText(payload, candidate));
    if (text) return *std::move(text);
  }
  return std::string();
}

Result<std::optional<google::protobuf::Timestamp>> TakeEitherTime(Payload* payload, const char* name,
                                                                  const char* other) {
  ASSIGN_OR_RETURN(auto time, TakeTime(payload, name));
  if (time) return time;
  return TakeTime(payload, other);
}

template <class Message>
Status TakeScopes(Payload* payload, Message* message) {
  ASSIGN_OR_RETURN(*message->mutable_user_id(), TakeEither(payload, "user_id", "userId"));
  ASSIGN_OR_RETURN(*message->mutable_agent_id(), TakeEither(payload, "agent_id", "agentId"));
  ASSIGN_OR_RETURN(*message->mutable_run_id(), TakeEither(payload, "run_id", "runId"));
  return {};
}

template <class Message>
void KeepRest(Payload payload, Message* message) {
  for (auto& [key, value] : payload) (*message->mutable_metadata())[key] = std::move(value);
}

bool IsMemories(const std::string& collection) {
  return collection != kTelemetry && std::none_of(std::begin(kEntities), std::end(kEntities),
                                                  [&](const char* suffix) { return collection.ends_with(suffix); });
}

bool IsDelete(const Mem0Event& event) { return event.kind == Mem0Event::Kind::kDelete; }

std::string PlaceOf(const std::string& id) { return fmt::format("history of {}", id); }

// True when there is another hash than the text's, which stays.
bool TakeHash(const std::string& text, Payload* payload) {
  const auto found = payload->find("hash");
  if (found == payload->end() || !found->second.has_string_value()) return false;
  if (found->second.string_value() != Md5Hex(text)) return true;
  payload->erase(found);
  return false;
}

// True when there is an expiration date that is no day, which stays.
bool TakeExpiry(Payload* payload, v1::Memory* memory) {
  const char* const kName = payload->count("expiration_date") != 0 ? "expiration_date" : "expirationDate";
  const auto found = payload->find(kName);
  if (found == payload->end()) return false;
  if (found->second.has_null_value()) {
    payload->erase(found);
    return false;
  }
  // mem0 takes no other spelling, and what it can't read never expires.
  constexpr size_t kDay = 10;
  const std::string& text = found->second.string_value();
  const auto day = ParseLooseTime(text);
  if (text.size() != kDay || !day.ok()) return true;
  constexpr int64_t kDayMicros = int64_t{86'400} * 1'000'000;
  *memory->mutable_expires_at() = ToProtoTime({day->micros + kDayMicros});
  payload->erase(found);
  return false;
}

}  // namespace

Result<std::string> FindMem0Collection(const PointStore& store) {
  std::vector<std::string> names = store.Collections();
  std::erase_if(names, [](const std::string& name) { return !IsMemories(name); });
  if (std::find(names.begin(), names.end(), "mem0") != names.end()) return std::string("mem0");
  if (names.size() == 1) return names[0];
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return InvalidArgument(
      fmt::format("{} has no collection \"mem0\", name one by --collection: {}", store.path(), list));
}

Result<v1::Memory> Mem0PointToMemory(StoredPoint point, Mem0Product product, Mem0Oddities* oddities) {
  v1::Memory memory;
  Payload* const payload = &point.payload;
  memory.set_id(point.id);
  ASSIGN_OR_RETURN(*memory.mutable_text(), TakeEither(payload, "data", "memory"));
  oddities->other_hash = TakeHash(memory.text(), payload);
  for (const char* name : {"text_lemmatized", "textLemmatized"}) payload->erase(name);
  RETURN_IF_ERROR(TakeScopes(payload, &memory));
  if (product == Mem0Product::kPlatform) {
    ASSIGN_OR_RETURN(*memory.mutable_app_id(), TakeEither(payload, "app_id", "appId"));
  }
  ASSIGN_OR_RETURN(*memory.mutable_actor_id(), TakeEither(payload, "actor_id", "actorId"));
  ASSIGN_OR_RETURN(*memory.mutable_role(), TakeEither(payload, "role", ""));
  ASSIGN_OR_RETURN(*memory.mutable_kind(), TakeEither(payload, "memory_type", "memoryType"));
  ASSIGN_OR_RETURN(auto created_at, TakeEitherTime(payload, "created_at", "createdAt"));
  ASSIGN_OR_RETURN(auto updated_at, TakeEitherTime(payload, "updated_at", "updatedAt"));
  if (!created_at) created_at = updated_at;
  if (!updated_at) updated_at = created_at;
  if (created_at) {
    *memory.mutable_created_at() = *created_at;
    *memory.mutable_updated_at() = *updated_at;
  }
  oddities->odd_expiry = TakeExpiry(payload, &memory);
  KeepRest(std::move(point.payload), &memory);
  SetVectors(std::move(point.vectors), &memory);
  v1::Source& source = *memory.mutable_source();
  source.set_system(product == Mem0Product::kPlatform ? kMem0PlatformSystem : kMem0System);
  source.set_id(point.id);
  source.set_version(FirstRevision(point.fingerprint));
  return memory;
}

Result<std::unique_ptr<Mem0Source>> Mem0Source::Open(std::unique_ptr<PointStore> store, std::string collection,
                                                     std::unique_ptr<Mem0EventLog> history, Mem0Product product) {
  if (collection.empty()) {
    ASSIGN_OR_RETURN(collection, FindMem0Collection(*store));
  }
  ASSIGN_OR_RETURN(auto memories, store->OpenCollection(collection));
  const std::vector<std::string> names = store->Collections();
  std::unique_ptr<PointReader> entities;
  for (const char* suffix : kEntities) {
    if (std::find(names.begin(), names.end(), collection + suffix) == names.end()) continue;
    ASSIGN_OR_RETURN(entities, store->OpenCollection(collection + suffix));
  }
  return std::unique_ptr<Mem0Source>(new Mem0Source(std::move(store), std::move(collection), std::move(memories),
                                                    std::move(entities), std::move(history), product));
}

SourceDescription Mem0Source::Describe() const {
  return {system(), fmt::format("{} collection {}", store_->path(), collection_), memories_->points()};
}

std::string Mem0Source::DefaultImportId() const { return MakeImportId(system(), store_->path() + "/" + collection_); }

// --- Going through the parts.

Result<bool> Mem0Source::Resume(const std::string& text) {
  const std::string_view cursor = text;
  if (cursor.starts_with(kMemoriesAt)) {
    ASSIGN_OR_RETURN(const bool known, memories_->Seek(std::string(cursor.substr(kMemoriesAt.size()))));
    if (known) part_ = Part::kMemories;
    return known;
  }
  if (cursor.starts_with(kTombstonesAt)) {
    part_ = Part::kTombstones;
    tombstone_ = cursor.substr(kTombstonesAt.size());
    return true;
  }
  if (!cursor.starts_with(kEntitiesAt) || !entities_) return false;
  entity_cursor_ = cursor.substr(kEntitiesAt.size());
  ASSIGN_OR_RETURN(const bool known, entities_->Seek(entity_cursor_));
  if (known) part_ = Part::kEntities;
  return known;
}

std::string Mem0Source::Cursor(bool finished) const {
  // What changes in a finished store may be anywhere in it: the next run looks at all of it.
  if (finished) return "finished";
  switch (part_) {
    case Part::kConfig: return "start";
    case Part::kMemories: return std::string(kMemoriesAt) + memories_->Cursor();
    case Part::kTombstones: return std::string(kTombstonesAt) + tombstone_;
    // Not behind an entity before all its edges were given.
    case Part::kEntities: return std::string(kEntitiesAt) + entity_cursor_;
    case Part::kEnd: return "finished";
  }
  return "start";
}

Result<bool> Mem0Source::Next(SourceRecord* record) {
  while (true) {
    *record = SourceRecord();
    bool given = false;
    switch (part_) {
      case Part::kConfig: {
        v1::NamespaceConfig config = memories_->config();
        config.set_on_expiry("hide");
        record->place = fmt::format("collection {}", collection_);
        record->item = std::move(config);
        part_ = Part::kMemories;
        return true;
      }
      case Part::kMemories: {
        ASSIGN_OR_RETURN(given, NextMemory(record));
        break;
      }
      case Part::kTombstones: {
        ASSIGN_OR_RETURN(given, NextTombstone(record));
        break;
      }
      case Part::kEntities: {
        ASSIGN_OR_RETURN(given, NextEntity(record));
        break;
      }
      case Part::kEnd: return false;
    }
    if (given) return true;
    part_ = static_cast<Part>(static_cast<uint8_t>(part_) + 1);
  }
}

std::optional<double> Mem0Source::Fraction() const {
  const uint64_t points = memories_->points() + (entities_ ? entities_->points() : 0);
  return points == 0 ? 1.0 : std::min(1.0, static_cast<double>(read_) / static_cast<double>(points));
}

// --- Memories.

Result<bool> Mem0Source::NextMemory(SourceRecord* record) {
  StoredPoint point;
  ASSIGN_OR_RETURN(const bool more, memories_->Next(&point));
  if (!more) return false;
  ++read_;
  record->place = std::move(point.place);
  record->raw = std::move(point.raw);
  record->problem = point.problem;
  if (record->problem.ok()) record->problem = ToMemory(std::move(point), &record->item.emplace<v1::Memory>());
  return true;
}

Status Mem0Source::ToMemory(StoredPoint point, v1::Memory* memory) {
  const uint64_t fingerprint = point.fingerprint;
  const std::string id = point.id;
  Mem0Oddities oddities;
  ASSIGN_OR_RETURN(*memory, Mem0PointToMemory(std::move(point), product_, &oddities));
  if (oddities.other_hash) other_hash_.Add(id);
  if (oddities.odd_expiry) odd_expiry_.Add(id);
  if (history_) RETURN_IF_ERROR(AddHistory(memory));
  uint64_t hash = fingerprint;
  for (const v1::HistoryEvent& event : memory->history()) {
    hash = HashBytes64(fmt::format("{:016x}{}", hash, PrintJson(event)));
  }
  memory->mutable_source()->set_version(FirstRevision(hash));
  return {};
}

// The first `count` events as versions 1, 2 and so on, or ends.
void Mem0Source::AddEvents(const std::vector<Mem0Event>& events, size_t count, v1::Memory* memory) {
  std::optional<google::protobuf::Timestamp> time;
  if (memory->has_created_at()) time = memory->created_at();
  for (size_t i = 0; i < count; ++i) {
    const Mem0Event& event = events[i];
    v1::HistoryEvent& out = *memory->add_history();
    out.set_version(static_cast<uint64_t>(memory->history_size()));
    out.set_event(IsDelete(event) ? "delete" : event.kind == Mem0Event::Kind::kAdd ? "add" : "update");
    if (event.time) {
      time = ToProtoTime(*event.time);
    } else {
      untimed_events_.Add(memory->id());
    }
    *out.mutable_time() = time.value_or(google::protobuf::Timestamp());
    if (IsDelete(event)) continue;
    v1::Memory& version = *out.mutable_memory();
    if (!event.new_text) textless_events_.Add(memory->id());
    version.set_text(event.new_text.value_or(""));
    version.set_user_id(memory->user_id());
    version.set_agent_id(memory->agent_id());
    version.set_run_id(memory->run_id());
    version.set_actor_id(memory->actor_id());
    version.set_role(event.role.empty() ? memory->role() : event.role);
    if (!event.actor_id.empty() && event.actor_id != memory->actor_id()) {
      (*version.mutable_metadata())["actor_id"].set_string_value(event.actor_id);
    }
  }
}

Status Mem0Source::AddHistory(v1::Memory* memory) {
  ASSIGN_OR_RETURN(std::vector<Mem0Event> events, history_->EventsOf(memory->id()));
  std::erase_if(events, [](const Mem0Event& event) { return event.kind == Mem0Event::Kind::kOther; });
  if (events.empty()) return {};
  // The last event made what the vector store has, unless the two have come apart.
  const bool made_current =
      !IsDelete(events.back()) && events.back().new_text.value_or(memory->text()) == memory->text();
  if (!made_current) other_last_text_.Add(memory->id());
  AddEvents(events, made_current ? events.size() - 1 : events.size(), memory);
  memory->set_version(static_cast<uint64_t>(memory->history_size()) + 1);
  return {};
}

// --- Memories that are no more.

Result<bool> Mem0Source::NextTombstone(SourceRecord* record) {
  while (history_) {
    ASSIGN_OR_RETURN(auto id, history_->NextId(tombstone_));
    if (!id) return false;
    tombstone_ = *std::move(id);
    ASSIGN_OR_RETURN(const bool alive, memories_->Holds(tombstone_));
    if (alive) continue;
    record->place = PlaceOf(tombstone_);
    auto events = history_->EventsOf(tombstone_);
    if (!events.ok()) {
      record->problem = events.status();
      return true;
    }
    std::erase_if(*events, [](const Mem0Event& event) { return event.kind == Mem0Event::Kind::kOther; });
    if (events->empty()) continue;
    record->problem = ToTombstone(tombstone_, *events, &record->item);
    if (!record->problem.ok()) record->raw = events->back().new_text.value_or("");
    return true;
  }
  return false;
}

Status Mem0Source::ToTombstone(const std::string& id, const std::vector<Mem0Event>& events, RecordItem* item) {
  if (!IsDelete(events.back())) {
    return FailedPrecondition("the history has it alive, but it is not in the vector store: mem0 has lost it");
  }
  v1::Memory& memory = item->emplace<Tombstone>().memory;
  memory.set_id(id);
  memory.mutable_source()->set_system(system());
  memory.mutable_source()->set_id(id);
  AddEvents(events, events.size(), &memory);
  return {};
}

// --- Entities.

Result<bool> Mem0Source::NextEntity(SourceRecord* record) {
  while (waiting_.empty()) {
    if (!entities_) return false;
    StoredPoint point;
    ASSIGN_OR_RETURN(const bool more, entities_->Next(&point));
    if (!more) return false;
    ++read_;
    SourceRecord refused{fmt::format("entity, {}", point.place), point.raw, point.problem, false, {}};
    if (refused.problem.ok()) refused.problem = ToEntity(std::move(point));
    if (!refused.problem.ok()) waiting_ = {std::move(refused)};
  }
  *record = std::move(waiting_.front());
  waiting_.pop_front();
  if (waiting_.empty()) entity_cursor_ = entities_->Cursor();
  return true;
}

Status Mem0Source::ToEntity(StoredPoint point) {
  v1::Node node;
  node.set_id(point.id);
  ASSIGN_OR_RETURN(*node.mutable_name(), TakeEither(&point.payload, "data", ""));
  ASSIGN_OR_RETURN(*node.mutable_kind(), TakeEither(&point.payload, "entity_type", "entityType"));
  RETURN_IF_ERROR(TakeScopes(&point.payload, &node));
  entity_vectors_ += point.vectors.size();
  std::set<std::string> linked;
  for (const char* name : {"linked_memory_ids", "linkedMemoryIds"}) {
    const auto links = point.payload.find(name);
    if (links == point.payload.end()) continue;
    for (const v1::Value& id : links->second.list_value().values()) linked.insert(id.string_value());
    point.payload.erase(links);
  }
  KeepRest(std::move(point.payload), &node);
  waiting_.push_back({fmt::format("entity, {}", point.place), point.raw, {}, false, node});
  for (const std::string& id : linked) {
    ASSIGN_OR_RETURN(const bool alive, memories_->Holds(id));
    if (!alive) {
      lost_links_.Add(id);
      continue;
    }
    v1::Edge edge;
    edge.set_source(id);
    edge.set_type(kMentions);
    edge.set_target(node.id());
    edge.set_memory_id(id);
    edge.set_user_id(node.user_id());
    edge.set_agent_id(node.agent_id());
    edge.set_run_id(node.run_id());
    // An archive wants ids.
    edge.set_id(HashBytes128(fmt::format("mem0 {} {}", id, node.id())).ToHex());
    waiting_.push_back({fmt::format("entity, {}, link to {}", point.place, id), point.raw, {}, false, edge});
  }
  return {};
}

std::vector<std::string> Mem0Source::Notes() const {
  std::vector<std::string> notes = memories_->Notes();
  const auto add = [&](const Finding& finding, const char* what) {
    if (finding.count > 0) notes.push_back(fmt::format("{} {}; the first is {}", finding.count, what, finding.first));
  };
  add(other_hash_, "memories have a hash that is not their text's MD5; it stays in their metadata");
  add(odd_expiry_, "memories have an expiration date that is no day, so they never expire; it stays in their metadata");
  add(untimed_events_,
      "events of the history have no time and stand at the time of the one before, or the memory's own, or 1970");
  add(textless_events_, "events of the history have no text: an upgrade of mem0 has lost it");
  add(other_last_text_, "memories have another text than their history's last; the history is kept as former versions");
  add(lost_links_, "links of entities lead to memories that are gone and were left out");
  if (entity_vectors_ > 0) {
    notes.push_back(fmt::format("{} vectors of entities have no place on nodes and were left out", entity_vectors_));
  }
  if (history_ && history_->messages() > 0) {
    notes.push_back(
        fmt::format("{} last messages of conversations are no memories and were left out", history_->messages()));
  }
  return notes;
}

}  // namespace engram
