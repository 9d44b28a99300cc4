// Whose memory it is. Every scope is optional (empty = not set), indexed and immutable once stored.
#pragma once

#include <string>

namespace engram {

struct Scopes {
  std::string user_id;
  std::string agent_id;
  std::string run_id;
  std::string app_id;
  std::string actor_id;

  bool operator==(const Scopes&) const = default;
  auto operator<=>(const Scopes&) const = default;
};

}  // namespace engram
