#include "engine/analyzer_cache.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace engram {
namespace {

// Whoever uses an analyzer keeps it alive; the cache forgets the least recently asked for.
constexpr size_t kAnalyzersMax = 64;

class AnalyzerCache {
 public:
  std::shared_ptr<const Analyzer> Find(const AnalyzerOptions& options) {
    MutexLock lock(mutex_);
    const auto at = std::find_if(known_.begin(), known_.end(), [&](const Known& k) { return k.first == options; });
    if (at == known_.end()) return nullptr;
    std::rotate(known_.begin(), at, at + 1);
    return known_.front().second;
  }

  void Add(const AnalyzerOptions& options, std::shared_ptr<const Analyzer> analyzer) {
    MutexLock lock(mutex_);
    known_.insert(known_.begin(), {options, std::move(analyzer)});
    if (known_.size() > kAnalyzersMax) known_.pop_back();
  }

 private:
  using Known = std::pair<AnalyzerOptions, std::shared_ptr<const Analyzer>>;
  Mutex mutex_;
  std::vector<Known> known_ GUARDED_BY(mutex_);  // most recently asked for first
};

}  // namespace

Result<std::shared_ptr<const Analyzer>> SharedAnalyzer(const AnalyzerOptions& options) {
  static auto* const kCache = new AnalyzerCache;  // never destroyed: threads may outlive main's statics
  if (auto known = kCache->Find(options)) return known;
  // Made outside the lock. Two threads may make it at once; both are right, one is forgotten sooner.
  ASSIGN_OR_RETURN(std::shared_ptr<const Analyzer> made, Analyzer::Create(options));
  kCache->Add(options, made);
  return made;
}

}  // namespace engram
