#include "engine/backup/backup_repository.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include "base/file.h"
#include "base/message_digest.h"

namespace engram {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 20;
constexpr uint64_t kManifestBytesMax = uint64_t{256} << 20;
constexpr std::string_view kManifestSuffix = ".manifest";
constexpr std::string_view kPartSuffix = ".part";

std::string ManifestName(uint32_t number) { return fmt::format("backups/{}{}", number, kManifestSuffix); }

std::optional<uint32_t> NumberOf(std::string_view name) {
  if (!name.ends_with(kManifestSuffix)) return std::nullopt;
  name.remove_suffix(kManifestSuffix.size());
  uint32_t number = 0;
  const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || stop != name.data() + name.size() || number == 0) return std::nullopt;
  return number;
}

std::string FolderOf(std::string_view sha256) { return fmt::format("files/{}", sha256.substr(0, 2)); }
std::string NameOf(std::string_view sha256) { return fmt::format("{}/{}", FolderOf(sha256), sha256); }

// Hands on the bytes of an open file in pieces.
Status ForEachChunk(FileBeneath* file, const std::function<Status(std::string_view)>& sink) {
  std::string chunk(kChunkBytes, '\0');
  while (true) {
    ASSIGN_OR_RETURN(const size_t got, file->Read(chunk.data(), chunk.size()));
    if (got == 0) return {};
    RETURN_IF_ERROR(sink(std::string_view(chunk).substr(0, got)));
  }
}

// A file of ours: linked into the staging folder, or in the data folder.
Result<FileBeneath> OpenOwn(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return Unavailable(fmt::format("can't open {}: {}", path, std::generic_category().message(errno)));
  return FileBeneath(fd, path);
}

}  // namespace

Result<BackupRepository> BackupRepository::Open(const std::string& path) {
  ASSIGN_OR_RETURN(FolderBeneath folder, FolderBeneath::Open(path));
  return BackupRepository(std::move(folder));
}

Result<BackupRepository> BackupRepository::OpenOrMake(const std::string& path) {
  RETURN_IF_ERROR(FileSystem::Posix().CreateDirectory(path));
  ASSIGN_OR_RETURN(FolderBeneath folder, FolderBeneath::Open(path));
  ASSIGN_OR_RETURN(const auto names, folder.List(""));
  const bool is_new = std::find(names.begin(), names.end(), "backups") == names.end();
  const bool holds_other = std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return name != "LOCK" && name != "lost+found" && name != "files";
  });
  if (is_new && holds_other) {
    return FailedPrecondition(fmt::format("{} holds something else than backups: give an empty folder", path));
  }
  RETURN_IF_ERROR(folder.MakeFolder("files"));
  RETURN_IF_ERROR(folder.MakeFolder("backups"));
  return BackupRepository(std::move(folder));
}

Result<std::vector<BackupListing>> BackupRepository::List() const {
  ASSIGN_OR_RETURN(const auto names, folder_.List("backups"));
  std::vector<BackupListing> listings;
  for (const std::string& name : names) {
    const auto number = NumberOf(name);
    if (!number) continue;
    BackupListing listing;
    listing.number = *number;
    auto text = folder_.ReadAll("backups/" + name, kManifestBytesMax);
    auto manifest = text.ok() ? ParseBackupManifest(*text) : Result<BackupManifest>(text.status());
    listing.damage = manifest.status();
    if (manifest.ok()) listing.manifest = *std::move(manifest);
    listings.push_back(std::move(listing));
  }
  std::sort(listings.begin(), listings.end(),
            [](const BackupListing& a, const BackupListing& b) { return a.number < b.number; });
  return listings;
}

Result<BackupListing> BackupRepository::Read(std::optional<uint32_t> number) const {
  ASSIGN_OR_RETURN(auto listings, List());
  if (listings.empty()) return NotFound(fmt::format("there is no backup in {}", path()));
  for (auto at = listings.rbegin(); at != listings.rend(); ++at) {
    if (number && at->number != *number) continue;
    if (at->damage.ok()) return std::move(*at);
    return Status(at->damage.code(), fmt::format("backup {} in {}: {}", at->number, path(), at->damage.message()));
  }
  return NotFound(fmt::format("there is no backup {} in {}", *number, path()));
}

Result<bool> BackupRepository::Has(const BackupFile& file) const {
  const auto there = folder_.OpenForReading(NameOf(file.sha256));
  if (!there.ok()) {
    if (there.status().code() == StatusCode::kNotFound) return false;
    return there.status();
  }
  ASSIGN_OR_RETURN(const uint64_t size, there->Size());
  return size == file.size;
}

Result<BackupFile> BackupRepository::Keep(const std::string& from, const std::string& as,
                                          BackupProgress* progress) const {
  BackupFile kept;
  kept.path = as;
  Sha256 sha256;
  {
    ASSIGN_OR_RETURN(FileBeneath file, OpenOwn(from));
    RETURN_IF_ERROR(ForEachChunk(&file, [&](std::string_view bytes) {
      sha256.Update(bytes);
      kept.size += bytes.size();
      return progress->Check();
    }));
  }
  kept.sha256 = sha256.FinishHex();
  ASSIGN_OR_RETURN(const bool has, Has(kept));
  if (!has) {
    const std::string part = NameOf(kept.sha256) + std::string(kPartSuffix);
    RETURN_IF_ERROR(folder_.MakeFolder(FolderOf(kept.sha256)));
    ASSIGN_OR_RETURN(FileBeneath file, OpenOwn(from));
    ASSIGN_OR_RETURN(FileBeneath copy, folder_.Create(part));
    Sha256 again;
    const auto append = [&](std::string_view bytes) -> Status {
      again.Update(bytes);
      RETURN_IF_ERROR(progress->Check());
      return copy.Append(bytes);
    };
    RETURN_IF_ERROR(ForEachChunk(&file, append));
    if (again.FinishHex() != kept.sha256) return Corruption(fmt::format("{} changed while it was copied", from));
    RETURN_IF_ERROR(copy.Sync());
    RETURN_IF_ERROR(Adopt(part, kept));
  }
  progress->bytes_done += kept.size;
  return kept;
}

Result<BackupFile> BackupRepository::KeepBytes(std::string_view bytes, std::string_view as) const {
  Sha256 sha256;
  sha256.Update(bytes);
  BackupFile kept{std::string(as), bytes.size(), sha256.FinishHex()};
  ASSIGN_OR_RETURN(const bool has, Has(kept));
  if (has) return kept;
  const std::string part = NameOf(kept.sha256) + std::string(kPartSuffix);
  RETURN_IF_ERROR(folder_.MakeFolder(FolderOf(kept.sha256)));
  ASSIGN_OR_RETURN(FileBeneath copy, folder_.Create(part));
  RETURN_IF_ERROR(copy.Append(bytes));
  RETURN_IF_ERROR(copy.Sync());
  RETURN_IF_ERROR(Adopt(part, kept));
  return kept;
}

Status BackupRepository::Adopt(const std::string& part, const BackupFile& file) const {
  RETURN_IF_ERROR(folder_.Rename(part, NameOf(file.sha256)));
  return folder_.SyncFolder(FolderOf(file.sha256));
}

Result<uint32_t> BackupRepository::Publish(const BackupManifest& manifest) const {
  ASSIGN_OR_RETURN(const auto listings, List());
  const uint32_t number = listings.empty() ? 1 : listings.back().number + 1;
  RETURN_IF_ERROR(folder_.Replace(ManifestName(number), FormatBackupManifest(manifest)));
  return number;
}

Result<PrunedBackups> BackupRepository::Sweep() const {
  ASSIGN_OR_RETURN(const auto listings, List());
  std::set<std::string> wanted;
  bool all_known = true;
  for (const BackupListing& listing : listings) {
    all_known &= listing.damage.ok();
    for (const BackupFile& file : listing.manifest.files) wanted.insert(file.sha256);
  }
  PrunedBackups pruned;
  ASSIGN_OR_RETURN(const auto folders, folder_.List("files"));
  for (const std::string& folder : folders) {
    if (folder.size() != 2) continue;
    ASSIGN_OR_RETURN(const auto names, folder_.List("files/" + folder));
    for (const std::string& name : names) {
      // With a manifest that nobody can read, nobody knows what it names.
      const bool half_written = name.ends_with(kPartSuffix);
      if (!half_written && (wanted.contains(name) || !all_known)) continue;
      const std::string path = fmt::format("files/{}/{}", folder, name);
      if (const auto file = folder_.OpenForReading(path); file.ok()) {
        ASSIGN_OR_RETURN(const uint64_t size, file->Size());
        pruned.bytes += size;
      }
      RETURN_IF_ERROR(folder_.Remove(path));
      ++pruned.files;
    }
  }
  ASSIGN_OR_RETURN(const auto manifests, folder_.List("backups"));
  for (const std::string& name : manifests) {
    if (name.ends_with(kPartSuffix)) RETURN_IF_ERROR(folder_.Remove("backups/" + name));
  }
  return pruned;
}

Result<PrunedBackups> BackupRepository::Prune(uint32_t keep) const {
  ENGRAM_CHECK(keep > 0);
  ASSIGN_OR_RETURN(const auto listings, List());
  const auto sound = static_cast<size_t>(std::count_if(
      listings.begin(), listings.end(), [](const BackupListing& listing) { return listing.damage.ok(); }));
  size_t left = sound;
  std::vector<uint32_t> removed;
  for (const BackupListing& listing : listings) {
    if (left <= keep) break;
    left -= listing.damage.ok() ? 1 : 0;
    RETURN_IF_ERROR(folder_.Remove(ManifestName(listing.number)));
    removed.push_back(listing.number);
  }
  if (!removed.empty()) RETURN_IF_ERROR(folder_.SyncFolder("backups"));
  ASSIGN_OR_RETURN(PrunedBackups pruned, Sweep());
  pruned.backups = std::move(removed);
  return pruned;
}

Status BackupRepository::ReadFile(const BackupFile& file, const ByteSink& sink) const {
  const auto bad = [&](std::string_view what) {
    return Corruption(fmt::format("{} ({}/{}) {}", file.path, path(), NameOf(file.sha256), what));
  };
  auto opened = folder_.OpenForReading(NameOf(file.sha256));
  if (!opened.ok()) {
    if (opened.status().code() == StatusCode::kNotFound) return bad("is missing");
    return opened.status();
  }
  ASSIGN_OR_RETURN(const uint64_t size, opened->Size());
  if (size != file.size) return bad(fmt::format("has {} bytes, not {}", size, file.size));
  Sha256 sha256;
  RETURN_IF_ERROR(ForEachChunk(&*opened, [&](std::string_view bytes) {
    sha256.Update(bytes);
    return sink(bytes);
  }));
  return sha256.FinishHex() == file.sha256 ? Status() : bad("is damaged: it has another SHA-256");
}

}  // namespace engram
