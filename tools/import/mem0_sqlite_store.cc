#include "tools/import/mem0_sqlite_store.h"

#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/hash.h"
#include "tools/import/row_cursor.h"
#include "tools/import/sqlite_database.h"

namespace engram {
namespace {

constexpr const char* kCollection = "mem0";

Status ReadVector(const SqliteQuery& query, int column, StoredPoint* point) {
  if (query.Type(column) == ColumnType::kNull) return {};
  std::string bytes = query.Text(column);
  if (query.Type(column) != ColumnType::kBlob || bytes.size() % sizeof(float) != 0) {
    return InvalidArgument(fmt::format("{} bytes are no vector of floats", bytes.size())).At("vector");
  }
  if (!bytes.empty()) point->vectors["default"].set_dense_f32(std::move(bytes));
  return {};
}

Status ReadPayload(const std::string& json, StoredPoint* point) {
  v1::Value value;
  if (Status status = ParseJson(json, &value); !status.ok()) return std::move(status).Under("payload");
  if (!value.has_object_value()) return InvalidArgument("no object").At("payload");
  for (auto& [key, member] : *value.mutable_object_value()->mutable_members()) point->payload[key] = std::move(member);
  return {};
}

class Mem0SqliteReader final : public PointReader {
 public:
  explicit Mem0SqliteReader(std::unique_ptr<SqliteDatabase> database) : database_(std::move(database)) {
    v1::VectorSpace& space = (*config_.mutable_vectors())["default"];
    space.set_type(v1::VECTOR_TYPE_DENSE);
    space.set_metric(v1::METRIC_COSINE);
  }

  Status Open() {
    ASSIGN_OR_RETURN(points_, database_->Count("vectors"));
    ASSIGN_OR_RETURN(SqliteQuery query,
                     database_->Prepare("SELECT length(vector) FROM vectors ORDER BY rowid LIMIT 1"));
    ASSIGN_OR_RETURN(const bool any, query.Step());
    constexpr int64_t kDimensionsMax = 4'096;
    const int64_t floats = any ? query.Int(0) / static_cast<int64_t>(sizeof(float)) : 0;
    if (floats > 0 && floats <= kDimensionsMax) {
      config_.mutable_vectors()->at("default").set_dimensions(static_cast<uint32_t>(floats));
    }
    return Start(std::nullopt);
  }

  uint64_t points() const override { return points_; }
  const v1::NamespaceConfig& config() const override { return config_; }
  std::vector<std::string> Notes() const override { return {}; }

  Result<bool> Holds(const std::string& id) override {
    ASSIGN_OR_RETURN(SqliteQuery query, database_->Prepare("SELECT 1 FROM vectors WHERE id = ?1"));
    query.BindText(1, id);
    return query.Step();
  }

  Result<bool> Next(StoredPoint* point) override {
    ASSIGN_OR_RETURN(const bool more, query_->Step());
    if (!more) return false;
    point->id = query_->Text(1);
    point->raw = query_->Text(3);
    point->fingerprint = HashBytes64(fmt::format("{}\n{}\n{}", point->id, query_->Text(2), point->raw));
    last_ = RowCursor{query_->Int(0), HashBytes64(point->id)};
    point->place = fmt::format("row {}, point {}", last_->row, point->id);
    point->problem = ReadVector(*query_, 2, point);
    if (point->problem.ok()) point->problem = ReadPayload(point->raw, point);
    if (point->problem.ok() && point->id.empty()) point->problem = InvalidArgument("the point has no id").At("id");
    return true;
  }

  std::string Cursor() const override { return last_ ? last_->ToText() : "start"; }

  Result<bool> Seek(const std::string& text) override {
    ASSIGN_OR_RETURN(const auto cursor, FindRowCursor(*database_, "SELECT id FROM vectors WHERE rowid = ?1", text));
    RETURN_IF_ERROR(Start(cursor));
    return cursor.has_value();
  }

 private:
  Status Start(const std::optional<RowCursor>& after) {
    query_.reset();
    ASSIGN_OR_RETURN(
        SqliteQuery query,
        database_->Prepare("SELECT rowid, id, vector, payload FROM vectors WHERE rowid > ?1 ORDER BY rowid"));
    query.BindInt(1, after ? after->row : std::numeric_limits<int64_t>::min());
    query_.emplace(std::move(query));
    last_ = after;
    return {};
  }

  const std::unique_ptr<SqliteDatabase> database_;
  v1::NamespaceConfig config_;
  uint64_t points_ = 0;
  std::optional<SqliteQuery> query_;
  std::optional<RowCursor> last_;
};

class Mem0SqliteStore final : public PointStore {
 public:
  Mem0SqliteStore(std::string file, bool quick) : file_(std::move(file)), quick_(quick) {}

  const char* system() const override { return "mem0-sqlite"; }
  const std::string& path() const override { return file_; }
  std::vector<std::string> Collections() const override { return {kCollection}; }

  Result<std::unique_ptr<PointReader>> OpenCollection(const std::string& name) override {
    if (name != kCollection) return NotFound(fmt::format("{} has one collection, \"{}\"", file_, kCollection));
    ASSIGN_OR_RETURN(auto database, SqliteDatabase::Open(file_));
    RETURN_IF_ERROR(database->CheckIntegrity(quick_));
    ASSIGN_OR_RETURN(const auto columns, database->Columns("vectors"));
    const bool known =
        columns.size() == 3 && columns[0].name == "id" && columns[1].name == "vector" && columns[2].name == "payload";
    if (!known) {
      return InvalidArgument(
          fmt::format("{} has no table vectors(id, vector, payload), as mem0's TypeScript SDK makes it", file_));
    }
    auto reader = std::make_unique<Mem0SqliteReader>(std::move(database));
    RETURN_IF_ERROR(reader->Open());
    return std::unique_ptr<PointReader>(std::move(reader));
  }

 private:
  const std::string file_;
  const bool quick_;
};

}  // namespace

Result<std::unique_ptr<PointStore>> OpenMem0SqliteStore(const std::string& file, bool quick) {
  return std::unique_ptr<PointStore>(std::make_unique<Mem0SqliteStore>(file, quick));
}

}  // namespace engram
