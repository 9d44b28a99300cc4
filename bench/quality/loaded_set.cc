#include "bench/quality/loaded_set.h"

#include <charconv>
#include <map>
#include <utility>

namespace engram::quality {
namespace {

// Memories of one mutation.
constexpr size_t kBatch = 1000;

NamespaceConfig ConfigOf(const Layout& layout) {
  NamespaceConfig config;
  config.text = layout.text;
  config.bm25 = layout.bm25;
  if (layout.vectors) config.vectors[std::string(kDefaultSpace)].dimensions = kDimensions;
  return config;
}

Result<WriteMemory> MemoryOf(const LabelledRow& row, size_t place, const Layout& layout) {
  WriteMemory write;
  write.id = std::to_string(place);
  write.content.text = row.Text(layout.doc_fields);
  if (layout.vectors) write.content.vectors.emplace(kDefaultSpace, row.vector);
  if (layout.run_fields.empty()) return write;
  write.attributes.scopes.run_id = row.Text(layout.run_fields);
  if (row.Field("time").empty()) return write;
  ASSIGN_OR_RETURN(write.attributes.event_time, ParseRfc3339(row.Field("time") + "Z"));
  return write;
}

std::vector<size_t> PlacesOf(const SearchReply& reply) {
  std::vector<size_t> places;
  for (const SearchHit& hit : reply.hits) places.push_back(PlaceOf(hit));
  return places;
}

}  // namespace

size_t PlaceOf(const SearchHit& hit) {
  size_t place = 0;
  std::from_chars(hit.id.data(), hit.id.data() + hit.id.size(), place);
  return place;
}

Result<std::unique_ptr<LoadedSet>> LoadedSet::Write(Engine* engine, TenantId tenant, const LabelledSet& set,
                                                    const Layout& layout) {
  std::unique_ptr<LoadedSet> loaded(new LoadedSet(engine, tenant, set, layout.scope_field));
  std::map<std::string, std::vector<size_t>> scopes;
  for (size_t i = 0; i < set.docs.size(); ++i) scopes[loaded->NamespaceOf(set.docs[i]).name].push_back(i);
  for (const auto& [name, places] : scopes) RETURN_IF_ERROR(loaded->WriteScope(places, layout));
  return loaded;
}

LoadedSet::~LoadedSet() {
  for (const NamespaceRef& ns : namespaces_) {
    const Status dropped = Commit(ns, {DropNamespace()});
    ENGRAM_CHECK(dropped.ok());
  }
}

NamespaceRef LoadedSet::NamespaceOf(const LabelledRow& row) const {
  return {tenant_, scope_field_.empty() ? "all" : "scope " + row.Field(scope_field_)};
}

Status LoadedSet::WriteScope(const std::vector<size_t>& places, const Layout& layout) {
  const NamespaceRef ns = NamespaceOf(set_.docs[places.front()]);
  RETURN_IF_ERROR(Commit(ns, {CreateNamespace{ConfigOf(layout)}}));
  namespaces_.push_back(ns);
  std::vector<Operation> batch;
  for (const size_t place : places) {
    ASSIGN_OR_RETURN(WriteMemory write, MemoryOf(set_.docs[place], place, layout));
    batch.emplace_back(std::move(write));
    if (batch.size() < kBatch) continue;
    RETURN_IF_ERROR(Commit(ns, std::exchange(batch, {})));
  }
  return batch.empty() ? Status() : Commit(ns, std::move(batch));
}

Status LoadedSet::Commit(const NamespaceRef& ns, std::vector<Operation> operations) {
  Mutation mutation;
  mutation.tenant = ns.tenant;
  mutation.namespace_name = ns.name;
  mutation.operations = std::move(operations);
  return engine_->Write(std::move(mutation), Durability::kBuffered).status;
}

Result<QueryFigures> LoadedSet::Measure(const MakeRequest& request, const Chooses& chooses) const {
  std::vector<QueryFigures> figures;
  for (const LabelledQuery& query : set_.queries) {
    if (chooses && !chooses(query.row)) continue;
    ASSIGN_OR_RETURN(const SearchReply reply, engine_->Search(NamespaceOf(query.row), request(query.row), {}));
    figures.push_back(Judge(PlacesOf(reply), query.relevant));
  }
  return Mean(figures);
}

Result<std::vector<QueryFigures>> LoadedSet::MeasureEach(const MakeRequest& request) const {
  std::vector<QueryFigures> figures;
  RETURN_IF_ERROR(Ask(request, [&](const LabelledQuery& query, const SearchReply& reply) {
    figures.push_back(Judge(PlacesOf(reply), query.relevant));
  }));
  return figures;
}

Status LoadedSet::Ask(const MakeRequest& request, const Sees& sees) const {
  for (const LabelledQuery& query : set_.queries) {
    ASSIGN_OR_RETURN(const SearchReply reply, engine_->Search(NamespaceOf(query.row), request(query.row), {}));
    sees(query, reply);
  }
  return {};
}

}  // namespace engram::quality
