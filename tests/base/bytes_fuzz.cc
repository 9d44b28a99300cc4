// Bytes of any kind against the readers that meet foreign bytes first: decoders of records and of times.
// What is read must be written back as something that is read as the same.
#include "base/check.h"
#include "base/coding.h"
#include "base/timestamp.h"
#include "base/value_coding.h"

namespace engram {
namespace {

void ReadTime(std::string_view text) {
  const auto time = ParseRfc3339(text);
  if (!time.ok()) return;
  const auto again = ParseRfc3339(FormatRfc3339(*time));
  // An offset may push the years 0001 and 9999 over the edge of what can be written.
  if (again.ok()) ENGRAM_CHECK(*again == *time);
}

void ReadRecord(std::string_view bytes) {
  ByteReader reader(bytes);
  while (reader.ok() && !reader.empty()) {
    switch (reader.Byte() % 8) {
      case 0: reader.Varint(); break;
      case 1: (void)reader.String(); break;
      case 2: (void)reader.KeyString(); break;
      case 3: reader.KeyDouble(); break;
      case 4: reader.SignedVarint(); break;
      case 5: (void)reader.Bytes(reader.Count(4)); break;
      case 6: reader.Fixed32(); break;
      default: reader.Key16(); break;
    }
  }
  ENGRAM_CHECK(reader.empty());
}

// The encoding is canonical: whatever is accepted is written back byte for byte.
void ReadOneValue(std::string_view bytes) {
  ByteReader reader(bytes);
  Value value;
  if (!ReadValue(&reader, &value)) return;
  std::string again;
  AppendValue(&again, value);
  ENGRAM_CHECK(again == bytes.substr(0, bytes.size() - reader.rest().size()));
}

}  // namespace
}  // namespace engram

// libFuzzer's entry.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  engram::ReadTime(bytes);
  engram::ReadRecord(bytes);
  engram::ReadOneValue(bytes);
  return 0;
}
