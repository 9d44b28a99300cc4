// Verification of an open store on a thread of its own: a job at a time that somebody asked for, and between jobs, at a
// low rate, a sample of one namespace after the other, round and round.
//
// Both work at most a share of the time and rest otherwise, so that what they take of processor and disk is bounded; of
// memory they take what one namespace's check does (namespace_check.h). A namespace whose rows are found damaged
// becomes read-only at once; all findings go to the log.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "engine/doctor/doctor.h"
#include "engine/doctor/live_store.h"

namespace engram {

struct VerifyTarget {
  std::optional<TenantId> tenant = {};
  std::optional<NamespaceId> ns = {};  // with `tenant`
  DoctorDepth depth = DoctorDepth::kFull;
  uint64_t sample = 1000;  // memories of each namespace, of kSample
};

// Of the job that was asked for last.
struct VerifyJobState {
  enum class Phase : uint8_t { kIdle, kRunning, kDone, kFailed, kCancelled };
  Phase phase = Phase::kIdle;
  VerifyTarget target = {};
  Timestamp started_at = {};
  std::optional<Timestamp> ended_at = {};
  // So far. Of findings, the first FindingList::kKeptMax are kept.
  DoctorReport report = {};
  std::string error = {};  // once it failed
};

// Of the sampling, since the start.
struct VerifySampling {
  uint64_t namespaces = 0;
  uint64_t memories = 0;
  uint64_t findings = 0;  // a damaged namespace counts again in each round
  uint64_t rounds = 0;    // through all namespaces
};

struct VerifyOptionsOfServer {
  std::chrono::milliseconds interval{0};  // between samples; 0: none are taken
  uint64_t sample = 1000;                 // memories of one
  double share = 0.25;                    // of the time a job may work
  double sampling_share = 0.05;
  const Clock* clock = &Clock::Real();
};

// Thread-safe.
class VerifyJobs {
 public:
  // `store` must outlive it. Starts its thread.
  VerifyJobs(LiveStore* store, const VerifyOptionsOfServer& options);
  // Cancels what runs and waits for its end.
  ~VerifyJobs();

  // Begins a job. AlreadyExists while one is running.
  Status Start(const VerifyTarget& target) EXCLUDES(mutex_);
  // What is running ends within some hundred rows; nothing when nothing is.
  void Cancel() EXCLUDES(mutex_);
  VerifyJobState state() const EXCLUDES(mutex_);
  VerifySampling sampling() const EXCLUDES(mutex_);
  // Of jobs and samples, since the start.
  uint64_t findings() const EXCLUDES(mutex_);

 private:
  enum class Work : uint8_t { kJob, kSample };

  void Run();
  void RunJob();
  // One snapshot: some namespaces of the job. False once nothing is left.
  Result<bool> RunPiece(const VerifyTarget& target, std::optional<std::pair<TenantId, NamespaceId>>* after);
  void SampleNext();
  // Rests as `share` says; Unavailable when the work is cancelled.
  Status Pace(Work work, std::chrono::nanoseconds* since) EXCLUDES(mutex_);
  // Whether the work has to end: a job is cancelled, a sample makes room for a job.
  bool MustEnd(Work work) const REQUIRES(mutex_) { return stopping_ || (work == Work::kJob ? cancelled_ : wanted_); }
  void TakeNotes(const FindingList& findings);

  LiveStore* store_;
  const VerifyOptionsOfServer options_;
  // Of its thread: where the sampling stands, and which sample is next.
  std::pair<TenantId, NamespaceId> sampled_{};
  uint64_t seed_ = 1;

  mutable Mutex mutex_;
  CondVar work_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool wanted_ GUARDED_BY(mutex_) = false;
  bool cancelled_ GUARDED_BY(mutex_) = false;
  VerifyJobState state_ GUARDED_BY(mutex_);
  VerifySampling sampling_ GUARDED_BY(mutex_);
  uint64_t findings_ GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace engram
