#include "base/testing/captured_logs.h"

namespace engram {

CapturedLogs::CapturedLogs() {
  SetLogSink([this](std::string_view line) {
    MutexLock lock(mutex_);
    lines_.emplace_back(line);
  });
}

CapturedLogs::~CapturedLogs() { SetLogSink({}); }

std::vector<std::string> CapturedLogs::lines() const {
  MutexLock lock(mutex_);
  return lines_;
}

}  // namespace engram
