// The value of a stored reply's row.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/timestamp.h"
#include "engine/mutation.h"

namespace engram {

struct StoredReply {
  uint64_t request_hash = 0;
  Timestamp time;
  bool open = false;  // more mutations of the same call follow
  MutationResult result;
  std::vector<std::string> quoted_ids;  // by the message of a refusal
};

std::string EncodeReply(const StoredReply& reply);
Result<StoredReply> DecodeReply(std::string_view bytes);

}  // namespace engram
