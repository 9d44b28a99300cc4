#include "tools/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/log.h"

namespace engram {

Result<size_t> TakeDescriptors(size_t connections) {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return Unavailable(fmt::format("can't ask for the limit of open files: {}", std::strerror(errno)));
  }
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  if (limit.rlim_cur < limit.rlim_max && setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  const size_t open = limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX : static_cast<size_t>(limit.rlim_cur);
  const size_t room = open - std::min(open, kOwnDescriptors);
  if (room >= connections) return connections;
  if (room < kConnectionsMin) {
    return FailedPrecondition(
        fmt::format("this process may open {} files, and needs {} and at least {} for connections: raise the limit "
                    "(ulimit -n, LimitNOFILE)",
                    open, kOwnDescriptors, kConnectionsMin));
  }
  Log(LogLevel::kWarning, "fewer_connections",
      {{"asked_for", connections}, {"allowed", room}, {"open_files_max", open}});
  return room;
}

}  // namespace engram
