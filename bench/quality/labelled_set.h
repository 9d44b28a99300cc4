// A labelled set as it lies on disk: docs.jsonl, queries.jsonl, qrels.tsv and, where there are vectors, docs.f32
// and queries.f32 (little-endian floats, row i belongs to line i).
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"

namespace engram::quality {

// Dimensions of the vectors beside the sets (all-MiniLM-L6-v2).
constexpr size_t kDimensions = 384;

struct LabelledRow {
  std::map<std::string, std::string> fields;  // of the JSON object: strings, and integers in decimal
  std::vector<float> vector;                  // empty without vectors

  // Empty when absent.
  const std::string& Field(const std::string& name) const;
  // The named fields that aren't empty, joined by spaces.
  std::string Text(const std::vector<std::string>& names) const;
};

struct LabelledQuery {
  LabelledRow row;
  std::set<size_t> relevant;  // places in docs; never empty
};

struct LabelledSet {
  std::vector<LabelledRow> docs;
  std::vector<LabelledQuery> queries;  // the judged ones, in the file's order
};

// The queries are those of queries.jsonl and qrels.tsv, or with a split ("train") of queries_train.jsonl and
// qrels_train.tsv. NotFound when the folder isn't there; Corruption names the file and line.
Result<LabelledSet> ReadLabelledSet(const std::string& folder, bool with_vectors, const std::string& split = "");

}  // namespace engram::quality
