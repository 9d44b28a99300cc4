#include "tools/import/qdrant_rest_store.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "api/json.h"
#include "base/hash.h"
#include "tools/import/qdrant_config.h"
#include "tools/import/qdrant_ids.h"
#include "tools/import/qdrant_scan.h"
#include "tools/import/qdrant_scroll.h"
#include "tools/progress.h"

namespace engram {
namespace {

constexpr uint32_t kPagesOfRange = 8;    // with fewer each a scan is not divided
constexpr uint32_t kIdsOfPage = 10'000;  // 36 bytes each, and no vectors

const QdrantMembers& MembersOf(const v1::Value& value) { return value.object_value().members(); }

std::string TextOf(const v1::Value* value) { return value == nullptr ? "" : value->string_value(); }

// What is not "ok" with a collection; empty otherwise.
std::string Trouble(const v1::Value& collection) {
  const std::string status = TextOf(FindMember(MembersOf(collection), "status"));
  const QdrantMembers* optimizer = FindObject(MembersOf(collection), "optimizer_status");
  std::string trouble = status == "red" ? "its status is red" : "";
  if (optimizer == nullptr) return trouble;
  return trouble + (trouble.empty() ? "" : ", ") + "its optimizer says: " + TextOf(FindMember(*optimizer, "error"));
}

// What of a collection has no place in a configuration of ours.
void TellOfSchema(const v1::Value& collection, const QdrantMembers& params, std::vector<std::string>* notes) {
  std::string indexed;
  if (const QdrantMembers* schema = FindObject(MembersOf(collection), "payload_schema")) {
    std::map<std::string, std::string> sorted;
    for (const auto& [field, index] : *schema) {
      sorted[field] = index.has_object_value() ? TextOf(FindMember(MembersOf(index), "data_type")) : "";
    }
    for (const auto& [field, type] : sorted)
      indexed += fmt::format("{}{} ({})", indexed.empty() ? "" : ", ", field, type);
  }
  if (!indexed.empty()) {
    notes->push_back(
        fmt::format("the payload's indexes there, {}, need no counterpart: all metadata can be filtered by", indexed));
  }
  const QdrantMembers* sparse = FindObject(params, "sparse_vectors");
  if (sparse == nullptr) return;
  for (const auto& [name, space] : *sparse) {
    if (!space.has_object_value() || TextOf(FindMember(MembersOf(space), "modifier")) != "idf") continue;
    notes->push_back(fmt::format(
        "Qdrant weighs the sparse vectors \"{}\" by idf when it searches; here they count as they are", name));
  }
}

class QdrantRestReader final : public PointReader {
 public:
  QdrantRestReader(QdrantServer server, std::string collection, std::unique_ptr<QdrantApi> api)
      : server_(std::move(server)),
        collection_(std::move(collection)),
        api_(std::move(api)),
        scan_(server_, collection_) {}

  Status Open() {
    ASSIGN_OR_RETURN(const v1::Value collection, api_->GetResult(QdrantPath(collection_)));
    const QdrantMembers* config = FindObject(MembersOf(collection), "config");
    const QdrantMembers* params = config == nullptr ? nullptr : FindObject(*config, "params");
    if (params == nullptr) {
      return FailedPrecondition(fmt::format("{} says nothing of the collection's vectors", api_->url()));
    }
    ReadQdrantConfig(*params, &config_, &notes_);
    TellOfSchema(collection, *params, &notes_);
    if (const std::string trouble = Trouble(collection); !trouble.empty()) {
      notes_.push_back(fmt::format("Qdrant says of the collection: {}", trouble));
    }
    if (api_->shows_key()) notes_.emplace_back("the key goes to that server unencrypted; https:// would hide it");
    ASSIGN_OR_RETURN(points_, Count());
    return {};
  }

  void AddNote(std::string note) { notes_.push_back(std::move(note)); }

  uint64_t points() const override { return points_; }
  const v1::NamespaceConfig& config() const override { return config_; }
  std::vector<std::string> Notes() const override { return notes_; }

  Result<bool> Holds(const std::string& id) override {
    if (!ids_) RETURN_IF_ERROR(ReadIds());
    return std::binary_search(ids_->begin(), ids_->end(), HashBytes128(id));
  }

  Result<bool> Next(StoredPoint* point) override {
    if (!started_) RETURN_IF_ERROR(StartAnew());
    ASSIGN_OR_RETURN(const bool more, scan_.Next(point));
    if (!more) {
      if (!std::exchange(compared_, true)) RETURN_IF_ERROR(CompareCounts());
      return false;
    }
    ++came_;
    return true;
  }

  std::string Cursor() const override { return scan_.Cursor(); }

  Result<bool> Seek(const std::string& cursor) override {
    started_ = false;
    auto ranges = ParseScanCursor(cursor);
    if (!ranges) return false;
    // A collection that has lost all of these points may be another one of the same name: it is read from the
    // beginning.
    std::string ids;
    for (const ScanRange& range : *ranges) {
      if (!range.last.empty()) ids += (ids.empty() ? "" : ",") + QdrantIdJson(range.last);
    }
    ASSIGN_OR_RETURN(const v1::Value found,
                     api_->PostResult(QdrantPath(collection_, "/points"),
                                      fmt::format(R"({{"ids":[{}],"with_payload":false,"with_vector":false}})", ids)));
    if (found.list_value().values_size() == 0) return false;
    RETURN_IF_ERROR(Start(*std::move(ranges), /*from_beginning=*/false));
    return true;
  }

 private:
  Status Start(std::vector<ScanRange> ranges, bool from_beginning) {
    came_ = 0;
    from_beginning_ = from_beginning;
    compared_ = false;
    started_ = true;
    return scan_.Start(std::move(ranges));
  }

  // Ranges are divided when the first point is asked for: a look at the collection needs none.
  Status StartAnew() {
    const uint64_t parts = std::min<uint64_t>(server_.parallel, points_ / kPagesOfRange / server_.page_points);
    if (parts < 2) return Start({ScanRange()}, /*from_beginning=*/true);
    ASSIGN_OR_RETURN(
        std::vector<std::string> begins,
        DivideIds([this](const std::string& id) { return FirstIdFrom(id); }, static_cast<uint32_t>(parts)));
    std::vector<ScanRange> ranges;
    for (std::string& begin : begins) ranges.push_back({std::move(begin), ""});
    return Start(std::move(ranges), /*from_beginning=*/true);
  }

  Result<std::string> FirstIdFrom(const std::string& id) {
    const std::string offset = id.empty() ? "" : ",\"offset\":" + QdrantIdJson(id);
    ASSIGN_OR_RETURN(const std::string body,
                     api_->Post(QdrantPath(collection_, "/points/scroll"),
                                fmt::format(R"({{"limit":1,"with_payload":false,"with_vector":false{}}})", offset)));
    const auto page = ReadQdrantPage(body);
    if (!page.ok()) {
      return FailedPrecondition(
          fmt::format("{} does not answer as Qdrant does: {}", api_->url(), page.status().message()));
    }
    return page->points.empty() ? std::string() : page->points[0].id;
  }

  Result<uint64_t> Count() {
    ASSIGN_OR_RETURN(const v1::Value result,
                     api_->PostResult(QdrantPath(collection_, "/points/count"), R"({"exact":true})"));
    const v1::Value* count = result.has_object_value() ? FindMember(MembersOf(result), "count") : nullptr;
    if (count == nullptr || !count->has_int_value() || count->int_value() < 0) {
      return FailedPrecondition(fmt::format("{} does not say how many points there are", api_->url()));
    }
    return static_cast<uint64_t>(count->int_value());
  }

  Status CompareCounts() {
    ASSIGN_OR_RETURN(const uint64_t after, Count());
    const bool all_came = !from_beginning_ || came_ == after;
    if (after == points_ && all_came) return {};
    const std::string came = from_beginning_ ? fmt::format(", and {} came", WithThousands(came_)) : "";
    notes_.push_back(fmt::format(
        "the collection was written to while it was read: {} points before, {} afterwards{}; run this again "
        "for what was missed",
        WithThousands(points_), WithThousands(after), came));
    return {};
  }

  Status ReadIds() {
    ASSIGN_OR_RETURN(auto api, QdrantApi::Open(server_));
    QdrantScroll scroll(std::move(api), collection_, ScrollContents::kIdsOnly, kIdsOfPage);
    std::vector<Hash128> ids;
    StoredPoint point;
    while (true) {
      ASSIGN_OR_RETURN(const bool more, scroll.Next(&point));
      if (!more) break;
      ids.push_back(HashBytes128(point.id));
    }
    std::sort(ids.begin(), ids.end());
    ids_ = std::move(ids);
    return {};
  }

  const QdrantServer server_;
  const std::string collection_;
  const std::unique_ptr<QdrantApi> api_;
  QdrantScan scan_;
  bool started_ = false;
  v1::NamespaceConfig config_;
  std::vector<std::string> notes_;
  uint64_t points_ = 0;
  uint64_t came_ = 0;
  bool from_beginning_ = true;
  bool compared_ = false;
  std::optional<std::vector<Hash128>> ids_;  // of all points, sorted; read when first asked for
};

class QdrantRestStore final : public PointStore {
 public:
  QdrantRestStore(QdrantServer server, std::unique_ptr<QdrantApi> api)
      : server_(std::move(server)), api_(std::move(api)) {}

  Status Open() {
    ASSIGN_OR_RETURN(const v1::Value collections, api_->GetResult("/collections"));
    const v1::Value* list =
        collections.has_object_value() ? FindMember(MembersOf(collections), "collections") : nullptr;
    if (list == nullptr) return FailedPrecondition(fmt::format("{} does not list collections", api_->url()));
    for (const v1::Value& collection : list->list_value().values()) {
      if (collection.has_object_value()) names_.push_back(TextOf(FindMember(MembersOf(collection), "name")));
    }
    std::sort(names_.begin(), names_.end());
    const auto aliases = api_->GetResult("/aliases");
    // A key may be good for one collection alone: then its name has to be given.
    if (!aliases.ok() && aliases.status().code() == StatusCode::kFailedPrecondition) return {};
    if (!aliases.ok()) return aliases.status();
    const v1::Value* pairs = aliases->has_object_value() ? FindMember(MembersOf(*aliases), "aliases") : nullptr;
    if (pairs == nullptr) return {};
    for (const v1::Value& pair : pairs->list_value().values()) {
      if (!pair.has_object_value()) continue;
      aliases_[TextOf(FindMember(MembersOf(pair), "alias_name"))] =
          TextOf(FindMember(MembersOf(pair), "collection_name"));
    }
    return {};
  }

  const char* system() const override { return kQdrantSystem; }
  const std::string& path() const override { return api_->url(); }
  std::vector<std::string> Collections() const override { return names_; }

  Result<std::unique_ptr<PointReader>> OpenCollection(const std::string& given) override {
    const auto alias = aliases_.find(given);
    const std::string& name = alias == aliases_.end() ? given : alias->second;
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) return NoCollection(given);
    ASSIGN_OR_RETURN(auto api, QdrantApi::Open(server_));
    auto reader = std::make_unique<QdrantRestReader>(server_, name, std::move(api));
    RETURN_IF_ERROR(reader->Open());
    if (alias != aliases_.end())
      reader->AddNote(fmt::format("\"{}\" is an alias of the collection \"{}\"", given, name));
    return std::unique_ptr<PointReader>(std::move(reader));
  }

 private:
  Status NoCollection(const std::string& given) const {
    std::string known;
    for (const std::string& name : names_) known += (known.empty() ? "" : ", ") + name;
    for (const auto& [alias, name] : aliases_) {
      known += fmt::format("{}{} (alias of {})", known.empty() ? "" : ", ", alias, name);
    }
    return NotFound(fmt::format("{} has no collection \"{}\"; it has: {}", api_->url(), given,
                                known.empty() ? "none, or none that the key may see" : known));
  }

  const QdrantServer server_;
  const std::unique_ptr<QdrantApi> api_;
  std::vector<std::string> names_;
  std::map<std::string, std::string> aliases_;
};

}  // namespace

Result<std::unique_ptr<PointStore>> OpenQdrantRestStore(const QdrantServer& server) {
  ASSIGN_OR_RETURN(auto api, QdrantApi::Open(server));
  auto store = std::make_unique<QdrantRestStore>(server, std::move(api));
  RETURN_IF_ERROR(store->Open());
  return std::unique_ptr<PointStore>(std::move(store));
}

bool IsWebAddress(const std::string& text) { return text.starts_with("http://") || text.starts_with("https://"); }

Result<std::string> QdrantVersion(const QdrantServer& server) {
  ASSIGN_OR_RETURN(auto api, QdrantApi::Open(server));
  ASSIGN_OR_RETURN(const std::string body, api->Get("/"));
  v1::Value value;
  const bool told = ParseJson(body, &value).ok() && value.has_object_value();
  const std::string version = told ? TextOf(FindMember(MembersOf(value), "version")) : "";
  if (version.empty()) return FailedPrecondition(fmt::format("{} does not say its version", api->url()));
  return "qdrant " + version;
}

}  // namespace engram
