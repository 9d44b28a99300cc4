#include "tools/stop_signals.h"

#include <csignal>

#include "base/check.h"

namespace engram {
namespace {

sigset_t StopSet() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t set = StopSet();
  ENGRAM_CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
}

StopSignals::~StopSignals() {
  const sigset_t set = StopSet();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

int StopSignals::Wait() {
  const sigset_t set = StopSet();
  int signal = 0;
  ENGRAM_CHECK(sigwait(&set, &signal) == 0);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  return signal;
}

}  // namespace engram
