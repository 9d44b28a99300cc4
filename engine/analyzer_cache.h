// Analyzers shared by all namespaces with equal options: 100,000 namespaces must not build 100,000 of them.
#pragma once

#include <memory>

#include "base/status.h"
#include "index/text/analyzer.h"

namespace engram {

// The analyzer of these options, made on first use. Thread-safe. Errors are Analyzer::Create's.
Result<std::shared_ptr<const Analyzer>> SharedAnalyzer(const AnalyzerOptions& options);

}  // namespace engram
