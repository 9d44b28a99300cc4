// The rows that tell what an import brought: their keys, and what is there now.
//
//   imported key := "o" import:KeyString generation:u32 kind:u8 (edge: id | memory, node, tombstone: node:u32 |
//                   run: run:u32 | ended edge: version:u64 id)
#pragma once

#include <string>
#include <string_view>

#include "base/kv.h"
#include "base/status.h"
#include "engine/rows.h"

namespace engram {

std::string ImportedPrefix(const ImportStatus& status);
std::string ImportedEdgeKey(const ImportStatus& status, std::string_view id);
std::string ImportedEndedEdgeKey(const ImportStatus& status, std::string_view id, Version version);
std::string ImportedNodeKey(const ImportStatus& status, ImportedKind kind, NodeNumber node);
std::string ImportedRunKey(const ImportStatus& status, uint32_t run);

struct ImportedRef {
  ImportedKind kind = ImportedKind::kMemory;
  std::string edge;
  Version ended;  // of an edge that has ended
  NodeNumber node;
  uint32_t run = 0;
};
// REQUIRES: `key` starts with `prefix`. Corruption when it is none of ours.
Result<ImportedRef> ParseImportedKey(std::string_view prefix, std::string_view key);

Result<std::optional<ImportStatus>> FindImport(const KvReader& ns, std::string_view id);

// What users say of them; times and counts, which the store makes, aside.
uint64_t HashNode(Node node);
uint64_t HashRun(const RunRow& run);

// The item with what is there now.
Result<ImportedItem> DescribeImported(const KvReader& ns, const ImportedRef& ref, const ImportedRow& row);

}  // namespace engram
