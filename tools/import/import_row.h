// An import's row in the store.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/status.h"
#include "client/cpp/client.h"

namespace engram {

// Nothing when there is no such namespace, which may be an alias, or no such import.
Result<std::optional<v1::ImportProgress>> FindImportRow(Client& client, const std::string& namespace_name,
                                                        const std::string& import_id);

// The same for an import that must be there: NotFound names those that are.
Result<v1::ImportProgress> GetImportRow(Client& client, const std::string& namespace_name,
                                        const std::string& import_id);

// What the import brought, and what became of it; NotFound when there is no such import. Ends with the visitor's error.
Status VisitImported(Client& client, const std::string& namespace_name, const std::string& import_id,
                     const std::function<Status(const v1::ImportedItem&)>& visit);

// "backed_up".
std::string ImportStateName(v1::ImportState state);

}  // namespace engram
