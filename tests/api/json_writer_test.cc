#include "api/json_writer.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "api/json.h"
#include "engram/v1/graph.pb.h"
#include "engram/v1/memory.pb.h"
#include "engram/v1/namespace.pb.h"
#include "engram/v1/search.pb.h"

namespace engram {
namespace {

std::string Double(double number) {
  std::string out;
  AppendJsonDouble(number, &out);
  return out;
}

TEST(JsonWriterTest, ADoubleKeepsItsKindAndItsValue) {
  EXPECT_EQ(Double(1.0), "1.0");
  EXPECT_EQ(Double(-0.0), "-0.0");
  EXPECT_EQ(Double(0.1), "0.1");
  EXPECT_EQ(Double(1e22), "1e+22");
  EXPECT_EQ(Double(9007199254740993.0), "9007199254740992.0");
  EXPECT_EQ(Double(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(Double(std::nan("")), "null");
}

TEST(JsonWriterTest, StringsAreEscapedAsLittleAsRfc8259Allows) {
  std::string out;
  AppendJsonString(std::string_view("a\"\\/\b\f\n\r\t\0\x1f\x7fé😀", 18), &out);
  EXPECT_EQ(out, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7fé😀\"");
  out.clear();
  AppendJsonString("a\xff\xe6\xbc", &out);
  EXPECT_EQ(out, "\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonWriterTest, ReadersOfRepliesFindTheirZeros) {
  EXPECT_EQ(PrintJson(v1::DeleteReply()), R"({"deleted":0})");
  EXPECT_EQ(PrintJson(v1::UpdateReply()), R"({"updated":0})");
  EXPECT_EQ(PrintJson(v1::CountReply()), R"({"count":0})");
  EXPECT_EQ(PrintJson(v1::ListReply()), R"({"memories":[],"total":0})");
  EXPECT_EQ(PrintJson(v1::GetReply()), R"({"memories":[],"missing":[]})");
  EXPECT_EQ(PrintJson(v1::SearchReply()), R"({"hits":[],"took_us":0})");
  EXPECT_EQ(PrintJson(v1::WriteReply()), R"({"results":[]})");
  EXPECT_EQ(PrintJson(v1::FacetReply()), R"({"values":[]})");
  EXPECT_EQ(PrintJson(v1::HistoryReply()), R"({"events":[]})");
  EXPECT_EQ(PrintJson(v1::PathReply()), R"({"found":false,"nodes":[],"edges":[],"cost":0.0})");
  EXPECT_EQ(PrintJson(v1::ListNamespacesReply()), R"({"namespaces":[]})");
  EXPECT_EQ(PrintJson(v1::Memory()), "{}");
}

TEST(JsonWriterTest, FieldsWithPresenceAreShownWhenSet) {
  v1::Memory memory;
  memory.set_importance(0);
  memory.set_pinned(false);
  memory.set_version(1);
  EXPECT_EQ(PrintJson(memory), R"({"importance":0.0,"pinned":false,"version":1})");
}

TEST(JsonWriterTest, EqualMessagesGiveEqualText) {
  v1::Memory memory;
  for (const char* key : {"z", "a", "m"}) {
    (*memory.mutable_metadata())[key].set_int_value(1);
    (*(*memory.mutable_metadata())["o"].mutable_object_value()->mutable_members())[key].set_null_value(true);
  }
  EXPECT_EQ(PrintJson(memory), R"({"metadata":{"a":1,"m":1,"o":{"a":null,"m":null,"z":null},"z":1}})");
}

TEST(JsonWriterTest, VectorsAndEnumsHaveTheirForms) {
  v1::WriteRequest request;
  request.set_mode(v1::WRITE_MODE_NEWER);
  auto* memory = request.add_memories();
  memory->mutable_vector()->mutable_dense()->add_values(1);
  memory->mutable_vector()->mutable_dense()->add_values(0.1F);
  const float bytes[] = {2, -0.5F};
  (*memory->mutable_vectors())["b"].set_dense_f32(bytes, sizeof(bytes));
  (*memory->mutable_vectors())["s"].mutable_sparse()->add_indices(7);
  (*memory->mutable_vectors())["s"].mutable_sparse()->add_values(3);
  EXPECT_EQ(
      PrintJson(request),
      R"({"memories":[{"vector":[1,0.1],"vectors":{"b":[2,-0.5],"s":{"indices":[7],"values":[3]}}}],"mode":"newer"})");
}

TEST(JsonWriterTest, SpecialFormsMirrorTheReader) {
  v1::NamespacePatch patch;
  patch.mutable_aliases();
  EXPECT_EQ(PrintJson(patch), R"({"aliases":[]})");
  v1::UpdateRequest update;
  update.set_has_replace_metadata(true);
  EXPECT_EQ(PrintJson(update), R"({"replace_metadata":{}})");
  v1::Explanation explain;
  (*explain.mutable_legs())["text"].set_score(1);
  (*explain.mutable_adjust())["recency"] = 0.5;
  EXPECT_EQ(PrintJson(explain),
            R"({"text":{"score":1.0,"normalized":0.0,"contribution":0.0},"adjust":{"recency":0.5},"fused":0.0})");
}

}  // namespace
}  // namespace engram
