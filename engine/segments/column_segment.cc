#include "engine/segments/column_segment.h"

#include <algorithm>

#include <fmt/format.h>

namespace engram {
namespace {

// Names what FilterFields makes of a memory: a file that another mapping made is of no use.
constexpr std::string_view kFingerprint = "attribute 1";

std::vector<std::string> StateFieldNames() { return {std::begin(kStateFields), std::end(kStateFields)}; }

// A section with one number of each row.
template <class Number, class Get>
Status WriteColumn(SegmentWriter* file, std::string_view name, const std::vector<IndexedRow>& rows, Get get) {
  std::vector<Number> numbers;
  numbers.reserve(rows.size());
  for (const IndexedRow& row : rows) numbers.push_back(get(row));
  RETURN_IF_ERROR(file->Begin(name));
  return file->AppendArray(std::span<const Number>(numbers));
}

template <class Number>
Status ReadColumn(const SegmentFile& file, std::string_view name, std::span<const Number>* numbers) {
  ASSIGN_OR_RETURN(const SegmentSection* section, file.Section(name));
  ASSIGN_OR_RETURN(*numbers, section->Array<Number>());
  return {};
}

Status ReadBytes(const SegmentFile& file, std::string_view name, std::string_view* bytes) {
  ASSIGN_OR_RETURN(const SegmentSection* section, file.Section(name));
  ASSIGN_OR_RETURN(*bytes, section->Bytes());
  return {};
}

}  // namespace

ColumnRows::ColumnRows() : fields(StateFieldNames()) {}

Result<uint64_t> WriteColumns(FileSystem& files, const std::string& path, ColumnRows columns, const SlotRange& slots,
                              Position position) {
  ASSIGN_OR_RETURN(auto file, SegmentWriter::Create(files, path, SegmentKind::kAttribute, std::string(kFingerprint)));
  const std::vector<IndexedRow>& rows = columns.rows;
  const auto run = [](const IndexedRow& row) { return row.run ? uint64_t{*row.run} + 1 : 0; };
  const auto time = [](const IndexedRow& row) { return row.order.event_time.micros; };
  const auto placed = [](const IndexedRow& row) { return row.order.place; };
  const auto at = [](const IndexedRow& row) { return row.order.position.value; };
  RETURN_IF_ERROR(WriteColumn<uint32_t>(&file, "slots", rows, [](const IndexedRow& row) { return row.slot.value; }));
  RETURN_IF_ERROR(
      WriteColumn<uint64_t>(&file, "versions", rows, [](const IndexedRow& row) { return row.version.value; }));
  RETURN_IF_ERROR(WriteColumn<uint32_t>(&file, "nodes", rows, [](const IndexedRow& row) { return row.node.value; }));
  RETURN_IF_ERROR(WriteColumn<uint64_t>(&file, "runs", rows, run));
  RETURN_IF_ERROR(WriteColumn<int64_t>(&file, "times", rows, time));
  RETURN_IF_ERROR(WriteColumn<uint64_t>(&file, "positions", rows, at));
  RETURN_IF_ERROR(WriteColumn<uint32_t>(&file, "places", rows, placed));
  RETURN_IF_ERROR(file.Begin("inactive"));
  RETURN_IF_ERROR(file.AppendArray(std::span<const uint8_t>(columns.inactive)));
  std::string ids;
  const auto id_end = [&](const IndexedRow& row) { return static_cast<uint32_t>((ids += row.id).size()); };
  RETURN_IF_ERROR(WriteColumn<uint32_t>(&file, "id_ends", rows, id_end));
  RETURN_IF_ERROR(file.Section("ids", ids));
  RETURN_IF_ERROR(file.Section("fields", std::move(columns.fields).Encode()));
  RETURN_IF_ERROR(file.Finish(slots, position));
  return file.size();
}

Result<std::shared_ptr<const ColumnSegment>> ColumnSegment::Open(const FileSystem& files, const std::string& path) {
  const std::shared_ptr<ColumnSegment> segment(new ColumnSegment());
  ASSIGN_OR_RETURN(segment->file_, SegmentFile::Open(files, path, SegmentKind::kAttribute, kFingerprint));
  RETURN_IF_ERROR(segment->Read());
  return std::shared_ptr<const ColumnSegment>(segment);
}

Status ColumnSegment::Read() {
  RETURN_IF_ERROR(ReadColumn(*file_, "slots", &slots_));
  RETURN_IF_ERROR(ReadColumn(*file_, "versions", &versions_));
  RETURN_IF_ERROR(ReadColumn(*file_, "nodes", &nodes_));
  RETURN_IF_ERROR(ReadColumn(*file_, "runs", &runs_));
  RETURN_IF_ERROR(ReadColumn(*file_, "times", &times_));
  RETURN_IF_ERROR(ReadColumn(*file_, "positions", &positions_));
  RETURN_IF_ERROR(ReadColumn(*file_, "places", &places_));
  RETURN_IF_ERROR(ReadColumn(*file_, "inactive", &inactive_));
  RETURN_IF_ERROR(ReadColumn(*file_, "id_ends", &id_ends_));
  RETURN_IF_ERROR(ReadBytes(*file_, "ids", &ids_));
  RETURN_IF_ERROR(ReadBytes(*file_, "fields", &fields_));
  for (const size_t rows : {versions_.size(), nodes_.size(), runs_.size(), times_.size(), positions_.size(),
                            places_.size(), inactive_.size(), id_ends_.size()}) {
    if (rows != size()) return Corruption(fmt::format("{}: columns of different length", file_->path()));
  }
  const bool ascend = std::adjacent_find(slots_.begin(), slots_.end(), std::greater_equal<>()) == slots_.end();
  if (!ascend) return Corruption(fmt::format("{}: slots don't ascend", file_->path()));
  const size_t ids_end = id_ends_.empty() ? 0 : id_ends_.back();
  if (!std::is_sorted(id_ends_.begin(), id_ends_.end()) || ids_end != ids_.size()) {
    return Corruption(fmt::format("{}: ids don't fit their ends", file_->path()));
  }
  return {};
}

IndexedRow ColumnSegment::Row(size_t place) const {
  const uint32_t id_begin = place == 0 ? 0 : id_ends_[place - 1];
  IndexedRow row;
  row.slot = slot(place);
  row.node = NodeNumber(nodes_[place]);
  row.id = ids_.substr(id_begin, id_ends_[place] - id_begin);
  row.version = version(place);
  if (runs_[place] > 0) row.run = static_cast<uint32_t>(runs_[place] - 1);
  row.order = {Timestamp{times_[place]}, Position(positions_[place]), places_[place]};
  return row;
}

}  // namespace engram
