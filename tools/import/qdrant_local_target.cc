#include "tools/import/qdrant_local_target.h"

#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/file.h"
#include "base/hash.h"
#include "tools/import/import_id.h"
#include "tools/import/point_form.h"
#include "tools/import/qdrant_json.h"
#include "tools/import/qdrant_local_folder.h"
#include "tools/import/qdrant_point.h"
#include "tools/import/sqlite_batch.h"
#include "tools/import/sqlite_database.h"

namespace engram {
namespace {

constexpr int kSampledPoints = 100;

class QdrantLocalTarget final : public PushTarget {
 public:
  QdrantLocalTarget(std::string folder, std::string collection, const char* system)
      : folder_(std::move(folder)), given_name_(std::move(collection)), system_(system) {}

  Status Open(std::unique_ptr<PointLayout> layout, Access access, bool quick) {
    ASSIGN_OR_RETURN(const QdrantLocalFolder folder, QdrantLocalFolder::Open(folder_));
    ASSIGN_OR_RETURN(collection_, folder.Find(given_name_));
    form_.emplace(std::move(layout), collection_.params);
    if (access == Access::kWrite) {
      RETURN_IF_ERROR(Lock());
      RETURN_IF_ERROR(batch_.OpenForWriting(collection_.database));
    }
    ASSIGN_OR_RETURN(const auto database, OpenQdrantLocalPoints(collection_, quick));
    RETURN_IF_ERROR(ReadKeys(*database));
    return LearnLayout(*database);
  }

  SourceDescription Describe() const override {
    return {system_, fmt::format("{} collection {}", folder_, collection_.name), std::nullopt,
            /*normalises_cosine=*/true};
  }
  std::string DefaultImportId() const override { return MakeImportId(system_, folder_ + "/" + given_name_); }
  const v1::NamespaceConfig& config() const override { return form_->config(); }
  const char* unit() const override { return "points"; }
  bool has_backup() const override { return true; }
  std::vector<std::string> Notes() const override { return form_->notes(); }

  Status BackUp(const std::string& path) override {
    ASSIGN_OR_RETURN(const auto database, SqliteDatabase::Open(collection_.database));
    return database->CopyTo(path);
  }

  Status Begin(Access access) override {
    Forget();
    return batch_.Begin(collection_.database, access);
  }

  Status Commit() override {
    RETURN_IF_ERROR(batch_.Commit());
    for (auto& [id, keys] : changed_) {
      keys_.erase(id);
      if (!keys.empty()) keys_[id] = std::move(keys);
    }
    Forget();
    return {};
  }

  void Abandon() override {
    batch_.Abandon();
    Forget();
  }

  Result<std::map<std::string, SourceRecord>> Find(const std::vector<std::string>& ids) override {
    ENGRAM_CHECK(batch_.now() != nullptr);
    std::map<std::string, SourceRecord> records;
    for (const std::string& id : ids) {
      const auto keys = keys_.find(id);
      if (keys == keys_.end()) continue;
      ASSIGN_OR_RETURN(SqliteQuery query, batch_.now()->Prepare("SELECT point FROM points WHERE id = ?1"));
      query.BindText(1, keys->second.back());
      ASSIGN_OR_RETURN(const bool found, query.Step());
      if (!found) continue;  // in a dry run its owner may have deleted it
      StoredPoint point = ReadPoint(query.Text(0));
      point.place = fmt::format("point {}", id);
      if (point.problem.ok()) found_[id] = point.payload;
      records[id] = form_->RecordOf(std::move(point));
    }
    return records;
  }

  Result<v1::Memory> Rehearse(const v1::Memory& memory, const SourceRecord* there) override {
    return form_->Rehearse(memory, PayloadOf(memory, there));
  }

  Status Write(const v1::Memory& memory, const SourceRecord* there) override {
    ASSIGN_OR_RETURN(const StoredPoint point, form_->PointOf(memory, PayloadOf(memory, there)));
    const auto keys = keys_.find(point.id);
    // Under the key that the client has given it, whatever version that was.
    const std::string key = keys == keys_.end() ? WriteQdrantKey(point.id) : keys->second.back();
    RETURN_IF_ERROR(Delete(point.id));
    ASSIGN_OR_RETURN(SqliteQuery query, batch_.now()->Prepare("INSERT INTO points (id, point) VALUES (?1, ?2)"));
    query.BindText(1, key);
    query.BindBlob(2, WriteQdrantPoint(point, *form_));
    RETURN_IF_ERROR(query.Step().status());
    changed_[point.id] = {key};
    return {};
  }

  // With the rows that some versions of the client leave behind: the last of them would come back otherwise.
  Status Delete(const std::string& id) override {
    changed_[id] = {};
    const auto keys = keys_.find(id);
    if (keys == keys_.end()) return {};
    for (const std::string& key : keys->second) {
      ASSIGN_OR_RETURN(SqliteQuery query, batch_.now()->Prepare("DELETE FROM points WHERE id = ?1"));
      query.BindText(1, key);
      RETURN_IF_ERROR(query.Step().status());
    }
    return {};
  }

 private:
  Status Lock() {
    auto lock = FileSystem::Posix().Lock(folder_ + "/.lock");
    if (lock.ok()) {
      lock_ = *std::move(lock);
      return {};
    }
    if (lock.status().code() != StatusCode::kFailedPrecondition) return lock.status();
    return FailedPrecondition(fmt::format("a QdrantClient has {} open ({}): close it, or stop its program, first",
                                          folder_, lock.status().message()));
  }

  static StoredPoint ReadPoint(std::string raw) {
    StoredPoint point;
    point.raw = std::move(raw);
    point.fingerprint = HashBytes64(point.raw);
    point.problem = ReadQdrantPoint(point.raw, &point);
    return point;
  }

  // Keys by id, those of the rows written last at the end.
  Status ReadKeys(SqliteDatabase& database) {
    ASSIGN_OR_RETURN(SqliteQuery query, database.Prepare("SELECT id FROM points ORDER BY rowid"));
    while (true) {
      ASSIGN_OR_RETURN(const bool more, query.Step());
      if (!more) return {};
      const std::string key = query.Text(0);
      const auto id = ReadQdrantKey(key);
      if (id.ok()) keys_[*id].push_back(key);
    }
  }

  Status LearnLayout(SqliteDatabase& database) {
    ASSIGN_OR_RETURN(SqliteQuery query,
                     database.Prepare(fmt::format("SELECT point FROM points LIMIT {}", kSampledPoints)));
    while (true) {
      ASSIGN_OR_RETURN(const bool more, query.Step());
      if (!more) return {};
      form_->Learn(ReadPoint(query.Text(0)));
    }
  }

  const PointPayload* PayloadOf(const v1::Memory& memory, const SourceRecord* there) const {
    const auto found = there == nullptr ? found_.end() : found_.find(memory.id());
    return found == found_.end() ? nullptr : &found->second;
  }

  void Forget() {
    found_.clear();
    changed_.clear();
  }

  const std::string folder_;
  const std::string given_name_;  // or an alias
  const char* const system_;
  QdrantLocalCollection collection_;
  std::optional<PointForm> form_;
  std::unique_ptr<FileLock> lock_;
  std::map<std::string, std::vector<std::string>> keys_;  // as committed
  SqliteBatch batch_;
  // Of this batch.
  std::map<std::string, PointPayload> found_;
  std::map<std::string, std::vector<std::string>> changed_;  // keys afterwards; none: deleted
};

}  // namespace

Result<std::unique_ptr<PushTarget>> OpenQdrantLocalTarget(const std::string& folder, const std::string& collection,
                                                          std::unique_ptr<PointLayout> layout, const char* system,
                                                          PushTarget::Access access, bool quick) {
  auto target = std::make_unique<QdrantLocalTarget>(folder, collection, system);
  RETURN_IF_ERROR(target->Open(std::move(layout), access, quick));
  return std::unique_ptr<PushTarget>(std::move(target));
}

}  // namespace engram
