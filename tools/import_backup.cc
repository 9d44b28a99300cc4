#include "tools/import_backup.h"

#include <filesystem>

#include <fmt/format.h>

#include "tools/export_sink.h"
#include "tools/import/archive_source.h"
#include "tools/namespace_export.h"
#include "tools/progress.h"

namespace engram {
namespace {

std::string FileNameOf(const std::string& of) {
  std::string name;
  for (size_t i = 0; i < of.size(); ++i) {
    const char c = of[i];
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                       c == '-' || (c == '.' && i > 0);
    name += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return name;
}

}  // namespace

Result<std::string> BackUp(const std::string& folder, const std::string& store, Client& client,
                           const v1::Namespace& described) {
  const std::string place = std::filesystem::absolute(folder).lexically_normal().string();
  if (const auto made = ArchiveSource::Open(place); made.ok()) {
    const std::string& digest = (*made)->manifest().digest;
    if (!digest.empty() && digest == described.digest().memories()) return place;
    return AlreadyExists(fmt::format("{} is an archive of something else: give --backup another folder", place));
  }
  ASSIGN_OR_RETURN(const auto sink, NewArchiveSink(place));
  Progress progress = Progress::OnStderr("back up " + described.name(), "memories");
  ASSIGN_OR_RETURN(const ExportCounts counts, ExportNamespace(client, described, store, {}, *sink, progress));
  fmt::print("{}: {} memories, {} nodes, {} runs and {} edges that were in {}\n", place, WithThousands(counts.memories),
             WithThousands(counts.nodes), WithThousands(counts.runs), WithThousands(counts.edges), described.name());
  return place;
}

std::string BackupFolder(const std::string& folder, const Destination& of) {
  const std::string place = of.tenant.empty() ? folder : folder + "/" + FileNameOf(of.tenant);
  return place + "/" + FileNameOf(of.namespace_name);
}

}  // namespace engram
