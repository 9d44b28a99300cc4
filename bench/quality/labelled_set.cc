#include "bench/quality/labelled_set.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

namespace engram::quality {
namespace {

Result<std::string> ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return NotFound(fmt::format("can't open {}", path));
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return std::move(bytes).str();
}

LabelledRow RowOf(const simdjson::dom::object& object) {
  LabelledRow row;
  for (const auto& [name, value] : object) {
    if (value.is_string()) row.fields[std::string(name)] = std::string(value.get_string().value_unsafe());
    if (value.is_int64()) row.fields[std::string(name)] = std::to_string(value.get_int64().value_unsafe());
  }
  return row;
}

Result<std::vector<LabelledRow>> ReadRows(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadAll(path));
  std::istringstream lines(bytes);
  simdjson::dom::parser parser;
  std::vector<LabelledRow> rows;
  for (std::string line; std::getline(lines, line);) {
    simdjson::dom::object object;
    if (parser.parse(line).get(object) != simdjson::SUCCESS) {
      return Corruption(fmt::format("{}:{} is no JSON object", path, rows.size() + 1));
    }
    rows.push_back(RowOf(object));
  }
  return rows;
}

Status ReadVectors(const std::string& path, std::vector<LabelledRow>* rows) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadAll(path));
  constexpr size_t kRowBytes = kDimensions * sizeof(float);
  if (bytes.size() != rows->size() * kRowBytes) {
    return Corruption(fmt::format("{} has {} bytes, not {} rows of {}", path, bytes.size(), rows->size(), kRowBytes));
  }
  for (size_t i = 0; i < rows->size(); ++i) {
    std::vector<float>& vector = (*rows)[i].vector;
    vector.resize(kDimensions);
    std::memcpy(vector.data(), bytes.data() + i * kRowBytes, kRowBytes);
  }
  return {};
}

std::map<std::string, size_t> PlaceById(const std::vector<LabelledRow>& rows) {
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < rows.size(); ++i) places.emplace(rows[i].Field("id"), i);
  return places;
}

// Query place to the places of what is relevant to it: every grade above 0.
Result<std::map<size_t, std::set<size_t>>> ReadLabels(const std::string& path, const std::vector<LabelledRow>& docs,
                                                      const std::vector<LabelledRow>& queries) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadAll(path));
  const auto doc_places = PlaceById(docs);
  const auto query_places = PlaceById(queries);
  std::istringstream lines(bytes);
  std::map<size_t, std::set<size_t>> labels;
  size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const size_t first = line.find('\t');
    const size_t second = line.find('\t', first + 1);
    if (first == std::string::npos || second == std::string::npos) {
      return Corruption(fmt::format("{}:{} has no three columns", path, number));
    }
    const auto query = query_places.find(line.substr(0, first));
    const auto doc = doc_places.find(line.substr(first + 1, second - first - 1));
    if (query == query_places.end() || doc == doc_places.end()) {
      return Corruption(fmt::format("{}:{} names an unknown id", path, number));
    }
    if (line.substr(second + 1) != "0") labels[query->second].insert(doc->second);
  }
  return labels;
}

}  // namespace

const std::string& LabelledRow::Field(const std::string& name) const {
  static const std::string kAbsent;
  const auto found = fields.find(name);
  return found == fields.end() ? kAbsent : found->second;
}

std::string LabelledRow::Text(const std::vector<std::string>& names) const {
  std::string text;
  for (const std::string& name : names) {
    const std::string& part = Field(name);
    if (part.empty()) continue;
    if (!text.empty()) text += ' ';
    text += part;
  }
  return text;
}

Result<LabelledSet> ReadLabelledSet(const std::string& folder, bool with_vectors, const std::string& split) {
  if (!std::filesystem::is_directory(folder)) return NotFound(fmt::format("there is no folder {}", folder));
  LabelledSet set;
  const std::string of_split = split.empty() ? "" : "_" + split;
  ASSIGN_OR_RETURN(set.docs, ReadRows(folder + "/docs.jsonl"));
  ASSIGN_OR_RETURN(std::vector<LabelledRow> queries, ReadRows(folder + "/queries" + of_split + ".jsonl"));
  if (with_vectors) {
    RETURN_IF_ERROR(ReadVectors(folder + "/docs.f32", &set.docs));
    RETURN_IF_ERROR(ReadVectors(folder + "/queries" + of_split + ".f32", &queries));
  }
  ASSIGN_OR_RETURN(auto labels, ReadLabels(folder + "/qrels" + of_split + ".tsv", set.docs, queries));
  for (auto& [place, relevant] : labels) set.queries.push_back({std::move(queries[place]), std::move(relevant)});
  return set;
}

}  // namespace engram::quality
