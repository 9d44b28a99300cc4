#include "engine/rows.h"
#include "engine/search/reply.h"

namespace engram::search {

Result<Explanation> Explain(const Ranking& ranking, size_t candidate, const KvReader& rows) {
  Explanation explanation;
  const Slot slot = ranking.candidates->slots()[candidate];
  for (size_t i = 0; i < ranking.runs.size(); ++i) {
    const LegColumn& column = ranking.columns[i];
    LegExplanation& leg = explanation.legs[ranking.plan.legs[i].name()];
    leg.rank = column.ranks[candidate];
    leg.score = column.scores[candidate];
    leg.normalized = ranking.fused.legs[i].normalized[candidate];
    leg.contribution = ranking.fused.legs[i].contributions[candidate];
    if (!leg.score) continue;
    leg.terms = ranking.runs[i].leg->Terms(slot);
    const std::vector<NodeNumber> path = ranking.runs[i].leg->PathTo(slot);
    if (path.empty()) continue;
    ASSIGN_OR_RETURN(leg.path, ReadNodeIds(rows, path));
  }
  explanation.fused = ranking.fused.scores[candidate];
  explanation.adjust = ranking.adjustments[candidate];
  return explanation;
}

}  // namespace engram::search
