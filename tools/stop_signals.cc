#include "tools/stop_signals.h"

#include <csignal>

#include "base/check.h"

namespace engram {
namespace {

sigset_t StopSet(bool with_hangup) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  if (with_hangup) sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

StopSignals::StopSignals(std::function<void()> on_hangup) : on_hangup_(std::move(on_hangup)) {
  const sigset_t set = StopSet(on_hangup_ != nullptr);
  ENGRAM_CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
}

StopSignals::~StopSignals() {
  const sigset_t set = StopSet(on_hangup_ != nullptr);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

int StopSignals::Wait() {
  const sigset_t set = StopSet(on_hangup_ != nullptr);
  int signal = 0;
  do {
    ENGRAM_CHECK(sigwait(&set, &signal) == 0);
    if (signal == SIGHUP) on_hangup_();
  } while (signal == SIGHUP);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  return signal;
}

}  // namespace engram
