#include <gtest/gtest.h>

#include "api/json.h"
#include "engram/v1/graph.pb.h"
#include "engram/v1/memory.pb.h"
#include "engram/v1/namespace.pb.h"
#include "engram/v1/search.pb.h"

namespace engram {
namespace {

template <class Message>
Message Parsed(std::string_view json) {
  Message message;
  const Status status = ParseJson(json, &message);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return message;
}

// "field: message" of the refusal.
template <class Message>
std::string Refusal(std::string_view json) {
  Message message;
  const Status status = ParseJson(json, &message);
  EXPECT_FALSE(status.ok()) << json;
  return status.ok() ? "" : status.field() + ": " + status.message();
}

TEST(JsonReaderTest, AWholeMemoryIsRead) {
  const auto request = Parsed<v1::WriteRequest>(R"({
    "memories": [{"id": 7, "text": "Ann drinks tea", "fields": {"title": "Tea"}, "vector": [1, 0.5, -2e-1],
      "vectors": {"words": {"indices": [3, 9], "values": [0.5, 1]}, "parts": [[1, 2], [3, 4]]},
      "metadata": {"n": 1, "x": 1.0, "big": 18446744073709551615, "none": null, "list": [true, {"a": "b"}]},
      "event_time": "2026-01-02T03:04:05.25+01:00", "importance": 1, "pinned": false,
      "source": {"system": "mem0", "version": 3}}],
    "deletes": [1, "b"], "mode": "newer"})");
  const v1::Memory& memory = request.memories(0);
  EXPECT_EQ(memory.id(), "7");
  EXPECT_EQ(memory.fields().at("title"), "Tea");
  EXPECT_EQ(memory.vector().dense().values_size(), 3);
  EXPECT_FLOAT_EQ(memory.vector().dense().values(2), -0.2F);
  EXPECT_EQ(memory.vectors().at("words").sparse().indices(1), 9U);
  EXPECT_EQ(memory.vectors().at("parts").multi().rows_size(), 2);
  EXPECT_EQ(memory.metadata().at("n").int_value(), 1);
  EXPECT_EQ(memory.metadata().at("x").kind_case(), v1::Value::kDoubleValue);
  EXPECT_EQ(memory.metadata().at("big").uint_value(), UINT64_MAX);
  EXPECT_TRUE(memory.metadata().at("none").null_value());
  EXPECT_EQ(memory.metadata().at("list").list_value().values(1).object_value().members().at("a").string_value(), "b");
  EXPECT_EQ(memory.event_time().seconds(), 1767319445);
  EXPECT_EQ(memory.event_time().nanos(), 250'000'000);
  EXPECT_EQ(memory.importance(), 1.0);
  EXPECT_TRUE(memory.has_pinned());
  EXPECT_FALSE(memory.has_version());
  EXPECT_EQ(memory.source().version(), 3U);
  EXPECT_EQ(request.deletes(0), "1");
  EXPECT_EQ(request.mode(), v1::WRITE_MODE_NEWER);
}

TEST(JsonReaderTest, AnIntegerStandsForAnIdOnlyWhereAnIdIsMeant) {
  EXPECT_EQ(Parsed<v1::GetRequest>(R"({"ids":[18446744073709551615,-1]})").ids(0), "18446744073709551615");
  EXPECT_EQ(Parsed<v1::GetRequest>(R"({"ids":[18446744073709551615,-1]})").ids(1), "-1");
  EXPECT_EQ(Refusal<v1::GetRequest>(R"({"ids":["a",1.5]})"), "ids[1]: expected a string, got a number");
  EXPECT_EQ(Refusal<v1::Memory>(R"({"text":1})"), "text: expected a string, got an integer");
}

TEST(JsonReaderTest, AnErrorNamesItsPlace) {
  EXPECT_EQ(Refusal<v1::WriteRequest>(R"({"memories":[{},{"vector":[1,2,"x"]}]})"),
            "memories[1].vector[2]: expected a number, got a string");
  EXPECT_EQ(Refusal<v1::WriteRequest>(R"({"memories":[{"vectors":{"a":[[1],2]}}]})"),
            "memories[0].vectors.a[1]: expected an array of numbers, got an integer");
  EXPECT_EQ(Refusal<v1::WriteRequest>(R"({"memories":[{"event_time":"yesterday"}]})").substr(0, 23),
            "memories[0].event_time:");
  EXPECT_EQ(Refusal<v1::WriteRequest>(R"({"memories":{}})"), "memories: expected an array, got an object");
  EXPECT_EQ(Refusal<v1::WriteRequest>(R"({"memories":[null]})"), "memories[0]: expected an object, got null");
  EXPECT_EQ(Refusal<v1::WriteRequest>(R"({"mode":"replace"})"),
            "mode: \"replace\" is none of \"upsert\", \"insert\", \"update\", \"newer\"");
  EXPECT_EQ(Refusal<v1::WriteRequest>(R"({"mode":"unspecified"})").substr(0, 5), "mode:");
  EXPECT_EQ(Refusal<v1::SearchRequest>(R"({"top_k":-1})"), "top_k: expected an integer from 0 to 4294967295");
  EXPECT_EQ(Refusal<v1::SearchRequest>(R"({"top_k":4294967296})"), "top_k: expected an integer from 0 to 4294967295");
  EXPECT_EQ(Refusal<v1::SearchRequest>(R"({"top_k":1.0})"), "top_k: expected an integer, got a number");
  EXPECT_EQ(Refusal<v1::SearchRequest>(R"({"exact":"true"})"), "exact: expected true or false, got a string");
  EXPECT_EQ(Refusal<v1::SearchRequest>("[]"), ": expected an object, got an array");
}

TEST(JsonReaderTest, UnknownFieldsAreErrors) {
  EXPECT_EQ(Refusal<v1::WriteRequest>(R"({"memories":[{"txet":"a"}]})"), "memories[0].txet: unknown field \"txet\"");
  EXPECT_EQ(Refusal<v1::SearchRequest>(R"({"topK":1})"), "topK: unknown field \"topK\"");
  EXPECT_EQ(Refusal<v1::UpdateRequest>(R"({"has_replace_metadata":true})"),
            "has_replace_metadata: unknown field \"has_replace_metadata\"");
  EXPECT_EQ(Refusal<v1::SearchRequest>(R"({"":1})"), ": unknown field \"\"");
}

TEST(JsonReaderTest, DuplicateKeysAreErrorsAtEveryLevel) {
  EXPECT_EQ(Refusal<v1::Memory>(R"({"text":"a","text":"b"})"), "text: this field is there twice");
  EXPECT_EQ(Refusal<v1::Memory>(R"({"fields":{"t":"a","t":"b"}})"), "fields.t: the key \"t\" is there twice");
  EXPECT_EQ(Refusal<v1::Memory>(R"({"metadata":{"t":1,"t":1}})"), "metadata.t: the key \"t\" is there twice");
  EXPECT_EQ(Refusal<v1::Memory>(R"({"metadata":{"o":{"t":1,"t":1}}})"), "metadata.o.t: the key \"t\" is there twice");
  EXPECT_EQ(Refusal<v1::Memory>(R"({"metadata":{"t":1,"\u0074":1}})"), "metadata.t: the key \"t\" is there twice");
  EXPECT_EQ(Refusal<v1::Vector>(R"({"indices":[],"indices":[],"values":[]})"),
            "indices: the key \"indices\" is there twice");
}

TEST(JsonReaderTest, VectorsHaveTheirForms) {
  EXPECT_EQ(Parsed<v1::Vector>(R"({"f32_base64":"AACAPwAAAEA="})").dense_f32().size(), 8U);
  EXPECT_EQ(Parsed<v1::Vector>("[]").kind_case(), v1::Vector::kDense);
  EXPECT_EQ(Parsed<v1::Vector>("[[]]").multi().rows_size(), 1);
  EXPECT_EQ(Refusal<v1::Vector>(R"({"f32_base64":"AACA"})").substr(0, 11), "f32_base64:");
  EXPECT_EQ(Refusal<v1::Vector>(R"({"indices":[1]})"),
            ": a vector object has either indices and values, or f32_base64");
  EXPECT_EQ(Refusal<v1::Vector>("{}"), ": a vector object has either indices and values, or f32_base64");
  EXPECT_EQ(Refusal<v1::Vector>(R"({"indices":[],"values":[],"f32_base64":""})"),
            ": a vector object has either indices and values, or f32_base64");
  EXPECT_EQ(Refusal<v1::Vector>(R"({"indices":[-1],"values":[1]})"),
            "indices[0]: expected an integer from 0 to 4294967295");
  EXPECT_EQ(Refusal<v1::Vector>(R"("abc")"), ": expected a vector, got a string");
  EXPECT_EQ(Refusal<v1::Vector>("[1, null]"), "[1]: expected a number, got null");
}

TEST(JsonReaderTest, ANumberBeyondFloatIsNamedAndCannotBeStored) {
  v1::Memory memory;
  const Status status = ParseJson(R"({"vector":[0, 1e39]})", &memory);
  EXPECT_EQ(status.code(), StatusCode::kUnprocessable);
  EXPECT_EQ(status.field(), "vector[1]");
  EXPECT_TRUE(ParseJson(R"({"vector":[1e-60, 3.4028235e38, 9007199254740993]})", &memory).ok());
}

TEST(JsonReaderTest, BareListsAreTheirMessages) {
  EXPECT_EQ(Parsed<v1::NamespacePatch>(R"({"aliases":["a","b"]})").aliases().names_size(), 2);
  EXPECT_TRUE(Parsed<v1::NamespacePatch>(R"({"aliases":[]})").has_aliases());
  EXPECT_FALSE(Parsed<v1::NamespacePatch>(R"({"aliases":null})").has_aliases());
  EXPECT_EQ(Parsed<v1::TextConfig>(R"({"stop_words":["the"]})").stop_words().words(0), "the");
  EXPECT_EQ(Refusal<v1::NamespacePatch>(R"({"aliases":[1]})"), "aliases[0]: expected a string, got an integer");
}

TEST(JsonReaderTest, NullMeansAbsent) {
  const auto request =
      Parsed<v1::SearchRequest>(R"({"text":null,"top_k":null,"filter":null,"include":null,"fusion":null})");
  EXPECT_TRUE(request.SerializeAsString().empty());
}

TEST(JsonReaderTest, NullInAPatchNotesWhatToClear) {
  const auto patch = Parsed<v1::MemoryPatch>(R"({"text":null,"fields":{"title":null,"body":"b"},
    "vectors":{"image":null},"vector":null,"event_time":null,"metadata":{"topic":null,"deep":{"x":null}},
    "if_version":null})");
  EXPECT_EQ(std::vector<std::string>(patch.clear().begin(), patch.clear().end()),
            (std::vector<std::string>{"text", "fields.title", "vectors.image", "vector", "event_time"}));
  EXPECT_FALSE(patch.has_text());
  EXPECT_EQ(patch.fields().size(), 1U);
  EXPECT_TRUE(patch.metadata().at("topic").null_value());
  EXPECT_TRUE(patch.metadata().at("deep").object_value().members().at("x").null_value());
}

TEST(JsonReaderTest, AnEmptyReplacementOfMetadataIsKnownFromNone) {
  EXPECT_TRUE(Parsed<v1::UpdateRequest>(R"({"replace_metadata":{}})").has_replace_metadata());
  EXPECT_FALSE(Parsed<v1::UpdateRequest>(R"({"set":{"metadata.a":1}})").has_replace_metadata());
}

TEST(JsonReaderTest, LegsStandInTheExplanationItself) {
  const auto explain = Parsed<v1::Explanation>(R"({"text":{"rank":1,"score":2.5},"q2":{"score":1},
    "adjust":{"recency":0.5},"fused":0.25})");
  EXPECT_EQ(explain.legs().at("text").rank(), 1U);
  EXPECT_EQ(explain.legs().size(), 2U);
  EXPECT_EQ(explain.adjust().at("recency"), 0.5);
  EXPECT_EQ(Refusal<v1::Explanation>(R"({"text":{},"text":{}})"), "text: this field is there twice");
}

TEST(JsonReaderTest, TheMessageIsClearedFirst) {
  v1::Memory memory;
  memory.set_text("old");
  ASSERT_TRUE(ParseJson(R"({"id":"a"})", &memory).ok());
  EXPECT_EQ(memory.text(), "");
}

TEST(JsonReaderTest, ManyKeysTakeNoQuadraticTime) {
  std::string json = "{";
  for (int i = 0; i < 100'000; ++i) json += "\"k" + std::to_string(i) + "\":0,";
  json.back() = '}';
  EXPECT_EQ(Parsed<v1::Value>(json).object_value().members().size(), 100'000U);
}

}  // namespace
}  // namespace engram
