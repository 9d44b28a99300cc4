// An archive: neutral records in a folder, for keeping, moving and comparing (docs/formats.md, "Archive").
//
//   manifest.json          what is in it; written last
//   memories.jsonl … one file per kind of record, one record a line
//
// Each line carries a hash of its record, the manifest the SHA-256 of each file: an archive that was cut or changed is
// told from a whole one, by line. Proof against accidents; whoever changes it on purpose can make the hashes anew.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tools/import/source.h"

namespace engram {

inline constexpr uint32_t kArchiveVersion = 1;
inline constexpr const char* kManifestFile = "manifest.json";

// What refers to others comes after them; an archive is read in another order (archive_source.h).
enum class ArchiveKind : uint8_t { kMemory, kTombstone, kNode, kRun, kEdge, kRetiredEdge };
inline constexpr size_t kArchiveKinds = 6;

struct ArchiveKindNames {
  const char* file;    // "memories.jsonl"
  const char* record;  // "memory": the member of a line
  const char* count;   // "memories": the member of the manifest's counts
};
const ArchiveKindNames& NamesOf(ArchiveKind kind);

// Nothing for a namespace's configuration, which stands in the manifest.
std::optional<ArchiveKind> KindOf(const RecordItem& item);

// {"hash":"<XXH3-128 of the object's bytes>","memory":{…}} without a line end. Equal records give equal lines. Dense
// vectors stand as {"f32_base64":…}, other floats as the shortest text that reads back as the same number.
// REQUIRES: KindOf(item).
std::string ArchiveLine(const RecordItem& item);

// InvalidArgument when the line is not what ArchiveLine gives for this kind; Corruption when it is not what its hash is
// about.
Status ParseArchiveLine(std::string_view line, ArchiveKind kind, RecordItem* item);

// Of a namespace, as the API tells them; empty where there is none.
struct ArchivePositions {
  std::string since;     // a delta: what changed after it
  std::string position;  // what was written later may be missing
};

struct ArchiveManifest {
  struct File {
    std::string name;
    uint64_t lines = 0;
    uint64_t bytes = 0;
    std::string sha256;
  };
  std::string system;  // of the source that it was made from, with its origin
  std::string origin;
  std::string created_at;                     // RFC 3339
  std::optional<v1::NamespaceConfig> config;  // with dimensions, metric and model of each vector space
  std::array<uint64_t, kArchiveKinds> counts{};
  uint64_t versions = 0;           // former versions and ends in the histories of memories and tombstones
  std::string digest;              // sum of the memories' canonical hashes; empty unless all have one
  std::vector<std::string> notes;  // what a person should know of it: ImportSource::Notes()
  ArchivePositions positions;
  std::array<File, kArchiveKinds> files;  // of every kind, empty ones included

  uint64_t count(ArchiveKind kind) const { return counts[static_cast<size_t>(kind)]; }
};

// One line, hashed like the others: {"hash":…,"manifest":{…}}.
std::string PrintManifest(const ArchiveManifest& manifest);
// InvalidArgument when it is no manifest or of another format version, Corruption when it was changed.
Result<ArchiveManifest> ParseManifest(std::string_view text);

}  // namespace engram
