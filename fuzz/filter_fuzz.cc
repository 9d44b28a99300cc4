// Any bytes as a filter in JSON: refused with its place, or answered by the index as its definition says.
#include <map>
#include <string>

#include "api/json.h"
#include "base/check.h"
#include "fuzz/input.h"
#include "index/attribute/attribute_index.h"
#include "server/handlers/convert_filter.h"
#include "tests/index/attribute/documents.h"

namespace engram {
namespace {

constexpr uint32_t kDocuments = 40;

struct Documents {
  Documents() {
    RandomDocuments random(5, true);
    for (uint32_t slot = 0; slot < kDocuments; ++slot) {
      fields[slot] = random.Fields();
      index.Set(Slot(slot), fields[slot]);
    }
  }
  std::map<uint32_t, AttributeFields> fields;
  AttributeIndex index;
};

void CheckAnswers(const Filter& filter) {
  static const Documents documents;
  const FilterResult result = documents.index.Evaluate(filter);
  for (const auto& [slot, fields] : documents.fields) {
    const bool matches = Matches(filter, fields);
    // What is not exact has every match, and possibly others.
    ENGRAM_CHECK(result.slots.contains(slot) == matches || (!result.exact && !matches));
  }
}

}  // namespace
}  // namespace engram

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  using namespace engram;                                                  // NOLINT: a file of one function
  v1::Value json;
  if (!ParseJson(FuzzInput(data, size).rest(), &json).ok()) return 0;
  const auto filter = ToFilter(json);
  if (!filter.ok()) {
    ENGRAM_CHECK(filter.status().code() == StatusCode::kInvalidArgument ||
                 filter.status().code() == StatusCode::kUnprocessable);
    ENGRAM_CHECK(filter.status().field().starts_with("filter"));
    return 0;
  }
  if (!*filter) return 0;
  CheckAnswers(**filter);
  if (MatchesEverything(**filter)) {
    ENGRAM_CHECK(Matches(**filter, {}));
  }
  return 0;
}
