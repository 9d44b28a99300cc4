#include "bench/quality/report.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace engram::quality {
namespace {

// Stated figures have three digits: half of the last one is no difference.
constexpr double kRounding = 0.0005;

void Remember(std::vector<std::string>* names, const std::string& name) {
  if (std::find(names->begin(), names->end(), name) == names->end()) names->push_back(name);
}

std::string Stated(const Figure& figure) {
  if (!figure.stated) return {};
  return figure.floor ? fmt::format(" (≥ {:.3f})", *figure.stated - figure.tolerance)
                      : fmt::format(" ({:.3f})", *figure.stated);
}

std::string Cell(const Figure& figure) {
  return fmt::format("{:.{}f}{}{}", figure.value, figure.digits, Stated(figure), figure.misses() ? " MISS" : "");
}

std::string Line(const std::vector<std::string>& cells) { return fmt::format("| {} |\n", fmt::join(cells, " | ")); }

}  // namespace

bool Figure::misses() const {
  if (!stated) return false;
  const double allowed = tolerance + kRounding;
  return floor ? value < *stated - allowed : std::abs(value - *stated) > allowed;
}

void Table::Set(const std::string& row, const std::string& column, const Figure& figure) {
  Remember(&rows_, row);
  Remember(&columns_, column);
  figures_[row][column] = figure;
}

std::optional<double> Table::ColumnMean(const std::string& column) const {
  double sum = 0;
  double rows = 0;
  for (const auto& [row, cells] : figures_) {
    const auto cell = cells.find(column);
    if (cell == cells.end()) continue;
    sum += cell->second.value;
    ++rows;
  }
  if (rows == 0) return std::nullopt;
  return sum / rows;
}

std::string Table::Verdict(const std::string& row) const {
  bool judged = false;
  for (const auto& [column, figure] : figures_.at(row)) {
    if (figure.misses()) return "FAIL";
    judged |= figure.stated.has_value();
  }
  return judged ? "OK" : "";
}

std::string Table::Markdown() const {
  if (rows_.empty()) return {};
  const bool judged = stated() > 0;
  std::vector<std::string> head = {corner_};
  head.insert(head.end(), columns_.begin(), columns_.end());
  if (judged) head.emplace_back("");
  std::string text =
      fmt::format("### {}\n\n", title_) + Line(head) + Line(std::vector<std::string>(head.size(), "---"));
  for (const std::string& row : rows_) {
    std::vector<std::string> cells = {row};
    for (const std::string& column : columns_) {
      const auto cell = figures_.at(row).find(column);
      cells.push_back(cell == figures_.at(row).end() ? "" : Cell(cell->second));
    }
    if (judged) cells.push_back(Verdict(row));
    text += Line(cells);
  }
  return text + "\n";
}

std::vector<std::string> Table::JsonLines() const {
  std::vector<std::string> lines;
  for (const std::string& row : rows_) {
    for (const std::string& column : columns_) {
      const auto cell = figures_.at(row).find(column);
      if (cell == figures_.at(row).end()) continue;
      const Figure& figure = cell->second;
      std::string line =
          fmt::format(R"({{"table":"{}","row":"{}","figure":"{}","value":{:.6f})", title_, row, column, figure.value);
      if (figure.stated) {
        line += fmt::format(R"(,"stated":{:.3f},"tolerance":{:.3f},"floor":{},"ok":{})", *figure.stated,
                            figure.tolerance, figure.floor, !figure.misses());
      }
      lines.push_back(line + "}");
    }
  }
  return lines;
}

size_t Table::stated() const {
  size_t count = 0;
  for (const auto& [row, cells] : figures_) {
    for (const auto& [column, figure] : cells) count += figure.stated ? 1 : 0;
  }
  return count;
}

size_t Table::missed() const {
  size_t count = 0;
  for (const auto& [row, cells] : figures_) {
    for (const auto& [column, figure] : cells) count += figure.misses() ? 1 : 0;
  }
  return count;
}

std::string Report::Markdown() const {
  std::string text;
  for (const Table& table : tables_) text += table.Markdown();
  return text + fmt::format("{} of {} stated figures met.\n", stated() - missed(), stated());
}

std::string Report::Json() const {
  std::vector<std::string> lines;
  for (const Table& table : tables_) {
    for (std::string& line : table.JsonLines()) lines.push_back(std::move(line));
  }
  return fmt::format("[\n{}\n]\n", fmt::join(lines, ",\n"));
}

size_t Report::stated() const {
  size_t count = 0;
  for (const Table& table : tables_) count += table.stated();
  return count;
}

size_t Report::missed() const {
  size_t count = 0;
  for (const Table& table : tables_) count += table.missed();
  return count;
}

}  // namespace engram::quality
