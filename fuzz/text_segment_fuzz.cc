// Any bytes as a segment of texts: refused when it is opened, or searched without reading outside of it, with postings
// that are damaged told.
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "fuzz/input.h"
#include "fuzz/segment_repair.h"
#include "index/text/text_index.h"
#include "index/text/text_segment.h"

namespace engram {
namespace {

constexpr size_t kTop = 10;

const std::shared_ptr<const Analyzer>& SegmentAnalyzer() {
  static const std::shared_ptr<const Analyzer> analyzer =
      Analyzer::Create({.analyzer = "english", .stemmer = "", .stop_words = std::nullopt}).value();
  return analyzer;
}

void Search(const std::shared_ptr<const TextSegment>& segment) {
  SlotSet live;
  segment->AddSlotsTo(&live);
  TextIndex index(SegmentAnalyzer(), {});
  index.Attach(segment, {});
  for (const char* text : {"green tea", "\"green tea\" number1", "+tea -run*", "numbr7~", "r*"}) {
    const auto query = ParseTextQuery(text, TextMode::kAny, *SegmentAnalyzer());
    const std::vector<ScoredSlot> hits = index.View(*query).Top(live, kTop);
    ENGRAM_CHECK(hits.size() <= kTop);
    for (const ScoredSlot& hit : hits) ENGRAM_CHECK(live.contains(hit.slot.value));
  }
  std::vector<uint32_t> words;
  for (uint32_t ordinal = 0; ordinal < segment->text_count(); ++ordinal) (void)segment->ReadWords(ordinal, &words);
  index.Remove(segment->text_slot(0));
  (void)index.View(*ParseTextQuery("green tea", TextMode::kAny, *SegmentAnalyzer())).Top(live, kTop);
}

}  // namespace
}  // namespace engram

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  using namespace engram;                                                  // NOLINT: a file of one function
  ForEachReading(FuzzInput(data, size).rest(), [](const FileSystem& files, const std::string& path) {
    const auto segment = TextSegment::Open(files, path, *SegmentAnalyzer());
    if (segment.ok()) Search(*segment);
  });
  return 0;
}
