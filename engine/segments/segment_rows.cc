#include "engine/segments/segment_rows.h"

#include "base/coding.h"
#include "engine/keys.h"

namespace engram {
namespace {

constexpr char kFormat = 1;

}  // namespace

std::string EncodeSegmentRow(const SegmentRow& row) {
  std::string out(1, kFormat);
  out.push_back(static_cast<char>(row.kind));
  AppendString(&out, row.space);
  AppendVarint(&out, row.slots.first.value);
  AppendVarint(&out, row.slots.last.value);
  AppendVarint(&out, row.position.value);
  AppendVarint(&out, row.bytes);
  out.push_back(row.graph_tried ? 1 : 0);
  return out;
}

Result<SegmentRow> DecodeSegmentRow(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.Byte() != kFormat) in.Fail();
  SegmentRow row;
  row.kind = static_cast<SegmentKind>(in.Byte());
  if (row.kind < SegmentKind::kText || row.kind > SegmentKind::kAttribute) in.Fail();
  row.space = in.String();
  row.slots.first = Slot(static_cast<uint32_t>(in.Varint()));
  row.slots.last = Slot(static_cast<uint32_t>(in.Varint()));
  row.position = Position(in.Varint());
  row.bytes = in.Varint();
  row.graph_tried = in.Byte() != 0;
  RETURN_IF_ERROR(in.Finish("segment row"));
  return row;
}

Result<std::vector<SegmentRow>> ReadSegmentRows(const KvReader& ns) {
  std::vector<SegmentRow> rows;
  const auto it = ns.ScanPrefix(std::string(1, keys::kSegment));
  for (; it->Valid(); it->Next()) {
    ASSIGN_OR_RETURN(SegmentRow row, DecodeSegmentRow(it->value()));
    ByteReader key(it->key().substr(1));
    row.number = key.Key32();
    RETURN_IF_ERROR(key.Finish("segment number"));
    rows.push_back(std::move(row));
  }
  RETURN_IF_ERROR(it->status());
  return rows;
}

}  // namespace engram
