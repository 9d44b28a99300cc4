// The two encodings of every message and how a request chooses between them. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "server/http.h"

namespace google::protobuf {
class Message;
}

namespace engram {

enum class WireFormat : uint8_t { kJson, kProtobuf };

std::string_view ContentTypeOf(WireFormat format);

// By Content-Type, parameters aside; kUnsupportedMediaType for any other type.
Result<WireFormat> RequestFormat(const HttpRequest& request);
// By Accept where it names one of ours, else like the request, else JSON.
WireFormat ReplyFormat(const HttpRequest& request);

// What can be refused before the body is read: an unknown Content-Type or Content-Encoding.
Status CheckBodyType(const HttpRequest& request);

// Undoes Content-Encoding: snappy (protobuf bodies only). kPayloadTooLarge when more than `body_bytes_max` would
// come out; nothing is allocated then.
Status Decompress(size_t body_bytes_max, HttpRequest* request);

// `bytes` in `format` into `message`. InvalidArgument for anything that is not entirely right.
Status DecodeMessage(WireFormat format, std::string_view bytes, google::protobuf::Message* message);
std::string EncodeMessage(WireFormat format, const google::protobuf::Message& message);

}  // namespace engram
