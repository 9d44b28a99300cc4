// engram migrate push-back to a Qdrant server, run as users run it, against a stub.
#include <atomic>
#include <csignal>
#include <filesystem>

#include <fmt/format.h>

#include "base/message_digest.h"
#include "tests/tools/push_back_fixture.h"
#include "tests/tools/qdrant_stub.h"

namespace engram {
namespace {

constexpr const char* kCosine4 = R"({"vectors":{"size":4,"distance":"Cosine"}})";
constexpr const char* kNamed = R"({"vectors":{"":{"size":2,"distance":"Dot"},"image":{"size":3,"distance":"Euclid"}},)"
                               R"("sparse_vectors":{"bm25":{}}})";

class PushBackQdrantTest : public PushBackFixture {
 protected:
  static void PutNumbered(QdrantStub& stub, int points) {
    stub.AddCollection("notes", kCosine4);
    for (int i = 1; i <= points; ++i) {
      stub.Put("notes", std::to_string(i), "[0.5,0.5,0.5,0.5]",
               fmt::format(R"({{"text":"note {0}","made":"2025-03-01T12:00:00+00:00","n":{0}}})", i));
    }
  }
  static std::string Source(QdrantStub& stub) {
    return "qdrant " + stub.url() + " --created-at made -n notes --data store ";
  }
  void Import(QdrantStub& stub) {
    const CliResult imported = Run("import " + Source(stub));
    ASSERT_EQ(imported.code, 0) << imported.output;
  }
  CliResult PushBack(QdrantStub& stub, const std::string& options) const {
    return Run("migrate push-back " + Source(stub) + options);
  }
};

TEST_F(PushBackQdrantTest, WhatHappenedHereGoesBack) {
  QdrantStub stub("the-secret");
  setenv("QDRANT_API_KEY", "the-secret", 1);
  stub.NormaliseUnnamed();
  PutNumbered(stub, 6);
  Import(stub);
  InStore([](Client& client) {
    Retext(client, "2", "rewritten");
    ASSERT_TRUE(client.DeleteMemory("notes", "3").ok());
    v1::WriteRequest write;
    v1::Memory& made = *write.add_memories();
    made.set_id("0192d1c2-0000-7000-8000-000000000001");
    made.set_text("made here");
    (*made.mutable_metadata())["tags"].mutable_list_value()->add_values()->set_double_value(1.0);
    SetFloats({3, 4, 0, 0}, made.mutable_vector());
    write.add_memories()->set_id("no id of Qdrant's");
    v1::Memory& small = *write.add_memories();
    small.set_id("70");
    small.set_user_id("ann");
    ASSERT_TRUE(client.Write("notes", write).ok());
  });
  const CliResult dry = PushBack(stub, "--dry-run");
  EXPECT_EQ(dry.code, 1);
  EXPECT_TRUE(Has(dry, "1 points would be created, 1 would be updated, 1 would be deleted")) << dry.output;
  EXPECT_TRUE(Has(dry, "refused, \"no id of Qdrant's\": id: ")) << dry.output;
  EXPECT_TRUE(Has(dry, "refused, \"70\": user_id: ")) << dry.output;
  EXPECT_EQ(stub.Requests("PUT "), 0U);
  EXPECT_EQ(stub.Requests("/points/delete"), 0U);

  const CliResult pushed = PushBack(stub, "--execute");
  EXPECT_EQ(pushed.code, 1) << pushed.output;
  EXPECT_TRUE(Has(pushed, "1 points created, 1 updated, 1 deleted; 0 settled already")) << pushed.output;
  EXPECT_TRUE(Has(pushed, "read back: 3 equal, 0 otherwise")) << pushed.output;
  EXPECT_FALSE(Has(pushed, "the-secret")) << pushed.output;
  EXPECT_EQ(stub.Requests("PUT /collections/notes/points?wait=true"), 1U);
  EXPECT_EQ(stub.PayloadOf("notes", "2"), R"({"made":"2025-03-01T12:00:00+00:00","n":2,"text":"rewritten"})");
  EXPECT_EQ(stub.VectorOf("notes", "2"), "[0.5,0.5,0.5,0.5]");
  EXPECT_EQ(stub.PayloadOf("notes", "3"), "");
  const std::string id = "\"0192d1c2-0000-7000-8000-000000000001\"";
  EXPECT_NE(stub.PayloadOf("notes", id).find(R"("tags":[1.0],"text":"made here")"), std::string::npos)
      << stub.PayloadOf("notes", id);
  EXPECT_EQ(stub.VectorOf("notes", id).substr(0, 6), "[0.600") << stub.VectorOf("notes", id);
  EXPECT_EQ(stub.PayloadOf("notes", "70"), "");

  // The two that Qdrant has no place for go, and the next run has nothing to do.
  InStore([](Client& client) {
    ASSERT_TRUE(client.DeleteMemory("notes", "70").ok());
    ASSERT_TRUE(client.DeleteMemory("notes", "no id of Qdrant's").ok());
  });
  const CliResult again = PushBack(stub, "--execute");
  EXPECT_EQ(again.code, 0) << again.output;
  EXPECT_TRUE(Has(again, "0 points created, 0 updated, 0 deleted; 5 settled already")) << again.output;
  EXPECT_EQ(stub.Requests("PUT "), 1U);
  const CliResult verified = Run("migrate verify " + Source(stub));
  EXPECT_EQ(verified.code, 0) << verified.output;
  unsetenv("QDRANT_API_KEY");
}

TEST_F(PushBackQdrantTest, NamedSparseAndMultiVectorsKeepTheirNames) {
  QdrantStub stub;
  stub.AddCollection("notes", kNamed);
  const std::string all = R"({"":[1,2],"bm25":{"indices":[3,9],"values":[0.5,2]},"image":[1,2,3]})";
  stub.Put("notes", "1", all, R"({"text":"one"})");
  stub.Put("notes", "2", R"({"bm25":{"indices":[1],"values":[1]}})", R"({"text":"two"})");
  Import(stub);
  InStore([](Client& client) {
    Retext(client, "1", "one, rewritten");
    Retext(client, "2", "two, rewritten");
    v1::NamespacePatch space;
    (*space.mutable_vectors())["sound"].set_dimensions(5);
    ASSERT_TRUE(client.PatchNamespace("notes", space).ok());
    v1::WriteRequest write;
    v1::Memory& bare = *write.add_memories();
    bare.set_id("3");
    bare.set_text("no vector at all");
    v1::Memory& foreign = *write.add_memories();
    foreign.set_id("4");
    SetFloats({1, 2, 3, 4, 5}, &(*foreign.mutable_vectors())["sound"]);
    ASSERT_TRUE(client.Write("notes", write).ok());
  });
  const CliResult pushed = PushBack(stub, "--execute");
  EXPECT_EQ(pushed.code, 1);
  EXPECT_TRUE(Has(pushed, "1 points created, 2 updated, 0 deleted")) << pushed.output;
  EXPECT_TRUE(Has(pushed, "refused, \"4\": vectors.sound: ")) << pushed.output;
  EXPECT_TRUE(Has(pushed, "read back: 3 equal, 0 otherwise")) << pushed.output;
  EXPECT_EQ(stub.VectorOf("notes", "1"), all);
  EXPECT_EQ(stub.VectorOf("notes", "2"), R"({"bm25":{"indices":[1],"values":[1]}})");
  EXPECT_EQ(stub.VectorOf("notes", "3"), "{}");
}

TEST_F(PushBackQdrantTest, WhatWasWrittenThereTooIsToldAndLeft) {
  QdrantStub stub;
  PutNumbered(stub, 4);
  Import(stub);
  InStore([](Client& client) {
    for (const char* id : {"1", "2", "3"}) Retext(client, id, "changed here");
  });
  stub.Put("notes", "1", "[0.5,0.5,0.5,0.5]", R"({"text":"changed there"})");
  stub.Remove("notes", "2");
  const CliResult pushed = PushBack(stub, "--execute");
  EXPECT_EQ(pushed.code, 1);
  EXPECT_TRUE(Has(pushed, "0 points created, 1 updated, 0 deleted")) << pushed.output;
  EXPECT_TRUE(Has(pushed, "2 conflicts")) << pushed.output;
  EXPECT_EQ(stub.PayloadOf("notes", "1"), R"({"text":"changed there"})");
  const CliResult decided = PushBack(stub, "--execute --overwrite");
  EXPECT_EQ(decided.code, 0) << decided.output;
  EXPECT_TRUE(Has(decided, "1 points created, 1 updated, 0 deleted; 1 settled already")) << decided.output;
  EXPECT_NE(stub.PayloadOf("notes", "2"), "");
}

TEST_F(PushBackQdrantTest, AKilledRunIsRunAgain) {
  QdrantStub stub;
  PutNumbered(stub, 12);
  Import(stub);
  InStore([](Client& client) {
    for (int i = 1; i <= 12; ++i) {
      if (i % 3 == 0) {
        ASSERT_TRUE(client.DeleteMemory("notes", std::to_string(i)).ok());
      } else {
        Retext(client, std::to_string(i), "rewritten");
      }
    }
  });
  // The second upsert is held until the run is dead.
  auto upserts = std::make_shared<std::atomic<int>>(0);
  auto held = std::make_shared<std::atomic<int>>(0);
  stub.SetHook([=](const StubRequest& request) -> std::optional<StubReply> {
    if (request.method != "PUT" || upserts->fetch_add(1) < 1) return std::nullopt;
    *held = 1;
    held->notify_all();
    held->wait(1);
    return StubReply{503, "", "", std::string::npos};
  });
  const std::string command = "migrate push-back " + Source(stub) + "--execute --batch 4";
  CliProcess process(folder_, command, Path("out"));
  held->wait(0);
  process.Signal(SIGKILL);
  EXPECT_EQ(process.Wait(), -1);
  stub.SetHook(nullptr);
  *held = 2;
  held->notify_all();
  const CliResult rest = Run(command);
  EXPECT_EQ(rest.code, 0) << rest.output;
  EXPECT_TRUE(Has(rest, "0 points created, 4 updated, 4 deleted; 4 settled already")) << rest.output;
  for (int i = 1; i <= 12; ++i) {
    const std::string payload = stub.PayloadOf("notes", std::to_string(i));
    EXPECT_EQ(payload.find("rewritten") != std::string::npos, i % 3 != 0) << i << " " << payload;
    EXPECT_EQ(payload.empty(), i % 3 == 0) << i;
  }
}

TEST_F(PushBackQdrantTest, AServerThatRefusesEndsTheRunWithItsReason) {
  QdrantStub stub;
  PutNumbered(stub, 2);
  Import(stub);
  InStore([](Client& client) { Retext(client, "1", "rewritten"); });
  stub.SetHook([](const StubRequest& request) -> std::optional<StubReply> {
    if (request.method != "PUT") return std::nullopt;
    return StubReply{403, R"({"status":{"error":"Forbidden: write access is denied"}})", "", std::string::npos};
  });
  const CliResult refused = PushBack(stub, "--execute");
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(Has(refused, "write access is denied")) << refused.output;
  stub.SetHook(nullptr);
  const CliResult again = PushBack(stub, "--execute");
  EXPECT_EQ(again.code, 0) << again.output;
  EXPECT_TRUE(Has(again, "1 updated")) << again.output;
}

TEST_F(PushBackQdrantTest, Mem0ReadsWhatWasWrittenHere) {
  QdrantStub stub;
  stub.AddCollection("mem0", R"({"vectors":{"size":2,"distance":"Dot"}})");
  const std::string id = "\"0192d1c2-0000-7000-8000-000000000001\"";
  stub.Put("mem0", id, "[1,2]",
           fmt::format(R"({{"data":"likes tea","hash":"{}","user_id":"ann","created_at":"2025-03-01T12:00:00.5+00:00",)"
                       R"("updated_at":"2025-03-01T12:00:00.5+00:00","text_lemmatized":"like tea","topic":"drinks"}})",
                       Md5Hex("likes tea")));
  const std::string other = "\"0192d1c2-0000-7000-8000-000000000002\"";
  stub.Put("mem0", other, "[3,4]", R"({"data":"lives in Rome","user_id":"bob","text_lemmatized":"live Rome"})");
  const std::string source = "mem0 --vectors " + stub.url() + " -n memories --data store ";
  ASSERT_EQ(Run("import " + source).code, 0);
  InStore([](Client& client) {
    Retext(client, "0192d1c2-0000-7000-8000-000000000001", "likes coffee", "memories");
    v1::MemoryPatch patch;
    (*patch.mutable_metadata())["topic"].set_string_value("places");
    ASSERT_TRUE(client.PatchMemory("memories", "0192d1c2-0000-7000-8000-000000000002", patch).ok());
    v1::WriteRequest write;
    v1::Memory& made = *write.add_memories();
    made.set_id("0192d1c2-0000-7000-8000-000000000003");
    made.set_text("made here");
    made.set_user_id("ann");
    made.set_role("user");
    SetFloats({5, 6}, made.mutable_vector());
    made.mutable_expires_at()->set_seconds(int64_t{86'400} * 40'000);
    ASSERT_TRUE(client.Write("memories", write).ok());
  });
  const CliResult pushed = Run("migrate push-back " + source + "--execute");
  EXPECT_EQ(pushed.code, 0) << pushed.output;
  EXPECT_TRUE(Has(pushed, "1 points created, 2 updated, 0 deleted")) << pushed.output;
  EXPECT_TRUE(Has(pushed, "read back: 3 equal, 0 otherwise")) << pushed.output;
  const std::string changed = stub.PayloadOf("mem0", id);
  EXPECT_NE(changed.find(R"("data":"likes coffee","hash":")" + Md5Hex("likes coffee")), std::string::npos) << changed;
  EXPECT_EQ(changed.find("lemmatized"), std::string::npos) << changed;
  EXPECT_NE(changed.find(R"("topic":"drinks")"), std::string::npos) << changed;
  EXPECT_NE(stub.PayloadOf("mem0", other).find(R"("text_lemmatized":"live Rome")"), std::string::npos);
  const std::string made = stub.PayloadOf("mem0", "\"0192d1c2-0000-7000-8000-000000000003\"");
  EXPECT_NE(made.find(R"("expiration_date":"2079-07-07")"), std::string::npos) << made;
  EXPECT_NE(made.find(R"("role":"user")"), std::string::npos) << made;
}

}  // namespace
}  // namespace engram
