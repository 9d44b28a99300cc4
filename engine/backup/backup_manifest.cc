#include "engine/backup/backup_manifest.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "base/message_digest.h"
#include "engine/backup/folder_beneath.h"

namespace engram {
namespace {

constexpr std::string_view kHead = "engram-backup 1\n";
constexpr size_t kSha256Digits = 64;

std::string Digest(std::string_view text) {
  Sha256 sha256;
  sha256.Update(text);
  return sha256.FinishHex();
}

bool IsSha256(std::string_view text) {
  return text.size() == kSha256Digits &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// Where a file of a backup may go: into the two folders of a store, or to one of the names that we know.
bool IsPlace(std::string_view path) {
  if (path == kContentsFile || path == kKeySecretFile) return true;
  const bool in_folder = path.starts_with("rows/") || path.starts_with("segments/");
  return in_folder && FolderBeneath::IsName(path) && std::count(path.begin(), path.end(), '/') == 1;
}

// The lines of a manifest, one after the other; after the first mistake every read gives nothing.
class ManifestLines {
 public:
  explicit ManifestLines(std::string_view text) : text_(text) {}

  bool ok() const { return ok_; }
  bool Skip(std::string_view text) {
    if (!text_.starts_with(text)) return ok_ = false;
    text_.remove_prefix(text.size());
    return true;
  }
  // Up to `end`, which goes, too.
  std::string_view Until(char end) {
    const size_t at = text_.find(end);
    if (at == std::string_view::npos || !ok_) {
      ok_ = false;
      return {};
    }
    const std::string_view word = text_.substr(0, at);
    text_.remove_prefix(at + 1);
    return word;
  }
  std::string_view Text(std::string_view name) {
    Skip(name);
    return Until('\n');
  }
  uint64_t Number(std::string_view digits) {
    uint64_t number = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || stop != digits.data() + digits.size()) ok_ = false;
    return number;
  }
  Timestamp Time(std::string_view name) {
    const auto time = ParseRfc3339(Text(name));
    ok_ &= time.ok();
    return time.ok() ? *time : Timestamp();
  }
  bool StartsWith(std::string_view text) const { return ok_ && text_.starts_with(text); }
  bool empty() const { return text_.empty(); }

 private:
  std::string_view text_;
  bool ok_ = true;
};

}  // namespace

uint64_t BackupManifest::bytes() const {
  uint64_t sum = 0;
  for (const BackupFile& file : files) sum += file.size;
  return sum;
}

std::string FormatBackupManifest(const BackupManifest& manifest) {
  std::string text(kHead);
  text += fmt::format("created {}\nlog_time {}\nposition {}\nidentity {}\nerasures {}\nnamespaces {}\nmemories {}\n",
                      FormatRfc3339(manifest.created_at), FormatRfc3339(manifest.log_time), manifest.position,
                      manifest.identity, manifest.erasures, manifest.namespaces, manifest.memories);
  for (const BackupFile& file : manifest.files) {
    text += fmt::format("file {} {} {}\n", file.sha256, file.size, file.path);
  }
  return text + fmt::format("end {}\n", Digest(text));
}

Result<BackupManifest> ParseBackupManifest(std::string_view text) {
  Status damaged = Corruption("the manifest is damaged");
  // "end " sha256 newline
  const size_t tail = 4 + kSha256Digits + 1;
  if (text.size() < tail) return damaged;
  const std::string_view body = text.substr(0, text.size() - tail);
  if (text.substr(body.size()) != fmt::format("end {}\n", Digest(body))) return damaged;

  ManifestLines lines(body);
  if (!lines.Skip(kHead)) return FailedPrecondition("the manifest was written by another version of the program");
  BackupManifest manifest;
  manifest.created_at = lines.Time("created ");
  manifest.log_time = lines.Time("log_time ");
  manifest.position = lines.Number(lines.Text("position "));
  manifest.identity = lines.Text("identity ");
  manifest.erasures = lines.Number(lines.Text("erasures "));
  manifest.namespaces = lines.Number(lines.Text("namespaces "));
  manifest.memories = lines.Number(lines.Text("memories "));
  std::set<std::string, std::less<>> paths;
  while (lines.ok() && lines.Skip("file ")) {
    BackupFile file;
    file.sha256 = lines.Until(' ');
    file.size = lines.Number(lines.Until(' '));
    file.path = lines.Until('\n');
    if (!lines.ok() || !IsSha256(file.sha256)) return damaged;
    if (!IsPlace(file.path)) return Corruption(fmt::format("the manifest names a file \"{}\"", file.path));
    if (!paths.insert(file.path).second) return Corruption(fmt::format("the manifest names \"{}\" twice", file.path));
    manifest.files.push_back(std::move(file));
    if (lines.empty()) break;
  }
  if (!lines.ok() || !lines.empty()) return damaged;
  return manifest;
}

}  // namespace engram
