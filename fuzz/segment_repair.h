// Segment files whose bytes a fuzzer has changed, with checksums that say otherwise: what gets past them must still be
// refused or harmless.
#pragma once

#include <string>
#include <string_view>

#include "base/testing/fault_file_system.h"

namespace engram {

// Header, footer and directory with new checksums, and every section with those of its blocks, as far as the bytes
// still are such a file (index/segment_format.h).
std::string WithSoundChecksums(std::string bytes);

// The name under which the only file of `files` is to be opened.
inline constexpr const char* kFuzzedSegment = "/segment";
void PutSegment(std::string_view bytes, FaultFileSystem* files);

// Calls use(files, path) for the bytes as they are, and with sound checksums.
template <class Use>
void ForEachReading(std::string_view bytes, Use use) {
  for (const bool sound : {false, true}) {
    FaultFileSystem files;
    PutSegment(sound ? WithSoundChecksums(std::string(bytes)) : bytes, &files);
    use(files, kFuzzedSegment);
  }
}

}  // namespace engram
