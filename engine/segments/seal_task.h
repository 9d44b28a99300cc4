// Work for the sealer: parts of a namespace's indexes that are to become files, and what became of them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "engine/segments/column_segment.h"
#include "engine/segments/segment_rows.h"
#include "index/text/text_index.h"
#include "index/vector/vector_index.h"

namespace engram {

// Neighbouring parts of one index, to become one file; of kAttribute what the index has of the task's slots.
struct SealPart {
  SegmentKind kind = SegmentKind::kText;
  std::string space;                  // of vectors
  std::vector<TextPartHandle> texts;  // kText
  std::vector<VectorHandle> vectors;  // kVector
  bool graph = false;                 // kVector: worth one
};

struct SealTask {
  SlotRange slots;
  Position position;
  // Fresh parts: one of each index that has something in the stretch. A merge: the one of one index.
  std::vector<SealPart> parts;
  std::vector<SegmentRow> replaced;  // a merge: rows that go with it
  bool merge = false;
};

// The file made of a part; without a row when none of it lives any more.
struct WrittenPart {
  std::optional<SegmentRow> row;
  std::shared_ptr<const TextSegment> text;
  std::shared_ptr<const VectorSegment> vector;
  size_t column_rows = 0;  // kAttribute: memories in it
};

// A namespace's files, opened.
struct OpenedSegment {
  SegmentRow row;
  uint32_t dimensions = 0;  // of vectors
  std::shared_ptr<const TextSegment> text;
  std::shared_ptr<const VectorSegment> vector;
  std::shared_ptr<const ColumnSegment> columns;
};

}  // namespace engram
