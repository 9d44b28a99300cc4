// tenant    := {"hash":"…","tenant":{"format":"engram-tenant","version":1,"name","origin","created_at","limits",
//              "namespaces":number}}
// namespace := {"hash":"…","namespace":{"name","folder","sha256","memories"}}
#include "tools/tenant_archive.h"

#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/check.h"
#include "base/file.h"
#include "base/message_digest.h"
#include "engram/v1/value.pb.h"
#include "tools/import/archive_format.h"
#include "tools/import/hashed_line.h"

namespace engram {
namespace {

constexpr const char* kFormatName = "engram-tenant";

using TenantMembers = google::protobuf::Map<std::string, v1::Value>;

void PutText(const std::string& name, const std::string& text, TenantMembers* members) {
  (*members)[name].set_string_value(text);
}
void PutNumber(const std::string& name, uint64_t number, TenantMembers* members) {
  (*members)[name].set_int_value(static_cast<int64_t>(number));
}

Result<std::string> GetText(const TenantMembers& members, const std::string& name) {
  const auto found = members.find(name);
  if (found != members.end() && found->second.has_string_value()) return found->second.string_value();
  return InvalidArgument("the archive of the tenant lacks this text").At(name);
}

Result<uint64_t> GetNumber(const TenantMembers& members, const std::string& name) {
  const auto found = members.find(name);
  if (found != members.end() && found->second.has_int_value() && found->second.int_value() >= 0) {
    return static_cast<uint64_t>(found->second.int_value());
  }
  return InvalidArgument("the archive of the tenant lacks this number").At(name);
}

Result<TenantMembers> MembersOf(std::string_view line, std::string_view record) {
  ASSIGN_OR_RETURN(const std::string_view object, UnhashLine(line, record));
  v1::Value value;
  RETURN_IF_ERROR(ParseJson(object, &value));
  if (!value.has_object_value()) return InvalidArgument(fmt::format("the {} is no object", record));
  return std::move(*value.mutable_object_value()->mutable_members());
}

// Takes the first line off the text; nothing when it has none that is whole.
bool TakeLine(std::string_view* text, std::string_view* line) {
  const size_t end = text->find('\n');
  if (end == std::string_view::npos) return false;
  *line = text->substr(0, end);
  text->remove_prefix(end + 1);
  return true;
}

Result<TenantArchive> ParseHead(std::string_view line, uint64_t* namespaces) {
  ASSIGN_OR_RETURN(const TenantMembers members, MembersOf(line, "tenant"));
  ASSIGN_OR_RETURN(const std::string format, GetText(members, "format"));
  ASSIGN_OR_RETURN(const uint64_t version, GetNumber(members, "version"));
  if (format != kFormatName || version != kTenantArchiveVersion) {
    return InvalidArgument(fmt::format("{} {} is not {} {}, which this program reads", format, version, kFormatName,
                                       kTenantArchiveVersion));
  }
  TenantArchive archive;
  ASSIGN_OR_RETURN(archive.tenant, GetText(members, "name"));
  ASSIGN_OR_RETURN(archive.origin, GetText(members, "origin"));
  ASSIGN_OR_RETURN(archive.created_at, GetText(members, "created_at"));
  const auto limits = members.find("limits");
  if (limits == members.end()) return InvalidArgument("the archive of the tenant lacks its limits").At("limits");
  RETURN_IF_ERROR(ParseJson(PrintJson(limits->second), &archive.limits));
  ASSIGN_OR_RETURN(*namespaces, GetNumber(members, "namespaces"));
  return archive;
}

Result<TenantArchive::Namespace> ParseNamespaceLine(std::string_view line, size_t index) {
  ASSIGN_OR_RETURN(const TenantMembers members, MembersOf(line, "namespace"));
  TenantArchive::Namespace ns;
  ASSIGN_OR_RETURN(ns.name, GetText(members, "name"));
  ASSIGN_OR_RETURN(ns.folder, GetText(members, "folder"));
  ASSIGN_OR_RETURN(ns.sha256, GetText(members, "sha256"));
  ASSIGN_OR_RETURN(ns.memories, GetNumber(members, "memories"));
  // Nothing in an archive leads out of it.
  if (ns.folder == NamespaceFolder(index)) return ns;
  return InvalidArgument(
             fmt::format("the folder of namespace {} is {}, not \"{}\"", index + 1, NamespaceFolder(index), ns.folder))
      .At("folder");
}

Status OfLine(size_t number, const Status& status) {
  return Status(status.code(), fmt::format("{}, line {}: {}", kTenantFile, number, status.message()));
}

}  // namespace

uint64_t TenantArchive::memories() const {
  uint64_t sum = 0;
  for (const Namespace& ns : namespaces) sum += ns.memories;
  return sum;
}

std::string NamespaceFolder(size_t index) { return fmt::format("namespaces/{:06}", index + 1); }

std::string PrintTenantArchive(const TenantArchive& archive) {
  v1::Value root;
  TenantMembers* head = root.mutable_object_value()->mutable_members();
  PutText("format", kFormatName, head);
  PutNumber("version", kTenantArchiveVersion, head);
  PutText("name", archive.tenant, head);
  PutText("origin", archive.origin, head);
  PutText("created_at", archive.created_at, head);
  ENGRAM_CHECK(ParseJson(PrintJson(archive.limits), &(*head)["limits"]).ok());
  PutNumber("namespaces", archive.namespaces.size(), head);
  std::string text = HashedLine("tenant", PrintJson(root)) + "\n";
  for (const TenantArchive::Namespace& ns : archive.namespaces) {
    v1::Value row;
    TenantMembers* members = row.mutable_object_value()->mutable_members();
    PutText("name", ns.name, members);
    PutText("folder", ns.folder, members);
    PutText("sha256", ns.sha256, members);
    PutNumber("memories", ns.memories, members);
    text += HashedLine("namespace", PrintJson(row)) + "\n";
  }
  return text;
}

Result<TenantArchive> ParseTenantArchive(std::string_view text) {
  std::string_view line;
  if (!TakeLine(&text, &line)) return InvalidArgument(fmt::format("{} has no whole line", kTenantFile));
  uint64_t namespaces = 0;
  auto archive = ParseHead(line, &namespaces);
  if (!archive.ok()) return OfLine(1, archive.status());
  while (TakeLine(&text, &line)) {
    auto ns = ParseNamespaceLine(line, archive->namespaces.size());
    if (!ns.ok()) return OfLine(archive->namespaces.size() + 2, ns.status());
    archive->namespaces.push_back(*std::move(ns));
  }
  if (text.empty() && archive->namespaces.size() == namespaces) return archive;
  return Corruption(
      fmt::format("{} was cut: it has {} namespaces of {}", kTenantFile, archive->namespaces.size(), namespaces));
}

Result<TenantArchive> OpenTenantArchive(const std::string& folder) {
  const FileSystem& files = FileSystem::Posix();
  const auto text = files.ReadFile(folder + '/' + kTenantFile);
  if (text.status().code() == StatusCode::kNotFound) {
    return NotFound(fmt::format("{} is no whole archive of a tenant: it has no {}", folder, kTenantFile));
  }
  RETURN_IF_ERROR(text.status());
  auto archive = ParseTenantArchive(*text);
  if (!archive.ok()) {
    return Status(archive.status().code(), fmt::format("{}: {}", folder, archive.status().message()));
  }
  for (const TenantArchive::Namespace& ns : archive->namespaces) {
    const std::string path = fmt::format("{}/{}/{}", folder, ns.folder, kManifestFile);
    ASSIGN_OR_RETURN(const std::string manifest, files.ReadFile(path));
    Sha256 sha256;
    sha256.Update(manifest);
    if (sha256.FinishHex() != ns.sha256) return Corruption(fmt::format("{} was changed", path));
  }
  return archive;
}

}  // namespace engram
