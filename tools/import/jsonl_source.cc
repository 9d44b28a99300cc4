#include "tools/import/jsonl_source.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/hash.h"
#include "tools/import/import_id.h"

namespace engram {
namespace {

constexpr std::string_view kBlank = " \t\r";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// The object inside {"<name>": … }; nothing when the line is no such wrapper.
std::optional<std::string_view> Unwrap(std::string_view line, std::string_view name) {
  const auto skip = [&line](std::string_view token) {
    line = line.substr(std::min(line.find_first_not_of(kBlank), line.size()));
    if (!line.starts_with(token)) return false;
    line.remove_prefix(token.size());
    return true;
  };
  if (!skip("{") || !skip(fmt::format("\"{}\"", name)) || !skip(":") || !line.ends_with('}')) return std::nullopt;
  line.remove_suffix(1);
  line = Trim(line);
  if (!line.starts_with('{')) return std::nullopt;
  return line;
}

template <class Item>
void ParseItem(std::string_view json, SourceRecord* record) {
  record->problem = ParseJson(json, &record->item.emplace<Item>());
}

uint64_t Chain(uint64_t digest, std::string_view line) {
  std::string bytes(sizeof(digest), '\0');
  std::memcpy(bytes.data(), &digest, sizeof(digest));
  bytes += line;
  return HashBytes64(bytes);
}

struct JsonlCursor {
  uint64_t lines = 0;
  uint64_t digest = 0;
};

// "12 lines, digest 0123456789abcdef".
std::optional<JsonlCursor> ParseCursor(std::string_view text) {
  constexpr std::string_view kMiddle = " lines, digest ";
  JsonlCursor cursor;
  const char* const end = text.data() + text.size();
  const auto count = std::from_chars(text.data(), end, cursor.lines);
  if (count.ec != std::errc() || !std::string_view(count.ptr, end).starts_with(kMiddle)) return std::nullopt;
  const auto digest = std::from_chars(count.ptr + kMiddle.size(), end, cursor.digest, 16);
  if (digest.ec != std::errc() || digest.ptr != end) return std::nullopt;
  return cursor;
}

}  // namespace

void ParseJsonlLine(std::string_view line, SourceRecord* record) {
  if (const auto edge = Unwrap(line, "edge")) return ParseItem<v1::Edge>(*edge, record);
  if (const auto node = Unwrap(line, "node")) return ParseItem<v1::Node>(*node, record);
  if (const auto run = Unwrap(line, "run")) return ParseItem<v1::Run>(*run, record);
  if (const auto config = Unwrap(line, "namespace")) return ParseItem<v1::NamespaceConfig>(*config, record);
  if (const auto tombstone = Unwrap(line, "tombstone")) {
    record->problem = ParseJson(*tombstone, &record->item.emplace<Tombstone>().memory);
    return;
  }
  const auto memory = Unwrap(line, "memory");
  ParseItem<v1::Memory>(memory.value_or(line), record);
}

Result<std::unique_ptr<JsonlSource>> JsonlSource::Open(const std::string& path) {
  if (path == "-") return std::make_unique<JsonlSource>(std::cin, "", 0);
  auto file = std::make_unique<std::ifstream>(path, std::ios::binary);
  std::error_code error;
  if (!*file) return NotFound(fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  if (std::filesystem::is_directory(path, error)) return InvalidArgument(fmt::format("{} is a folder", path));
  const uint64_t bytes = std::filesystem::file_size(path, error);
  auto source = std::make_unique<JsonlSource>(*file, path, error ? 0 : bytes);
  source->file_ = std::move(file);
  return source;
}

JsonlSource::JsonlSource(std::istream& in, std::string name, uint64_t bytes)
    : in_(in), name_(std::move(name)), bytes_(bytes) {}

SourceDescription JsonlSource::Describe() const {
  return {"jsonl", name_.empty() ? "standard input" : name_, std::nullopt};
}

std::string JsonlSource::DefaultImportId() const { return MakeImportId("jsonl", name_); }

Result<bool> JsonlSource::ReadLine(std::string* line) {
  if (!std::getline(in_, *line)) {
    if (in_.bad()) return Unavailable(fmt::format("reading {} failed after line {}", name_, lines_));
    return false;
  }
  bytes_read_ += line->size() + (in_.eof() ? 0 : 1);
  ++lines_;
  digest_ = Chain(digest_, *line);
  if (lines_ == 1 && line->starts_with(kByteOrderMark)) line->erase(0, kByteOrderMark.size());
  return true;
}

void JsonlSource::Rewind() {
  in_.clear();
  in_.seekg(0);
  lines_ = bytes_read_ = digest_ = 0;
}

Result<bool> JsonlSource::Resume(const std::string& text) {
  const auto cursor = ParseCursor(text);
  if (!cursor || name_.empty()) return false;
  std::string line;
  while (lines_ < cursor->lines) {
    ASSIGN_OR_RETURN(const bool more, ReadLine(&line));
    if (!more) break;
  }
  if (lines_ == cursor->lines && digest_ == cursor->digest) return true;
  Rewind();
  return false;
}

Result<bool> JsonlSource::Next(SourceRecord* record) {
  std::string line;
  do {
    ASSIGN_OR_RETURN(const bool more, ReadLine(&line));
    if (!more) return false;
  } while (Trim(line).empty());
  record->place = fmt::format("line {}", lines_);
  record->raw = std::move(line);
  ParseJsonlLine(Trim(record->raw), record);
  return true;
}

std::string JsonlSource::Cursor(bool) const { return fmt::format("{} lines, digest {:016x}", lines_, digest_); }

std::optional<double> JsonlSource::Fraction() const {
  if (bytes_ == 0) return std::nullopt;
  return static_cast<double>(bytes_read_) / static_cast<double>(bytes_);
}

}  // namespace engram
