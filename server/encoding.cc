#include "server/encoding.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/message.h>
#include <snappy.h>

#include "api/json.h"
#include "api/wire_check.h"

namespace engram {
namespace {

// The walk over the bytes has bounded the depth; the parser's own limit is only to be out of the way.
constexpr int kProtobufDepthMax = 4 * kJsonDepthMax;

// "application/json" of "Application/JSON; charset=utf-8".
std::string MediaType(std::string_view text) {
  text = text.substr(0, text.find(';'));
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  std::string type(text.substr(first, text.find_last_not_of(" \t") - first + 1));
  for (char& c : type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return type;
}

Status DecodeProtobuf(std::string_view bytes, google::protobuf::Message* message) {
  RETURN_IF_ERROR(CheckWire(bytes, message->GetDescriptor()));
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  in.SetRecursionLimit(kProtobufDepthMax);
  if (!message->ParseFromCodedStream(&in) || !in.ConsumedEntireMessage()) {
    return InvalidArgument(fmt::format("broken protobuf: not a {}", message->GetDescriptor()->full_name()));
  }
  return Status::Ok();
}

Status UnsupportedType(std::string message) { return {StatusCode::kUnsupportedMediaType, std::move(message)}; }

}  // namespace

std::string_view ContentTypeOf(WireFormat format) { return format == WireFormat::kJson ? kJsonType : kProtobufType; }

Result<WireFormat> RequestFormat(const HttpRequest& request) {
  const std::string type = MediaType(request.content_type);
  if (type == kJsonType) return WireFormat::kJson;
  if (type == kProtobufType) return WireFormat::kProtobuf;
  return UnsupportedType(fmt::format("Content-Type must be {} or {}", kJsonType, kProtobufType));
}

WireFormat ReplyFormat(const HttpRequest& request) {
  std::string_view rest = request.accept;
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    const std::string type = MediaType(rest.substr(0, comma));
    if (type == kJsonType) return WireFormat::kJson;
    if (type == kProtobufType) return WireFormat::kProtobuf;
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  return MediaType(request.content_type) == kProtobufType ? WireFormat::kProtobuf : WireFormat::kJson;
}

Status CheckBodyType(const HttpRequest& request) {
  ASSIGN_OR_RETURN(const WireFormat format, RequestFormat(request));
  const std::string coding = MediaType(request.content_encoding);
  if (coding.empty() || coding == "identity") return Status::Ok();
  if (coding == "snappy" && format == WireFormat::kProtobuf) return Status::Ok();
  return UnsupportedType("Content-Encoding must be absent, or snappy for protobuf bodies");
}

Status Decompress(size_t body_bytes_max, HttpRequest* request) {
  if (MediaType(request->content_encoding) != "snappy" || request->body.empty()) return Status::Ok();
  const std::string& packed = request->body;
  size_t size = 0;
  // The stated size is checked before, the true one after: they agree or the body is broken.
  if (!snappy::GetUncompressedLength(packed.data(), packed.size(), &size)) return InvalidArgument("broken snappy body");
  if (size > body_bytes_max) {
    return {StatusCode::kPayloadTooLarge,
            fmt::format("the body holds {} bytes, more than the {} allowed", size, body_bytes_max)};
  }
  if (!snappy::IsValidCompressedBuffer(packed.data(), packed.size())) return InvalidArgument("broken snappy body");
  std::string body;
  if (!snappy::Uncompress(packed.data(), packed.size(), &body)) return InvalidArgument("broken snappy body");
  request->body = std::move(body);
  return Status::Ok();
}

Status DecodeMessage(WireFormat format, std::string_view bytes, google::protobuf::Message* message) {
  if (bytes.empty()) {
    message->Clear();
    return Status::Ok();
  }
  return format == WireFormat::kJson ? ParseJson(bytes, message) : DecodeProtobuf(bytes, message);
}

std::string EncodeMessage(WireFormat format, const google::protobuf::Message& message) {
  return format == WireFormat::kJson ? PrintJson(message) : message.SerializeAsString();
}

}  // namespace engram
