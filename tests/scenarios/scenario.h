// Scenario files: requests and what the server must answer, as text.
//
//   # a comment
//   = --max-batch 3                (options of `engram serve`, before the first request)
//   > POST /v1/namespaces/notes/memories
//   > Idempotency-Key: once
//   {"memories": [{"id": "a", "text": "tea"}]}
//   < 200
//   < Idempotency-Replayed: true
//   {"results": [{"id": "a", "outcome": "created"}], "position": "$capture:first"}
//
// Lines after `>` and `<` are the body, to the next mark. `> json` or `> protobuf` alone on a line before a request
// makes a step of this encoding only, whose body goes out as it stands (protobuf: hexadecimal digits). `${first}` in a
// request or an expectation stands for what was captured, `${first+1000}` for a position so much later. What is
// expected is a subset of the reply; see json_match.h. `$ADMIN_KEY_FILE` in an option is a file with an admin key, and
// `${admin}` that key; `$BACKUP_DIR` is a folder for backups.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace engram {

enum class Encoding { kJson, kProtobuf };

struct Step {
  int line = 0;
  bool verbatim = false;  // for `only`, sent as it stands
  Encoding only = Encoding::kJson;
  std::string method;
  std::string target;
  std::vector<std::string> headers;
  std::string body;
  int status = 0;
  std::vector<std::string> reply_headers;
  std::string reply;  // empty: not looked at
};

struct Scenario {
  std::vector<std::string> options;
  std::vector<Step> steps;
};

// InvalidArgument with the line.
Result<Scenario> ParseScenario(const std::string& text);

using Captures = std::map<std::string, std::string>;

// NotFound for a name that was not captured.
Result<std::string> Substitute(const std::string& text, const Captures& captures);

}  // namespace engram
