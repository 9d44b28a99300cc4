// Times as applications store them in text or numbers, not only as RFC 3339 has it.
#pragma once

#include <cstdint>
#include <string_view>

#include <google/protobuf/timestamp.pb.h>

#include "base/status.h"
#include "base/timestamp.h"

namespace engram {

// "2025-03-01", "2025-03-01 12:30", "2025-03-01T12:30:05.123456+02:00", without a zone: UTC; or a number as below.
// InvalidArgument for anything else.
Result<Timestamp> ParseLooseTime(std::string_view text);

// Since 1970 in seconds, milli-, micro- or nanoseconds, told apart by their size: a number of seconds is below 10^11
// (the year 5138), one of milliseconds below 10^14, and so on. InvalidArgument when it is not finite.
Result<Timestamp> FromEpochNumber(double number);
Timestamp FromEpochNumber(int64_t number);

// As the wire model has it.
google::protobuf::Timestamp ToProtoTime(Timestamp time);

}  // namespace engram
