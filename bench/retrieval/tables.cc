#include "bench/retrieval/tables.h"

#include <cstdio>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace engram::bench {
namespace {

std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + '"';
}

}  // namespace

std::string Cell::Markdown() const {
  const auto* text = std::get_if<std::string>(&value_);
  return text != nullptr ? *text : fmt::format("{:.{}f}", std::get<double>(value_), digits_);
}

std::string Cell::Json() const {
  const auto* text = std::get_if<std::string>(&value_);
  return text != nullptr ? Quoted(*text) : fmt::format("{:.6g}", std::get<double>(value_));
}

Tables::Tables(std::string machine, std::string data) : machine_(std::move(machine)), data_(std::move(data)) {
  fmt::print("{}\n\n{}\n", machine_, data_);
  std::fflush(stdout);
}

void Tables::Add(Table table, size_t lines) {
  fmt::print("\n{}\n\n| {} |\n|", table.title, fmt::join(table.columns, " | "));
  for (size_t i = 0; i < table.columns.size(); ++i) fmt::print("---|");
  fmt::print("\n");
  const size_t step = (table.rows.size() + lines - 1) / lines;
  for (size_t i = 0; i < table.rows.size(); ++i) {
    if (i % step != 0 && i + 1 < table.rows.size()) continue;
    fmt::print("|");
    for (const Cell& cell : table.rows[i]) fmt::print(" {} |", cell.Markdown());
    fmt::print("\n");
  }
  std::fflush(stdout);
  tables_.push_back(std::move(table));
}

bool Tables::WriteJson(const std::string& path) const {
  std::string out = fmt::format("{{\"machine\": {}, \"data\": {}, \"tables\": [", Quoted(machine_), Quoted(data_));
  for (size_t t = 0; t < tables_.size(); ++t) {
    const Table& table = tables_[t];
    out += fmt::format("{}\n {{\"title\": {}, \"rows\": [", t > 0 ? "," : "", Quoted(table.title));
    for (size_t r = 0; r < table.rows.size(); ++r) {
      out += r > 0 ? ",\n  {" : "\n  {";
      for (size_t c = 0; c < table.columns.size(); ++c) {
        out += fmt::format("{}{}: {}", c > 0 ? ", " : "", Quoted(table.columns[c]), table.rows[r][c].Json());
      }
      out += '}';
    }
    out += "]}";
  }
  out += "]}\n";
  std::ofstream file(path);
  file << out;
  return file.good();
}

}  // namespace engram::bench
