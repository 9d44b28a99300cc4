// Figures as Markdown tables on standard output and, all together, as JSON in a file.
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace engram::bench {

// Text, or a number and how many digits of it Markdown shows after the point. JSON keeps the number.
class Cell {
 public:
  Cell(std::string text) : value_(std::move(text)) {}                       // NOLINT: implicit on purpose
  Cell(const char* text) : value_(std::string(text)) {}                     // NOLINT: implicit on purpose
  Cell(double number, int digits = 0) : value_(number), digits_(digits) {}  // NOLINT: implicit on purpose
  Cell(size_t count) : value_(static_cast<double>(count)) {}                // NOLINT: implicit on purpose

  std::string Markdown() const;
  std::string Json() const;

 private:
  std::variant<std::string, double> value_;
  int digits_ = 0;
};

struct Table {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;  // each as long as `columns`
};

// Confined to one thread.
class Tables {
 public:
  // `machine` and `data` are one line each, printed at once.
  Tables(std::string machine, std::string data);

  // Prints at most `lines` rows, evenly spread when there are more, and always the last; JSON has them all.
  void Add(Table table, size_t lines = 100);
  // False when the file can't be written.
  bool WriteJson(const std::string& path) const;

 private:
  std::string machine_;
  std::string data_;
  std::vector<Table> tables_;
};

}  // namespace engram::bench
