#include "bench/quality/labelled_sets.h"

namespace engram::quality {
namespace {

using enum Metric;
using Fields = std::vector<std::string>;

const Fields kText = {"text"};
const Fields kTitled = {"title", "text"};
const Fields kSpoken = {"speaker", "text", "image_caption"};

}  // namespace

const std::vector<Baseline>& Baselines() {
  static const std::vector<Baseline> kBaselines = {
      {"scifact", "", kTitled, kText, {{kNdcg10, 0.666}, {kRecall100, 0.886}}},
      {"cacm", "", kTitled, kText, {{kMap, 0.337}, {kPrecision30, 0.187}}},
      {"cacm", "", kTitled, kText, {{kMap, 0.327}, {kPrecision30, 0.184}}, 0.9, 0.4},
      {"npl", "", kText, kText, {{kMap, 0.214}, {kRecall100, 0.476}, {kNdcg10, 0.357}}},
      {"cranfield", "", kTitled, kText, {{kMap, 0.282}, {kNdcg10, 0.364}}},
      {"cisi", "", kTitled, kTitled, {{kMap, 0.199}}},
      {"locomo", "conversation", kSpoken, kText, {{kRecall10, 0.529}, {kRecall100, 0.738}, {kMrr, 0.373}}},
      {"locomo", "", kSpoken, kText, {{kRecall10, 0.478}}},
      {"beam", "chat", kText, kText, {{kRecall10, 0.515}, {kRecall100, 0.775}}, 1.2, 0.75, "summarization"},
      {"beam", "chat", kText, kText, {{kRecall10, 0.468}, {kRecall100, 0.753}}},
      {"beam", "", kText, kText, {{kRecall10, 0.405}, {kRecall100, 0.617}}},
      {"madial/en", "user", kText, kText, {{kRecall10, 0.551}}},
      {"madial/en", "", kText, kText, {{kRecall10, 0.479}, {kRecall100, 0.939}}},
      {"madial/zh", "user", kText, kText, {{kRecall10, 0.616}}},
      {"madial/zh", "", kText, kText, {{kRecall10, 0.565}, {kRecall100, 0.923}}},
      {"xquad/en", "", kText, kText, {{kRecall10, 0.991}, {kMrr, 0.950}}},
      {"xquad/de", "", kText, kText, {{kRecall10, 0.974}, {kMrr, 0.900}}},
      {"xquad/zh", "", kText, kText, {{kRecall10, 0.992}, {kMrr, 0.954}}},
      {"xquad/ar", "", kText, kText, {{kRecall10, 0.954}, {kMrr, 0.869}}},
      {"xquad/ru", "", kText, kText, {{kRecall10, 0.935}, {kMrr, 0.852}}},
      {"jaquad", "", kText, kText, {{kRecall10, 0.983}, {kMrr, 0.884}}},
  };
  return kBaselines;
}

const std::vector<HybridReference>& HybridReferences() {
  static const std::vector<HybridReference> kReferences = {
      {"locomo", "conversation", .431, .274, .446, .382},
      {"madial/en", "user", .496, .624, .644, .617},
      {"scifact", "", .686, .645, .735, .716},
      {"cranfield", "", .385, .400, .437, .436},
      {"cacm", "", .503, .439, .577, .548},
      {"npl", "", .434, .434, .504, .491},
      {"cisi", "", .385, .421, .460, .444},
      {"xquad/en", "", .969, .944, .982, .971},
      {"beam", "chat", .347, .465, .477, .445},
  };
  return kReferences;
}

const std::vector<Language>& Languages() {
  static const std::vector<Language> kLanguages = {
      {"xquad/en", "english", "", 0.991, 0.950},
      {"xquad/de", "german", "", 0.974, 0.900},
      {"xquad/ru", "russian", "", 0.935, 0.852},
      {"xquad/ar", "arabic", "", 0.954, 0.869},
      {"xquad/zh", "cjk", "", 0.992, 0.954},
      {"jaquad", "cjk", "", 0.983, 0.884},
      {"madial/zh", "cjk", "user", 0.616, std::nullopt},
      {"madial/en", "english", "user", 0.551, std::nullopt},
  };
  return kLanguages;
}

const std::vector<Conversations>& AllConversations() {
  static const std::vector<Conversations> kConversations = {
      {"locomo", "conversation", "session", 0.04},
      {"beam", "chat", "batch", std::nullopt},
  };
  return kConversations;
}

}  // namespace engram::quality
