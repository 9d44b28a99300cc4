// How a Status looks over HTTP: one table of codes, one shape of body in both encodings.
#pragma once

#include <string_view>

#include "base/status.h"
#include "server/http.h"
#include "server/request_context.h"

namespace engram::v1 {
class Error;
}

namespace engram {

// 400 for kInvalidArgument and so on; 200 for kOk.
int HttpStatus(StatusCode code);

// The error as the API shows it. Our own details (of kInternal and kCorruption) stay in the log.
void FillError(const Status& status, v1::Error* error);

// The error body in the form the client wants, with Retry-After and Allow where they belong.
HttpResponse ErrorResponse(RequestContext& context, const Status& status);
// JSON, for requests that never became one (a refused header).
HttpResponse ErrorResponse(const Status& status);

}  // namespace engram
