#include "tools/import/record_check.h"

#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "engine/canonical.h"
#include "server/handlers/convert_graph.h"
#include "server/handlers/convert_memory.h"
#include "server/handlers/convert_namespace.h"
#include "server/handlers/convert_run.h"

namespace engram {
namespace {

struct Checker {
  Status operator()(const v1::Memory& memory) const { return ToRecord(memory).status(); }

  Status operator()(const Tombstone& tombstone) const {
    static UuidSource uuids(Clock::Real());
    return ToWriteTombstone(tombstone.memory, MemoryBorder{limits, /*may_import=*/true}, uuids).status();
  }

  Status operator()(const v1::Edge& edge) const { return ToWriteEdge(edge, limits, /*may_import=*/true).status(); }
  Status operator()(const v1::Node& node) const { return ToWriteNode(node, limits, /*may_import=*/true).status(); }

  Status operator()(const v1::Run& run) const {
    return ToWriteRun(run.run_id(), run, MemoryBorder{limits, /*may_import=*/true}).status();
  }

  Status operator()(const v1::NamespaceConfig& config) const { return ToNamespaceConfig(config).status(); }

  const RequestLimits limits = {};
};

}  // namespace

Result<WriteMemory> ToRecord(const v1::Memory& memory) {
  static UuidSource uuids(Clock::Real());
  const RequestLimits limits;
  return ToWriteMemory(memory, MemoryBorder{limits, /*may_import=*/true}, uuids);
}

Status CheckRecord(const RecordItem& item) { return std::visit(Checker(), item); }

std::string CanonicalHash(const v1::Memory& memory) {
  if (memory.id().empty() || !memory.has_created_at() || !memory.has_updated_at()) return {};
  auto write = ToRecord(memory);
  ENGRAM_CHECK(write.ok());
  Attributes attributes = std::move(write->attributes);
  attributes.created_at = *write->created_at;
  attributes.updated_at = *write->updated_at;
  StateRecord state;
  state.expires_at = write->state.expires_at.value_or(std::nullopt);
  state.ttl_seconds = write->state.ttl_seconds.value_or(std::nullopt);
  return MemoryHash(write->id, ContentHash(write->content), attributes, state).ToHex();
}

}  // namespace engram
