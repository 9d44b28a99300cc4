// The Status that an error reply stands for.
#pragma once

#include "base/status.h"
#include "client/cpp/transport.h"

namespace engram {

// OK for 2xx. Otherwise the server's code, message, field, details and applied(); of a reply that is not the API's
// (a proxy's, say) the code that its HTTP status comes nearest to.
Status ReplyStatus(const WireReply& reply);

}  // namespace engram
