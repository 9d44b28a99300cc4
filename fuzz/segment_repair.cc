#include "fuzz/segment_repair.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"
#include "index/segment_format.h"

namespace engram {
namespace {

constexpr size_t kChecksumBytes = sizeof(uint64_t);

void Put64(uint64_t number, size_t at, std::string* bytes) { std::memcpy(bytes->data() + at, &number, sizeof(number)); }

void SignFrame(size_t at, std::string* bytes) {
  const std::string_view frame = std::string_view(*bytes).substr(at, kSegmentFrameBytes - kChecksumBytes);
  Put64(HashBytes64(frame), at + frame.size(), bytes);
}

// The blocks of every section that the directory names, where it can be read.
void SignSections(size_t directory_at, size_t directory_size, std::string* bytes) {
  const std::string directory = bytes->substr(directory_at, directory_size);
  ByteReader in(directory);
  (void)in.Byte();
  (void)in.String();
  (void)in.Fixed32();
  (void)in.Fixed32();
  (void)in.Fixed64();
  const size_t count = in.Count(1 + 2 * sizeof(uint64_t));
  for (size_t i = 0; i < count && in.ok(); ++i) {
    (void)in.String();
    const uint64_t offset = in.Fixed64();
    const uint64_t size = in.Fixed64();
    if (offset > directory_at || size > directory_at - offset) return;
    const uint64_t end = std::min<uint64_t>(offset + SegmentAligned(size), directory_at);
    for (uint64_t at = offset; at < offset + size && in.ok(); at += kSegmentBlockBytes) {
      const size_t place = directory_at + (directory.size() - in.rest().size());
      if (in.Fixed64(); !in.ok()) return;
      const uint64_t n = std::min<uint64_t>(end - at, kSegmentBlockBytes);
      Put64(HashBytes64(std::string_view(*bytes).substr(at, n)), place, bytes);
    }
  }
}

}  // namespace

std::string WithSoundChecksums(std::string bytes) {
  bytes.resize(SegmentAligned(bytes.size()));
  if (bytes.size() < 2 * kSegmentFrameBytes) return bytes;
  const size_t footer_at = bytes.size() - kSegmentFrameBytes;
  ByteReader footer(std::string_view(bytes).substr(footer_at + kSegmentEndMagic.size()));
  (void)footer.Fixed64();
  const uint64_t size = std::min<uint64_t>(footer.Fixed64(), footer_at);
  // The directory ends where the footer begins, wherever changes have pushed it.
  const uint64_t at = footer_at - std::min<uint64_t>(SegmentAligned(size), footer_at);
  SignSections(at, std::min(size, footer_at - at), &bytes);
  const size_t fields = footer_at + kSegmentEndMagic.size();
  Put64(at, fields, &bytes);
  Put64(size, fields + 8, &bytes);
  Put64(HashBytes64(std::string_view(bytes).substr(at, footer_at - at)), fields + 16, &bytes);
  Put64(bytes.size(), fields + 24, &bytes);
  SignFrame(0, &bytes);
  SignFrame(footer_at, &bytes);
  return bytes;
}

void PutSegment(std::string_view bytes, FaultFileSystem* files) {
  auto file = files->OpenForWriting(kFuzzedSegment);
  ENGRAM_CHECK(file.ok() && (*file)->Append(bytes).ok() && (*file)->Close().ok());
}

}  // namespace engram
