#include "engine/doctor/verify_jobs.h"

#include <algorithm>

#include "base/log.h"

namespace engram {
namespace {

// A snapshot is held for about so long, or for one namespace.
constexpr std::chrono::seconds kPiece{2};
constexpr std::chrono::nanoseconds kRestMax = std::chrono::seconds(1);
constexpr size_t kLoggedMax = 20;  // findings of one piece

Status Cancelled() { return Unavailable("the verification was cancelled"); }

void AddTo(DoctorReport* total, const DoctorReport& piece) {
  total->namespaces += piece.namespaces;
  total->memories += piece.memories;
  total->files += piece.files;
  total->file_bytes += piece.file_bytes;
  total->findings.Add(piece.findings);
}

}  // namespace

VerifyJobs::VerifyJobs(LiveStore* store, const VerifyOptionsOfServer& options) : store_(store), options_(options) {
  thread_ = std::thread([this] { Run(); });
}

VerifyJobs::~VerifyJobs() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  work_.NotifyAll();
  thread_.join();
}

Status VerifyJobs::Start(const VerifyTarget& target) {
  {
    const MutexLock lock(mutex_);
    if (state_.phase == VerifyJobState::Phase::kRunning) return AlreadyExists("a verification is running already");
    state_ = {};
    state_.phase = VerifyJobState::Phase::kRunning;
    state_.target = target;
    state_.started_at = options_.clock->Now();
    cancelled_ = false;
    wanted_ = true;
  }
  work_.NotifyAll();
  return {};
}

void VerifyJobs::Cancel() {
  {
    const MutexLock lock(mutex_);
    if (state_.phase != VerifyJobState::Phase::kRunning) return;
    cancelled_ = true;
  }
  work_.NotifyAll();
}

VerifyJobState VerifyJobs::state() const {
  const MutexLock lock(mutex_);
  return state_;
}

VerifySampling VerifyJobs::sampling() const {
  const MutexLock lock(mutex_);
  return sampling_;
}

uint64_t VerifyJobs::findings() const {
  const MutexLock lock(mutex_);
  return findings_;
}

void VerifyJobs::Run() {
  while (true) {
    bool job = false;
    {
      const MutexLock lock(mutex_);
      if (!wanted_ && !stopping_) {
        if (options_.interval.count() > 0) {
          work_.WaitFor(mutex_, options_.interval);
        } else {
          work_.Wait(mutex_);
        }
      }
      if (stopping_) return;
      job = std::exchange(wanted_, false);
    }
    if (job) {
      RunJob();
    } else if (options_.interval.count() > 0) {
      SampleNext();
    }
  }
}

void VerifyJobs::RunJob() {
  const VerifyTarget target = state().target;
  std::optional<std::pair<TenantId, NamespaceId>> after;
  Status status;
  for (bool more = true; more && status.ok();) {
    const auto piece = RunPiece(target, &after);
    status = piece.status();
    more = piece.ok() && *piece;
  }
  const MutexLock lock(mutex_);
  state_.ended_at = options_.clock->Now();
  if (status.ok()) {
    state_.phase = VerifyJobState::Phase::kDone;
    Log(LogLevel::kInfo, "verify_done",
        {{"namespaces", state_.report.namespaces},
         {"memories", state_.report.memories},
         {"findings", state_.report.findings.count()}});
  } else if (cancelled_ || stopping_) {
    state_.phase = VerifyJobState::Phase::kCancelled;
  } else {
    state_.phase = VerifyJobState::Phase::kFailed;
    state_.error = status.message();
    Log(LogLevel::kError, "verify_failed", {{"error", status.ToString()}});
  }
}

Result<bool> VerifyJobs::RunPiece(const VerifyTarget& target, std::optional<std::pair<TenantId, NamespaceId>>* after) {
  DoctorOptions pass;
  pass.depth = target.depth;
  pass.sample = target.sample;
  pass.seed = ++seed_;
  pass.tenant = target.tenant;
  pass.ns = target.ns;
  pass.after = *after;
  const DoctorReport before = state().report;
  DoctorReport report;
  auto since = options_.clock->Monotonic();
  const auto until = since + kPiece;
  pass.go_on = [this, &since] { return Pace(Work::kJob, &since); };
  // One with findings ends its piece, so that those of the next are kept, too.
  pass.enough = [&] { return options_.clock->Monotonic() >= until || report.findings.count() > 0; };
  pass.progress = [&](const DoctorProgress& now) {
    const MutexLock lock(mutex_);
    state_.report.namespaces = before.namespaces + now.namespaces;
    state_.report.memories = before.memories + now.memories;
    state_.report.file_bytes = before.file_bytes + now.file_bytes;
  };
  const Status status = store_->Examine(pass, &report);
  TakeNotes(report.findings);
  {
    const MutexLock lock(mutex_);
    DoctorReport total = before;
    AddTo(&total, report);
    state_.report = std::move(total);
  }
  RETURN_IF_ERROR(status);
  if (report.last) *after = report.last;
  return report.more;
}

void VerifyJobs::SampleNext() {
  DoctorOptions pass;
  pass.depth = DoctorDepth::kSample;
  pass.sample = options_.sample;
  pass.seed = ++seed_;
  pass.after = sampled_;
  pass.enough = [] { return true; };
  auto since = options_.clock->Monotonic();
  pass.go_on = [this, &since] { return Pace(Work::kSample, &since); };
  DoctorReport report;
  const Status status = store_->Examine(pass, &report);
  TakeNotes(report.findings);
  // One whose sample was cut short by a job is looked at again.
  if (status.ok()) sampled_ = report.more && report.last ? *report.last : std::pair<TenantId, NamespaceId>();
  const MutexLock lock(mutex_);
  sampling_.namespaces += report.namespaces;
  sampling_.memories += report.memories;
  sampling_.findings += report.findings.count();
  if (status.ok() && !report.more) ++sampling_.rounds;
  if (!status.ok() && !stopping_ && !wanted_) Log(LogLevel::kError, "verify_failed", {{"error", status.ToString()}});
}

Status VerifyJobs::Pace(Work work, std::chrono::nanoseconds* since) {
  const double share = work == Work::kJob ? options_.share : options_.sampling_share;
  const auto worked = options_.clock->Monotonic() - *since;
  const auto rest = std::min(
      kRestMax, std::chrono::nanoseconds(static_cast<int64_t>(static_cast<double>(worked.count()) * (1 / share - 1))));
  {
    const MutexLock lock(mutex_);
    if (!MustEnd(work) && rest.count() > 0) work_.WaitFor(mutex_, rest);
    if (MustEnd(work)) return Cancelled();
  }
  *since = options_.clock->Monotonic();
  return {};
}

void VerifyJobs::TakeNotes(const FindingList& findings) {
  if (findings.count() == 0) return;
  size_t logged = 0;
  for (const Finding& finding : findings.kept()) {
    store_->TakeNote(finding);
    if (++logged > kLoggedMax) continue;
    Log(LogLevel::kError, "verify_finding",
        {{"finding", ToText(finding)}, {"advice", RepairAdvice(RepairWayOf(finding.kind))}});
  }
  const MutexLock lock(mutex_);
  findings_ += findings.count();
}

}  // namespace engram
