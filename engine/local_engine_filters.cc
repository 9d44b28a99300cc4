// Writes by filter: resolved to ids at one view, changed in mutations of bounded size, re-checked row by row.
#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <memory>

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

// Pages of ids through mutations until no page is left. The idempotency key goes with every one: it is checked before
// the first changes anything, and the reply stays open until the last has been committed.
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
      mutation.idempotency = idempotency;
      using Part = Mutation::Idempotency::Part;
      if (idempotency) mutation.idempotency->part = last ? Part::kLast : Part::kMore;
      for (const std::string& id : page) mutation.operations.push_back(operation(id));
      const MutationResult result = engine->Write(std::move(mutation), durability);
      if (!result.status.ok()) return Interrupted(result.status, reply.changed);
      // Under a key the stored reply counts, over the calls before this one, too.
      reply.changed = idempotency ? result.changed : reply.changed + result.changed;
      reply.position = result.position;
      reply.replayed = result.replayed;
      if (last || reply.replayed) return reply;
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
  const auto shared = std::make_shared<const Filter>(filter);
  bool present = true;  // first what a list shows, then what an erase must reach besides
  run.next_page = [&](const std::string& after) -> Result<std::vector<std::string>> {
    ASSIGN_OR_RETURN(const ReadView view, View(ns, {}));
    if (!present) return ResolveAbsent(view, filter, kRowsPerMutation, after);
    ASSIGN_OR_RETURN(auto ids, ResolveFilter(view, filter, kRowsPerMutation, after));
    if (!erase || ids.size() == kRowsPerMutation) return ids;
    present = false;
    ASSIGN_OR_RETURN(auto absent, ResolveAbsent(view, filter, kRowsPerMutation - ids.size(), ""));
    std::move(absent.begin(), absent.end(), std::back_inserter(ids));
    return ids;
  };
  run.operation = [&](const std::string& id) {
    DeleteMemory deletion;
    deletion.id = id;
    deletion.still_matches = shared;
    deletion.erase = erase;
    return deletion;
  };
  return run.Run();
}

Result<Engine::FilterWriteReply> LocalEngine::UpdateByFilter(const NamespaceRef& ns, const Filter& filter,
                                                             const UpdateMemory& change, Durability durability,
                                                             std::optional<Mutation::Idempotency> idempotency) {
  FilterRun run{this, ns, durability, std::move(idempotency), {}, {}};
  const auto shared = std::make_shared<const Filter>(filter);
  run.next_page = [&](const std::string& after) -> Result<std::vector<std::string>> {
    ASSIGN_OR_RETURN(const ReadView view, View(ns, {}));
    return ResolveFilter(view, filter, kRowsPerMutation, after);
  };
  run.operation = [&](const std::string& id) {
    UpdateMemory update = change;
    update.id = id;
    update.still_matches = shared;
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
