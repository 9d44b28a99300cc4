// What an index keeps of memories beside their texts and vectors, as a file: ids, versions, runs and the fields that
// filters know. A row of it counts as long as its memory has the same version: what changed since is read from rows.
// State records are not in it, as they change without a version. The bytes are in docs/formats.md, "Attribute
// segments".
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/publication.h"
#include "index/attribute/field_stretch.h"
#include "index/segment_file.h"

namespace engram {

// To be written. Confined to one thread.
struct ColumnRows {
  ColumnRows();

  std::vector<IndexedRow> rows;  // in slot order
  std::vector<uint8_t> inactive;
  FieldStretchWriter fields;  // of the same rows, without those of the state record
};

// Returns the size of the file, which has no rows but these.
Result<uint64_t> WriteColumns(FileSystem& files, const std::string& path, ColumnRows columns, const SlotRange& slots,
                              Position position);

// Thread-safe.
class ColumnSegment {
 public:
  // NotFound, FailedPrecondition and Corruption as SegmentFile::Open; every byte is checked here.
  static Result<std::shared_ptr<const ColumnSegment>> Open(const FileSystem& files, const std::string& path);

  // Places number the rows in the order of their slots.
  size_t size() const { return slots_.size(); }
  // As the file's directory says.
  SlotRange range() const { return file_->slots(); }
  Position position() const { return file_->position(); }
  Slot slot(size_t place) const { return Slot(slots_[place]); }
  Version version(size_t place) const { return Version(versions_[place]); }
  bool inactive(size_t place) const { return inactive_[place] != 0; }
  IndexedRow Row(size_t place) const;
  // For AttributeIndex::LoadStretch.
  std::string_view fields() const { return fields_; }

 private:
  ColumnSegment() = default;
  Status Read();

  std::shared_ptr<const SegmentFile> file_;
  std::span<const uint32_t> slots_;
  std::span<const uint64_t> versions_;
  std::span<const uint32_t> nodes_;
  std::span<const uint64_t> runs_;  // one more than the number; 0: none
  std::span<const int64_t> times_;
  std::span<const uint64_t> positions_;
  std::span<const uint32_t> places_;
  std::span<const uint8_t> inactive_;
  std::span<const uint32_t> id_ends_;
  std::string_view ids_;
  std::string_view fields_;
};

}  // namespace engram
