// A labelled set written into an engine: one namespace, or one for every conversation, chat or user.
//
// A memory's id is its document's line number, so that equal scores stand in the file's order.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "bench/quality/labelled_set.h"
#include "bench/quality/metrics.h"
#include "engine/engine.h"

namespace engram::quality {

// The place of a hit's document in LabelledSet::docs.
size_t PlaceOf(const SearchHit& hit);

// How a set is laid out in the engine.
struct Layout {
  AnalyzerOptions text;
  Bm25Parameters bm25;
  std::vector<std::string> doc_fields;  // joined by spaces: the memory's text
  std::string scope_field;              // one namespace for each of its values; empty: one for all
  std::vector<std::string> run_fields;  // joined: the run_id; none: no runs
  bool vectors = false;
};

// A namespace per scope of the set, gone from the engine with this object. Confined to one thread.
class LoadedSet {
 public:
  static Result<std::unique_ptr<LoadedSet>> Write(Engine* engine, TenantId tenant, const LabelledSet& set,
                                                  const Layout& layout);
  ~LoadedSet();
  LoadedSet(const LoadedSet&) = delete;
  LoadedSet& operator=(const LoadedSet&) = delete;

  using MakeRequest = std::function<SearchRequest(const LabelledRow& query)>;
  using Chooses = std::function<bool(const LabelledRow& query)>;
  // The mean figures of the chosen queries, each asked in its own scope. Without `chooses`: all.
  Result<QueryFigures> Measure(const MakeRequest& request, const Chooses& chooses = nullptr) const;
  // The figures of every query, in their order.
  Result<std::vector<QueryFigures>> MeasureEach(const MakeRequest& request) const;

  using Sees = std::function<void(const LabelledQuery& query, const SearchReply& reply)>;
  // Asks every query in its own scope, in their order.
  Status Ask(const MakeRequest& request, const Sees& sees) const;

 private:
  LoadedSet(Engine* engine, TenantId tenant, const LabelledSet& set, std::string scope_field)
      : engine_(engine), tenant_(tenant), set_(set), scope_field_(std::move(scope_field)) {}

  NamespaceRef NamespaceOf(const LabelledRow& row) const;
  Status WriteScope(const std::vector<size_t>& places, const Layout& layout);
  Status Commit(const NamespaceRef& ns, std::vector<Operation> operations);

  Engine* engine_;
  TenantId tenant_;
  const LabelledSet& set_;
  const std::string scope_field_;
  std::vector<NamespaceRef> namespaces_;
};

}  // namespace engram::quality
