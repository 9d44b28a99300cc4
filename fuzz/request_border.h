// What handlers make of a decoded request before they ask the engine; shared by the targets that decode them.
#pragma once

#include <google/protobuf/message.h>

#include "base/status.h"

namespace engram {

// Through the conversions of server/handlers for this type, if any. Checks that a refusal is the caller's mistake
// and that what was converted can be stored and read again.
Status ConvertRequest(const google::protobuf::Message& request);

// InvalidArgument and its relatives: what a request can be told.
bool IsCallersMistake(StatusCode code);

}  // namespace engram
