// Where an export goes: a stream of JSON lines or an archive.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "tools/import/archive_writer.h"
#include "tools/import/source.h"

namespace engram {

// Confined to one thread. What is not finished leaves nothing under its name.
class ExportSink {
 public:
  virtual ~ExportSink() = default;
  virtual Status Write(const RecordItem& item) = 0;
  // `notes`: what the namespace holds and the export doesn't, as sentences without a full stop.
  virtual Status Finish(const SourceDescription& source, const std::vector<std::string>& notes,
                        const ArchivePositions& positions) = 0;
  virtual bool takes_ended_edges() const = 0;
  virtual bool takes_tombstones() const = 0;
};

// One record a line, as `engram import jsonl` reads it. "" and "-" are standard output.
Result<std::unique_ptr<ExportSink>> NewJsonlSink(const std::string& path);
Result<std::unique_ptr<ExportSink>> NewArchiveSink(const std::string& folder);

}  // namespace engram
