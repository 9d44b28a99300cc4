// Every message type of the API, filled at random, through JSON and back; and JSON with random damage.

#include <random>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "api/json.h"
#include "engram/v1/graph.pb.h"
#include "engram/v1/memory.pb.h"
#include "engram/v1/namespace.pb.h"
#include "engram/v1/search.pb.h"
#include "engram/v1/status.pb.h"
#include "tests/api/random_message.h"

namespace engram {
namespace {

using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

std::vector<const Message*> EveryType() {
  std::vector<const Message*> types;
  const auto* factory = google::protobuf::MessageFactory::generated_factory();
  for (const auto* file : {v1::Value::descriptor()->file(), v1::Edge::descriptor()->file(),
                           v1::Memory::descriptor()->file(), v1::NamespaceConfig::descriptor()->file(),
                           v1::SearchRequest::descriptor()->file(), v1::StatusReply::descriptor()->file()}) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      types.push_back(const_cast<google::protobuf::MessageFactory*>(factory)->GetPrototype(file->message_type(i)));
    }
  }
  return types;
}

TEST(JsonModelTest, EveryMessageComesBackAsItWas) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  for (const Message* type : EveryType()) {
    for (int round = 0; round < 60; ++round) {
      const std::unique_ptr<Message> message(type->New());
      FillRandomly(random, 3, message.get());
      const std::string json = PrintJson(*message);
      const std::unique_ptr<Message> back(type->New());
      const Status status = ParseJson(json, back.get());
      ASSERT_TRUE(status.ok()) << status.ToString() << "\n" << json;
      ASSERT_TRUE(MessageDifferencer::Equals(*message, *back)) << json << "\n"
                                                               << message->DebugString() << "\n"
                                                               << back->DebugString();
      ASSERT_EQ(PrintJson(*back), json);
    }
  }
}

TEST(JsonModelTest, DamagedTextIsReadOrRefusedButNeverBreaksTheReader) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  const std::string kSplices[] = {"\"",   "{",     "}", "[",   "]",       ",",    ":",
                                  "null", "1e999", "-", "\\u", "\\ud800", "\xff", "0"};
  size_t refused = 0;
  for (const Message* type : EveryType()) {
    for (int round = 0; round < 200; ++round) {
      const std::unique_ptr<Message> message(type->New());
      FillRandomly(random, 2, message.get());
      std::string json = PrintJson(*message);
      for (uint64_t n = 1 + random() % 3; n > 0; --n) {
        const size_t at = random() % (json.size() + 1);
        const std::string& splice = kSplices[random() % std::size(kSplices)];
        random() % 2 == 0 ? json.insert(at, splice) : json.erase(at, 1 + random() % 3);
      }
      const Status status = ParseJson(json, message.get());
      if (!status.ok()) {
        ++refused;
        EXPECT_TRUE(status.code() == StatusCode::kInvalidArgument || status.code() == StatusCode::kUnprocessable);
        EXPECT_NE(status.message(), "broken JSON") << "no reason found for: " << json;
      } else {
        // What was accepted has one form, which is stable.
        const std::string printed = PrintJson(*message);
        ASSERT_TRUE(ParseJson(printed, message.get()).ok()) << printed;
        EXPECT_EQ(PrintJson(*message), printed);
      }
    }
  }
  EXPECT_GT(refused, 1000U);
}

}  // namespace
}  // namespace engram
