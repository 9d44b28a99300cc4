// What one backup consists of: a text file, the last thing that is written of it.
//
//   engram-backup 1
//   created <RFC 3339>                       when it was taken
//   log_time <RFC 3339>                      of the last commit in it
//   position <n>                             number of the store's last change in it
//   identity <text>                          of the store
//   erasures <n>                             how many erasures it knows: later ones are done again by a restore
//   namespaces <n>
//   memories <n>
//   file <sha256> <size> <path>              each file, by path; "contents" (StoreContents::lines) among them
//   end <sha256 of all lines before>
//
// Each line ends with a newline. Any other text is refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/timestamp.h"

namespace engram {

struct BackupFile {
  std::string path;  // in the data folder: "rows/000012.sst"
  uint64_t size = 0;
  std::string sha256;  // hexadecimal

  bool operator==(const BackupFile&) const = default;
};

struct BackupManifest {
  Timestamp created_at;
  Timestamp log_time;
  uint64_t position = 0;
  std::string identity;
  uint64_t erasures = 0;
  uint64_t namespaces = 0;
  uint64_t memories = 0;
  std::vector<BackupFile> files;

  uint64_t bytes() const;
  bool operator==(const BackupManifest&) const = default;
};

// The file of StoreContents::lines, which is none of the data folder's.
inline constexpr std::string_view kContentsFile = "contents";
inline constexpr std::string_view kKeySecretFile = "key-secret";

std::string FormatBackupManifest(const BackupManifest& manifest);
// Corruption for anything that FormatBackupManifest does not write, a path that leads elsewhere included.
Result<BackupManifest> ParseBackupManifest(std::string_view text);

}  // namespace engram
