#include "server/handlers/write_batch.h"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "server/handlers/convert_graph.h"
#include "server/handlers/convert_import.h"
#include "server/handlers/convert_memory.h"
#include "server/handlers/convert_run.h"

namespace engram {
namespace {

Result<WriteMode> ToWriteMode(v1::WriteMode mode) {
  switch (mode) {
    case v1::WRITE_MODE_UNSPECIFIED:
    case v1::WRITE_MODE_UPSERT: return WriteMode::kUpsert;
    case v1::WRITE_MODE_INSERT: return WriteMode::kInsert;
    case v1::WRITE_MODE_UPDATE: return WriteMode::kUpdate;
    case v1::WRITE_MODE_NEWER: return WriteMode::kNewer;
    default:
      return InvalidArgument(fmt::format("mode {} is none of upsert, insert, update, newer", int{mode})).At("mode");
  }
}

// Ids of one kind that have come so far.
class SeenIds {
 public:
  Status Add(const std::string& id, const std::string& place) {
    if (ids_.insert(id).second) return Status::Ok();
    return InvalidArgument(fmt::format("\"{}\" comes twice in this batch", id)).At(place);
  }

 private:
  std::set<std::string> ids_;
};

Status CheckSize(const v1::WriteRequest& request, const RequestLimits& limits) {
  const size_t items = static_cast<size_t>(request.memories_size()) + static_cast<size_t>(request.nodes_size()) +
                       static_cast<size_t>(request.edges_size()) + static_cast<size_t>(request.deletes_size()) +
                       static_cast<size_t>(request.runs_size()) + static_cast<size_t>(request.tombstones_size());
  if (items == 0 && !request.has_import()) return InvalidArgument("the batch is empty");
  if (items <= limits.batch_items) return Status::Ok();
  return InvalidArgument(fmt::format("{} items are more than {}", items, limits.batch_items))
      .With("limit", std::to_string(limits.batch_items));
}

Status AddMemories(Service& service, const RequestContext& context, const v1::WriteRequest& request, SeenIds* seen,
                   WriteCall* call) {
  const MemoryBorder border{service.limits(), context.credential().May(Right::kImport)};
  for (int i = 0; i < request.memories_size(); ++i) {
    const std::string place = fmt::format("memories[{}]", i);
    Result<WriteMemory> write = ToWriteMemory(request.memories(i), border, service.uuids);
    if (!write.ok()) return std::move(write).status().Under(place);
    const bool comparable = write->attributes.source.version || write->updated_at;
    if (call->mutation.mode == WriteMode::kNewer && !comparable) {
      return InvalidArgument("mode newer compares source.version, which is missing").At(place + ".source.version");
    }
    RETURN_IF_ERROR(seen->Add(write->id, place + ".id"));
    call->Add(*std::move(write), place);
  }
  return Status::Ok();
}

Status AddRuns(Service& service, const RequestContext& context, const v1::WriteRequest& request, WriteCall* call) {
  const MemoryBorder border{service.limits(), context.credential().May(Right::kImport)};
  for (int i = 0; i < request.runs_size(); ++i) {
    const v1::Run& run = request.runs(i);
    const std::string place = fmt::format("runs[{}]", i);
    if (Status status = CheckId("the run's id", run.run_id()); !status.ok()) {
      return std::move(status).At(place + ".run_id");
    }
    Result<WriteRun> write = ToWriteRun(run.run_id(), run, border);
    if (!write.ok()) return std::move(write).status().Under(place);
    call->Add(*std::move(write), place);
  }
  return Status::Ok();
}

Status AddNodes(Service& service, const RequestContext& context, const v1::WriteRequest& request, SeenIds* seen,
                WriteCall* call) {
  const bool may_import = context.credential().May(Right::kImport);
  for (int i = 0; i < request.nodes_size(); ++i) {
    const std::string place = fmt::format("nodes[{}]", i);
    Result<WriteNode> write = ToWriteNode(request.nodes(i), service.limits(), may_import);
    if (!write.ok()) return std::move(write).status().Under(place);
    RETURN_IF_ERROR(seen->Add(write->node.id, place + ".id"));
    call->Add(*std::move(write), place);
  }
  return Status::Ok();
}

Status AddEdges(Service& service, const RequestContext& context, const v1::WriteRequest& request, WriteCall* call) {
  const bool may_import = context.credential().May(Right::kImport);
  SeenIds seen;
  for (int i = 0; i < request.edges_size(); ++i) {
    const std::string place = fmt::format("edges[{}]", i);
    Result<WriteEdge> write = ToWriteEdge(request.edges(i), service.limits(), may_import);
    if (!write.ok()) return std::move(write).status().Under(place);
    // Versions that have ended come with their numbers, besides the current one.
    const std::string name =
        write->ended ? fmt::format("{}\n{}", write->edge.id, write->edge.version.value) : write->edge.id;
    if (Status status = seen.Add(name, place + ".id"); !status.ok()) return status;
    call->Add(*std::move(write), place);
  }
  return Status::Ok();
}

Status AddTombstones(Service& service, const RequestContext& context, const v1::WriteRequest& request, SeenIds* seen,
                     WriteCall* call) {
  if (request.tombstones().empty()) return Status::Ok();
  if (Status may = CheckRight(context.credential(), Right::kImport); !may.ok()) return std::move(may).At("tombstones");
  const MemoryBorder border{service.limits(), /*may_import=*/true};
  for (int i = 0; i < request.tombstones_size(); ++i) {
    const std::string place = fmt::format("tombstones[{}]", i);
    Result<WriteTombstone> write = ToWriteTombstone(request.tombstones(i), border, service.uuids);
    if (!write.ok()) return std::move(write).status().Under(place);
    RETURN_IF_ERROR(seen->Add(write->id, place + ".id"));
    call->Add(*std::move(write), place);
  }
  return Status::Ok();
}

Status AddDeletes(const v1::WriteRequest& request, SeenIds* seen, WriteCall* call) {
  for (int i = 0; i < request.deletes_size(); ++i) {
    const std::string place = fmt::format("deletes[{}]", i);
    if (Status status = CheckId("an id", request.deletes(i)); !status.ok()) return std::move(status).At(place);
    RETURN_IF_ERROR(seen->Add(request.deletes(i), place));
    DeleteMemory remove;
    remove.id = request.deletes(i);
    call->Add(std::move(remove), place);
  }
  return Status::Ok();
}

Status AddProgress(const RequestContext& context, const v1::ImportProgress& import, WriteCall* call) {
  if (Status may = CheckRight(context.credential(), Right::kImport); !may.ok()) return std::move(may).At("import");
  Result<ImportProgress> progress = ToImportProgress(import);
  if (!progress.ok()) return std::move(progress).status().Under("import");
  call->Add(*std::move(progress), "import");
  return Status::Ok();
}

}  // namespace

Status AddBatch(Service& service, const RequestContext& context, const v1::WriteRequest& request, WriteCall* call) {
  RETURN_IF_ERROR(CheckSize(request, service.limits()));
  ASSIGN_OR_RETURN(call->mutation.mode, ToWriteMode(request.mode()));
  SeenIds seen;
  RETURN_IF_ERROR(AddMemories(service, context, request, &seen, call));
  RETURN_IF_ERROR(AddTombstones(service, context, request, &seen, call));
  RETURN_IF_ERROR(AddRuns(service, context, request, call));
  RETURN_IF_ERROR(AddNodes(service, context, request, &seen, call));
  RETURN_IF_ERROR(AddEdges(service, context, request, call));
  RETURN_IF_ERROR(AddDeletes(request, &seen, call));
  return request.has_import() ? AddProgress(context, request.import(), call) : Status::Ok();
}

}  // namespace engram
