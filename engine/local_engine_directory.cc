// Namespaces, runs and imports as listings.
#include <fmt/format.h>

#include "base/coding.h"
#include "base/hash.h"
#include "engine/imported_rows.h"
#include "engine/keys.h"
#include "engine/local_engine.h"
#include "engine/namespace_index.h"
#include "engine/write/namespace_writes.h"

namespace engram {
namespace {

using keys::Key;

bool ScopesMatch(const Scopes& wanted, const Scopes& got) {
  const auto same = [](const std::string& a, const std::string& b) { return a.empty() || a == b; };
  return same(wanted.user_id, got.user_id) && same(wanted.agent_id, got.agent_id) && same(wanted.app_id, got.app_id);
}

// cursor := query:u64 place     (binary; `query` is a hash of all that makes the list what it is)
std::string EncodeCursor(uint64_t query, std::string_view place) {
  std::string cursor;
  AppendFixed64(&cursor, query);
  cursor += place;
  return cursor;
}

// Where the page before ended; empty for the first. InvalidArgument for anything that wasn't made for this list.
Result<std::string> DecodeCursor(uint64_t query, std::string_view cursor) {
  if (cursor.empty()) return std::string();
  ByteReader in(cursor);
  if (in.Fixed64() != query || !in.ok() || in.empty()) {
    return InvalidArgument("the cursor does not belong to this request").At("cursor");
  }
  return std::string(cursor.substr(sizeof(uint64_t)));
}

uint64_t NamespacesQuery(TenantId tenant, const std::string& prefix) {
  std::string bytes = "namespaces";
  AppendFixed32(&bytes, tenant.value);
  AppendString(&bytes, prefix);
  return HashBytes64(bytes);
}

uint64_t RunsQuery(const ReadView& view, const Scopes& scopes) {
  std::string bytes = "runs";
  AppendFixed32(&bytes, view.tenant().value);
  AppendFixed32(&bytes, view.ns().value);
  for (const std::string* scope : {&scopes.user_id, &scopes.agent_id, &scopes.app_id}) AppendString(&bytes, *scope);
  return HashBytes64(bytes);
}

// The run behind an "R" row, unless it is over.
Result<std::optional<Run>> ActiveRun(const ReadView& view, std::string_view number_row) {
  ByteReader in(number_row);
  ASSIGN_OR_RETURN(auto row, ReadRun(view.rows(), in.Key32()));
  if (!row || (row->expires_at && *row->expires_at <= view.now())) return std::optional<Run>();
  return std::optional<Run>(AsRun(std::move(*row)));
}

std::string NameOf(SegmentKind kind) {
  switch (kind) {
    case SegmentKind::kText: return "text";
    case SegmentKind::kVector: return "vector";
    case SegmentKind::kAttribute: return "attribute";
  }
  ENGRAM_CHECK(false);
}

void AddSegments(const NamespaceIndex& index, NamespaceInfo* info) {
  const uint64_t unsealed = index.unsealed().rows;
  for (const char* name : {"text", "vector", "attribute"}) info->indexes.at(name).unsealed = unsealed;
  for (const SegmentRow& segment : index.segments()) {
    IndexStatus& status = info->indexes.at(NameOf(segment.kind));
    ++status.segments;
    status.segment_bytes += segment.bytes;
  }
}

}  // namespace

Result<NamespaceId> LocalEngine::FindNamespace(const NamespaceRef& ns) {
  if (const auto known = known_.Find(ns.tenant, ns.name)) return known->number;
  ASSIGN_OR_RETURN(const Resolved resolved, Resolve(ns));
  return resolved.known->number;
}

Result<NamespaceInfo> LocalEngine::DescribeNamespace(const NamespaceRef& ns, const ReadOptions& options) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, options));
  ASSIGN_OR_RETURN(const NamespaceCounters counters, view.counters());
  NamespaceInfo info = AsNamespaceInfo(view.head(), counters);
  const auto index = registry_->Peek(view.tenant(), view.ns());
  const NamespaceIndex::Sizes sizes = index ? index->sizes() : NamespaceIndex::Sizes();
  // What isn't loaded lags behind nothing: its rows are its index.
  const Position position = index ? index->position() : info.position;
  const auto status = [&](uint64_t bytes) { return IndexStatus{index != nullptr, position, bytes, 0, 0, 0}; };
  info.indexes["text"] = status(sizes.text_bytes);
  info.indexes["vector"] = status(sizes.vector_bytes);
  info.indexes["attribute"] = status(sizes.attribute_bytes);
  info.indexes["graph"] = status(sizes.graph_bytes);
  if (index) AddSegments(*index, &info);
  return info;
}

Result<Engine::NamespacePage> LocalEngine::ListNamespaces(TenantId tenant, const std::string& prefix, uint32_t limit,
                                                          const std::string& cursor) {
  const uint64_t query = NamespacesQuery(tenant, prefix);
  ASSIGN_OR_RETURN(const std::string after, DecodeCursor(query, cursor));
  const auto snapshot = store_->Snapshot();
  const ScopedReader directory(*snapshot, keys::Scope(tenant, keys::kDirectory));
  const auto it = directory.ScanPrefix(Key(keys::kNamespaceByName).AddRaw(prefix).str());
  if (!after.empty()) {
    const std::string last = Key(keys::kNamespaceByName).AddRaw(after);
    it->Seek(last);
    if (it->Valid() && it->key() == last) it->Next();
  }
  NamespacePage page;
  for (; it->Valid(); it->Next()) {
    if (page.namespaces.size() == limit) {
      page.next_cursor = EncodeCursor(query, page.namespaces.back().name);
      break;
    }
    ByteReader in(it->value());
    const NamespaceId number(in.Key32());
    const ScopedReader rows(*snapshot, keys::Scope(tenant, number));
    ASSIGN_OR_RETURN(auto head, ReadHead(rows));
    if (!head) return Corruption(fmt::format("namespace number {} has lost its head row", number.value));
    ASSIGN_OR_RETURN(const NamespaceCounters counters, ReadCounters(rows));
    page.namespaces.push_back(AsNamespaceInfo(std::move(*head), counters));
  }
  RETURN_IF_ERROR(it->status());
  return page;
}

Result<Run> LocalEngine::FindRun(const NamespaceRef& ns, const Scopes& scopes) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, {}));
  std::optional<Run> found;
  const auto it = view.rows().ScanPrefix(Key(keys::kRun).AddString(scopes.run_id).str());
  for (; it->Valid(); it->Next()) {
    ASSIGN_OR_RETURN(auto run, ActiveRun(view, it->value()));
    if (!run || !ScopesMatch(scopes, run->scopes)) continue;
    if (found) {
      return AlreadyExists(
          fmt::format("several runs are called \"{}\": add user_id, agent_id or app_id", scopes.run_id));
    }
    found = std::move(run);
  }
  RETURN_IF_ERROR(it->status());
  if (!found) return NotFound(fmt::format("there is no run \"{}\" with these scopes", scopes.run_id));
  return std::move(*found);
}

Result<RunPage> LocalEngine::ListRuns(const NamespaceRef& ns, const Scopes& scopes, uint32_t limit,
                                      const std::string& cursor) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, {}));
  const uint64_t query = RunsQuery(view, scopes);
  ASSIGN_OR_RETURN(const std::string after, DecodeCursor(query, cursor));
  RunPage page;
  std::string last;
  const auto it = view.rows().ScanPrefix(std::string(1, keys::kRun));
  if (!after.empty()) {
    it->Seek(after);
    if (it->Valid() && it->key() == after) it->Next();
  }
  for (; it->Valid(); it->Next()) {
    ASSIGN_OR_RETURN(auto run, ActiveRun(view, it->value()));
    if (!run || !ScopesMatch(scopes, run->scopes)) continue;
    if (page.runs.size() == limit) {
      page.next_cursor = EncodeCursor(query, last);
      break;
    }
    last = it->key();
    page.runs.push_back(std::move(*run));
  }
  RETURN_IF_ERROR(it->status());
  return page;
}

Result<std::vector<ImportStatus>> LocalEngine::ListImports(TenantId tenant) {
  const auto snapshot = store_->Snapshot();
  const ScopedReader directory(*snapshot, keys::Scope(tenant, keys::kDirectory));
  std::vector<ImportStatus> imports;
  const auto namespaces = directory.ScanPrefix(std::string(1, keys::kNamespaceByName));
  for (; namespaces->Valid(); namespaces->Next()) {
    ByteReader in(namespaces->value());
    const NamespaceId number(in.Key32());
    const ScopedReader rows(*snapshot, keys::Scope(tenant, number));
    const auto it = rows.ScanPrefix(std::string(1, keys::kImport));
    for (; it->Valid(); it->Next()) {
      ASSIGN_OR_RETURN(ImportStatus status, DecodeImport(it->value()));
      status.namespace_name = namespaces->key().substr(1);
      status.ns = number;
      status.id = it->key().substr(1);
      imports.push_back(std::move(status));
    }
    RETURN_IF_ERROR(it->status());
  }
  RETURN_IF_ERROR(namespaces->status());
  return imports;
}

Result<ImportedPage> LocalEngine::ListImported(const NamespaceRef& ns, const ImportedQuery& query,
                                               const ReadOptions& options) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, options));
  ASSIGN_OR_RETURN(const auto status, FindImport(view.rows(), query.import));
  if (!status) return NotFound(fmt::format("there is no import \"{}\"", query.import)).At("id");
  const std::string prefix = ImportedPrefix(*status);
  ImportedPage page;
  const auto add = [&](std::string_view key, std::string_view value) -> engram::Status {
    ASSIGN_OR_RETURN(const ImportedRef ref, ParseImportedKey(prefix, key));
    ASSIGN_OR_RETURN(const ImportedRow row, DecodeImported(value));
    ASSIGN_OR_RETURN(ImportedItem item, DescribeImported(view.rows(), ref, row));
    page.items.push_back(std::move(item));
    return {};
  };
  for (const std::string& id : query.memory_ids) {
    ASSIGN_OR_RETURN(const auto row, FindId(view.rows(), id));
    if (!row) continue;
    const std::string key = ImportedNodeKey(*status, ImportedKind::kMemory, row->node);
    ASSIGN_OR_RETURN(const auto bytes, view.rows().Get(key));
    if (bytes) RETURN_IF_ERROR(add(key, *bytes));
  }
  if (!query.memory_ids.empty()) return page;
  const uint64_t request = HashBytes64(prefix);
  ASSIGN_OR_RETURN(const std::string after, DecodeCursor(request, query.cursor));
  const auto it = view.rows().ScanPrefix(prefix);
  if (!after.empty()) {
    it->Seek(after);
    if (it->Valid() && it->key() == after) it->Next();
  }
  std::string last;
  for (; it->Valid(); it->Next()) {
    if (page.items.size() == query.limit) {
      page.next_cursor = EncodeCursor(request, last);
      break;
    }
    RETURN_IF_ERROR(view.CheckDeadline());
    last = it->key();
    RETURN_IF_ERROR(add(it->key(), it->value()));
  }
  RETURN_IF_ERROR(it->status());
  return page;
}

}  // namespace engram
