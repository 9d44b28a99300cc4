#include "tools/import/pickle.h"

#include <random>

#include <gmock/gmock.h>

#include "api/json.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;  // NOLINT: bytes with NULs

const std::set<std::string> kClasses = [] {
  std::set<std::string> classes = PickledPayloadClasses();
  classes.insert("shop.Item");
  return classes;
}();

// The JSON of what a pickle holds, or why it holds nothing.
std::string Read(const std::string& bytes, const PickleLimits& limits = {}) {
  auto pickle = Pickle::Parse(bytes, kClasses, limits);
  if (!pickle.ok()) return std::string(pickle.status().message());
  v1::Value value;
  const Status status = ToWireValue(*pickle, pickle->root(), &value);
  return status.ok() ? PrintJson(value) : status.field() + ": " + std::string(status.message());
}

// Every expectation of this kind was made by CPython 3.11: pickle.dumps(value, protocol).
TEST(PickleTest, PlainDataOfEveryProtocol) {
  // {"a": [1, -2, 70000, 2**40, 2**63, 1.5, None, True, False, "ü"], "b": (1, 2)} with protocols 2, 3, 4, 5
  const std::string head2 = "\x80\x02}q\x00(X\x01\x00\x00\x00"s + "aq\x01]q\x02("s;
  const std::string numbers =
      "K\x01J\xfe\xff\xff\xffJp\x11\x01\x00\x8a\x06\x00\x00\x00\x00\x00\x01\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00"s
      "G?\xf8\x00\x00\x00\x00\x00\x00N\x88\x89"s;
  const std::string wanted =
      R"({"a":[1,-2,70000,1099511627776,9223372036854775808,1.5,null,true,false,"ü"],"b":[1,2]})";
  EXPECT_EQ(Read(head2 + numbers +
                 "X\x02\x00\x00\x00\xc3\xbcq\x03"
                 "eX\x01\x00\x00\x00"s +
                 "bq\x04K\x01K\x02\x86q\x05u."),
            wanted);
  EXPECT_EQ(Read("\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01"s + "a\x94]\x94(" + numbers +
                 "\x8c\x02\xc3\xbc\x94"
                 "e\x8c\x01"
                 "b\x94K\x01K\x02\x86\x94u."),
            wanted);
  EXPECT_EQ(Read("\x80\x05N."), "null");
  EXPECT_EQ(Read("\x80\x04\x8f\x94(K\x01\x90."), "[1]");
  EXPECT_EQ(Read("\x80\x04\x8a\x00."s), "0");
  EXPECT_EQ(Read("\x80\x04\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80."s), "-9223372036854775808");
}

TEST(PickleTest, DatesAndUuidsAreText) {
  // datetime(2025, 3, 1, 12, 30, 5, 250000)
  EXPECT_EQ(Read("\x80\x04\x8c\x08"s + "datetime\x94\x8c\x08" + "datetime\x94\x93\x94"s +
                 "C\x0a\x07\xe9\x03\x01\x0c\x1e\x05\x03\xd0\x90\x94\x85\x94R\x94."s),
            "\"2025-03-01T12:30:05.250000\"");
  // date(2025, 3, 1)
  EXPECT_EQ(
      Read("\x80\x04\x8c\x08"s + "datetime\x94\x8c\x04" + "date\x94\x93\x94" + "C\x04\x07\xe9\x03\x01\x94\x85R."s),
      "\"2025-03-01\"");
  // UUID(int=5), as protocol 2 names classes
  EXPECT_EQ(Read("\x80\x02"s + "cuuid\nUUID\n" + ")\x81}X\x03\x00\x00\x00intK\x05sb."s),
            "\"00000000-0000-0000-0000-000000000005\"");
  EXPECT_THAT(Read("\x80\x02"s + "cuuid\nUUID\n)\x81."), HasSubstr("a uuid.UUID that is no value"));
}

TEST(PickleTest, NothingIsEverExecuted) {
  EXPECT_THAT(Read("cos\nsystem\n(X\x02\x00\x00\x00idtR."s), HasSubstr("\"os.system\" is none of the classes"));
  EXPECT_THAT(Read("\x80\x04\x8c\x08"s + "builtins\x8c\x04" + "eval\x93\x8c\x01" + "1\x85R."),
              HasSubstr("byte 18 of the pickle: \"builtins.eval\""));
  // INST, OBJ, EXT1, PERSID, BINPERSID, NEWOBJ_EX, BYTEARRAY8, STRING, INT, DUP, POP
  for (const char* program : {"(ios\nsystem\n.", "(cshop\nItem\no.", "\x82\x01.", "P1\n.", "NQ.", "\x92.", "\x96.",
                              "S'a'\n.", "I1\n.", "N2.", "N0."}) {
    EXPECT_THAT(Read(program), HasSubstr("it is not executed")) << program;
  }
  EXPECT_THAT(Read("NNR."), HasSubstr("what should be called is no class"));
}

TEST(PickleTest, BrokenProgramsSayWhere) {
  EXPECT_THAT(Read(""), HasSubstr("byte 0 of the pickle: it ends 1 bytes too early"));
  EXPECT_THAT(Read("\x80\x09N."), HasSubstr("protocol 9"));
  EXPECT_THAT(Read("X\xff\xff\xff\x7f"), HasSubstr("too early"));
  EXPECT_THAT(Read("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"), HasSubstr("too early"));
  EXPECT_THAT(Read("."), HasSubstr("a value is missing"));
  EXPECT_THAT(Read("(."), HasSubstr("a value is missing"));
  EXPECT_THAT(Read("e."), HasSubstr("a mark is missing"));
  EXPECT_THAT(Read("N(K\x01"
                   "e."),
              HasSubstr("a list is missing"));
  EXPECT_THAT(Read("}(Nu."), HasSubstr("a key has no value"));
  EXPECT_THAT(Read("h\x05."), HasSubstr("memo 5 is empty"));
  EXPECT_THAT(Read("(\x94N."), HasSubstr("a value is missing"));
  EXPECT_THAT(Read("NN."), HasSubstr("more than one value"));
  EXPECT_THAT(Read("N.N"), HasSubstr("1 bytes follow its end"));
  EXPECT_THAT(Read("cshop\nItem\n."), HasSubstr("the class shop.Item instead of a value"));
}

TEST(PickleTest, WhatNoMetadataCanHoldSaysWhere) {
  EXPECT_EQ(Read("}X\x01\x00\x00\x00zC\x01\x00s."s), "z: bytes, which no metadata can hold");
  EXPECT_EQ(Read("]\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x01"s + "a."), "[0]: an integer beyond 64 bits");
  EXPECT_EQ(Read("}K\x01Ns."), ": a key that is no text");
  EXPECT_EQ(Read("X\x01\x00\x00\x00\xff."s), ": the text is not UTF-8");
}

TEST(PickleTest, CirclesDepthAndRepetitionAreBounded) {
  EXPECT_THAT(Read("]\x94h\x00"s + "a."), HasSubstr("nested deeper"));  // a list in itself
  // Each list holds the one before ten times: ten billion values out of a few bytes.
  std::string laughs = "]\x94";
  for (char i = 0; i < 10; ++i) {
    laughs += "](";
    for (int j = 0; j < 10; ++j) laughs += std::string("h") + i;
    laughs += "e\x94";
  }
  std::string tail;
  EXPECT_THAT(Read("(" + laughs + "t."), HasSubstr("more than 1000000 values"));
  EXPECT_THAT(Read(std::string(100, '('), {.bytes = 50}), HasSubstr("longer than 50"));
  EXPECT_THAT(Read(std::string(100, 'N'), {.values = 50}), HasSubstr("more than 50 values"));
}

TEST(PickleTest, AnyBytesGiveAValueOrAnError) {
  const uint64_t seed = TestSeed(20250301);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const std::string opcodes =
      "\x80\x04\x95(.NJKMGXBCcRb})]aesut\x94hjqr\x81\x85\x86\x87\x88\x89\x8a\x8c\x8d\x8f\x90\x93"s;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes;
    for (unsigned i = random() % 60; i > 0; --i) {
      bytes += random() % 3 == 0 ? static_cast<char>(random() % 8) : opcodes[random() % opcodes.size()];
    }
    EXPECT_FALSE(Read(bytes).empty());
  }
}

}  // namespace
}  // namespace engram
