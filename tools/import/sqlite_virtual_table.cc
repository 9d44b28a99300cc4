#include "tools/import/sqlite_virtual_table.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace engram {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return out;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// At the commas outside quotes and brackets.
std::vector<std::string> SplitArguments(std::string_view text) {
  std::vector<std::string> out(1);
  char quote = 0;
  int depth = 0;
  for (const char c : text) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"' || c == '`') {
      quote = c;
    } else if (c == '(' || c == '[') {
      ++depth;
    } else if (c == ')' || c == ']') {
      --depth;
    } else if (c == ',' && depth == 0) {
      out.emplace_back();
      continue;
    }
    out.back() += c;
  }
  for (std::string& argument : out) argument = std::string(Trim(argument));
  return out;
}

// The name at the argument's beginning, without its quotes.
std::string FirstName(std::string_view argument) {
  if (argument.empty()) return {};
  const char open = argument[0];
  if (open == '"' || open == '\'' || open == '`' || open == '[') {
    const size_t end = argument.find(open == '[' ? ']' : open, 1);
    return std::string(argument.substr(1, end == std::string_view::npos ? end : end - 1));
  }
  return std::string(argument.substr(0, argument.find_first_of(" \t\r\n=")));
}

// What follows "name =" of an option; nothing when the argument is none.
std::optional<std::string> OptionValue(std::string_view argument, std::string_view option) {
  const size_t equals = argument.find('=');
  if (equals == std::string_view::npos || Lower(Trim(argument.substr(0, equals))) != option) return std::nullopt;
  return FirstName(Trim(argument.substr(equals + 1)));
}

// "emb float[4] distance_metric=cosine": nothing for columns that hold no vectors.
struct VecColumn {
  std::string name;
  std::string type;  // "float", "int8", "bit"
  uint32_t dimensions = 0;
};
std::optional<VecColumn> ParseVecColumn(std::string_view argument) {
  VecColumn column;
  column.name = FirstName(argument);
  const size_t open = argument.find('[', column.name.size());
  if (open == std::string_view::npos) return std::nullopt;
  const std::string_view before = Trim(argument.substr(0, open));
  const size_t blank = before.find_last_of(" \t");
  if (blank == std::string_view::npos) return std::nullopt;
  column.type = Lower(before.substr(blank + 1));
  if (column.type == "f32") column.type = "float";
  const char* const begin = argument.data() + open + 1;
  const auto end = std::from_chars(begin, argument.data() + argument.size(), column.dimensions);
  if (end.ec != std::errc() || column.dimensions == 0) return std::nullopt;
  return column;
}

}  // namespace

std::string QuoteName(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

Result<std::optional<VirtualTable>> FindVirtualTable(SqliteDatabase& database, const std::string& name) {
  ASSIGN_OR_RETURN(SqliteQuery query,
                   database.Prepare("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1"));
  query.BindText(1, name);
  ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) return std::optional<VirtualTable>();
  const std::string sql = query.Text(0);
  const std::string lower = Lower(sql);
  if (!lower.starts_with("create virtual table")) return std::optional<VirtualTable>();
  const size_t open = sql.find('(', std::min(sql.size(), lower.find(" using ")));
  const size_t close = sql.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) {
    return InvalidArgument(fmt::format("the table {} has a definition that can't be read: {}", name, sql));
  }
  const std::string before = lower.substr(0, open);
  VirtualTable table;
  table.module = std::string(Trim(before.substr(before.rfind(" using ") + 7)));
  table.arguments = SplitArguments(std::string_view(sql).substr(open + 1, close - open - 1));
  return std::optional<VirtualTable>(std::move(table));
}

Result<FtsContent> FindFtsContent(const VirtualTable& table, const std::string& name) {
  FtsContent content{name + "_content", {}};
  for (const std::string& argument : table.arguments) {
    if (const auto other = OptionValue(argument, "content")) {
      return FailedPrecondition(
          other->empty() ? fmt::format("the full-text table {} keeps no texts (content='')", name)
                         : fmt::format("the full-text table {} keeps its texts in {}: map that", name, *other));
    }
    // An option's value follows its name; a column's may be followed by UNINDEXED.
    const std::string column = FirstName(argument);
    const std::string_view rest = Trim(std::string_view(argument).substr(std::min(argument.size(), column.size())));
    const bool option = argument[0] != '"' && argument[0] != '[' && argument[0] != '`' && rest.starts_with('=');
    if (!option) content.columns.push_back(column);
  }
  return content;
}

Result<SqliteVecColumn> SqliteVecColumn::Open(SqliteDatabase& database, const std::string& table,
                                              const std::string& column) {
  ASSIGN_OR_RETURN(const auto definition, FindVirtualTable(database, table));
  if (!definition || definition->module != "vec0") {
    return InvalidArgument(fmt::format("{} is no table of sqlite-vec", table));
  }
  SqliteVecColumn out(database, table);
  std::optional<VecColumn> chosen;
  size_t vectors = 0;
  for (const std::string& argument : definition->arguments) {
    const auto found = ParseVecColumn(argument);
    if (!found) continue;
    if (found->name == column || (column.empty() && vectors == 0)) {
      chosen = found;
      out.number_ = vectors;
    }
    ++vectors;
  }
  if (!chosen || (column.empty() && vectors != 1)) {
    return InvalidArgument(fmt::format("{} has {} columns of vectors{}", table, vectors,
                                       column.empty() ? ", name one" : fmt::format(", none is {}", column)))
        .At("column");
  }
  if (chosen->type != "float") {
    return InvalidArgument(fmt::format("column {} of {} holds {}, not float", chosen->name, table, chosen->type))
        .At("column");
  }
  out.dimensions_ = chosen->dimensions;
  return out;
}

Result<std::optional<std::string>> SqliteVecColumn::Find(int64_t row) {
  ASSIGN_OR_RETURN(SqliteQuery place,
                   database_->Prepare(fmt::format("SELECT chunk_id, chunk_offset FROM {} WHERE rowid = ?1",
                                                  QuoteName(table_ + "_rowids"))));
  place.BindInt(1, row);
  ASSIGN_OR_RETURN(const bool found, place.Step());
  if (!found) return std::optional<std::string>();
  const int64_t chunk = place.Int(0);
  const int64_t offset = place.Int(1);
  if (chunk_ != chunk) {
    ASSIGN_OR_RETURN(SqliteQuery query,
                     database_->Prepare(fmt::format("SELECT vectors FROM {} WHERE rowid = ?1",
                                                    QuoteName(fmt::format("{}_vector_chunks{:02}", table_, number_)))));
    query.BindInt(1, chunk);
    ASSIGN_OR_RETURN(const bool has_chunk, query.Step());
    chunk_bytes_ = has_chunk ? query.Text(0) : std::string();
    chunk_ = chunk;
  }
  const size_t size = dimensions_ * sizeof(float);
  const size_t vectors = chunk_bytes_.size() / size;
  if (offset >= 0 && static_cast<size_t>(offset) < vectors) {
    return std::optional<std::string>(chunk_bytes_.substr(static_cast<size_t>(offset) * size, size));
  }
  return Corruption(fmt::format("the vector of row {} of {} is not whole", row, table_));
}

}  // namespace engram
