#include "tools/import/import_row.h"

#include <fmt/format.h>

#include "api/json_forms.h"

namespace engram {

Result<std::optional<v1::ImportProgress>> FindImportRow(Client& client, const std::string& namespace_name,
                                                        const std::string& import_id) {
  const auto described = client.DescribeNamespace(namespace_name);
  if (!described.ok()) {
    if (described.status().code() == StatusCode::kNotFound) return std::optional<v1::ImportProgress>();
    return described.status();
  }
  ASSIGN_OR_RETURN(const v1::ListImportsReply imports, client.ListImports());
  for (const auto& entry : imports.imports()) {
    if (entry.namespace_() == described->name() && entry.import().id() == import_id) {
      return std::optional<v1::ImportProgress>(entry.import());
    }
  }
  return std::optional<v1::ImportProgress>();
}

Result<v1::ImportProgress> GetImportRow(Client& client, const std::string& namespace_name,
                                        const std::string& import_id) {
  ASSIGN_OR_RETURN(const v1::Namespace described, client.DescribeNamespace(namespace_name));
  ASSIGN_OR_RETURN(const v1::ListImportsReply imports, client.ListImports());
  std::string others;
  for (const auto& entry : imports.imports()) {
    if (entry.namespace_() != described.name()) continue;
    if (entry.import().id() == import_id) return entry.import();
    others += (others.empty() ? "" : ", ") + entry.import().id();
  }
  return NotFound(fmt::format("namespace {} has no import {}; it has {}", described.name(), import_id,
                              others.empty() ? "none" : others));
}

Status VisitImported(Client& client, const std::string& namespace_name, const std::string& import_id,
                     const std::function<Status(const v1::ImportedItem&)>& visit) {
  constexpr uint32_t kPage = 1'000;
  v1::ListImportedRequest request;
  request.set_id(import_id);
  request.set_limit(kPage);
  while (true) {
    ASSIGN_OR_RETURN(const v1::ListImportedReply page, client.ListImported(namespace_name, request));
    for (const v1::ImportedItem& item : page.items()) RETURN_IF_ERROR(visit(item));
    if (page.next_cursor().empty()) return {};
    request.set_cursor(page.next_cursor());
  }
}

std::string ImportStateName(v1::ImportState state) {
  const auto* value = v1::ImportState_descriptor()->FindValueByNumber(state);
  return value == nullptr ? std::string() : EnumWord(value);
}

}  // namespace engram
