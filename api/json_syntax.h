// Why and where a text is no JSON: the slow, exact twin of the fast parser, run after it has refused.
#pragma once

#include <string_view>

#include "base/status.h"

namespace engram {

// The first mistake of `json` by RFC 8259 with its byte offset: syntax, UTF-8, surrogates, numbers beyond 64
// bits or the range of a double. InvalidArgument always; "broken JSON" alone when no mistake is found.
Status ExplainJsonError(std::string_view json);

// \ud800 to \udfff come in pairs only; the fast parser lets a lone second half through.
// REQUIRES: `json` is well-formed otherwise.
Status CheckSurrogates(std::string_view json);

}  // namespace engram
