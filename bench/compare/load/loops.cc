#include "bench/compare/load/loops.h"

#include <atomic>
#include <thread>

namespace engram::compare {
namespace {

using Clock = std::chrono::steady_clock;

struct Lane {
  Histogram latency;
  Clock::time_point last = {};
  Status status = {};
};

Status LookAt(const Work& work, uint64_t turn) { return work.look ? work.look(turn) : Status(); }

// Runs `lane_of(i)` for each work on a thread of its own; the first error, if there was one.
template <class LaneOf>
Result<std::vector<Lane>> RunLanes(size_t count, const LaneOf& lane_of) {
  std::vector<Lane> lanes(count);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] { lane_of(i, &lanes[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  for (Lane& lane : lanes) RETURN_IF_ERROR(std::move(lane.status));
  return lanes;
}

}  // namespace

Result<LoopFigures> RunClosedLoop(const std::vector<Work>& works, std::chrono::milliseconds warm_up,
                                  std::chrono::milliseconds duration) {
  const auto begin = Clock::now() + warm_up;
  const auto end = begin + duration;
  std::atomic<bool> failed = false;
  ASSIGN_OR_RETURN(const std::vector<Lane> lanes, RunLanes(works.size(), [&](size_t i, Lane* lane) {
                     for (uint64_t turn = 0; !failed; ++turn) {
                       const auto sent = Clock::now();
                       if (sent >= end) return;
                       lane->status = works[i].exchange(turn);
                       const auto answered = Clock::now();
                       if (lane->status.ok()) lane->status = LookAt(works[i], turn);
                       if (!lane->status.ok()) {
                         failed = true;
                         return;
                       }
                       if (sent >= begin && answered < end) lane->latency.Add(answered - sent);
                     }
                   }));
  LoopFigures figures;
  for (const Lane& lane : lanes) figures.latency.Add(lane.latency);
  figures.requests = figures.latency.count();
  figures.seconds = std::chrono::duration<double>(duration).count();
  return figures;
}

Result<LoopFigures> RunOpenLoop(const std::vector<Work>& works, double per_second, std::chrono::milliseconds duration) {
  const auto begin = Clock::now() + std::chrono::milliseconds(5);
  const auto total = static_cast<uint64_t>(per_second * std::chrono::duration<double>(duration).count());
  const auto given_up = begin + 3 * duration;
  std::atomic<bool> failed = false;
  ASSIGN_OR_RETURN(const std::vector<Lane> lanes, RunLanes(works.size(), [&](size_t i, Lane* lane) {
                     uint64_t turn = 0;
                     for (uint64_t number = i; number < total && !failed && Clock::now() < given_up;
                          number += works.size()) {
                       const std::chrono::duration<double> after(static_cast<double>(number) / per_second);
                       const auto due = begin + std::chrono::duration_cast<Clock::duration>(after);
                       std::this_thread::sleep_until(due);
                       lane->status = works[i].exchange(turn);
                       lane->last = Clock::now();
                       if (lane->status.ok()) lane->status = LookAt(works[i], turn);
                       if (!lane->status.ok()) {
                         failed = true;
                         return;
                       }
                       lane->latency.Add(lane->last - due);
                       ++turn;
                     }
                   }));
  LoopFigures figures;
  auto last = begin;
  for (const Lane& lane : lanes) {
    figures.latency.Add(lane.latency);
    last = std::max(last, lane.last);
  }
  figures.requests = figures.latency.count();
  figures.due = total;
  figures.seconds =
      std::max(std::chrono::duration<double>(last - begin).count(), std::chrono::duration<double>(duration).count());
  return figures;
}

}  // namespace engram::compare
