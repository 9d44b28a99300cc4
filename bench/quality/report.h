// Tables of figures, as Markdown and as JSON. A figure may have one stated for it, and then meets or misses it.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace engram::quality {

struct Figure {
  double value = 0;
  std::optional<double> stated{};
  double tolerance = 0;  // how far from `stated` it may be
  bool floor = false;    // above `stated` is never a miss
  int digits = 3;        // that the value is shown with

  bool misses() const;
};

// Rows and columns stand in the order they first came.
class Table {
 public:
  Table(std::string title, std::string corner) : title_(std::move(title)), corner_(std::move(corner)) {}

  void Set(const std::string& row, const std::string& column, const Figure& figure);
  // The mean of the column's values over the rows so far; nothing without rows.
  std::optional<double> ColumnMean(const std::string& column) const;

  // A heading and a table; a cell shows its value, then what is stated in brackets, and "MISS" where it does miss.
  // A last column says OK or FAIL for rows with a stated figure. Empty without rows.
  std::string Markdown() const;
  // One JSON object a figure, without brackets around them.
  std::vector<std::string> JsonLines() const;
  size_t stated() const;
  size_t missed() const;

 private:
  std::string Verdict(const std::string& row) const;

  std::string title_;
  std::string corner_;
  std::vector<std::string> rows_;
  std::vector<std::string> columns_;
  std::map<std::string, std::map<std::string, Figure>> figures_;  // row, column
};

// The tables in the order they were made. References to them stay valid.
class Report {
 public:
  Table& Add(std::string title, std::string corner) {
    return tables_.emplace_back(std::move(title), std::move(corner));
  }

  std::string Markdown() const;
  std::string Json() const;
  size_t stated() const;
  size_t missed() const;

 private:
  std::deque<Table> tables_;
};

}  // namespace engram::quality
