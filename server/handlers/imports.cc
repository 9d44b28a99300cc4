#include "server/handlers/imports.h"

#include <utility>

#include "server/handlers/convert_filter.h"
#include "server/handlers/convert_import.h"
#include "server/handlers/convert_value.h"
#include "server/handlers/write_batch.h"
#include "server/position_token.h"

namespace engram {
namespace {

// Where an operation of the batch to restore goes.
struct AddTo {
  RollBackImport* op;
  Status operator()(WriteMemory&& memory) const { return Keep(&op->memories, std::move(memory)); }
  Status operator()(WriteNode&& node) const { return Keep(&op->nodes, std::move(node)); }
  Status operator()(WriteRun&& run) const { return Keep(&op->runs, std::move(run)); }
  Status operator()(WriteEdge&& edge) const { return Keep(&op->edges, std::move(edge)); }
  template <class Other>
  Status operator()(Other&& /*operation*/) const {
    return InvalidArgument("only memories, nodes, runs and edges are restored").At("restore");
  }
  template <class Item>
  static Status Keep(std::vector<Item>* items, Item&& item) {
    items->push_back(std::forward<Item>(item));
    return {};
  }
};

Result<WriteCall> BeginRollBack(Service& service, const RequestContext& context,
                                const v1::RollBackImportRequest& request) {
  ASSIGN_OR_RETURN(WriteCall call, BeginWrite(context, IfAbsent::kFail));
  if (Status status = CheckId("the import's id", request.id()); !status.ok()) return std::move(status).At("id");
  RollBackImport op;
  op.id = request.id();
  op.finish = request.finish();
  ASSIGN_OR_RETURN(op.rows_max, PageLimit(request, service.limits()));
  if (request.has_restore()) {
    WriteCall restore;
    if (Status status = AddBatch(service, context, request.restore(), &restore); !status.ok()) {
      return std::move(status).Under("restore");
    }
    for (Operation& operation : restore.mutation.operations) {
      RETURN_IF_ERROR(std::visit(AddTo{&op}, std::move(operation)));
    }
  }
  call.Add(std::move(op));
  return call;
}

}  // namespace

Result<v1::ListImportsReply> ListImports(Service& service, RequestContext& context, NoBody&) {
  ASSIGN_OR_RETURN(const std::vector<ImportStatus> imports, service.engine.ListImports(context.tenant()));
  v1::ListImportsReply reply;
  for (const ImportStatus& import : imports) {
    if (!context.credential().MayUse(import.namespace_name)) continue;
    v1::ListImportsReply::Entry* entry = reply.add_imports();
    entry->set_namespace_(import.namespace_name);
    FromImportStatus(import, entry->mutable_import());
  }
  return reply;
}

Result<v1::ListImportedReply> ListImportedOf(Service& service, RequestContext& context,
                                             v1::ListImportedRequest& request) {
  if (Status status = CheckId("the import's id", request.id()); !status.ok()) return std::move(status).At("id");
  ImportedQuery query;
  query.import = request.id();
  auto ids = ToDistinctIds(request.memory_ids(), service.limits());
  if (!ids.ok()) return std::move(ids).status().Under("memory_ids");
  query.memory_ids = *std::move(ids);
  ASSIGN_OR_RETURN(query.limit, PageLimit(request, service.limits()));
  ASSIGN_OR_RETURN(query.cursor, DecodeCursor(request.cursor()));
  ASSIGN_OR_RETURN(const ReadCall call, BeginRead(service, context, "", std::nullopt));
  ASSIGN_OR_RETURN(const ImportedPage page, service.engine.ListImported(call.ns, query, call.options));
  v1::ListImportedReply reply;
  for (const ImportedItem& item : page.items) FromImportedItem(item, reply.add_items());
  reply.set_next_cursor(EncodeCursor(page.next_cursor));
  return reply;
}

void RollBackOneImport(Service& service, RequestContext& context, v1::RollBackImportRequest& request,
                       Done<v1::RollBackImportReply> done) {
  Result<WriteCall> call = BeginRollBack(service, context, request);
  if (!call.ok()) return done(std::move(call).status());
  Write<v1::RollBackImportReply>(service, context, *std::move(call), std::move(done),
                                 [](const MutationResult& result) -> Result<v1::RollBackImportReply> {
                                   v1::RollBackImportReply reply;
                                   // The last result is the import's own.
                                   const bool more = result.results.back().outcome != Outcome::kDeleted;
                                   reply.set_more(more);
                                   reply.set_removed(CountOutcomes(result, Outcome::kDeleted) - (more ? 0 : 1));
                                   reply.set_restored(CountOutcomes(result, Outcome::kUpdated));
                                   reply.set_kept(CountOutcomes(result, Outcome::kSkipped));
                                   reply.set_position(PositionOf(result));
                                   return reply;
                                 });
}

}  // namespace engram
