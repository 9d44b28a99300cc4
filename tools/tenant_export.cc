#include "tools/tenant_export.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/message_digest.h"
#include "base/timestamp.h"
#include "tools/export_sink.h"
#include "tools/import/archive_format.h"
#include "tools/namespace_export.h"
#include "tools/progress.h"

namespace engram {
namespace {

constexpr uint32_t kNamespacesPage = 100;

Result<std::vector<std::string>> NamesOfNamespaces(Client& client) {
  std::vector<std::string> names;
  std::string cursor;
  do {
    ASSIGN_OR_RETURN(const v1::ListNamespacesReply page, client.ListNamespaces("", kNamespacesPage, cursor));
    for (const v1::Namespace& ns : page.namespaces()) names.push_back(ns.name());
    cursor = page.next_cursor();
  } while (!cursor.empty());
  return names;
}

// Nothing when it was dropped meanwhile.
Result<std::optional<TenantArchive::Namespace>> ExportOne(Client& client, const std::string& name,
                                                          const std::string& store, const std::string& folder,
                                                          size_t index) {
  const auto described = client.DescribeNamespace(name);
  if (described.status().code() == StatusCode::kNotFound) return std::optional<TenantArchive::Namespace>();
  RETURN_IF_ERROR(described.status());
  TenantArchive::Namespace ns;
  ns.name = name;
  ns.folder = NamespaceFolder(index);
  const std::string place = fmt::format("{}/{}", folder, ns.folder);
  ASSIGN_OR_RETURN(const auto sink, NewArchiveSink(place));
  Progress progress = Progress::OnStderr("export " + name, "memories");
  ASSIGN_OR_RETURN(const ExportCounts counts, ExportNamespace(client, *described, store, {}, *sink, progress));
  if (counts.histories_cut > 0) {
    fmt::print(stderr,
               "engram: in {} {} memories have more former versions than one import can take; their oldest are left "
               "out\n",
               name, WithThousands(counts.histories_cut));
  }
  ns.memories = counts.memories;
  ASSIGN_OR_RETURN(const std::string manifest, FileSystem::Posix().ReadFile(place + '/' + kManifestFile));
  Sha256 sha256;
  sha256.Update(manifest);
  ns.sha256 = sha256.FinishHex();
  return std::optional<TenantArchive::Namespace>(std::move(ns));
}

}  // namespace

Result<TenantArchive> ExportTenant(TenantClients& clients, const std::string& tenant, const std::string& store,
                                   const std::string& folder) {
  FileSystem& files = FileSystem::Posix();
  std::filesystem::path clean = std::filesystem::path(folder).lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();  // "out/"
  const std::string part = clean.string() + ".part";
  std::error_code error;
  if (std::filesystem::exists(clean, error) && !std::filesystem::is_empty(clean, error)) {
    return AlreadyExists(fmt::format("{} is there already: an archive wants a folder of its own", folder));
  }
  ASSIGN_OR_RETURN(Client* const operators, clients.For(""));
  ASSIGN_OR_RETURN(const v1::Tenant described, operators->GetTenant(tenant));
  ASSIGN_OR_RETURN(Client* const client, clients.For(tenant));
  std::filesystem::remove_all(part, error);  // of a run that was killed
  RETURN_IF_ERROR(files.CreateDirectory(part + "/namespaces"));

  TenantArchive archive;
  archive.tenant = tenant;
  archive.origin = store;
  archive.created_at = FormatRfc3339(Clock::Real().Now());
  archive.limits = described.limits();
  ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesOfNamespaces(*client));
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(auto ns, ExportOne(*client, name, store, part, archive.namespaces.size()));
    if (ns) archive.namespaces.push_back(*std::move(ns));
  }
  RETURN_IF_ERROR(files.SyncDirectory(part + "/namespaces"));
  RETURN_IF_ERROR(files.ReplaceFile(fmt::format("{}/{}", part, kTenantFile), PrintTenantArchive(archive)));
  RETURN_IF_ERROR(files.Rename(part, clean.string()));
  RETURN_IF_ERROR(files.SyncDirectory(ParentDirectory(clean.string())));
  return archive;
}

}  // namespace engram
