// Any bytes as the protobuf body of a request, through the border of its handler: refused as the caller's mistake, or
// a message that protobuf brings back as it is.
//
// The first line is the message's name, the rest its bytes.
#include <string>

#include "base/check.h"
#include "fuzz/input.h"
#include "fuzz/request_border.h"
#include "fuzz/request_message.h"
#include "server/encoding.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  using namespace engram;                                                  // NOLINT: a file of one function
  FuzzInput input(data, size);
  const auto message = MakeRequest(input.Line());
  const Status decoded = DecodeMessage(WireFormat::kProtobuf, input.rest(), message.get());
  if (!decoded.ok()) {
    ENGRAM_CHECK(IsCallersMistake(decoded.code()) && !decoded.message().empty());
    return 0;
  }
  const std::string wire = EncodeMessage(WireFormat::kProtobuf, *message);
  const std::unique_ptr<google::protobuf::Message> other(message->New());
  ENGRAM_CHECK(DecodeMessage(WireFormat::kProtobuf, wire, other.get()).ok());
  (void)ConvertRequest(*message);
  (void)EncodeMessage(WireFormat::kJson, *message);
  return 0;
}
