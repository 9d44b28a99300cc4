#include "engine/search/reply.h"

#include <chrono>

#include "engine/rows.h"
#include "index/text/highlight.h"

namespace engram::search {
namespace {

// Highlights need the texts whether or not the reply shows them.
Include WhatToRead(const SearchRequest& request) {
  Include include = request.include;
  if (request.highlight) include.text = include.fields = true;
  return include;
}

void DropUnasked(const Include& include, Content* content) {
  if (!include.text) content->text.clear();
  if (!include.fields) content->fields.clear();
}

// All that any text leg looks for.
TextQuery AllTextQueries(const SearchPlan& plan) {
  TextQuery query;
  for (const LegPlan& leg : plan.legs) {
    query.clauses.insert(query.clauses.end(), leg.text.clauses.begin(), leg.text.clauses.end());
  }
  return query;
}

Result<std::vector<std::string>> Highlights(const Content& content, const TextQuery& query,
                                            const SearchSource& source) {
  std::vector<std::string> fragments;
  if (query.empty()) return fragments;
  HighlightOptions options;
  options.give_up = source.give_up();
  for (const std::string_view text : content.Texts()) {
    std::vector<std::string> found = Highlight(text, query, source.index->analyzer(), options);
    RETURN_IF_ERROR(source.check_deadline());
    fragments.insert(fragments.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  }
  const size_t most = HighlightOptions().fragments_max;
  if (fragments.size() > most) fragments.resize(most);
  return fragments;
}

// Rows are read where something of them is asked for. What an index knows is there in any case: id, version and state
// record, which says whether a read is to be noted.
Result<std::vector<Memory>> PageOfMemories(const Include& include, const std::vector<Slot>& slots, const KvReader& rows,
                                           CandidateRows* known) {
  std::vector<MemoryRef> refs;
  for (const Slot slot : slots) refs.push_back(known->RefOf(slot));
  if (!include.nothing()) return ReadMemories(rows, refs, include);
  std::vector<Memory> memories(slots.size());
  for (size_t i = 0; i < slots.size(); ++i) {
    memories[i].id = std::move(refs[i].id);
    memories[i].version = refs[i].version;
    memories[i].state = known->At(slots[i]).state;
  }
  return memories;
}

void ReportLegs(const Ranking& ranking, SearchReply* reply) {
  for (const LegRun& run : ranking.runs) {
    LegReport& report = reply->legs[run.plan->name()];
    report.candidates = static_cast<uint32_t>(run.hits.size());
    report.took_us = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(run.took).count());
  }
}

}  // namespace

Result<SearchReply> MakeReply(const SearchSource& source, const SearchRequest& request, const Ranking& ranking,
                              const KvReader& rows) {
  SearchReply reply;
  reply.position = ranking.view.position;
  ReportLegs(ranking, &reply);
  std::vector<Slot> slots;
  for (const size_t candidate : ranking.page) slots.push_back(ranking.candidates->slots()[candidate]);
  ranking.rows->Load(slots);
  ASSIGN_OR_RETURN(std::vector<Memory> memories, PageOfMemories(WhatToRead(request), slots, rows, ranking.rows.get()));
  const TextQuery query = request.highlight ? AllTextQueries(ranking.plan) : TextQuery();
  for (size_t i = 0; i < ranking.page.size(); ++i) {
    const size_t candidate = ranking.page[i];
    SearchHit& hit = reply.hits.emplace_back();
    hit.id = memories[i].id;
    hit.score = ranking.scores[candidate];
    hit.memory = std::move(memories[i]);
    ASSIGN_OR_RETURN(hit.highlights, Highlights(hit.memory.content, query, source));
    DropUnasked(request.include, &hit.memory.content);
    if (request.explain) {
      ASSIGN_OR_RETURN(hit.explanation, Explain(ranking, candidate, rows));
    }
    const bool grouped = !ranking.groups.empty() && !ranking.groups[candidate].is_null();
    if (grouped) hit.group = ranking.groups[candidate];
  }
  return reply;
}

}  // namespace engram::search
