// What is measured: each experiment writes the sets into the engine, searches them and fills its tables.
#pragma once

#include <functional>
#include <string>

#include "base/status.h"
#include "bench/quality/labelled_set.h"
#include "bench/quality/report.h"
#include "engine/engine.h"

namespace engram::quality {

struct Laboratory {
  Engine* engine = nullptr;
  TenantId tenant;
  std::string data;                                  // the folder of the sets
  std::function<bool(const std::string&)> chosen;    // by folder
  std::function<void(const std::string&)> progress;  // a line for whoever waits
};

// BM25 of analyzer `simple` against the figures of a baseline with the same tokens.
Status MeasureBaselines(const Laboratory& laboratory, Report* report);
// Text, vector and their fusions, with the reference's tokens and with analyzer `english`.
Status MeasureHybrids(const Laboratory& laboratory, Report* report);
// Each language with its own analyzer.
Status MeasureLanguages(const Laboratory& laboratory, Report* report);
// What the neighbours in a run add.
Status MeasureContext(const Laboratory& laboratory, Report* report);
// The default fusion against variants of z-scores, chosen on some sets and judged on others.
Status MeasureFusions(const Laboratory& laboratory, Report* report);
// Analyzers of a namespace against `standard`, likewise.
Status MeasureAnalyzers(const Laboratory& laboratory, Report* report);

}  // namespace engram::quality
