#include "tools/command.h"

#include <cstdio>

#include <fmt/format.h>

namespace engram {
namespace {

// What a user would try next.
const char* HintFor(const Status& status) {
  switch (status.code()) {
    case StatusCode::kUnauthenticated:
    case StatusCode::kPermissionDenied: return "give a key with the verb it needs: ENGRAM_KEY or --key-file FILE";
    case StatusCode::kOutOfSpace:
      // Of the tenant: the message says which.
      if (!status.details().empty()) return "ask for a larger quota (`engram keys tenant limit`), or delete something";
      return "free some space on the disk of the data folder and run it again";
    case StatusCode::kRateLimited: return "the server is busy; a smaller --batch or a later try will do";
    default: return nullptr;
  }
}

}  // namespace

ExitCode Fail(const Status& status) {
  std::string line = fmt::format("engram: {}", status.message());
  if (!status.field().empty()) line += fmt::format(" (at {})", status.field());
  if (const char* hint = HintFor(status)) line += fmt::format("\n        {}", hint);
  fmt::print(stderr, "{}\n", line);
  return ExitCode::kFailed;
}

}  // namespace engram
