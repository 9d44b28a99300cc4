// What a scenario can't show: the operations that requests become.
#include <gtest/gtest.h>

#include "api/json.h"
#include "server/handlers/call.h"
#include "server/handlers/convert_filter.h"
#include "server/handlers/convert_memory.h"
#include "server/handlers/convert_search.h"
#include "server/handlers/convert_value.h"

namespace engram {
namespace {

template <class Message>
Message Parse(const std::string& json) {
  Message message;
  const Status status = ParseJson(json, &message);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return message;
}

Result<PatchMemory> Patch(const std::string& json) {
  return ToPatchMemory("a", Parse<v1::MemoryPatch>(json), RequestLimits());
}

TEST(ConvertPatchTest, WhatIsAbsentStaysAlone) {
  const auto patch = Patch("{}");
  ASSERT_TRUE(patch.ok());
  EXPECT_FALSE(patch->text || patch->metadata || patch->role || patch->state || patch->event_time || patch->source);
  EXPECT_FALSE(patch->record.expires_at || patch->record.ttl_seconds || patch->record.importance);
  EXPECT_TRUE(patch->fields.empty() && patch->vectors.empty());
}

TEST(ConvertPatchTest, NullRemoves) {
  const auto patch = Patch(
      R"({"text": null, "fields": {"title": null}, "vector": null, "expires_at": null, "importance": null,
          "event_time": null, "metadata": {"topic": null}})");
  ASSERT_TRUE(patch.ok()) << patch.status().ToString();
  EXPECT_EQ(patch->text, std::string());
  EXPECT_EQ(patch->fields.at("title"), std::nullopt);
  EXPECT_EQ(patch->vectors.at("default"), std::nullopt);
  EXPECT_TRUE(patch->record.expires_at && !*patch->record.expires_at);
  EXPECT_TRUE(patch->record.importance && !*patch->record.importance);
  EXPECT_TRUE(patch->event_time && !*patch->event_time);
  EXPECT_TRUE(patch->metadata->at("topic").is_null());
}

TEST(ConvertPatchTest, NullRemovesWholeMembers) {
  const auto patch = Patch(R"({"metadata": null, "fields": null, "vectors": null, "vector": [1, 2]})");
  ASSERT_TRUE(patch.ok()) << patch.status().ToString();
  EXPECT_TRUE(patch->clear_metadata && patch->clear_fields && patch->clear_vectors);
  EXPECT_EQ(patch->vectors.size(), 1U);
}

TEST(ConvertPatchTest, ASourceMergesMemberByMember) {
  const auto patch = Patch(R"({"source": {"batch": "b7", "id": null, "version": null}})");
  ASSERT_TRUE(patch.ok()) << patch.status().ToString();
  EXPECT_EQ(patch->source->system, std::nullopt);
  EXPECT_EQ(patch->source->id, "");
  EXPECT_TRUE(patch->source->version && !*patch->source->version);
  EXPECT_EQ(patch->source->batch, "b7");
  const auto cleared = Patch(R"({"source": null})");
  ASSERT_TRUE(cleared.ok());
  EXPECT_EQ(cleared->source->system, "");
  EXPECT_TRUE(cleared->source->version && !*cleared->source->version);
}

TEST(ConvertPatchTest, GivenAndClearedContradict) {
  v1::MemoryPatch patch;
  patch.set_text("x");
  patch.add_clear("text");
  EXPECT_EQ(ToPatchMemory("a", patch, RequestLimits()).status().field(), "text");
  patch.clear_clear();
  patch.add_clear("colour");
  EXPECT_EQ(ToPatchMemory("a", patch, RequestLimits()).status().field(), "colour");
}

TEST(ConvertPatchTest, ANewTtlReplacesAClearedExpiry) {
  const auto patch = Patch(R"({"expires_at": null, "ttl_seconds": 60})");
  ASSERT_TRUE(patch.ok());
  EXPECT_FALSE(patch->record.expires_at.has_value());
  EXPECT_EQ(patch->record.ttl_seconds, std::optional<std::optional<uint64_t>>(60));
}

TEST(ConvertMemoryTest, ImportFieldsNeedTheRight) {
  const ManualClock clock(Timestamp{0});
  UuidSource uuids(clock);
  const RequestLimits limits;
  for (const std::string field : {"created_at", "updated_at"}) {
    const auto memory = Parse<v1::Memory>("{\"" + field + "\": \"2020-01-01T00:00:00Z\"}");
    const auto refused = ToWriteMemory(memory, {limits, false}, uuids);
    EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(refused.status().field(), field);
    EXPECT_TRUE(ToWriteMemory(memory, {limits, true}, uuids).ok());
  }
  for (const std::string field : {"version", "access_count"}) {
    const auto memory = Parse<v1::Memory>("{\"" + field + "\": 3}");
    EXPECT_EQ(ToWriteMemory(memory, {limits, false}, uuids).status().field(), field);
  }
}

TEST(ConvertValueTest, WhatComesBackIsWhatWasGiven) {
  const auto request = Parse<v1::CountRequest>(
      R"({"filter": {"a": 1, "b": 1.0, "c": 18446744073709551615, "d": [null, true, "x", {"e": {}}], "f": -0.0}})");
  const auto value = ToValue(request.filter());
  ASSERT_TRUE(value.ok());
  v1::Value back;
  FromValue(*value, &back);
  const auto again = ToValue(back);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, *value);
  EXPECT_EQ(value->as_object().at("a").kind(), Value::Kind::kInt);
  EXPECT_EQ(value->as_object().at("b").kind(), Value::Kind::kDouble);
  EXPECT_EQ(value->as_object().at("c").kind(), Value::Kind::kUint);
}

TEST(ConvertValueTest, DepthIsBounded) {
  v1::Value deep;
  v1::Value* at = &deep;
  for (int i = 0; i < 65; ++i) at = at->mutable_list_value()->add_values();
  EXPECT_EQ(ToValue(deep).status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(ToValue(deep.list_value().values(0)).ok());
}

TEST(ConvertValueTest, TimesBeforeTheEpochKeepTheirMicroseconds) {
  google::protobuf::Timestamp time;
  FromTimestamp(Timestamp{-1}, &time);
  EXPECT_EQ(time.seconds(), -1);
  EXPECT_EQ(time.nanos(), 999'999'000);
  EXPECT_EQ(ToTimestamp(time)->micros, -1);
  time.set_seconds(253'402'300'800);
  EXPECT_FALSE(ToTimestamp(time).ok());
  time.set_seconds(0);
  time.set_nanos(-1);
  EXPECT_FALSE(ToTimestamp(time).ok());
}

TEST(ConvertFilterTest, FiltersThatMatchEverythingAreSeenThrough) {
  const auto matches_everything = [](const std::string& json) {
    const auto filter = ToFilter(Parse<v1::CountRequest>("{\"filter\":" + json + "}").filter());
    EXPECT_TRUE(filter.ok()) << json;
    return filter.ok() && *filter && MatchesEverything(**filter);
  };
  EXPECT_TRUE(matches_everything("{}"));
  EXPECT_TRUE(matches_everything(R"({"and": []})"));
  EXPECT_TRUE(matches_everything(R"({"and": [{}, {"and": [{}]}]})"));
  EXPECT_TRUE(matches_everything(R"({"or": [{"user_id": "a"}, {}]})"));
  EXPECT_TRUE(matches_everything(R"({"not": {"or": []}})"));
  EXPECT_FALSE(matches_everything(R"({"or": []})"));
  EXPECT_FALSE(matches_everything(R"({"user_id": "a"})"));
  EXPECT_FALSE(matches_everything(R"({"not": {"user_id": "a"}})"));
  EXPECT_FALSE(matches_everything(R"({"and": [{}, {"user_id": "a"}]})"));
}

TEST(ConvertSearchTest, TheShortFormIsLegsOfTheSameNames) {
  const auto request = Parse<v1::SearchRequest>(
      R"({"text": "a", "text_mode": "all", "vector": [1, 2], "vector_name": "image", "ef": 64, "graph": {"hops": 1}})");
  const auto search = ToSearchRequest(request, RequestLimits());
  ASSERT_TRUE(search.ok()) << search.status().ToString();
  ASSERT_EQ(search->legs.size(), 3u);
  EXPECT_EQ(search->legs[0].name, "text");
  EXPECT_EQ(search->legs[0].text_mode, TextMode::kAll);
  EXPECT_EQ(search->legs[1].name, "vector");
  EXPECT_EQ(search->legs[1].vector_name, "image");
  EXPECT_EQ(search->legs[1].ef, 64u);
  EXPECT_EQ(search->legs[2].name, "graph");
  EXPECT_EQ(search->legs[2].graph.hops, 1u);
  EXPECT_EQ(search->top_k, 10u);
  EXPECT_FALSE(search->include.vectors);
}

TEST(ConvertSearchTest, AVectorThatIsNoNumberIsUnprocessable) {
  v1::SearchRequest request;
  request.mutable_vector()->mutable_dense()->add_values(std::numeric_limits<float>::quiet_NaN());
  const Status status = ToSearchRequest(request, RequestLimits()).status();
  EXPECT_EQ(status.code(), StatusCode::kUnprocessable);
  EXPECT_EQ(status.field(), "vector");
}

TEST(PlaceInRequestTest, OperationsBecomeWhatTheClientWrote) {
  const std::vector<std::string> places = {"memories[0]", "deletes[0]", ""};
  const auto place = [&](const std::string& field) {
    return PlaceInRequest(InvalidArgument("x").At(field), places).field();
  };
  EXPECT_EQ(place("operations[0].vectors.default"), "memories[0].vector");
  EXPECT_EQ(place("operations[0].metadata"), "memories[0].metadata");
  EXPECT_EQ(place("operations[1]"), "deletes[0]");
  EXPECT_EQ(place("operations[2].if_version"), "if_version");
  EXPECT_EQ(place("operations[2]"), "");
  EXPECT_EQ(place("operations[9].id"), "operations[9].id");
  EXPECT_EQ(place("Idempotency-Key"), "Idempotency-Key");
}

}  // namespace
}  // namespace engram
