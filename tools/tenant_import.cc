#include "tools/tenant_import.h"

#include <array>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/message_digest.h"
#include "tools/export_sink.h"
#include "tools/import/archive_source.h"
#include "tools/import/importer.h"
#include "tools/import/record_check.h"
#include "tools/import/verify.h"
#include "tools/namespace_export.h"
#include "tools/progress.h"

namespace engram {
namespace {

constexpr uint32_t kNamespacesPage = 100;
constexpr size_t kDifferencesShown = 20;

// What an archive of the records would be, without writing one.
class DigestSink final : public ExportSink {
 public:
  Status Write(const RecordItem& item) override {
    const auto kind = KindOf(item);
    if (!kind) return {};
    const auto index = static_cast<size_t>(*kind);
    ++lines_[index];
    const auto* memory = std::get_if<v1::Memory>(&item);
    if (memory == nullptr || !memory->hash().empty()) {
      files_[index].Update(ArchiveLine(item) + "\n");
      return {};
    }
    v1::Memory hashed = *memory;
    hashed.set_hash(CanonicalHash(hashed));
    files_[index].Update(ArchiveLine(std::move(hashed)) + "\n");
    return {};
  }
  Status Finish(const SourceDescription&, const std::vector<std::string>&, const ArchivePositions&) override {
    return {};
  }
  bool takes_ended_edges() const override { return true; }
  bool takes_tombstones() const override { return true; }

  // Once; what is told apart is named.
  bool Matches(const ArchiveManifest& manifest) {
    bool same = true;
    for (size_t i = 0; i < kArchiveKinds; ++i) {
      same = files_[i].FinishHex() == manifest.files[i].sha256 && lines_[i] == manifest.files[i].lines && same;
    }
    return same;
  }

 private:
  std::array<Sha256, kArchiveKinds> files_;
  std::array<uint64_t, kArchiveKinds> lines_{};
};

bool IsEmptyNamespace(const v1::Namespace& ns) {
  const v1::NamespaceCounts& counts = ns.counts();
  return counts.memories() == 0 && counts.edges() == 0 && counts.nodes() == 0 && counts.runs() == 0 &&
         counts.versions() == 0;
}

Result<std::vector<v1::Namespace>> ListAll(Client& client) {
  std::vector<v1::Namespace> all;
  std::string cursor;
  do {
    ASSIGN_OR_RETURN(v1::ListNamespacesReply page, client.ListNamespaces("", kNamespacesPage, cursor));
    for (v1::Namespace& ns : *page.mutable_namespaces()) all.push_back(std::move(ns));
    cursor = page.next_cursor();
  } while (!cursor.empty());
  return all;
}

// The namespaces that an import with this id has begun, and how far it is with each.
Result<std::map<std::string, v1::ImportState>> BegunBy(Client& client, const std::string& import_id) {
  std::map<std::string, v1::ImportState> begun;
  ASSIGN_OR_RETURN(const v1::ListImportsReply imports, client.ListImports());
  for (const auto& entry : imports.imports()) {
    if (entry.import().id() == import_id) begun[entry.namespace_()] = entry.import().state();
  }
  return begun;
}

Result<ArchiveManifest> ManifestOf(const std::string& folder, const TenantArchive::Namespace& ns) {
  const std::string path = fmt::format("{}/{}/{}", folder, ns.folder, kManifestFile);
  ASSIGN_OR_RETURN(const std::string text, FileSystem::Posix().ReadFile(path));
  auto manifest = ParseManifest(text);
  if (!manifest.ok()) return Status(manifest.status().code(), fmt::format("{}: {}", path, manifest.status().message()));
  if (!manifest->config) return InvalidArgument(fmt::format("{} has no configuration of a namespace", path));
  return manifest;
}

// Without what is set when all is written.
v1::NamespaceConfig WithoutState(v1::NamespaceConfig config) {
  config.clear_aliases();
  config.clear_read_only();
  return config;
}

Status NotEmpty(const std::string& tenant, const std::string& ns) {
  return FailedPrecondition(fmt::format(
      "tenant {} has a namespace \"{}\" already: --as another tenant, or --into-existing where the namespaces to come "
      "are others",
      tenant, ns));
}

Status Taken(const std::string& tenant, const std::string& ns) {
  return FailedPrecondition(
      fmt::format("tenant {} has a namespace (or an alias) \"{}\" that is not empty, and nothing is written over: drop "
                  "it first, or "
                  "choose another tenant by --as",
                  tenant, ns));
}

// The tenant's client; null when the tenant is not there.
Result<Client*> ClientOfExisting(TenantClients& clients, const std::string& tenant) {
  ASSIGN_OR_RETURN(Client* const operators, clients.For(""));
  const Status there = operators->GetTenant(tenant).status();
  if (there.code() == StatusCode::kNotFound) return static_cast<Client*>(nullptr);
  RETURN_IF_ERROR(there);
  return clients.For(tenant);
}

class NamespaceCopy {
 public:
  NamespaceCopy(Client& client, const TenantArchive::Namespace& ns, std::string folder, std::string import_id,
                TenantImportReport* report)
      : client_(client), ns_(ns), folder_(std::move(folder)), import_id_(std::move(import_id)), report_(*report) {}

  Status Run() {
    ASSIGN_OR_RETURN(const auto source, ArchiveSource::Open(folder_));
    if (!source->manifest().config) return InvalidArgument(folder_ + " has no configuration of a namespace");
    RETURN_IF_ERROR(Write(*source));
    const v1::NamespaceConfig& archived = *source->manifest().config;
    RETURN_IF_ERROR(CheckConfig(archived));
    RETURN_IF_ERROR(SetAliases(archived));
    ASSIGN_OR_RETURN(const v1::ImportVerification result, Compare(source->manifest()));
    RETURN_IF_ERROR(Conclude(result));
    return SetReadOnly(archived);
  }

  // Of one that is there already: nothing may be written any more.
  Status SetReadOnly(const v1::NamespaceConfig& archived) {
    if (!archived.read_only()) return {};
    v1::NamespacePatch patch;
    patch.set_read_only(true);
    return client_.PatchNamespace(ns_.name, patch).status();
  }

 private:
  Status Write(ImportSource& source) {
    ImportOptions options;
    options.namespace_name = ns_.name;
    options.import_id = import_id_;
    options.no_backup = true;  // it is empty, or this import's
    Progress progress = Progress::OnStderr("import " + ns_.name, "records");
    Importer importer(&client_, source, options, progress);
    Status status = importer.Run();
    if (!status.ok()) progress.Clear();
    return status;
  }

  Status CheckConfig(const v1::NamespaceConfig& archived) {
    ASSIGN_OR_RETURN(const v1::Namespace described, client_.DescribeNamespace(ns_.name));
    const std::string wanted = PrintJson(WithoutState(archived));
    const std::string found = PrintJson(WithoutState(described.config()));
    if (wanted == found) return {};
    return FailedPrecondition(
        fmt::format("namespace \"{}\" was there with another configuration, {}, and the archive "
                    "has {}",
                    ns_.name, found, wanted));
  }

  // By digest; record by record where that differs, which tells what has expired since from what is wrong.
  Result<v1::ImportVerification> Compare(const ArchiveManifest& manifest) {
    ASSIGN_OR_RETURN(const v1::Namespace described, client_.DescribeNamespace(ns_.name));
    DigestSink digests;
    Progress progress = Progress::OnStderr("compare " + ns_.name, "memories");
    RETURN_IF_ERROR(ExportNamespace(client_, described, "", {}, digests, progress).status());
    if (digests.Matches(manifest)) {
      v1::ImportVerification result;
      result.mutable_at()->set_seconds(Clock::Real().Now().micros / 1'000'000);
      result.set_all_matched(true);
      result.set_compared(ns_.memories);
      result.set_matched(ns_.memories);
      return result;
    }
    return CompareRecords();
  }

  Result<v1::ImportVerification> CompareRecords() {
    ASSIGN_OR_RETURN(const auto source, ArchiveSource::Open(folder_));
    VerifyOptions options;
    options.namespace_name = ns_.name;
    options.import_id = import_id_;
    options.sample = kDifferencesShown;
    options.keeps_row = true;
    Progress progress = Progress::OnStderr("compare " + ns_.name, "records");
    ASSIGN_OR_RETURN(const VerifyReport compared, VerifyImport(client_, *source, options, progress));
    const v1::ImportVerification& result = compared.result;
    if (compared.unmatched() == 0 && result.edited() == 0) {
      report_.notes.push_back(fmt::format("of {} {} memories have expired since and {} were deleted", ns_.name,
                                          WithThousands(result.expired()), WithThousands(result.deleted())));
      return result;
    }
    std::string first;
    for (const std::string& line : compared.differences) first += "\n        " + line;
    return Corruption(fmt::format(
        "namespace \"{}\", once written, is not what {} holds: {} missing, {} different, {} edited, {} too many, {} "
        "other histories{}",
        ns_.name, folder_, result.missing(), result.different(), result.edited(), result.extra(),
        compared.other_histories(), first));
  }

  Status Conclude(const v1::ImportVerification& result) {
    v1::WriteRequest request;
    v1::ImportProgress& progress = *request.mutable_import();
    progress.set_id(import_id_);
    progress.set_state(v1::IMPORT_STATE_DONE);
    *progress.mutable_verification() = result;
    return client_.Write(ns_.name, request).status();
  }

  Status SetAliases(const v1::NamespaceConfig& archived) {
    if (archived.aliases().empty()) return {};
    v1::NamespacePatch patch;
    for (const std::string& alias : archived.aliases()) patch.mutable_aliases()->add_names(alias);
    return client_.PatchNamespace(ns_.name, patch).status();
  }

  Client& client_;
  const TenantArchive::Namespace& ns_;
  const std::string folder_;
  const std::string import_id_;
  TenantImportReport& report_;
};

}  // namespace

std::string TenantImportReport::Text() const {
  std::string text = fmt::format("{} memories in {} namespaces, equal to the archive's", WithThousands(memories),
                                 WithThousands(namespaces));
  if (left > 0) {
    text += fmt::format("; {} more were brought by an earlier run and are left as they are", WithThousands(left));
  }
  return text;
}

Status CheckTenantIsEmpty(TenantClients& clients, const TenantImportOptions& options) {
  if (options.into_existing) return {};
  ASSIGN_OR_RETURN(Client* const client, ClientOfExisting(clients, options.as));
  if (client == nullptr) return {};
  ASSIGN_OR_RETURN(const auto there, ListAll(*client));
  ASSIGN_OR_RETURN(const auto begun, BegunBy(*client, options.import_id));
  for (const v1::Namespace& ns : there) {
    if (!begun.contains(ns.name()) && !IsEmptyNamespace(ns)) return NotEmpty(options.as, ns.name());
  }
  return {};
}

Status CheckTenantTarget(TenantClients& clients, const TenantArchive& archive, const std::string& folder,
                         const TenantImportOptions& options) {
  ASSIGN_OR_RETURN(Client* const client, ClientOfExisting(clients, options.as));
  std::vector<v1::Namespace> there;
  std::map<std::string, v1::ImportState> begun;
  if (client != nullptr) {
    ASSIGN_OR_RETURN(there, ListAll(*client));
    ASSIGN_OR_RETURN(begun, BegunBy(*client, options.import_id));
  }
  std::set<std::string> coming;  // names and aliases
  std::set<std::string> named;
  for (const TenantArchive::Namespace& ns : archive.namespaces) {
    ASSIGN_OR_RETURN(const ArchiveManifest manifest, ManifestOf(folder, ns));
    named.insert(ns.name);
    coming.insert(ns.name);
    for (const std::string& alias : manifest.config->aliases()) coming.insert(alias);
  }
  for (const v1::Namespace& ns : there) {
    if (begun.contains(ns.name())) continue;
    if (named.contains(ns.name()) && IsEmptyNamespace(ns) && ns.config().aliases().empty()) continue;
    if (coming.contains(ns.name())) return Taken(options.as, ns.name());
    for (const std::string& alias : ns.config().aliases()) {
      if (coming.contains(alias)) return Taken(options.as, alias);
    }
    if (!options.into_existing) return NotEmpty(options.as, ns.name());
  }
  return {};
}

Result<TenantImportReport> ImportTenant(TenantClients& clients, const TenantArchive& archive, const std::string& folder,
                                        const TenantImportOptions& options) {
  TenantImportReport report;
  ASSIGN_OR_RETURN(Client * client, ClientOfExisting(clients, options.as));
  if (client == nullptr) {
    ASSIGN_OR_RETURN(Client* const operators, clients.For(""));
    v1::CreateTenantRequest request;
    request.set_name(options.as);
    *request.mutable_limits() = archive.limits;
    RETURN_IF_ERROR(operators->CreateTenant(request).status());
    report.made = true;
    ASSIGN_OR_RETURN(client, clients.For(options.as));
  }
  ASSIGN_OR_RETURN(const auto begun, BegunBy(*client, options.import_id));
  for (const TenantArchive::Namespace& ns : archive.namespaces) {
    NamespaceCopy copy(*client, ns, fmt::format("{}/{}", folder, ns.folder), options.import_id, &report);
    const auto earlier = begun.find(ns.name);
    const bool done = earlier != begun.end() && earlier->second == v1::IMPORT_STATE_DONE;
    Status status;
    if (done) {
      // Somebody may have written to it since.
      ASSIGN_OR_RETURN(const ArchiveManifest manifest, ManifestOf(folder, ns));
      status = copy.SetReadOnly(*manifest.config);
    } else {
      status = copy.Run();
    }
    if (!status.ok()) {
      return Status(status.code(), fmt::format("{}: {}", ns.name, status.message())).At(status.field());
    }
    if (done) {
      ++report.left;
      continue;
    }
    ++report.namespaces;
    report.memories += ns.memories;
  }
  return report;
}

}  // namespace engram
