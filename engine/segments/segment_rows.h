// The manifest of a namespace: which segment files its indexes consist of, one row a file.
//
// A file counts when its row is there. Rows are written behind everything that their files hold, in the same log, so
// a store that lost its tail never names a file that knows more than its rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/kv.h"
#include "base/status.h"
#include "index/segment_file.h"

namespace engram {

struct SegmentRow {
  uint32_t number = 0;  // names the file
  SegmentKind kind = SegmentKind::kText;
  std::string space;  // of vectors
  SlotRange slots;    // what was sealed: an index has nothing of these slots elsewhere
  Position position;  // complete up to it
  uint64_t bytes = 0;
  bool graph_tried = false;  // of vectors: it has one, or it had turned out poor

  bool operator==(const SegmentRow&) const = default;
};

std::string EncodeSegmentRow(const SegmentRow& row);  // all but its number
Result<SegmentRow> DecodeSegmentRow(std::string_view bytes);

// By number.
Result<std::vector<SegmentRow>> ReadSegmentRows(const KvReader& ns);

}  // namespace engram
