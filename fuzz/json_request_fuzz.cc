// Any bytes as the JSON body of a request, through the border of its handler: refused as the caller's mistake, or a
// message that JSON and protobuf bring back as it is.
//
// The first line is the message's name, the rest its JSON.
#include <string>

#include "api/json.h"
#include "base/check.h"
#include "fuzz/input.h"
#include "fuzz/request_border.h"
#include "fuzz/request_message.h"
#include "server/encoding.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  using namespace engram;                                                  // NOLINT: a file of one function
  FuzzInput input(data, size);
  const auto message = MakeRequest(input.Line());
  const Status parsed = ParseJson(input.rest(), message.get());
  if (!parsed.ok()) {
    ENGRAM_CHECK(IsCallersMistake(parsed.code()) && !parsed.message().empty());
    return 0;
  }
  const std::unique_ptr<google::protobuf::Message> other(message->New());
  const std::string wire = EncodeMessage(WireFormat::kProtobuf, *message);
  ENGRAM_CHECK(DecodeMessage(WireFormat::kProtobuf, wire, other.get()).ok());
  if (!ConvertRequest(*message).ok()) return 0;
  const std::string json = PrintJson(*message);
  ENGRAM_CHECK(PrintJson(*other) == json);
  ENGRAM_CHECK(ParseJson(json, other.get()).ok());
  ENGRAM_CHECK(PrintJson(*other) == json);
  return 0;
}
