// Named places where a test ends the process, fails an operation or holds it up: FAILPOINT("segment.rename").
//
// Always compiled in, as what is tested must be what runs; one relaxed load each while none is set. Only tests set
// any, in their own process.
#pragma once

#include <atomic>
#include <functional>
#include <span>
#include <string_view>

#include "base/status.h"

namespace engram {

struct FailpointPlace {
  std::string_view name;
  bool fails = false;  // false: what is done can't be undone, so an error can't be told from there
};

// All of them, by name; a test walks through these.
std::span<const FailpointPlace> FailpointPlaces();

// "NAME=ACTION[@N]", several with ';' between: at the N-th passage (the first, unless said) of the place, ACTION is
// done once: kill (SIGKILL to this process), error (Unavailable), full (OutOfSpace) or stall:MS (waits). "" ends all.
// InvalidArgument for what is not of that form, for a name that is none, and for an error where none can be told.
Status SetFailpoints(std::string_view text);

// Calls `watch` at every passage of any place, on the thread that passes, until nullptr ends it. An error of its is
// that of the place, if it has any.
void WatchFailpoints(std::function<Status(std::string_view name)> watch);

namespace failpoint {
extern std::atomic<bool> any;
Status Pass(std::string_view name);
}  // namespace failpoint

}  // namespace engram

#define FAILPOINT(name)                                             \
  do {                                                              \
    if (::engram::failpoint::any.load(std::memory_order_relaxed)) { \
      RETURN_IF_ERROR(::engram::failpoint::Pass(name));             \
    }                                                               \
  } while (false)

// Where no error can be told.
#define KILLPOINT(name)                                             \
  do {                                                              \
    if (::engram::failpoint::any.load(std::memory_order_relaxed)) { \
      static_cast<void>(::engram::failpoint::Pass(name));           \
    }                                                               \
  } while (false)
