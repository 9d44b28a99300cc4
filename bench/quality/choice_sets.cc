#include "bench/quality/choice_sets.h"

namespace engram::quality {

// Either side has long and short memories, abstracts, and languages with and without spaces between words. SciFact is
// on both: its documents are the same, its queries are not. XQuAD's languages are translations of one text.
const std::vector<ChoiceSet>& ChoiceSets() {
  using enum Purpose;
  static const std::vector<ChoiceSet> kSets = {
      {"beam", "", "chat", kTuning, "english", true},       {"scifact", "train", "", kTuning, "english", true},
      {"cranfield", "", "", kTuning, "english", true},      {"cisi", "", "", kTuning, "english", true},
      {"xquad/en", "", "", kTuning, "english", true},       {"xquad/de", "", "", kTuning, "german", false},
      {"xquad/zh", "", "", kTuning, "cjk", false},          {"locomo", "", "conversation", kHeldOut, "english", true},
      {"madial/en", "", "user", kHeldOut, "english", true}, {"scifact", "", "", kHeldOut, "english", true},
      {"npl", "", "", kHeldOut, "english", true},           {"cacm", "", "", kHeldOut, "english", true},
      {"xquad/ru", "", "", kHeldOut, "russian", false},     {"xquad/ar", "", "", kHeldOut, "arabic", false},
      {"jaquad", "", "", kHeldOut, "cjk", false},           {"madial/zh", "", "user", kHeldOut, "cjk", true},
  };
  return kSets;
}

std::string PurposeName(Purpose purpose) { return purpose == Purpose::kTuning ? "tuning" : "held-out"; }

}  // namespace engram::quality
