#include "tools/last_words.h"

#include <cstdlib>
#include <exception>

#include "base/log.h"

namespace engram {
namespace {

[[noreturn]] void Stop(const char* error) {
  Log(LogLevel::kError, "stopped", {{"error", error}});
  std::abort();
}

[[noreturn]] void StopForException() {
  try {
    if (const std::exception_ptr thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    Stop(e.what());
  } catch (...) {
    Stop("an exception of no known kind");
  }
  Stop("no exception");
}

}  // namespace

void SayWhyWhenStopped() { std::set_terminate(StopForException); }

}  // namespace engram
