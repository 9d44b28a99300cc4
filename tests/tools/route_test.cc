#include "tools/import/route.h"

#include <gtest/gtest.h>

#include "tools/import/record_router.h"

namespace engram {
namespace {

constexpr const char* kByTeam =
    R"({"route":{"namespace":{"field":"metadata.team","values":{"red":"team-red","7":"seven"},)"
    R"("template":"other-{value}"}}})";

RecordRoute Parsed(const std::string& mapping) {
  const auto route = ParseRoute(mapping);
  EXPECT_TRUE(route.ok() && *route) << mapping << route.status().message();
  return route.ok() && *route ? **route : RecordRoute();
}

SourceRecord MemoryOf(const std::string& id, const std::string& team, const std::string& run = "") {
  SourceRecord record;
  record.place = id;
  auto& memory = record.item.emplace<v1::Memory>();
  memory.set_id(id);
  memory.set_run_id(run);
  if (!team.empty()) (*memory.mutable_metadata())["team"].set_string_value(team);
  return record;
}

SourceRecord EdgeOf(const std::string& source, const std::string& target) {
  SourceRecord record;
  record.place = source + "-" + target;
  auto& edge = record.item.emplace<v1::Edge>();
  edge.set_source(source);
  edge.set_type("about");
  edge.set_target(target);
  return record;
}

SourceRecord NodeOf(const std::string& id) {
  SourceRecord record;
  record.place = id;
  record.item.emplace<v1::Node>().set_id(id);
  return record;
}

std::string Text(const RecordRouter::Routed& routed) {
  std::string text;
  for (const auto& one : routed.deliveries) text += one.record.place + ">" + one.to.Text() + " ";
  for (const auto& one : routed.unplaced) text += one.place + "! ";
  return text;
}

TEST(RouteTest, WhatIsUnknownIsNamedWithItsPlace) {
  const auto place_of = [](const std::string& mapping) {
    const auto route = ParseRoute(mapping);
    return route.ok() ? std::string("none") : route.status().field();
  };
  EXPECT_EQ(place_of(R"({"route":{"tenant":{"field":"user_id"}}})"), "route.tenant.values");
  EXPECT_EQ(place_of(R"({"route":{"shelf":{}}})"), "route.shelf");
  EXPECT_EQ(place_of(R"({"route":{}})"), "route.namespace");
  EXPECT_EQ(place_of(R"({"route":{"namespace":{"template":"x-{value}"}}})"), "route.namespace.field");
  EXPECT_EQ(place_of(R"({"route":{"namespace":{"field":"user_id"}}})"), "route.namespace.values");
  EXPECT_EQ(place_of(R"({"route":{"namespace":{"field":"text","template":"{value}"}}})"), "route.namespace.field");
  EXPECT_EQ(place_of(R"({"route":{"namespace":{"field":"metadata.a..b","template":"{value}"}}})"),
            "route.namespace.field");
  EXPECT_EQ(place_of(R"({"route":{"namespace":{"field":"user_id","template":"same"}}})"), "route.namespace.template");
  EXPECT_EQ(place_of(R"({"route":{"namespace":{"field":"user_id","values":{"a":"b/c"}}}})"),
            "route.namespace.values.a");
  EXPECT_EQ(place_of(R"({"route":{"namespace":{"field":"user_id","values":{"a":"b"},"else":"c"}}})"),
            "route.namespace.else");
  EXPECT_EQ(place_of(R"({"table":"notes"})"), "none");
}

TEST(RouteTest, ValuesComeBeforeTheTemplateAndNumbersAreTexts) {
  const RecordRoute route = Parsed(kByTeam);
  v1::Memory memory;
  (*memory.mutable_metadata())["team"].set_int_value(7);
  EXPECT_EQ(RouteValue(*route.space, memory), "7");
  EXPECT_EQ(*NameFor(*route.space, "7"), "seven");
  EXPECT_EQ(*NameFor(*route.space, "blue"), "other-blue");
  EXPECT_FALSE(NameFor(*route.space, "a/b").ok());
  (*memory.mutable_metadata())["team"].set_double_value(7);
  EXPECT_EQ(RouteValue(*route.space, memory), std::nullopt);
}

TEST(RouteTest, AFieldMayLieDeepInTheMetadata) {
  const RecordRoute route =
      Parsed(R"({"route":{"namespace":{"field":"metadata.org\\.unit.team","template":"{value}"}}})");
  v1::Memory memory;
  auto& unit = *(*memory.mutable_metadata())["org.unit"].mutable_object_value()->mutable_members();
  unit["team"].set_bool_value(true);
  EXPECT_EQ(RouteValue(*route.space, memory), "true");
}

TEST(RecordRouterTest, WhatBelongsToMemoriesFollowsThem) {
  RecordRouter router(Parsed(kByTeam));
  EXPECT_EQ(Text(router.Take(NodeOf("person:ann"))), "");
  EXPECT_EQ(Text(router.Take(MemoryOf("m1", "red"))), "m1>team-red ");
  EXPECT_EQ(Text(router.Take(MemoryOf("m2", "blue"))), "m2>other-blue ");
  // The node goes to every namespace with an edge of it, before that edge.
  EXPECT_EQ(Text(router.Take(EdgeOf("person:ann", "m1"))), "person:ann>team-red person:ann-m1>team-red ");
  EXPECT_EQ(Text(router.Take(EdgeOf("person:ann", "m1"))), "person:ann-m1>team-red ");
  EXPECT_EQ(Text(router.Take(EdgeOf("m2", "person:ann"))), "person:ann>other-blue m2-person:ann>other-blue ");
  // Between two namespaces there is no edge.
  EXPECT_EQ(Text(router.Take(EdgeOf("m1", "m2"))), "m1-m2! ");
  // What comes before its memory waits for it; what nothing speaks of has no place.
  EXPECT_EQ(Text(router.Take(EdgeOf("m3", "person:bob"))), "");
  EXPECT_EQ(Text(router.Take(NodeOf("person:bob"))), "");
  EXPECT_EQ(Text(router.Take(NodeOf("person:eve"))), "");
  EXPECT_EQ(Text(router.Take(MemoryOf("m3", "red"))), "m3>team-red ");
  EXPECT_EQ(Text(router.Finish()), "person:bob>team-red m3-person:bob>team-red person:eve! ");
}

TEST(RecordRouterTest, ARunGoesWhereItsMemoriesAre) {
  RecordRouter router(Parsed(kByTeam));
  SourceRecord run;
  run.place = "run";
  run.item.emplace<v1::Run>().set_run_id("talk");
  EXPECT_EQ(Text(router.Take(MemoryOf("m1", "red", "talk"))), "m1>team-red ");
  EXPECT_EQ(Text(router.Take(run)), "run>team-red ");
  EXPECT_EQ(Text(router.Take(MemoryOf("m2", "blue", "talk"))), "run>other-blue m2>other-blue ");
  EXPECT_EQ(Text(router.Finish()), "");
}

TEST(RecordRouterTest, WithoutADefaultARecordIsNeverPutSomewhere) {
  RecordRouter strict(Parsed(R"({"route":{"namespace":{"field":"metadata.team","values":{"red":"r"}}}})"));
  EXPECT_EQ(Text(strict.Take(MemoryOf("m1", ""))), "m1! ");
  EXPECT_EQ(Text(strict.Take(MemoryOf("m2", "blue"))), "m2! ");
  RecordRouter kind(
      Parsed(R"({"route":{"namespace":{"field":"metadata.team","values":{"red":"r"},"default":"rest"}}})"));
  EXPECT_EQ(Text(kind.Take(MemoryOf("m1", ""))), "m1>rest ");
  EXPECT_EQ(Text(kind.Take(MemoryOf("m2", "blue"))), "m2>rest ");
  EXPECT_EQ(Text(kind.Take(NodeOf("person:eve"))), "");
  EXPECT_EQ(Text(kind.Finish()), "person:eve>rest ");
}

constexpr const char* kByTenant = R"({"route":{"tenant":{"field":"user_id","template":"org-{value}","default":"lost"},)"
                                  R"("namespace":{"field":"metadata.team","template":"{value}","default":"rest"}}})";

SourceRecord Owned(SourceRecord record, const std::string& user) {
  std::visit(
      [&](auto& item) {
        if constexpr (requires { item.set_user_id(user); }) item.set_user_id(user);
      },
      record.item);
  return record;
}

TEST(RecordRouterTest, TenantAndNamespaceEachHaveTheirFieldAndTheirDefault) {
  RecordRouter router(Parsed(kByTenant));
  EXPECT_EQ(Text(router.Take(Owned(MemoryOf("m1", "red"), "a"))), "m1>org-a/red ");
  EXPECT_EQ(Text(router.Take(Owned(MemoryOf("m2", ""), "a"))), "m2>org-a/rest ");
  EXPECT_EQ(Text(router.Take(MemoryOf("m3", "red"))), "m3>lost/red ");
  EXPECT_EQ(Text(router.Take(MemoryOf("m4", ""))), "m4>lost/rest ");
  EXPECT_EQ(Text(router.Take(Owned(MemoryOf("m5", "red"), "a/b"))), "m5! ");
}

TEST(RecordRouterTest, NothingThatSaysWhoseItIsGoesToAnotherTenant) {
  RecordRouter router(Parsed(kByTenant));
  EXPECT_EQ(Text(router.Take(Owned(NodeOf("person:ann"), "a"))), "");
  EXPECT_EQ(Text(router.Take(Owned(MemoryOf("m1", "red"), "a"))), "m1>org-a/red ");
  EXPECT_EQ(Text(router.Take(Owned(MemoryOf("m2", "red"), "b"))), "m2>org-b/red ");
  // The edge of another tenant names the node, and does not bring what is known of it.
  EXPECT_EQ(Text(router.Take(EdgeOf("person:ann", "m2"))), "person:ann-m2>org-b/red ");
  EXPECT_EQ(Text(router.Take(EdgeOf("person:ann", "m1"))), "person:ann>org-a/red person:ann-m1>org-a/red ");
  EXPECT_EQ(Text(router.Take(Owned(EdgeOf("person:bob", "m1"), "b"))), "person:bob-m1! ");
  EXPECT_EQ(Text(router.Take(EdgeOf("m1", "m2"))), "m1-m2! ");
  EXPECT_EQ(Text(router.Finish()), "");
}

TEST(RecordRouterTest, OfAnIdThatTwoTenantsHaveTheEdgeHasToSayWhoseItIs) {
  RecordRouter router(Parsed(R"({"route":{"tenant":{"field":"user_id","template":"{value}"}}})"));
  EXPECT_EQ(Text(router.Take(Owned(MemoryOf("m", ""), "a"))), "m>a/ ");
  EXPECT_EQ(Text(router.Take(Owned(MemoryOf("m", ""), "b"))), "m>b/ ");
  EXPECT_EQ(Text(router.Take(EdgeOf("m", "drink"))), "m-drink! ");
  EXPECT_EQ(Text(router.Take(Owned(EdgeOf("m", "drink"), "b"))), "m-drink>b/ ");
}

TEST(RouteTest, ARouteMayLeadToWhatItsValuesDefaultAndTemplateSay) {
  const RecordRoute route = Parsed(
      R"({"route":{"tenant":{"field":"user_id","values":{"a":"alpha"},"template":"o-{value}-x","default":"rest"}}})");
  for (const char* name : {"alpha", "rest", "o-1-x"}) EXPECT_TRUE(route.tenant->MayLeadTo(name)) << name;
  for (const char* name : {"a", "beta", "o--x", "o-1", "1-x", ""}) EXPECT_FALSE(route.tenant->MayLeadTo(name)) << name;
}

TEST(RecordRouterTest, TooManyNamespacesAreRefused) {
  RecordRouter router(Parsed(R"({"route":{"namespace":{"field":"metadata.team","template":"{value}"}}})"));
  for (size_t i = 0; i < RecordRouter::kNamespacesMax; ++i) {
    const std::string name = std::to_string(i);
    ASSERT_EQ(Text(router.Take(MemoryOf("m" + name, name))), "m" + name + ">" + name + " ");
  }
  EXPECT_EQ(Text(router.Take(MemoryOf("m", "one more"))), "m! ");
}

}  // namespace
}  // namespace engram
