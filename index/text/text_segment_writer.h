// Writes a segment from parts of an index: frozen ones, sealed ones, several into one. Dead texts, and terms
// that only they held, are left behind.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "index/segment_file.h"
#include "index/text/analyzer.h"
#include "index/text/text_source.h"

namespace engram {

struct TextSegmentSize {
  uint32_t texts = 0;
  uint64_t bytes = 0;  // of the file; 0 when there was no live text, and so no file
};

// Writes `path` from the sources, whose slots ascend from one to the next, complete up to `position`. Needs no
// lock. In memory: one list of postings, the terms and words as bytes, and a number for each text, term and
// word of the sources. Corruption when a source is damaged; otherwise errors are those of the disk.
Result<TextSegmentSize> WriteTextSegment(FileSystem& files, const std::string& path, const Analyzer& analyzer,
                                         const std::vector<std::shared_ptr<const TextSource>>& sources,
                                         Position position);

}  // namespace engram
