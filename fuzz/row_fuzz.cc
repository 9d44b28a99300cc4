// Any bytes as the value of a row, of the log or of a key: refused as damaged, or a row that is written back as one
// that reads the same.
//
// The first byte chooses the kind.
#include <array>
#include <string>

#include "base/check.h"
#include "engine/keys.h"
#include "engine/rows.h"
#include "engine/segments/segment_rows.h"
#include "engine/tenant.h"
#include "engine/write/log_row.h"
#include "engine/write/reply_row.h"
#include "fuzz/input.h"
#include "graph/edge_store.h"

namespace engram {
namespace {

template <auto kDecode, auto kEncode>
void CheckRow(std::string_view bytes) {
  const auto row = kDecode(bytes);
  if (!row.ok()) {
    ENGRAM_CHECK(row.status().code() == StatusCode::kCorruption);
    return;
  }
  const std::string once = kEncode(*row);
  const auto again = kDecode(once);
  ENGRAM_CHECK(again.ok() && kEncode(*again) == once);
}

struct ContentRow {
  NodeNumber node;
  Content content;
};
Result<ContentRow> DecodeContentRow(std::string_view bytes) {
  ContentRow row;
  Include include;
  include.text = include.fields = include.vectors = true;
  RETURN_IF_ERROR(DecodeContent(bytes, include, &row.node, &row.content));
  return row;
}
std::string EncodeContentRow(const ContentRow& row) { return EncodeContent(row.node, row.content); }

Result<TenantRecord> DecodeOneTenant(std::string_view bytes) { return DecodeTenant(TenantId(1), bytes); }
Result<ApiKey> DecodeOneKey(std::string_view bytes) { return DecodeApiKey(TenantId(1), "0123456789abcdef", bytes); }

void CheckLogRow(std::string_view bytes) {
  const auto row = DecodeLogRow(bytes);
  ENGRAM_CHECK(row.ok() || row.status().code() == StatusCode::kCorruption);
}

// One key a row: what is read as a key is written back as it was.
void CheckExpiryKey(std::string_view bytes) {
  const auto expiry = keys::DecodeExpiry(bytes);
  if (expiry.ok()) ENGRAM_CHECK(keys::EncodeExpiry(*expiry) == bytes);
}

constexpr std::array<void (*)(std::string_view), 18> kKinds = {
    CheckRow<DecodeContentRow, EncodeContentRow>,
    CheckRow<DecodeAttributes, EncodeAttributes>,
    CheckRow<DecodeState, EncodeState>,
    CheckRow<DecodeIdRow, EncodeIdRow>,
    CheckRow<DecodeVersion, EncodeVersion>,
    CheckRow<DecodeRun, EncodeRun>,
    CheckRow<DecodeNode, EncodeNode>,
    CheckRow<DecodeHead, EncodeHead>,
    CheckRow<DecodeCounters, EncodeCounters>,
    CheckRow<DecodeImport, EncodeImport>,
    CheckRow<DecodeImported, EncodeImported>,
    CheckRow<DecodeSegmentRow, EncodeSegmentRow>,
    CheckRow<DecodeOneTenant, EncodeTenant>,
    CheckRow<DecodeTenantUsage, EncodeTenantUsage>,
    CheckRow<DecodeOneKey, EncodeApiKey>,
    CheckRow<DecodeReply, EncodeReply>,
    CheckRow<DecodeEdge, EncodeEdge>,
    CheckLogRow,
};

}  // namespace
}  // namespace engram

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  engram::FuzzInput input(data, size);
  engram::kKinds[input.Byte() % engram::kKinds.size()](input.rest());
  engram::CheckExpiryKey(input.rest());
  return 0;
}
