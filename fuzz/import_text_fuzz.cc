// Any bytes as what other programs give as text: lines of JSON, pages and points of Qdrant's. Refused,
// or records.
//
// The first byte chooses the form.
#include <string>

#include "base/check.h"
#include "fuzz/input.h"
#include "tools/import/jsonl_source.h"
#include "tools/import/qdrant_json.h"

namespace engram {
namespace {

void CheckPoint(const StoredPoint& point) {
  if (point.problem.ok()) ENGRAM_CHECK(IsQdrantId(point.id) && !QdrantIdJson(point.id).empty());
}

void ReadPage(const std::string& json) {
  const auto page = ReadQdrantPage(json);
  ENGRAM_CHECK(page.ok() || page.status().code() == StatusCode::kInvalidArgument);
  if (!page.ok()) return;
  for (const StoredPoint& point : page->points) CheckPoint(point);
  if (page->next) (void)QdrantIdLess(*page->next, "7");
}

void ReadPoints(const std::string& json) {
  const auto points = ReadQdrantPoints(json);
  ENGRAM_CHECK(points.ok() || points.status().code() == StatusCode::kInvalidArgument);
  if (!points.ok()) return;
  for (const StoredPoint& point : *points) CheckPoint(point);
}

void ReadLine(const std::string& line) {
  SourceRecord record;
  ParseJsonlLine(line, &record);
  ENGRAM_CHECK(record.problem.ok() || record.problem.code() == StatusCode::kInvalidArgument ||
               record.problem.code() == StatusCode::kUnprocessable);
}

}  // namespace
}  // namespace engram

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  engram::FuzzInput input(data, size);
  const uint8_t form = input.Byte();
  const std::string text(input.rest());
  switch (form % 3) {
    case 0: engram::ReadLine(text); break;
    case 1: engram::ReadPage(text); break;
    default: engram::ReadPoints(text); break;
  }
  return 0;
}
