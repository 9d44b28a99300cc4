#include "tools/import/qdrant_local_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "tools/import/qdrant_config.h"
#include "tools/import/qdrant_local_folder.h"
#include "tools/import/qdrant_point.h"
#include "tools/import/row_cursor.h"
#include "tools/import/sqlite_database.h"

namespace engram {
namespace {

class QdrantLocalReader final : public PointReader {
 public:
  QdrantLocalReader(std::unique_ptr<SqliteDatabase> database, v1::NamespaceConfig config,
                    std::vector<std::string> notes)
      : database_(std::move(database)), config_(std::move(config)), notes_(std::move(notes)) {}

  Status Open() {
    RETURN_IF_ERROR(FindSuperseded());
    return Start(std::nullopt);
  }

  uint64_t points() const override { return ids_.size(); }
  const v1::NamespaceConfig& config() const override { return config_; }
  std::vector<std::string> Notes() const override { return notes_; }

  Result<bool> Holds(const std::string& id) override {
    return std::binary_search(ids_.begin(), ids_.end(), HashBytes128(id));
  }

  Result<bool> Next(StoredPoint* point) override {
    do {
      ASSIGN_OR_RETURN(const bool more, query_->Step());
      if (!more) return false;
      last_ = RowCursor{query_->Int(0), HashBytes64(query_->Text(1))};
    } while (superseded_.count(last_->row) != 0);
    point->raw = query_->Text(2);
    point->fingerprint = HashBytes64(point->raw);
    point->problem = ReadQdrantPoint(point->raw, point);
    point->place = fmt::format("row {}", last_->row);
    if (!point->id.empty()) point->place += fmt::format(", point {}", point->id);
    return true;
  }

  std::string Cursor() const override { return last_ ? last_->ToText() : "start"; }

  Result<bool> Seek(const std::string& text) override {
    const auto cursor = RowCursor::Parse(text);
    if (cursor) {
      ASSIGN_OR_RETURN(SqliteQuery query, database_->Prepare("SELECT id FROM points WHERE rowid = ?1"));
      query.BindInt(1, cursor->row);
      ASSIGN_OR_RETURN(const bool found, query.Step());
      if (found && HashBytes64(query.Text(0)) == cursor->key_hash) {
        RETURN_IF_ERROR(Start(cursor));
        return true;
      }
    }
    RETURN_IF_ERROR(Start(std::nullopt));
    return false;
  }

 private:
  Status Start(const std::optional<RowCursor>& after) {
    query_.reset();
    ASSIGN_OR_RETURN(SqliteQuery query,
                     database_->Prepare("SELECT rowid, id, point FROM points WHERE rowid > ?1 ORDER BY rowid"));
    // Row numbers may be negative, but the client gives none.
    query.BindInt(1, after ? after->row : 0);
    query_.emplace(std::move(query));
    last_ = after;
    return {};
  }

  // Rows whose id has a later row.
  Status FindSuperseded() {
    std::vector<std::pair<Hash128, int64_t>> rows;
    ASSIGN_OR_RETURN(SqliteQuery query, database_->Prepare("SELECT rowid, id FROM points WHERE rowid > 0"));
    while (true) {
      ASSIGN_OR_RETURN(const bool more, query.Step());
      if (!more) break;
      const std::string key = query.Text(1);
      const auto id = ReadQdrantKey(key);
      rows.emplace_back(HashBytes128(id.ok() ? *id : key), query.Int(0));
    }
    std::sort(rows.begin(), rows.end());
    for (size_t i = 1; i < rows.size(); ++i) {
      if (rows[i].first == rows[i - 1].first) superseded_.insert(rows[i - 1].second);
    }
    for (const auto& [id, row] : rows) {
      if (superseded_.count(row) == 0) ids_.push_back(id);
    }
    if (superseded_.empty()) return {};
    notes_.push_back(
        fmt::format("{} rows were written over by later ones of the same id and left out", superseded_.size()));
    return {};
  }

  const std::unique_ptr<SqliteDatabase> database_;
  const v1::NamespaceConfig config_;
  std::vector<std::string> notes_;
  std::set<int64_t> superseded_;
  std::vector<Hash128> ids_;  // of all points, sorted
  std::optional<SqliteQuery> query_;
  std::optional<RowCursor> last_;
};

class QdrantLocalStore final : public PointStore {
 public:
  QdrantLocalStore(QdrantLocalFolder folder, bool quick) : folder_(std::move(folder)), quick_(quick) {}

  const char* system() const override { return kQdrantLocalSystem; }
  const std::string& path() const override { return folder_.path(); }
  std::vector<std::string> Collections() const override { return folder_.Collections(); }

  Result<std::unique_ptr<PointReader>> OpenCollection(const std::string& name) override {
    ASSIGN_OR_RETURN(const QdrantLocalCollection collection, folder_.Find(name));
    ASSIGN_OR_RETURN(auto database, OpenQdrantLocalPoints(collection, quick_));
    v1::NamespaceConfig config;
    std::vector<std::string> notes;
    ReadQdrantConfig(collection.params, &config, &notes);
    auto reader = std::make_unique<QdrantLocalReader>(std::move(database), std::move(config), std::move(notes));
    RETURN_IF_ERROR(reader->Open());
    return std::unique_ptr<PointReader>(std::move(reader));
  }

 private:
  const QdrantLocalFolder folder_;
  const bool quick_;
};

}  // namespace

Result<std::unique_ptr<PointStore>> OpenQdrantLocalStore(const std::string& folder, bool quick) {
  ASSIGN_OR_RETURN(QdrantLocalFolder opened, QdrantLocalFolder::Open(folder));
  return std::unique_ptr<PointStore>(std::make_unique<QdrantLocalStore>(std::move(opened), quick));
}

}  // namespace engram
