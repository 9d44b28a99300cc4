// What the store keeps of an import: how far it is, and row by row what it brought, so that it can be taken back.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/timestamp.h"

namespace engram {

// Never renumber: rows hold them.
enum class ImportState : uint8_t {
  kPlanned = 0,
  kBackedUp = 1,
  kCopying = 2,
  kVerifying = 3,
  kDone = 4,
  kRollingBack = 5,  // goes on when the rollback is repeated; takes no batch meanwhile
  kRolledBack = 6,   // the next batch begins the import anew
};

// Never renumber: keys hold them. A rollback removes what is over first, then in this order: what refers to others.
enum class ImportedKind : uint8_t { kEdge = 0, kMemory = 1, kNode = 2, kRun = 3, kTombstone = 4, kEndedEdge = 5 };
inline constexpr size_t kImportedKinds = 6;

// How the items of an import's batches ended.
struct ImportCounts {
  uint64_t created = 0;
  uint64_t updated = 0;
  uint64_t unchanged = 0;
  uint64_t duplicates = 0;
};

struct ImportStatus {
  std::string namespace_name;
  NamespaceId ns;
  std::string id;
  std::string cursor;
  uint64_t rejects = 0;
  uint64_t memories = 0;
  Timestamp updated_at;
  ImportState state = ImportState::kCopying;
  Timestamp started_at;
  Position begin;  // of the namespace, before the first batch
  // From `begin` up to here nothing but this import was written; unknown of imports begun by older programs.
  std::optional<Position> end;
  uint32_t generation = 0;  // counts the beginnings: after a rollback the import is another one
  std::array<ImportCounts, kImportedKinds> counts = {};
  std::string rolled_to;  // the key of the last row that the rollback has dealt with
  uint64_t removed = 0;   // by the rollback
  uint64_t restored = 0;
  uint64_t kept = 0;
  // What the importing program keeps here, by name; opaque to the engine.
  std::map<std::string, std::string> notes;
};

// Something that the import wrote and that the rollback has not removed.
struct ImportedItem {
  // Of what is there now.
  enum class Now : uint8_t { kAsWritten = 0, kChanged = 1, kGone = 2, kExpired = 3 };
  ImportedKind kind = ImportedKind::kMemory;
  std::string id;         // empty when it was erased
  Version version;        // of memories and edges, as the import left it
  bool replaced = false;  // something else stood there before
  bool kept = false;      // the rollback left it there
  Now now = Now::kAsWritten;
};

struct ImportedQuery {
  std::string import;
  std::vector<std::string> memory_ids;  // not empty: these memories alone, without a cursor
  uint32_t limit = 100;
  std::string cursor;  // binary; from the page before
};
struct ImportedPage {
  std::vector<ImportedItem> items;  // by kind
  std::string next_cursor;
};

}  // namespace engram
