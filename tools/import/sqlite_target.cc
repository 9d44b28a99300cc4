#include "tools/import/sqlite_target.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "tools/import/captures_source.h"
#include "tools/import/sqlite_batch.h"
#include "tools/import/sqlite_cells.h"
#include "tools/import/sqlite_row_reader.h"
#include "tools/import/sqlite_table_source.h"
#include "tools/import/sqlite_virtual_table.h"

namespace engram {
namespace {

constexpr int kSampledTimes = 100;  // rows of a column

// The columns of captures, said as a mapping. Reading goes by ReadCapture.
SqliteMapping CapturesMapping() {
  SqliteMapping mapping;
  mapping.table = "captures";
  mapping.id = "id";
  mapping.parts = {{"run_id", "session_id"}, {"created_at", "timestamp"}, {"event_time", "timestamp"}};
  mapping.fields = {{"user_text", "user_text"}, {"agent_text", "agent_text"}};
  mapping.metadata_object = "metadata";
  return mapping;
}

const char* TypeOf(SqliteAffinity affinity) {
  switch (affinity) {
    case SqliteAffinity::kBlob: return "BLOB";
    case SqliteAffinity::kText: return "TEXT";
    case SqliteAffinity::kNumeric: return "NUMERIC";
    case SqliteAffinity::kInteger: return "INTEGER";
    case SqliteAffinity::kReal: return "REAL";
  }
  return "BLOB";
}

// How rows are read: the columns in their order, the id first, and what a memory is made of them.
struct RowForm {
  std::vector<std::string> columns;
  std::function<Result<v1::Memory>(const SqliteQuery& row)> read;
  std::function<std::string(const SqliteQuery& row)> raw;
};

class SqliteTarget final : public PushTarget {
 public:
  SqliteTarget(std::string path, bool captures, SqliteMapping mapping)
      : path_(std::move(path)), captures_(captures), mapping_(std::move(mapping)) {}

  Status Open(Access access, bool quick) {
    if (access == Access::kWrite) RETURN_IF_ERROR(batch_.OpenForWriting(path_));
    if (captures_) {
      ASSIGN_OR_RETURN(const auto source, CapturesSource::Open(path_, quick));
      description_ = source->Describe();
      import_id_ = source->DefaultImportId();
    } else {
      ASSIGN_OR_RETURN(const auto source, SqliteTableSource::Open(path_, mapping_, quick));
      description_ = source->Describe();
      import_id_ = source->DefaultImportId();
    }
    ASSIGN_OR_RETURN(const auto database, SqliteDatabase::Open(path_));
    RETURN_IF_ERROR(CheckWritable(*database));
    ASSIGN_OR_RETURN(const auto columns, database->Columns(mapping_.table));
    for (const SqliteColumn& column : columns) columns_[column.name] = column;
    const auto named_rowid = columns_.find(kSqliteRowNumber);
    const bool own_name = named_rowid == columns_.end() || named_rowid->second.integer_primary_key;
    const bool numbered =
        own_name && database->Prepare(fmt::format("SELECT rowid FROM {} LIMIT 0", QuoteName(mapping_.table))).ok();
    if (numbered && named_rowid == columns_.end()) {
      columns_[kSqliteRowNumber] = {kSqliteRowNumber, true, SqliteAffinity::kInteger, false, true};
    }
    RETURN_IF_ERROR(ChooseColumns());
    RETURN_IF_ERROR(LearnTimes(*database));
    ASSIGN_OR_RETURN(ids_are_numbers_, LearnIds(*database));
    return MakeRehearsal();
  }

  SourceDescription Describe() const override { return description_; }
  std::string DefaultImportId() const override { return import_id_; }
  const v1::NamespaceConfig& config() const override { return config_; }
  const char* unit() const override { return "rows"; }
  bool has_backup() const override { return true; }
  std::vector<std::string> Notes() const override { return {}; }

  Status Begin(Access access) override { return batch_.Begin(path_, access); }
  Status Commit() override { return batch_.Commit(); }
  void Abandon() override { batch_.Abandon(); }

  Status BackUp(const std::string& path) override {
    ASSIGN_OR_RETURN(const auto database, SqliteDatabase::Open(path_));
    return database->CopyTo(path);
  }

  Result<std::map<std::string, SourceRecord>> Find(const std::vector<std::string>& ids) override {
    ENGRAM_CHECK(batch_.now() != nullptr);
    std::string list;
    for (const std::string& column : form_.columns) {
      const bool there = columns_.count(column) != 0;
      list += (list.empty() ? "" : ", ") + (there ? QuoteName(column) : std::string("NULL"));
    }
    std::map<std::string, SourceRecord> found;
    for (const std::string& id : ids) {
      ASSIGN_OR_RETURN(SqliteQuery query, batch_.now()->Prepare(fmt::format("SELECT {} FROM {} WHERE {}", list,
                                                                            QuoteName(mapping_.table), IdIs())));
      BindId(id, &query);
      ASSIGN_OR_RETURN(bool more, query.Step());
      while (more) {
        if (query.Text(0) == id) {
          const bool first = found.count(id) == 0;
          SourceRecord& record = found[id];
          record = ReadRow(query, id);
          if (!first) record.problem = AlreadyExists("several rows have this id").At("id");
        }
        ASSIGN_OR_RETURN(more, query.Step());
      }
    }
    return found;
  }

  Result<v1::Memory> Rehearse(const v1::Memory& memory, const SourceRecord* there) override {
    const bool numbers_only = columns_.at(id_column()).integer_primary_key;
    const SqliteCell id = IdToWrite(memory.id());
    if (there == nullptr && numbers_only && !std::holds_alternative<int64_t>(id)) {
      return InvalidArgument("the table's ids are whole numbers").At("id");
    }
    ASSIGN_OR_RETURN(SqliteCells cells, FilledCells(memory));
    RETURN_IF_ERROR(rehearsal_->Run("DELETE FROM row"));
    std::string marks;
    for (size_t i = 1; i <= form_.columns.size(); ++i) marks += fmt::format("{}?{}", i == 1 ? "" : ", ", i);
    ASSIGN_OR_RETURN(SqliteQuery insert, rehearsal_->Prepare(fmt::format("INSERT INTO row VALUES ({})", marks)));
    BindCell(id, 1, &insert);
    for (size_t i = 1; i < form_.columns.size(); ++i) {
      const auto cell = cells.find(form_.columns[i]);
      const bool written = cell != cells.end() && columns_.count(cell->first) != 0;
      BindCell(written ? cell->second : SqliteCell(), static_cast<int>(i) + 1, &insert);
    }
    RETURN_IF_ERROR(insert.Step().status());
    ASSIGN_OR_RETURN(SqliteQuery row, rehearsal_->Prepare("SELECT * FROM row"));
    ASSIGN_OR_RETURN(const bool made, row.Step());
    if (!made) return Internal("a row in memory is gone");
    return form_.read(row);
  }

  Status Write(const v1::Memory& memory, const SourceRecord* there) override {
    ASSIGN_OR_RETURN(SqliteCells cells, FilledCells(memory));
    std::erase_if(cells, [&](const auto& cell) { return columns_.count(cell.first) == 0; });
    if (there == nullptr) return Insert(memory.id(), std::move(cells));
    ASSIGN_OR_RETURN(const SqliteCells old, FilledCells(std::get<v1::Memory>(there->item)));
    std::erase_if(cells, [&](const auto& cell) { return old.at(cell.first) == cell.second; });
    if (cells.empty()) return {};
    std::string list;
    int parameter = 2;
    for (const auto& [column, cell] : cells) {
      list += fmt::format("{}{} = ?{}", list.empty() ? "" : ", ", QuoteName(column), ++parameter);
    }
    ASSIGN_OR_RETURN(SqliteQuery query, batch_.now()->Prepare(fmt::format("UPDATE {} SET {} WHERE {}",
                                                                          QuoteName(mapping_.table), list, IdIs())));
    BindId(memory.id(), &query);
    parameter = 2;
    for (const auto& [column, cell] : cells) BindCell(cell, ++parameter, &query);
    RETURN_IF_ERROR(query.Step().status());
    return CheckOne(memory.id());
  }

  Status Delete(const std::string& id) override {
    ASSIGN_OR_RETURN(SqliteQuery query,
                     batch_.now()->Prepare(fmt::format("DELETE FROM {} WHERE {}", QuoteName(mapping_.table), IdIs())));
    BindId(id, &query);
    RETURN_IF_ERROR(query.Step().status());
    return CheckOne(id);
  }

 private:
  const std::string& id_column() const { return form_.columns[0]; }

  Status CheckWritable(SqliteDatabase& database) const {
    ASSIGN_OR_RETURN(const auto virtual_table, FindVirtualTable(database, mapping_.table));
    if (virtual_table) {
      return InvalidArgument(
                 fmt::format("{} is a virtual table of {}: its rows are written by what keeps it up; map the "
                             "table that they come from",
                             mapping_.table, virtual_table->module))
          .At("table");
    }
    for (const auto& [space, vector] : mapping_.vectors) {
      if (vector.sqlite_vec.empty()) continue;
      return InvalidArgument(fmt::format("vectors in {}, a table of sqlite-vec, are written by that extension alone",
                                         vector.sqlite_vec))
          .At("vectors." + space);
    }
    return {};
  }

  Status ChooseColumns() {
    if (captures_) {
      form_.columns.assign(std::begin(kCaptureColumns), std::end(kCaptureColumns));
      form_.read = [](const SqliteQuery& row) { return ReadCapture(row); };
      form_.raw = [](const SqliteQuery& row) { return RawCapture(row); };
      return {};
    }
    std::set<std::string> known;
    for (const auto& [name, column] : columns_) known.insert(name);
    row_reader_.emplace(mapping_, std::move(known));
    RETURN_IF_ERROR(row_reader_->Choose());
    form_.columns = row_reader_->columns();
    form_.read = [this](const SqliteQuery& row) { return row_reader_->Read(row); };
    form_.raw = [this](const SqliteQuery& row) { return row_reader_->Raw(row); };
    for (const auto& [space, vector] : mapping_.vectors) {
      (*config_.mutable_vectors())[space].set_metric(vector.metric);
    }
    return {};
  }

  // What the table's own times look like.
  Status LearnTimes(SqliteDatabase& database) {
    for (const char* part : {"created_at", "updated_at", "event_time", "expires_at"}) {
      const auto mapped = mapping_.parts.find(part);
      if (mapped == mapping_.parts.end() || columns_.count(mapped->second) == 0) continue;
      const std::string& column = mapped->second;
      ASSIGN_OR_RETURN(SqliteQuery query,
                       database.Prepare(fmt::format("SELECT {0} FROM {1} WHERE {0} IS NOT NULL LIMIT {2}",
                                                    QuoteName(column), QuoteName(mapping_.table), kSampledTimes)));
      std::optional<TimeForm> form;
      while (true) {
        ASSIGN_OR_RETURN(const bool more, query.Step());
        if (!more) break;
        TimeForm one = TimeForm::Of(std::string_view(query.Text(0)));
        if (query.Type(0) == ColumnType::kInteger) one = TimeForm::Of(query.Int(0));
        if (query.Type(0) == ColumnType::kReal) one = TimeForm::Of(query.Real(0));
        form = form ? form->Finer(one) : one;
      }
      const SqliteAffinity affinity = columns_.at(column).affinity;
      if (!form && affinity == SqliteAffinity::kInteger) form = TimeForm::Of(int64_t{0});
      if (!form && affinity == SqliteAffinity::kReal) form = TimeForm::Of(0.0);
      times_[column] = form.value_or(TimeForm());
    }
    return {};
  }

  // Whether ids that look like numbers are numbers, where the column takes both.
  Result<bool> LearnIds(SqliteDatabase& database) const {
    const SqliteAffinity affinity = columns_.at(id_column()).affinity;
    if (affinity == SqliteAffinity::kText) return false;
    if (affinity != SqliteAffinity::kBlob) return true;
    ASSIGN_OR_RETURN(
        SqliteQuery query,
        database.Prepare(fmt::format("SELECT {} FROM {} LIMIT 1", QuoteName(id_column()), QuoteName(mapping_.table))));
    ASSIGN_OR_RETURN(const bool any, query.Step());
    return any && query.Type(0) == ColumnType::kInteger;
  }

  // A table with the same columns: what they make of a value is what the reader gets.
  Status MakeRehearsal() {
    ASSIGN_OR_RETURN(rehearsal_, SqliteDatabase::InMemory());
    std::string list;
    for (size_t i = 0; i < form_.columns.size(); ++i) {
      const auto column = columns_.find(form_.columns[i]);
      const SqliteAffinity affinity = column == columns_.end() ? SqliteAffinity::kBlob : column->second.affinity;
      list += fmt::format("{}c{} {}", i == 0 ? "" : ", ", i, TypeOf(affinity));
    }
    return rehearsal_->Run(fmt::format("CREATE TABLE row({})", list));
  }

  // ?1 and ?2 are the id as text and, where it is spelt like one, as a number.
  std::string IdIs() const { return fmt::format("({0} = ?1 OR {0} = ?2)", QuoteName(id_column())); }
  static void BindId(const std::string& id, SqliteQuery* query) {
    query->BindText(1, id);
    BindCell(IdCell(id), 2, query);
  }
  SqliteCell IdToWrite(const std::string& id) const { return ids_are_numbers_ ? IdCell(id) : SqliteCell(id); }

  SourceRecord ReadRow(const SqliteQuery& row, const std::string& id) const {
    SourceRecord record;
    record.place = fmt::format("row with the id {}", id);
    record.raw = form_.raw(row);
    auto memory = form_.read(row);
    record.problem = memory.status();
    if (memory.ok()) record.item = *std::move(memory);
    return record;
  }

  // With what stands for nothing where a column may not be NULL.
  Result<SqliteCells> FilledCells(const v1::Memory& memory) const {
    ASSIGN_OR_RETURN(SqliteCells cells, CellsOf(memory, mapping_, times_));
    for (auto& [column, cell] : cells) {
      const auto known = columns_.find(column);
      if (cell.index() != 0 || known == columns_.end() || !known->second.not_null) continue;
      if (column == mapping_.metadata_object) cell = std::string("{}");
      if (IsTextColumn(column)) cell = std::string();
    }
    return cells;
  }

  // Of a text, for which an empty one says as much as NULL.
  bool IsTextColumn(const std::string& column) const {
    const auto of_column = [&](const auto& named) { return named.second == column; };
    if (std::any_of(mapping_.fields.begin(), mapping_.fields.end(), of_column)) return true;
    const auto part = std::find_if(mapping_.parts.begin(), mapping_.parts.end(), of_column);
    return part != mapping_.parts.end() && v1::Memory::descriptor()->FindFieldByName(part->first)->cpp_type() ==
                                               google::protobuf::FieldDescriptor::CPPTYPE_STRING;
  }

  Status Insert(const std::string& id, SqliteCells cells) {
    cells[id_column()] = IdToWrite(id);
    // A default stands where NULL may not.
    std::erase_if(cells, [&](const auto& cell) {
      const SqliteColumn& column = columns_.at(cell.first);
      return cell.second.index() == 0 && column.not_null && column.has_default;
    });
    std::string names;
    std::string marks;
    int parameter = 0;
    for (const auto& [column, cell] : cells) {
      names += (names.empty() ? "" : ", ") + QuoteName(column);
      marks += fmt::format("{}?{}", marks.empty() ? "" : ", ", ++parameter);
    }
    ASSIGN_OR_RETURN(SqliteQuery query, batch_.now()->Prepare(fmt::format("INSERT INTO {} ({}) VALUES ({})",
                                                                          QuoteName(mapping_.table), names, marks)));
    parameter = 0;
    for (const auto& [column, cell] : cells) BindCell(cell, ++parameter, &query);
    RETURN_IF_ERROR(query.Step().status());
    return CheckOne(id);
  }

  Status CheckOne(const std::string& id) const {
    const int64_t rows = batch_.now()->changed();
    if (rows == 1) return {};
    return Internal(fmt::format("writing \"{}\" changed {} rows of {}", id, rows, mapping_.table));
  }

  const std::string path_;
  const bool captures_;
  const SqliteMapping mapping_;
  SourceDescription description_;
  std::string import_id_;
  v1::NamespaceConfig config_;
  std::map<std::string, SqliteColumn> columns_;
  std::map<std::string, TimeForm> times_;
  bool ids_are_numbers_ = false;
  std::optional<SqliteRowReader> row_reader_;
  RowForm form_;
  std::unique_ptr<SqliteDatabase> rehearsal_;
  SqliteBatch batch_;
};

}  // namespace

Result<std::unique_ptr<PushTarget>> OpenSqliteTarget(const std::string& path, std::optional<SqliteMapping> mapping,
                                                     PushTarget::Access access, bool quick) {
  const bool captures = !mapping.has_value();
  auto target = std::make_unique<SqliteTarget>(path, captures, captures ? CapturesMapping() : *std::move(mapping));
  RETURN_IF_ERROR(target->Open(access, quick));
  return std::unique_ptr<PushTarget>(std::move(target));
}

}  // namespace engram
