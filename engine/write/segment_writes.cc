#include "engine/write/segment_writes.h"

#include <fmt/format.h>

#include "engine/segments/segment_rows.h"

namespace engram {
namespace {

Status Expect(const Transaction& tx, uint32_t number, bool there) {
  ASSIGN_OR_RETURN(const auto bytes, tx.rows().Get(keys::Key(keys::kSegment).AddSegment(number)));
  if (bytes.has_value() == there) return {};
  return FailedPrecondition(fmt::format("segment {} is {}", number, there ? "gone" : "there already"));
}

}  // namespace

Status ApplyPublishSegments(Transaction& tx, const PublishSegments& publish) {
  for (const uint32_t number : publish.removed) {
    RETURN_IF_ERROR(Expect(tx, number, true));
    tx.batch().Delete(keys::Key(keys::kSegment).AddSegment(number));
  }
  for (const SegmentRow& row : publish.added) {
    RETURN_IF_ERROR(Expect(tx, row.number, false));
    tx.batch().Put(keys::Key(keys::kSegment).AddSegment(row.number), EncodeSegmentRow(row));
  }
  return {};
}

}  // namespace engram
