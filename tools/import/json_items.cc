#include "tools/import/json_items.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/file.h"

namespace engram {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

Status AddArray(const std::string& place, array items, std::vector<JsonItem>* out) {
  size_t i = 0;
  for (const element item : items) {
    std::string at = fmt::format("{}item {}", place.empty() ? "" : place + ", ", i++);
    if (!item.is_object()) return InvalidArgument(fmt::format("{} is no object", at));
    out->push_back({std::move(at), simdjson::minify(item)});
  }
  return {};
}

// An array, a page, or one record.
Status AddDocument(const std::string& place, element root, const std::string& list, std::vector<JsonItem>* out) {
  array items;
  if (root.get_array().get(items) == simdjson::SUCCESS) return AddArray(place, items, out);
  if (!root.is_object()) return InvalidArgument(fmt::format("{} is neither an array nor an object", place));
  if (root[list].get(items) == simdjson::SUCCESS) return AddArray(place, items, out);
  out->push_back({place, simdjson::minify(root)});
  return {};
}

// simdjson goes down 1,024 levels by itself; records are checked for less when they are read.
Status Parse(simdjson::dom::parser& parser, std::string_view json, element* root) {
  const auto error = parser.parse(json.data(), json.size()).get(*root);
  return error == simdjson::SUCCESS ? Status() : InvalidArgument(simdjson::error_message(error));
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

Status AddLines(const std::string& path, std::string_view text, const std::string& list, std::vector<JsonItem>* out) {
  simdjson::dom::parser parser;
  size_t line = 0;
  while (!text.empty()) {
    ++line;
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view json = Trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (json.empty()) continue;
    const std::string place = fmt::format("{}, line {}", path, line);
    element root;
    if (const Status status = Parse(parser, json, &root); !status.ok()) {
      return InvalidArgument(fmt::format("{} is no JSON: {}", place, status.message()));
    }
    RETURN_IF_ERROR(AddDocument(place, root, list, out));
  }
  return {};
}

Status AddFile(const std::string& path, const std::string& list, std::vector<JsonItem>* out) {
  ASSIGN_OR_RETURN(const uint64_t size, FileSystem::Posix().FileSize(path));
  if (size > kJsonFileBytesMax) {
    return InvalidArgument(fmt::format("{} has {} bytes, more than {}; split it", path, size, kJsonFileBytesMax));
  }
  ASSIGN_OR_RETURN(const std::string text, FileSystem::Posix().ReadFile(path));
  std::string_view json = text;
  if (json.starts_with("\xef\xbb\xbf")) json.remove_prefix(3);
  if (Trimmed(json).empty()) return InvalidArgument(fmt::format("{} is empty", path));
  simdjson::dom::parser parser;
  element root;
  const Status whole = Parse(parser, json, &root);
  if (whole.ok()) return AddDocument(path, root, list, out);
  // One document, or lines of them: then the first line is one.
  const std::string_view first = Trimmed(json.substr(0, json.find('\n')));
  if (first.size() == Trimmed(json).size() || !Parse(parser, first, &root).ok()) {
    return InvalidArgument(fmt::format("{} is no JSON: {}", path, whole.message()));
  }
  return AddLines(path, json, list, out);
}

}  // namespace

Result<std::vector<JsonItem>> ReadJsonItems(const std::string& path, const std::string& list) {
  std::vector<JsonItem> items;
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    RETURN_IF_ERROR(AddFile(path, list, &items));
    return items;
  }
  ASSIGN_OR_RETURN(const auto names, FileSystem::Posix().ListDirectory(path));
  bool any = false;
  for (const std::string& name : names) {
    if (!name.ends_with(".json") && !name.ends_with(".jsonl")) continue;
    any = true;
    RETURN_IF_ERROR(AddFile(fmt::format("{}/{}", path, name), list, &items));
  }
  if (!any) return NotFound(fmt::format("the folder {} has no files *.json or *.jsonl", path));
  return items;
}

Result<std::map<std::string, std::vector<JsonItem>>> JsonListsOf(const std::string& json) {
  simdjson::dom::parser parser;
  element root;
  RETURN_IF_ERROR(Parse(parser, json, &root));
  object members;
  if (root.get_object().get(members) != simdjson::SUCCESS) return InvalidArgument("no object");
  std::map<std::string, std::vector<JsonItem>> lists;
  for (const auto [name, member] : members) {
    std::vector<JsonItem>& items = lists[std::string(name)];
    array elements;
    if (member.get_array().get(elements) == simdjson::SUCCESS) {
      RETURN_IF_ERROR(AddArray(std::string(name), elements, &items));
    } else if (member.is_object()) {
      items.push_back({std::string(name), simdjson::minify(member)});
    }
  }
  return lists;
}

}  // namespace engram
