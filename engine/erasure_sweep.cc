#include "engine/erasure_sweep.h"

#include <charconv>
#include <set>

#include <fmt/format.h>

#include "base/failpoint.h"
#include "engine/erasure.h"
#include "engine/keys.h"

namespace engram {
namespace {

constexpr size_t kPageErasures = 10'000;
// Shard and tenant: what all keys of a tenant start with.
constexpr size_t kTenantPrefixBytes = 6;

std::string RangeOf(const Erasure& erasure) {
  const std::string scope = keys::Scope(erasure.tenant, erasure.ns);
  return erasure.kind == Erasure::Kind::kTenant ? scope.substr(0, kTenantPrefixBytes) : scope;
}

std::string SystemScope() { return keys::Scope(keys::kSystemTenant, keys::kDirectory); }

}  // namespace

Result<uint64_t> ErasureSweep::Next() const {
  const auto snapshot = store_->Snapshot();
  return NextErasure(ScopedReader(*snapshot, SystemScope()));
}

Result<uint64_t> ErasureSweep::Done() {
  {
    const MutexLock lock(mutex_);
    if (done_) return *done_;
  }
  const auto text = files_->ReadFile(file_);
  if (!text.ok() && text.status().code() != StatusCode::kNotFound) return text.status();
  uint64_t done = 0;
  // Anything else than a number: compacting once too often does no harm.
  if (text.ok() && std::from_chars(text->data(), text->data() + text->size(), done).ec != std::errc()) done = 0;
  const MutexLock lock(mutex_);
  if (!done_) done_ = done;
  return *done_;
}

Status ErasureSweep::Compact(uint64_t from, uint64_t to) {
  std::set<std::string> ranges;
  while (from < to) {
    const auto snapshot = store_->Snapshot();
    ASSIGN_OR_RETURN(const auto page, ReadErasures(ScopedReader(*snapshot, SystemScope()), from, kPageErasures));
    if (page.empty()) break;
    for (const Erasure& erasure : page) ranges.insert(RangeOf(erasure));
    from = page.back().number + 1;
  }
  FAILPOINT("sweep.compact");
  for (const std::string& range : ranges) RETURN_IF_ERROR(store_->CompactRange(range, PrefixEnd(range)));
  return {};
}

Status ErasureSweep::Run(uint64_t until) {
  const MutexLock running(running_);
  ASSIGN_OR_RETURN(const uint64_t done, Done());
  if (done == until) return {};
  // A store that an older copy was restored over may have noted fewer.
  RETURN_IF_ERROR(Compact(done < until ? done : 0, until));
  RETURN_IF_ERROR(files_->ReplaceFile(file_, fmt::format("{}\n", until)));
  const MutexLock lock(mutex_);
  done_ = until;
  return {};
}

Result<uint64_t> ErasureSweep::Waiting() {
  ASSIGN_OR_RETURN(const uint64_t done, Done());
  ASSIGN_OR_RETURN(const uint64_t next, Next());
  return done < next ? next - done : 0;
}

}  // namespace engram
