// The directory of a tenant's namespaces: creation, aliases, settings, the end of one.
#pragma once

#include <optional>
#include <string_view>

#include "base/kv.h"
#include "engine/write/transaction.h"

namespace engram {

// The number behind a name or an alias.
Result<std::optional<NamespaceId>> FindNamespace(const KvReader& directory, std::string_view name);

// Takes the next number, before there is a transaction for it.
Result<NamespaceId> NewNamespaceNumber(const KvReader& directory, KvBatch& batch);

// Makes the namespace of the transaction: name, head, aliases. AlreadyExists when a name or alias is taken.
Status CreateNamespaceRows(Transaction& tx, std::string_view name, const NamespaceConfig& config);

// The same configuration again is kUnchanged, another AlreadyExists. Open dimensions and models agree with what the
// first vectors have fixed.
Result<Outcome> CheckSameConfig(const Transaction& tx, const NamespaceConfig& config);

Result<Outcome> ApplyPatchNamespace(Transaction& tx, const NamespacePatch& patch);

// Unlinks the namespace at once; its rows wait for SweepDroppedRows.
Status DropNamespaceRows(Transaction& tx);
// Removes up to `keys_max` rows of a dropped namespace; true when none are left.
Result<bool> SweepDroppedRows(Transaction& tx, uint32_t keys_max);

}  // namespace engram
