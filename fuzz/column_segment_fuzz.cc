// Any bytes as a segment of columns: refused when it is opened, or rows and fields within it.
#include <string>
#include <vector>

#include "base/check.h"
#include "engine/segments/column_segment.h"
#include "fuzz/input.h"
#include "fuzz/segment_repair.h"
#include "index/attribute/attribute_index.h"

namespace engram {
namespace {

void Read(const ColumnSegment& segment) {
  std::vector<std::optional<Slot>> slots;
  for (size_t place = 0; place < segment.size(); ++place) {
    const IndexedRow row = segment.Row(place);
    ENGRAM_CHECK(row.slot == segment.slot(place) && row.version == segment.version(place));
    (void)segment.inactive(place);
    slots.emplace_back(row.slot);
  }
  AttributeIndex index;
  const Status loaded = index.LoadStretch(segment.fields(), slots, 3);
  ENGRAM_CHECK(loaded.ok() || loaded.code() == StatusCode::kCorruption);
  for (const auto& slot : slots) (void)index.Fingerprint(*slot);
}

}  // namespace
}  // namespace engram

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  using namespace engram;                                                  // NOLINT: a file of one function
  ForEachReading(FuzzInput(data, size).rest(), [](const FileSystem& files, const std::string& path) {
    const auto segment = ColumnSegment::Open(files, path);
    if (segment.ok()) Read(**segment);
  });
  return 0;
}
