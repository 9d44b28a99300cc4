#include "bench/retrieval/searcher.h"

#include <algorithm>

namespace engram::bench {

Searcher::Searcher(const MeasuredServer& server, const MemorySet& set, double per_second)
    : set_(set), client_(server.MakeClient()), interval_(1 / per_second) {
  thread_ = std::thread([this] { Run(); });
}

void Searcher::Run() {
  for (size_t turn = 0; !stopped_; ++turn) {
    const auto begin = Clock::now();
    if (!paused_) {
      const MutexLock asking(asking_);
      const QueryKind kind = turn % 2 == 0 ? QueryKind::kVector : QueryKind::kHybrid;
      const v1::SearchRequest request = set_.Ask(kind, turn / 2 % set_.queries());
      const auto sent = Clock::now();
      const Status status = client_->Search(kNamespace, request).status();
      const double ms = 1e3 * SecondsSince(sent);
      if (!status.ok()) Die("a search during the load failed: " + status.ToString());
      const MutexLock lock(mutex_);
      samples_.push_back({sent, kind, ms});
    }
    std::this_thread::sleep_until(begin + interval_);
  }
}

void Searcher::Pause() {
  paused_ = true;
  const MutexLock wait(asking_);
}

void Searcher::Stop() {
  stopped_ = true;
  if (thread_.joinable()) thread_.join();
}

std::vector<Searcher::Sample> Searcher::samples() const {
  const MutexLock lock(mutex_);
  return samples_;
}

double RecallOverHttp(const MeasuredServer& server, const MemorySet& set) {
  const auto client = server.MakeClient();
  size_t wanted = 0;
  size_t found = 0;
  for (size_t query = 0; query < set.queries(); ++query) {
    v1::SearchRequest request = set.Ask(QueryKind::kVector, query);
    const std::vector<uint32_t> near = RowsOf(OrDie(client->Search(kNamespace, request)));
    request.set_exact(true);
    for (const uint32_t row : RowsOf(OrDie(client->Search(kNamespace, request)))) {
      ++wanted;
      if (std::find(near.begin(), near.end(), row) != near.end()) ++found;
    }
  }
  return static_cast<double>(found) / static_cast<double>(std::max<size_t>(wanted, 1));
}

Latency LatencyOf(std::vector<double> times_ms) {
  if (times_ms.empty()) return {};
  std::sort(times_ms.begin(), times_ms.end());
  const size_t n = times_ms.size();
  return {n, times_ms[n / 2], times_ms[n * 99 / 100], times_ms[n - 1]};
}

Latency LatencyOf(const std::vector<Searcher::Sample>& samples, QueryKind kind, Searcher::Clock::time_point begin,
                  Searcher::Clock::time_point end) {
  std::vector<double> times;
  for (const Searcher::Sample& sample : samples) {
    if (sample.kind == kind && sample.begin >= begin && sample.begin < end) times.push_back(sample.ms);
  }
  return LatencyOf(std::move(times));
}

}  // namespace engram::bench
