// Any bytes as a line of an archive or as its manifest: refused, or a record that is written as a line that reads the
// same.
//
// The first byte is the kind of the record. The rest is taken as a whole line, and as the record of one whose hash is
// right.
#include <string>

#include "api/json.h"
#include "base/check.h"
#include "base/hash.h"
#include "fuzz/input.h"
#include "tools/import/archive_format.h"

namespace engram {
namespace {

void Refused(const Status& status) {
  ENGRAM_CHECK(status.code() == StatusCode::kInvalidArgument || status.code() == StatusCode::kCorruption ||
               status.code() == StatusCode::kUnprocessable);
}

void ReadLine(std::string_view line, ArchiveKind kind) {
  RecordItem item;
  if (Status status = ParseArchiveLine(line, kind, &item); !status.ok()) return Refused(status);
  const std::string once = ArchiveLine(item);
  RecordItem again;
  ENGRAM_CHECK(ParseArchiveLine(once, kind, &again).ok() && ArchiveLine(again) == once);
}

void ReadManifest(std::string_view text) {
  const auto manifest = ParseManifest(text);
  if (!manifest.ok()) return Refused(manifest.status());
  const std::string once = PrintManifest(*manifest);
  const auto again = ParseManifest(once);
  ENGRAM_CHECK(again.ok() && PrintManifest(*again) == once);
}

std::string Hashed(std::string_view name, std::string_view record) {
  return "{\"hash\":\"" + HashBytes128(record).ToHex() + "\",\"" + std::string(name) + "\":" + std::string(record) +
         "}";
}

}  // namespace
}  // namespace engram

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  using namespace engram;                                                  // NOLINT: a file of one function
  FuzzInput input(data, size);
  const auto kind = static_cast<ArchiveKind>(input.Byte() % kArchiveKinds);
  ReadLine(input.rest(), kind);
  ReadLine(Hashed(NamesOf(kind).record, input.rest()), kind);
  ReadManifest(input.rest());
  ReadManifest(Hashed("manifest", input.rest()));
  return 0;
}
