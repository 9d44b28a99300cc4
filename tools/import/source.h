// Where an import reads from: one record after the other, each with the place a person finds it at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/status.h"
#include "engram/v1/graph.pb.h"
#include "engram/v1/memory.pb.h"
#include "engram/v1/namespace.pb.h"

namespace engram {

// What one line or row became, or why it became nothing.
struct SourceRecord {
  std::string place;  // "line 17", "row 42"
  std::string raw;    // as it stands in the source, for the rejects file
  Status problem;     // not OK: `item` means nothing
  bool seen = false;  // an earlier run has taken it; if its memory is gone, somebody deleted it
  std::variant<v1::Memory, v1::Edge, v1::Node, v1::Run, v1::NamespaceConfig> item;
};

// Confined to one thread. Never changes what it reads.
class ImportSource {
 public:
  virtual ~ImportSource() = default;

  // The import's name unless the user gives one: the same for the same source.
  virtual std::string DefaultImportId() const = 0;
  virtual const char* unit() const = 0;  // "lines", "rows"

  // Continues after what an earlier run committed with this cursor. False: the source is not what it was then, or
  // there is nothing to continue; it will be read from the beginning. Called before Next, at most once.
  virtual Result<bool> Resume(const std::string& cursor) = 0;

  // False at the end. An error of the source itself (a disk, a broken database) ends the run.
  virtual Result<bool> Next(SourceRecord* record) = 0;
  // Behind the record given last: what Resume wants. `finished`: the source has been read to its end.
  virtual std::string Cursor(bool finished) const = 0;

  // How much has been read, if that can be told.
  virtual std::optional<double> Fraction() const = 0;
};

}  // namespace engram
