#include "bench/quality/requests.h"

#include <utility>

namespace engram::quality {
namespace {

LegRequest TextLeg(std::string text) {
  LegRequest leg;
  leg.name = "text";
  leg.type = LegType::kText;
  leg.text = std::move(text);
  leg.text_mode = TextMode::kPlain;
  return leg;
}

LegRequest VectorLeg(const LabelledRow& query) {
  LegRequest leg;
  leg.name = "vector";
  leg.type = LegType::kVector;
  leg.vector = query.vector;
  return leg;
}

SearchRequest Request(std::vector<LegRequest> legs, uint32_t top_k) {
  SearchRequest request;
  request.legs = std::move(legs);
  request.top_k = top_k;
  request.exact = true;
  request.include = {.text = false, .fields = false, .metadata = false, .attributes = false};
  return request;
}

}  // namespace

SearchRequest TextSearch(const LabelledRow& query, const std::vector<std::string>& fields, uint32_t top_k) {
  return Request({TextLeg(query.Text(fields))}, top_k);
}

SearchRequest VectorSearch(const LabelledRow& query, uint32_t top_k) { return Request({VectorLeg(query)}, top_k); }

SearchRequest HybridSearch(const LabelledRow& query, FusionMethod method, uint32_t top_k) {
  SearchRequest request = Request({TextLeg(query.Field("text")), VectorLeg(query)}, top_k);
  request.fusion.method = method;
  return request;
}

SearchRequest ExplainedSearch(const LabelledRow& query, uint32_t rows) {
  SearchRequest request = HybridSearch(query, FusionMethod::kRelative, rows);
  request.explain = true;
  return request;
}

}  // namespace engram::quality
