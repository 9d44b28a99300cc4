#include "server/encoding.h"

#include <cmath>

#include <gtest/gtest.h>

#include "api/json.h"
#include "engram/v1/memory.pb.h"
#include "engram/v1/value.pb.h"

namespace engram {
namespace {

WireFormat ReplyTo(const std::string& content_type, const std::string& accept) {
  HttpRequest request;
  request.content_type = content_type;
  request.accept = accept;
  return ReplyFormat(request);
}

TEST(EncodingTest, AcceptDecidesThenTheRequestsOwnType) {
  EXPECT_EQ(ReplyTo("", ""), WireFormat::kJson);
  EXPECT_EQ(ReplyTo("", "*/*"), WireFormat::kJson);
  EXPECT_EQ(ReplyTo("application/x-protobuf", ""), WireFormat::kProtobuf);
  EXPECT_EQ(ReplyTo("application/x-protobuf", "*/*"), WireFormat::kProtobuf);
  EXPECT_EQ(ReplyTo("application/x-protobuf", "application/json"), WireFormat::kJson);
  EXPECT_EQ(ReplyTo("application/json", "text/html;q=1, Application/X-Protobuf;q=0.5"), WireFormat::kProtobuf);
}

Status Decode(std::string_view bytes, google::protobuf::Message* message) {
  return DecodeMessage(WireFormat::kProtobuf, bytes, message);
}

// A field `number` of wire type 2.
std::string Nested(int number, const std::string& bytes) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  for (size_t size = bytes.size();; size >>= 7) {
    out.push_back(static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80 : 0)));
    if (size <= 0x7f) break;
  }
  return out + bytes;
}

TEST(EncodingTest, BrokenProtobufIsRefused) {
  v1::Memory memory;
  const std::string good = Nested(2, "text");
  EXPECT_TRUE(Decode(good, &memory).ok());
  for (const std::string& bytes :
       {std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), good.substr(0, 3),
        std::string("\x12\xff\xff\xff\xff\x07"), std::string("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        std::string(1, '\0'), Nested(2, "\xff\xfe"), good + "\x0c", std::string("\x13\x14"), std::string("\x13")}) {
    EXPECT_EQ(Decode(bytes, &memory).code(), StatusCode::kInvalidArgument);
  }
}

TEST(EncodingTest, UnknownProtobufFieldsAreErrorsAtEveryDepth) {
  v1::WriteRequest request;
  EXPECT_FALSE(Decode(std::string("\x78\x01"), &request).ok());
  EXPECT_FALSE(Decode(Nested(1, std::string("\x92\x03\x01x")), &request).ok());
  std::string flood;
  for (int i = 0; i < 100'000; ++i) flood += "\x78\x01";
  EXPECT_FALSE(Decode(flood, &request).ok());
}

TEST(EncodingTest, ValuesNestAsDeepInProtobufAsInJson) {
  const auto nested = [](int levels) {
    v1::Value value;
    v1::Value* inner = &value;
    for (int i = 0; i < levels; ++i) inner = &(*inner->mutable_object_value()->mutable_members())["a"];
    inner->set_bool_value(true);
    return value.SerializeAsString();
  };
  v1::Value value;
  EXPECT_TRUE(Decode(nested(kJsonDepthMax), &value).ok()) << Decode(nested(kJsonDepthMax), &value).ToString();
  EXPECT_FALSE(Decode(nested(kJsonDepthMax + 10), &value).ok());
  std::string deep;
  for (int i = 0; i < 2'000; ++i) deep = Nested(7, Nested(1, deep));
  EXPECT_FALSE(Decode(deep, &value).ok());
}

TEST(EncodingTest, AFewBytesNeverBecomeMuchMemory) {
  // Two bytes each, some hundred bytes each once they are messages.
  std::string empties;
  for (int i = 0; i < 1'000'000; ++i) empties += std::string("\x0a\0", 2);
  v1::WriteRequest request;
  EXPECT_EQ(Decode(empties, &request).code(), StatusCode::kInvalidArgument);
  std::string json = R"({"memories":[{})";
  for (int i = 0; i < 1'000'000; ++i) json += ",{}";
  EXPECT_EQ(DecodeMessage(WireFormat::kJson, json + "]}", &request).code(), StatusCode::kInvalidArgument);
}

TEST(EncodingTest, EmptyBytesAreTheEmptyMessage) {
  v1::Memory memory;
  memory.set_text("old");
  EXPECT_TRUE(DecodeMessage(WireFormat::kJson, "", &memory).ok());
  EXPECT_EQ(memory.text(), "");
}

}  // namespace
}  // namespace engram
