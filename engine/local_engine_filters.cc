// Writes by filter: resolved to ids at one view, changed in mutations of bounded size, re-checked row by row.
#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "engine/local_engine.h"

namespace engram {
namespace {

constexpr size_t kRowsPerMutation = 10'000;

// Part of the work may be done when a later mutation fails.
Status Interrupted(Status status, uint64_t changed) {
  if (changed == 0) return status;
  return std::move(status).MarkApplied(Applied::kUnknown).With("changed", std::to_string(changed));
}

uint64_t CountChanged(const MutationResult& result) {
  return static_cast<uint64_t>(std::count_if(
      result.results.begin(), result.results.end(),
      [](const OperationResult& r) { return r.outcome == Outcome::kDeleted || r.outcome == Outcome::kUpdated; }));
}

// Pages of ids through mutations until no page is left. The idempotency key goes with the last one, so that a stored
// reply means that all of it was done.
struct FilterRun {
  Engine* engine;
  const NamespaceRef& ns;
  Durability durability;
  std::optional<Mutation::Idempotency> idempotency;
  std::function<Result<std::vector<std::string>>(const std::string& after)> next_page;
  std::function<Operation(const std::string& id)> operation;

  Result<Engine::FilterWriteReply> Run() {
    Engine::FilterWriteReply reply;
    ASSIGN_OR_RETURN(std::vector<std::string> page, next_page(""));
    while (true) {
      const bool last = page.size() < kRowsPerMutation;
      Mutation mutation;
      mutation.tenant = ns.tenant;
      mutation.namespace_name = ns.name;
      mutation.create_namespace = false;
      if (last) mutation.idempotency = idempotency;
      for (const std::string& id : page) mutation.operations.push_back(operation(id));
      const MutationResult result = engine->Write(std::move(mutation), durability);
      if (!result.status.ok()) return Interrupted(result.status, reply.changed);
      reply.changed += CountChanged(result);
      reply.position = result.position;
      reply.replayed = result.replayed;
      if (last) return reply;
      auto next = next_page(page.back());
      if (!next.ok()) return Interrupted(std::move(next).status(), reply.changed);
      page = std::move(*next);
    }
  }
};

}  // namespace

Result<Engine::FilterWriteReply> LocalEngine::DeleteByFilter(const NamespaceRef& ns, const Filter& filter, bool erase,
                                                             Durability durability,
                                                             std::optional<Mutation::Idempotency> idempotency) {
  FilterRun run{this, ns, durability, std::move(idempotency), {}, {}};
  run.next_page = [&](const std::string& after) -> Result<std::vector<std::string>> {
    ASSIGN_OR_RETURN(const ReadView view, View(ns, {}));
    return ResolveFilter(view, filter, kRowsPerMutation, after);
  };
  run.operation = [&](const std::string& id) {
    DeleteMemory deletion;
    deletion.id = id;
    deletion.still_matches = filter;
    deletion.erase = erase;
    return deletion;
  };
  return run.Run();
}

Result<Engine::FilterWriteReply> LocalEngine::UpdateByFilter(const NamespaceRef& ns, const Filter& filter,
                                                             const UpdateMemory& change, Durability durability,
                                                             std::optional<Mutation::Idempotency> idempotency) {
  FilterRun run{this, ns, durability, std::move(idempotency), {}, {}};
  run.next_page = [&](const std::string& after) -> Result<std::vector<std::string>> {
    ASSIGN_OR_RETURN(const ReadView view, View(ns, {}));
    return ResolveFilter(view, filter, kRowsPerMutation, after);
  };
  run.operation = [&](const std::string& id) {
    UpdateMemory update = change;
    update.id = id;
    update.still_matches = filter;
    return update;
  };
  return run.Run();
}

Result<Engine::FilterWriteReply> LocalEngine::DeleteEdgesByFilter(const NamespaceRef& ns, const Filter& filter,
                                                                  Durability durability,
                                                                  std::optional<Mutation::Idempotency> idempotency) {
  FilterRun run{this, ns, durability, std::move(idempotency), {}, {}};
  std::string cursor;
  bool more = true;
  std::map<std::string, Version> seen;
  run.next_page = [&](const std::string& /*after*/) -> Result<std::vector<std::string>> {
    std::vector<std::string> ids;
    while (more && ids.size() < kRowsPerMutation) {
      ASSIGN_OR_RETURN(const ReadView view, View(ns, {}));
      EdgeListQuery query;
      query.filter = filter;
      query.limit = static_cast<uint32_t>(kRowsPerMutation - ids.size());
      query.cursor = cursor;
      ASSIGN_OR_RETURN(const NamedEdgePage page, ListNamedEdges(view, query));
      for (const NamedEdge& edge : page.edges) {
        ids.push_back(edge.edge.id);
        seen.insert_or_assign(edge.edge.id, edge.edge.version);
      }
      cursor = page.next_cursor;
      more = !cursor.empty();
    }
    return ids;
  };
  run.operation = [&](const std::string& id) {
    // A version never changes, so the one that matched still matches; one written meanwhile is left alone.
    DeleteEdge deletion;
    deletion.id = id;
    deletion.still_matches = [version = seen.at(id)](const Edge& edge) { return edge.version == version; };
    return deletion;
  };
  return run.Run();
}

}  // namespace engram
