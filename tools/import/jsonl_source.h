// JSON Lines: each line a Memory as the API writes it, or {"memory":{…}}, {"edge":{…}}, {"node":{…}}, {"run":{…}},
// {"tombstone":{…}}, a memory that is gone, or {"namespace":{…}}, a configuration.
//
// Blank lines are skipped; a byte order mark and carriage returns are tolerated. The cursor holds the number of lines
// read and a digest of them all, so a file that has grown since goes on where it ended, and one that has changed
// before that point is noticed.
#pragma once

#include <fstream>
#include <istream>
#include <memory>
#include <string>

#include "tools/import/source.h"

namespace engram {

class JsonlSource final : public ImportSource {
 public:
  // "-" is standard input, which can't be continued. NotFound or Unavailable when the file can't be read.
  static Result<std::unique_ptr<JsonlSource>> Open(const std::string& path);
  // Over any stream, which outlives the source. `bytes`: how many there are; 0: unknown.
  JsonlSource(std::istream& in, std::string name, uint64_t bytes);

  SourceDescription Describe() const override;
  std::string DefaultImportId() const override;
  const char* unit() const override { return "lines"; }
  Result<bool> Resume(const std::string& cursor) override;
  Result<bool> Next(SourceRecord* record) override;
  std::string Cursor(bool finished) const override;
  std::optional<double> Fraction() const override;

 private:
  Result<bool> ReadLine(std::string* line);
  void Rewind();

  std::unique_ptr<std::ifstream> file_;  // unless the stream is somebody else's
  std::istream& in_;
  const std::string name_;  // of the file, empty for a stream without one
  const uint64_t bytes_;
  uint64_t lines_ = 0;
  uint64_t bytes_read_ = 0;
  uint64_t digest_ = 0;  // over all lines so far, each with the digest before it
};

// One line into the record's item or problem. The line is not blank.
void ParseJsonlLine(std::string_view line, SourceRecord* record);

}  // namespace engram
