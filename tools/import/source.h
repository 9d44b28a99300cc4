// Where records come from, and the one form that every source brings them in: the neutral record. Checks, writes,
// archives and comparisons know this form alone, so that a new source is one file behind this interface.
//
// The neutral form is the API's own messages, as the right to import reads them, and what the API has no place for:
//
//   text, fields, metadata, scopes, role, kind          v1::Memory
//   vectors: several, by name; dense, sparse or multi   v1::Memory, components exactly as the source has them
//   times, expiry, state, pinned, feedback, counts      v1::Memory; what the source does not know stays absent
//   former versions, ends of former lives               v1::Memory::history, ascending
//   where it came from                                  v1::Memory::source: system, id there, version there
//   deleted memories with what is known of them         Tombstone
//   entities and relations; relations that ended        v1::Node, v1::Edge; an edge with retired_at
//   conversations with a life of their own              v1::Run
//   dimensions, metrics and models of the vectors       v1::NamespaceConfig, before the first memory
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "engram/v1/graph.pb.h"
#include "engram/v1/memory.pb.h"
#include "engram/v1/namespace.pb.h"

namespace engram {

// A memory that its source has deleted: id, scopes and a history whose last event is "delete" or "expire".
struct Tombstone {
  v1::Memory memory;
};

// Never reorder: ImportBatch knows them by number.
using RecordItem = std::variant<v1::Memory, v1::Edge, v1::Node, v1::Run, v1::NamespaceConfig, Tombstone>;

// What one line, row or point became, or why it became nothing.
struct SourceRecord {
  std::string place;  // "line 17", "row 42"
  std::string raw;    // as it stands in the source, for the rejects file
  Status problem;     // not OK: `item` means nothing
  bool seen = false;  // an earlier run has taken it; if its memory is gone, somebody deleted it
  RecordItem item;
};

// What a source says of itself before it is read.
struct SourceDescription {
  std::string system;               // "jsonl", "qdrant-local": its kind, as v1::Source::system has it where it sets one
  std::string origin;               // a path or an address, with the collection or table, for a person
  std::optional<uint64_t> records;  // its own count of what it will give as memories, to be held against what came
  bool normalises_cosine = false;   // it may bring a cosine vector to length 1 by itself, at any time
};

// Confined to one thread. Never changes what it reads.
class ImportSource {
 public:
  virtual ~ImportSource() = default;

  virtual SourceDescription Describe() const = 0;
  // The import's name unless the user gives one: the same for the same source.
  virtual std::string DefaultImportId() const = 0;
  virtual const char* unit() const = 0;  // "lines", "rows"

  // Continues after what an earlier run committed with this cursor. False: the source is not what it was then, or
  // there is nothing to continue; it will be read from the beginning. Called before Next, at most once.
  virtual Result<bool> Resume(const std::string& cursor) = 0;

  // False at the end. An error of the source itself (a disk, a broken database) ends the run.
  virtual Result<bool> Next(SourceRecord* record) = 0;
  // Behind the record given last: what Resume wants. Opaque to everyone else, at most 64 KiB. `finished`: the source
  // has been read to its end.
  virtual std::string Cursor(bool finished) const = 0;

  // How much has been read, if that can be told.
  virtual std::optional<double> Fraction() const = 0;

  // What a person should know of the records given so far, beside those with a problem: what of the source is in no
  // record, what did not agree with itself. Sentences without a full stop.
  virtual std::vector<std::string> Notes() const { return {}; }
};

}  // namespace engram
