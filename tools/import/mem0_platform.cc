// cursor := "item " number " id " 16 hex digits     the item given last, with a hash of its id
#include "tools/import/mem0_platform.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "api/json.h"
#include "base/hash.h"
#include "tools/import/json_items.h"
#include "tools/import/loose_time.h"
#include "tools/import/mem0_source.h"

namespace engram {
namespace {

using Members = google::protobuf::Map<std::string, v1::Value>;

constexpr const char* kCollection = "mem0";
constexpr const char* kResults = "results";

Status ReadMembers(const JsonItem& item, v1::Value* value) {
  RETURN_IF_ERROR(ParseJson(item.json, value));
  return value->has_object_value() ? Status() : InvalidArgument("no object");
}

std::string TextOf(const Members& members, const std::string& name) {
  const auto found = members.find(name);
  return found == members.end() ? "" : found->second.string_value();
}

// Names that mean something to a reader of mem0's payloads.
bool IsMem0Name(const std::string& name) {
  static const std::set<std::string> names = {
      "data",           "memory",          "hash",          "user_id",    "agent_id",  "run_id",    "app_id",
      "actor_id",       "userId",          "agentId",       "runId",      "appId",     "actorId",   "role",
      "memory_type",    "memoryType",      "created_at",    "updated_at", "createdAt", "updatedAt", "expiration_date",
      "expirationDate", "text_lemmatized", "textLemmatized"};
  return names.count(name) != 0;
}

Status ToPoint(const JsonItem& item, StoredPoint* point) {
  v1::Value value;
  RETURN_IF_ERROR(ReadMembers(item, &value));
  Members& members = *value.mutable_object_value()->mutable_members();
  point->fingerprint = HashBytes64(PrintJson(value));
  point->id = TextOf(members, "id");
  if (point->id.empty()) return InvalidArgument("the memory has no id").At("id");
  point->place += ", memory " + point->id;
  if (!members.contains("memory")) {
    return InvalidArgument(members.contains("memory_id") ? "an event of a history, which --history takes"
                                                         : "the memory has no text")
        .At("memory");
  }
  v1::Value metadata;
  if (const auto found = members.find("metadata"); found != members.end() && found->second.has_object_value()) {
    metadata = std::move(found->second);
    members.erase("metadata");
  }
  for (auto& [name, member] : *metadata.mutable_object_value()->mutable_members()) {
    const bool taken = members.contains(name) || IsMem0Name(name) || name == "id";
    point->payload[taken ? "metadata_" + name : name] = std::move(member);
  }
  for (auto& [name, member] : members) {
    if (name != "id" && !member.has_null_value()) point->payload[name] = std::move(member);
  }
  return {};
}

class Mem0PlatformReader final : public PointReader {
 public:
  explicit Mem0PlatformReader(std::vector<JsonItem> items) {
    // Of several items with one id, the last.
    std::map<Hash128, size_t> last;
    std::vector<std::optional<Hash128>> ids;
    for (size_t i = 0; i < items.size(); ++i) {
      v1::Value value;
      const std::string id =
          ReadMembers(items[i], &value).ok() ? TextOf(value.object_value().members(), "id") : std::string();
      ids.push_back(id.empty() ? std::nullopt : std::optional<Hash128>(HashBytes128(id)));
      if (ids.back()) last[*ids.back()] = i;
    }
    for (size_t i = 0; i < items.size(); ++i) {
      if (ids[i] && last.at(*ids[i]) != i) continue;
      items_.push_back(std::move(items[i]));
      keys_.push_back(ids[i] ? ids[i]->low : 0);
    }
    if (ids.size() > items_.size()) {
      notes_.push_back(
          fmt::format("{} memories stood on several pages and were taken once", ids.size() - items_.size()));
    }
    for (const auto& [id, at] : last) ids_.insert(id);
  }

  uint64_t points() const override { return items_.size(); }
  const v1::NamespaceConfig& config() const override { return config_; }
  std::vector<std::string> Notes() const override { return notes_; }
  Result<bool> Holds(const std::string& id) override { return ids_.count(HashBytes128(id)) != 0; }

  Result<bool> Next(StoredPoint* point) override {
    if (next_ == items_.size()) return false;
    const JsonItem& item = items_[next_++];
    point->place = item.place;
    point->raw = item.json;
    point->problem = ToPoint(item, point);
    return true;
  }

  std::string Cursor() const override {
    return next_ == 0 ? "start" : fmt::format("item {} id {:016x}", next_ - 1, keys_[next_ - 1]);
  }

  Result<bool> Seek(const std::string& cursor) override {
    next_ = 0;
    constexpr std::string_view kItem = "item ";
    size_t number = 0;
    if (!cursor.starts_with(kItem)) return false;
    const char* const end = cursor.data() + cursor.size();
    if (std::from_chars(cursor.data() + kItem.size(), end, number).ec != std::errc() || number >= items_.size()) {
      return false;
    }
    next_ = number + 1;
    if (Cursor() == cursor) return true;
    next_ = 0;
    return false;
  }

 private:
  std::vector<JsonItem> items_;
  std::vector<uint64_t> keys_;  // a hash of each item's id
  std::set<Hash128> ids_;
  v1::NamespaceConfig config_;
  std::vector<std::string> notes_;
  size_t next_ = 0;
};

class Mem0PlatformStore final : public PointStore {
 public:
  explicit Mem0PlatformStore(std::string path) : path_(std::move(path)) {}

  const char* system() const override { return kMem0PlatformSystem; }
  const std::string& path() const override { return path_; }
  std::vector<std::string> Collections() const override { return {kCollection}; }

  Result<std::unique_ptr<PointReader>> OpenCollection(const std::string& name) override {
    if (name != kCollection) return NotFound(fmt::format("{} has one collection, \"{}\"", path_, kCollection));
    ASSIGN_OR_RETURN(auto items, ReadJsonItems(path_, kResults));
    return std::unique_ptr<PointReader>(std::make_unique<Mem0PlatformReader>(std::move(items)));
  }

 private:
  const std::string path_;
};

// All events in memory, by the id of their memory.
class Mem0PlatformHistory final : public Mem0EventLog {
 public:
  Status Add(const JsonItem& item) {
    v1::Value value;
    RETURN_IF_ERROR(ReadMembers(item, &value));
    const Members& members = value.object_value().members();
    const std::string memory = TextOf(members, "memory_id");
    const std::string kind = TextOf(members, "event");
    if (memory.empty() || kind.empty()) return InvalidArgument("no event of a history: it lacks memory_id or event");
    Mem0Event event;
    event.kind = Mem0EventKind(kind);
    event.old_text = MaybeText(members, "old_memory");
    event.new_text = MaybeText(members, "new_memory");
    ASSIGN_OR_RETURN(const auto created_at, TimeOf(members, "created_at"));
    ASSIGN_OR_RETURN(const auto updated_at, TimeOf(members, "updated_at"));
    const bool adds = event.kind == Mem0Event::Kind::kAdd;
    event.time = adds && created_at ? created_at : updated_at ? updated_at : created_at;
    event.actor_id = TextOf(members, "actor_id");
    event.role = TextOf(members, "role");
    if (const auto input = members.find("input"); input != members.end()) {
      messages_ += static_cast<uint64_t>(input->second.list_value().values_size());
    }
    // A page that was saved twice has the same events again.
    const std::string id = TextOf(members, "id");
    if (!id.empty() && !seen_.insert(id).second) return {};
    events_[memory].push_back(std::move(event));
    return {};
  }

  void Sort() {
    for (auto& [memory, events] : events_) {
      const bool timed =
          std::all_of(events.begin(), events.end(), [](const Mem0Event& event) { return event.time.has_value(); });
      if (!timed) continue;
      std::stable_sort(events.begin(), events.end(), [](const Mem0Event& left, const Mem0Event& right) {
        return left.time->micros < right.time->micros;
      });
    }
  }

  Result<std::vector<Mem0Event>> EventsOf(const std::string& memory_id) override {
    const auto found = events_.find(memory_id);
    return found == events_.end() ? std::vector<Mem0Event>() : found->second;
  }
  Result<std::optional<std::string>> NextId(const std::string& after) override {
    const auto next = events_.upper_bound(after);
    return next == events_.end() ? std::optional<std::string>() : std::optional<std::string>(next->first);
  }
  uint64_t messages() const override { return messages_; }

 private:
  static std::optional<std::string> MaybeText(const Members& members, const std::string& name) {
    const auto found = members.find(name);
    const bool is_text = found != members.end() && found->second.has_string_value();
    return is_text ? std::optional<std::string>(found->second.string_value()) : std::nullopt;
  }
  static Result<std::optional<Timestamp>> TimeOf(const Members& members, const std::string& name) {
    using Maybe = std::optional<Timestamp>;
    const std::string text = TextOf(members, name);
    if (text.empty()) return Maybe();
    auto time = ParseLooseTime(text);
    if (!time.ok()) return std::move(time).status().At(name);
    return Maybe(*time);
  }

  std::map<std::string, std::vector<Mem0Event>> events_;
  std::set<std::string> seen_;
  uint64_t messages_ = 0;
};

}  // namespace

Result<std::unique_ptr<PointStore>> OpenMem0PlatformStore(const std::string& path) {
  return std::unique_ptr<PointStore>(std::make_unique<Mem0PlatformStore>(path));
}

Result<std::unique_ptr<Mem0EventLog>> OpenMem0PlatformHistory(const std::string& path) {
  ASSIGN_OR_RETURN(const auto items, ReadJsonItems(path, kResults));
  auto history = std::make_unique<Mem0PlatformHistory>();
  for (const JsonItem& item : items) {
    if (const Status status = history->Add(item); !status.ok()) {
      return InvalidArgument(fmt::format("{}: {}", item.place, status.message()));
    }
  }
  history->Sort();
  return std::unique_ptr<Mem0EventLog>(std::move(history));
}

}  // namespace engram
