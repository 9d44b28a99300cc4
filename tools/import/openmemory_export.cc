// memories.json of OpenMemory's export:
//
//   {"user": {id, user_id, …}, "apps": [{id, name, …}], "categories": [{id, name, …}],
//    "memories": [{id, user_id, app_id, content, metadata, state, created_at, updated_at, archived_at, deleted_at,
//                  category_ids}], "memory_categories": [{memory_id, category_id}],
//    "status_history": [{memory_id, old_state, new_state, changed_at}], "access_controls": […], "export_meta": {…}}
//
// The memories.jsonl.gz beside it says nothing that is not here.
//
// cursor := "item " number " of " 16 hex digits     the memory given last; a hash of all of memories.json
#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/hash.h"
#include "tools/import/json_items.h"
#include "tools/import/loose_time.h"
#include "tools/import/openmemory_reader.h"
#include "tools/import/qdrant_config.h"
#include "tools/import/zip_file.h"

namespace engram {
namespace {

using Members = google::protobuf::Map<std::string, v1::Value>;

constexpr const char* kMemoriesJson = "memories.json";

// Empty for what is absent, null or no text.
std::string TextOf(const Members& members, const std::string& name) {
  const auto found = members.find(name);
  return found == members.end() ? "" : found->second.string_value();
}

Result<std::optional<Timestamp>> TimeOf(const Members& members, const std::string& name) {
  using Maybe = std::optional<Timestamp>;
  const std::string text = TextOf(members, name);
  if (text.empty()) return Maybe();
  auto time = ParseLooseTime(text);
  if (!time.ok()) return std::move(time).status().At(name);
  return Maybe(*time);
}

Status ReadObject(const JsonItem& item, v1::Value* value) {
  if (const Status status = ParseJson(item.json, value); !status.ok()) {
    return InvalidArgument(fmt::format("{}: {}", item.place, status.message()));
  }
  return value->has_object_value() ? Status() : InvalidArgument(fmt::format("{} is no object", item.place));
}

class OpenMemoryExport final : public OpenMemoryReader {
 public:
  Status Open(const std::string& file, const std::string& json) {
    hash_ = HashBytes64(json);
    auto lists = JsonListsOf(json);
    if (!lists.ok()) return InvalidArgument(fmt::format("{} in {}: {}", kMemoriesJson, file, lists.status().message()));
    if (lists->count("memories") == 0) {
      return InvalidArgument(fmt::format("{} in {} has no \"memories\"", kMemoriesJson, file));
    }
    items_ = std::move((*lists)["memories"]);
    RETURN_IF_ERROR(ReadNames((*lists)["user"], "user_id", &users_));
    RETURN_IF_ERROR(ReadNames((*lists)["apps"], "name", &apps_));
    RETURN_IF_ERROR(ReadNames((*lists)["categories"], "name", &categories_));
    for (const JsonItem& item : (*lists)["memory_categories"]) {
      v1::Value value;
      RETURN_IF_ERROR(ReadObject(item, &value));
      const Members& members = value.object_value().members();
      linked_[TextOf(members, "memory_id")].push_back(NameOf(categories_, TextOf(members, "category_id")));
    }
    RETURN_IF_ERROR(ReadChanges((*lists)["status_history"]));
    if (const size_t rules = (*lists)["access_controls"].size(); rules > 0) {
      notes_.push_back(fmt::format("{} rules of access are no memories and were left out", rules));
    }
    return {};
  }

  uint64_t memories() const override { return items_.size(); }
  std::vector<std::string> Notes() const override { return notes_; }

  Result<bool> Next(OpenMemoryRow* row) override {
    if (next_ == items_.size()) return false;
    const JsonItem& item = items_[next_++];
    *row = OpenMemoryRow();
    row->place = item.place;
    row->raw = item.json;
    row->problem = Read(item, row);
    return true;
  }

  std::string Cursor() const override {
    return next_ == 0 ? "start" : fmt::format("item {} of {:016x}", next_ - 1, hash_);
  }

  Result<bool> Seek(const std::string& cursor) override {
    constexpr std::string_view kItem = "item ";
    next_ = 0;
    if (!cursor.starts_with(kItem)) return false;
    size_t number = 0;
    const char* const end = cursor.data() + cursor.size();
    const bool read = std::from_chars(cursor.data() + kItem.size(), end, number).ec == std::errc();
    if (!read || number >= items_.size()) return false;
    next_ = number + 1;
    if (Cursor() == cursor) return true;
    next_ = 0;
    return false;
  }

 private:
  using Names = std::map<std::string, std::string>;

  // By id; the id itself where there is no name.
  static std::string NameOf(const Names& names, const std::string& id) {
    const auto found = names.find(id);
    return found == names.end() ? id : found->second;
  }

  static Status ReadNames(const std::vector<JsonItem>& items, const char* name, Names* names) {
    for (const JsonItem& item : items) {
      v1::Value value;
      RETURN_IF_ERROR(ReadObject(item, &value));
      const Members& members = value.object_value().members();
      (*names)[TextOf(members, "id")] = TextOf(members, name);
    }
    return {};
  }

  Status ReadChanges(const std::vector<JsonItem>& items) {
    for (const JsonItem& item : items) {
      v1::Value value;
      RETURN_IF_ERROR(ReadObject(item, &value));
      const Members& members = value.object_value().members();
      OpenMemoryRow::StateChange change{TextOf(members, "old_state"), TextOf(members, "new_state"), std::nullopt};
      auto at = TimeOf(members, "changed_at");
      if (!at.ok()) return InvalidArgument(fmt::format("{}: {}", item.place, at.status().message()));
      change.at = *at;
      changes_[TextOf(members, "memory_id")].push_back(std::move(change));
    }
    for (auto& [memory, changes] : changes_) {
      std::stable_sort(changes.begin(), changes.end(), [](const auto& left, const auto& right) {
        return (left.at ? left.at->micros : 0) < (right.at ? right.at->micros : 0);
      });
    }
    return {};
  }

  Status Read(const JsonItem& item, OpenMemoryRow* row) const {
    v1::Value value;
    RETURN_IF_ERROR(ParseJson(item.json, &value));
    const Members& members = value.object_value().members();
    const std::string id = TextOf(members, "id");
    row->id = CanonicalUuid(id).value_or(id);
    const auto content = members.find("content");
    if (content == members.end() || !content->second.has_string_value()) {
      return InvalidArgument("the memory has no text").At("content");
    }
    row->content = content->second.string_value();
    row->user = NameOf(users_, TextOf(members, "user_id"));
    row->app = NameOf(apps_, TextOf(members, "app_id"));
    row->state = TextOf(members, "state");
    if (const auto metadata = members.find("metadata"); metadata != members.end()) row->metadata = metadata->second;
    ASSIGN_OR_RETURN(row->created_at, TimeOf(members, "created_at"));
    ASSIGN_OR_RETURN(row->updated_at, TimeOf(members, "updated_at"));
    ASSIGN_OR_RETURN(row->archived_at, TimeOf(members, "archived_at"));
    ASSIGN_OR_RETURN(row->deleted_at, TimeOf(members, "deleted_at"));
    if (const auto linked = linked_.find(id); linked != linked_.end()) row->categories = linked->second;
    std::sort(row->categories.begin(), row->categories.end());
    if (const auto changes = changes_.find(id); changes != changes_.end()) row->changes = changes->second;
    return {};
  }

  std::vector<JsonItem> items_;
  uint64_t hash_ = 0;
  Names users_;
  Names apps_;
  Names categories_;
  std::map<std::string, std::vector<std::string>> linked_;  // names of categories, by memory
  std::map<std::string, std::vector<OpenMemoryRow::StateChange>> changes_;
  std::vector<std::string> notes_;
  size_t next_ = 0;
};

}  // namespace

Result<std::unique_ptr<OpenMemoryReader>> OpenOpenMemoryExport(const std::string& file) {
  ASSIGN_OR_RETURN(const std::string json, ReadZipped(file, kMemoriesJson, kJsonFileBytesMax));
  auto reader = std::make_unique<OpenMemoryExport>();
  RETURN_IF_ERROR(reader->Open(file, json));
  return std::unique_ptr<OpenMemoryReader>(std::move(reader));
}

}  // namespace engram
