#include "tools/import/reject_sink.h"

#include <cstdio>

#include <fmt/format.h>

namespace engram {

Status RejectSink::Take(const SourceRecord& record, const Status& why, const Destination& where) {
  if (file_) {
    RETURN_IF_ERROR(file_->Add(record, why, where));
    return Count();
  }
  if (dry_run_) {
    progress_.Clear();
    const std::string field = why.field().empty() ? "" : fmt::format(" (at {})", why.field());
    fmt::print(stderr, "{}: {}{}\n", record.place, why.message(), field);
    return Count();
  }
  stopped_by_record_ = true;
  Status ended(why.code(), fmt::format("{}: {}", record.place, why.message()));
  if (!why.field().empty()) ended = std::move(ended).At(why.field());
  return ended;
}

Status RejectSink::Count() {
  constexpr uint64_t kRecordsMin = 100;
  ++rejected_;
  if (limits_.rejects_max && rejected_ + earlier_ > *limits_.rejects_max) {
    return FailedPrecondition(fmt::format("{} records could not be taken, more than --abort-on rejects={} allows",
                                          rejected_ + earlier_, *limits_.rejects_max));
  }
  if (!limits_.percent_max || records_ < kRecordsMin) return {};
  const double percent = 100.0 * static_cast<double>(rejected_) / static_cast<double>(records_);
  if (percent <= *limits_.percent_max) return {};
  return FailedPrecondition(fmt::format("{} of {} records could not be taken, more than --abort-on rejects={}% allows",
                                        rejected_, records_, *limits_.percent_max));
}

}  // namespace engram
