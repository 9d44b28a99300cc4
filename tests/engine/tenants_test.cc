// Tenants, keys and quotas: rows like all others, decided where writes are decided.
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/apply.h"
#include "engine/keys.h"
#include "engine/tenant_table.h"
#include "tests/engine/engine_fixture.h"

namespace engram {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ApiKey KeyOf(const std::string& id) {
  ApiKey key;
  key.id = id;
  key.hash = std::string(kApiKeyHashBytes, 'h');
  key.label = "of " + id;
  key.rights = 3;
  key.namespaces = {"notes", "chat-*"};
  return key;
}

class TenantsTest : public EngineFixture {
 protected:
  MutationResult Change(const std::string& tenant, auto what) {
    return engine_->Write(MutationOf({tenant, std::move(what)}), Durability::kBuffered);
  }
  StatusCode CodeOf(const std::string& tenant, auto what) { return Change(tenant, std::move(what)).status.code(); }

  Status WriteTo(TenantId tenant, const std::string& ns, const std::string& id, const std::string& text = "text") {
    Mutation mutation = NewMutation({MemoryOf(id, text)}, ns);
    mutation.tenant = tenant;
    return engine_->Write(std::move(mutation), Durability::kBuffered).status;
  }
  TenantId Make(const std::string& name, TenantLimits limits = {}) {
    EXPECT_TRUE(Change(name, CreateTenant{limits}).status.ok());
    auto id = engine_->FindTenant(name, false);
    EXPECT_TRUE(id.ok()) << id.status().ToString();
    return id.ok() ? *id : TenantId();
  }
  TenantUsage UsageOf(const std::string& name) {
    auto info = engine_->DescribeTenant(name);
    EXPECT_TRUE(info.ok()) << info.status().ToString();
    return info.ok() ? info->usage : TenantUsage();
  }
};

TEST_F(TenantsTest, AreMadeOnceListedByNameAndStillThereAfterARestart) {
  Make("b");
  Make("a");
  EXPECT_EQ(CodeOf("a", CreateTenant{}), StatusCode::kAlreadyExists);
  EXPECT_EQ(CodeOf("a/b", CreateTenant{}), StatusCode::kInvalidArgument);
  Reopen();
  auto page = engine_->ListTenants(2, "");
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->tenants.size(), 2U);
  EXPECT_EQ(page->tenants[0].record.name, "a");
  EXPECT_EQ(page->tenants[0].record.created_at, kStart);
  EXPECT_EQ(page->tenants[1].record.name, "b");
  page = engine_->ListTenants(2, page->next_cursor);
  ASSERT_EQ(page->tenants.size(), 1U);
  EXPECT_EQ(page->tenants[0].record.name, "default");
  EXPECT_EQ(page->next_cursor, "");
}

TEST_F(TenantsTest, AnUnknownTenantIsNotFoundWhateverIsAsked) {
  EXPECT_EQ(CodeOf("x", PatchTenant{}), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf("x", DropTenant{}), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf("x", CreateApiKey{KeyOf("k")}), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf("x", RevokeApiKey{"k"}), StatusCode::kNotFound);
  EXPECT_EQ(engine_->ListApiKeys("x").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(engine_->DescribeTenant("x").status().code(), StatusCode::kNotFound);
}

TEST_F(TenantsTest, AKeyIsKnownWithItsTenantAlsoAfterARestart) {
  const TenantId a = Make("a");
  EXPECT_FALSE(engine_->HasApiKeys());
  ASSERT_TRUE(Change("a", CreateApiKey{KeyOf("k1")}).status.ok());
  EXPECT_EQ(CodeOf("a", CreateApiKey{KeyOf("k1")}), StatusCode::kAlreadyExists);
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(engine_->HasApiKeys());
    const auto known = engine_->FindApiKey("k1");
    ASSERT_TRUE(known.has_value());
    EXPECT_EQ(known->tenant->name, "a");
    EXPECT_EQ(known->key->tenant, a);
    EXPECT_EQ(known->key->label, "of k1");
    EXPECT_EQ(known->key->rights, 3);
    EXPECT_THAT(known->key->namespaces, ElementsAre("notes", "chat-*"));
    EXPECT_EQ(known->key->created_at, kStart);
    EXPECT_FALSE(IsOver(*known->key, kStart));
    EXPECT_FALSE(engine_->FindApiKey("k").has_value());
    Reopen();
  }
}

TEST_F(TenantsTest, ARevokedKeyIsOverWhenTheReplyComesAndStaysListed) {
  Make("a");
  ASSERT_TRUE(Change("a", CreateApiKey{KeyOf("k1")}).status.ok());
  Advance(5);
  ASSERT_TRUE(Change("a", RevokeApiKey{"k1"}).status.ok());
  EXPECT_TRUE(IsOver(*engine_->FindApiKey("k1")->key, kStart));
  EXPECT_EQ(engine_->FindApiKey("k1")->key->revoked_at, kStart.PlusSeconds(5));
  EXPECT_EQ(Change("a", RevokeApiKey{"k1"}).results[0].outcome, Outcome::kUnchanged);
  EXPECT_EQ(CodeOf("a", RevokeApiKey{"k2"}), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf("default", RevokeApiKey{"k1"}), StatusCode::kNotFound);  // another tenant's
  EXPECT_EQ(engine_->ListApiKeys("a")->size(), 1U);
  EXPECT_TRUE(engine_->HasApiKeys());
}

TEST_F(TenantsTest, RotationLeavesBothKeysUsableForTheGrace) {
  Make("a");
  ASSERT_TRUE(Change("a", CreateApiKey{KeyOf("k1")}).status.ok());
  ASSERT_TRUE(Change("a", RotateApiKey{"k1", "k2", std::string(kApiKeyHashBytes, 'n'), {}, 60}).status.ok());
  const auto is_over = [&](const char* id, int64_t seconds) {
    return IsOver(*engine_->FindApiKey(id)->key, kStart.PlusSeconds(seconds));
  };
  EXPECT_FALSE(is_over("k1", 59));
  EXPECT_TRUE(is_over("k1", 60));
  EXPECT_FALSE(is_over("k2", 1'000'000));
  EXPECT_EQ(engine_->FindApiKey("k2")->key->label, "of k1");
  EXPECT_EQ(engine_->FindApiKey("k2")->key->rights, 3);
  // Without a grace at once; and what is over has no successor.
  ASSERT_TRUE(Change("a", RotateApiKey{"k2", "k3", std::string(kApiKeyHashBytes, 'n'), {}, 0}).status.ok());
  EXPECT_TRUE(is_over("k2", 0));
  EXPECT_EQ(CodeOf("a", RotateApiKey{"k2", "k4", std::string(kApiKeyHashBytes, 'n'), {}, 0}),
            StatusCode::kFailedPrecondition);
}

TEST_F(TenantsTest, KeysAreBoundedAndThoseThatAreOverMakeRoom) {
  Make("a");
  for (size_t i = 0; i < kApiKeysPerTenantMax; ++i) {
    ASSERT_TRUE(Change("a", CreateApiKey{KeyOf("k" + std::to_string(i))}).status.ok());
  }
  EXPECT_EQ(CodeOf("a", CreateApiKey{KeyOf("more")}), StatusCode::kFailedPrecondition);
  ASSERT_TRUE(Change("a", RevokeApiKey{"k7"}).status.ok());
  EXPECT_TRUE(Change("a", CreateApiKey{KeyOf("more")}).status.ok());
  EXPECT_FALSE(engine_->FindApiKey("k7").has_value());
  EXPECT_EQ(engine_->ListApiKeys("a")->size(), kApiKeysPerTenantMax);
}

TEST_F(TenantsTest, ADroppedTenantIsGoneAtOnceAndItsRowsByAndBy) {
  const TenantId a = Make("a");
  ASSERT_TRUE(Change("a", CreateApiKey{KeyOf("k1")}).status.ok());
  for (const char* ns : {"x", "y"}) ASSERT_TRUE(WriteTo(a, ns, "m").ok());
  ASSERT_TRUE(Write(MemoryOf("m", "of another tenant")).status.ok());
  const uint64_t namespaces = engine_->Status().namespaces;
  ASSERT_TRUE(Change("a", DropTenant{}).status.ok());
  EXPECT_FALSE(engine_->FindApiKey("k1").has_value());
  EXPECT_EQ(engine_->FindTenant("a", false).status().code(), StatusCode::kNotFound);
  // What was on its way with the old number finds nothing, before and after the sweep.
  EXPECT_EQ(WriteTo(a, "x", "late").code(), StatusCode::kNotFound);
  EXPECT_EQ(WriteTo(a, "new", "late").code(), StatusCode::kNotFound);
  ASSERT_TRUE(engine_->SweepNow().ok());
  EXPECT_EQ(WriteTo(a, "new", "late").code(), StatusCode::kNotFound);
  EXPECT_EQ(engine_->Status().namespaces, namespaces - 2);
  EXPECT_EQ(engine_->FindNamespace({a, "x"}).status().code(), StatusCode::kNotFound);
  // Another tenant of the name begins with nothing.
  const TenantId again = Make("a");
  EXPECT_NE(again, a);
  EXPECT_EQ(UsageOf("a"), TenantUsage());
  EXPECT_TRUE(Get("m").has_value());
}

// Only the number of the dropped tenant is left in the store.
TEST_F(TenantsTest, NothingOfADroppedTenantIsLeftInTheRows) {
  const TenantId a = Make("tenant-name-that-goes");
  ASSERT_TRUE(Change("tenant-name-that-goes", CreateApiKey{KeyOf("key-that-goes")}).status.ok());
  ASSERT_TRUE(WriteTo(a, "namespace-that-goes", "m").ok());
  ASSERT_TRUE(Change("tenant-name-that-goes", DropTenant{}).status.ok());
  ASSERT_TRUE(engine_->SweepNow().ok());
  engine_.reset();
  StoreOptions options;
  options.path = directory_.path() + "/rows";
  {
    auto store = Store::Open(options);
    ASSERT_TRUE(store.ok());
    const auto rows = (*store)->Snapshot();
    size_t seen = 0;
    for (const auto it = rows->Scan("", ""); it->Valid(); it->Next(), ++seen) {
      const std::string row = std::string(it->key()) + std::string(it->value());
      EXPECT_THAT(row, ::testing::Not(HasSubstr("that-goes")));
      EXPECT_FALSE(it->key().starts_with(keys::Scope(a, NamespaceId(0)).substr(0, 6)));
    }
    EXPECT_GT(seen, 0U);
  }
  Open();
}

TEST_F(TenantsTest, UsageFollowsEveryWriteAndRestart) {
  const TenantId a = Make("a");
  ASSERT_TRUE(WriteTo(a, "x", "m1").ok());
  ASSERT_TRUE(WriteTo(a, "x", "m2").ok());
  ASSERT_TRUE(WriteTo(a, "y", "m1").ok());
  const TenantUsage three = UsageOf("a");
  EXPECT_EQ(three.memories, 3U);
  EXPECT_EQ(three.namespaces, 2U);
  EXPECT_GT(three.bytes, 0U);
  EXPECT_EQ(UsageOf("default"), TenantUsage());
  Reopen();
  EXPECT_EQ(UsageOf("a"), three);
  Mutation drop = NewMutation({DropNamespace{}}, "x");
  drop.tenant = a;
  ASSERT_TRUE(engine_->Write(std::move(drop)).status.ok());
  EXPECT_EQ(UsageOf("a").memories, 1U);
  EXPECT_EQ(UsageOf("a").namespaces, 1U);
  ASSERT_TRUE(engine_->SweepNow().ok());
  EXPECT_EQ(UsageOf("a").memories, 1U);
}

TEST_F(TenantsTest, AWriteBeyondAQuotaIsRefusedWholeAndNamesIt) {
  const TenantId a = Make("a", {.memories = 2, .bytes = {}, .namespaces = 1});
  ASSERT_TRUE(WriteTo(a, "x", "m1").ok());
  Mutation two = NewMutation({MemoryOf("m2", "b"), MemoryOf("m3", "c")}, "x");
  two.tenant = a;
  const Status refused = engine_->Write(two).status;
  EXPECT_EQ(refused.code(), StatusCode::kOutOfSpace);
  EXPECT_THAT(refused.message(), HasSubstr("2 memories"));
  EXPECT_THAT(refused.details(), ::testing::Contains(::testing::Pair("quota", "memories")));
  EXPECT_EQ(UsageOf("a").memories, 1U);
  EXPECT_EQ(WriteTo(a, "y", "m1").code(), StatusCode::kOutOfSpace);
  EXPECT_EQ(engine_->FindNamespace({a, "y"}).status().code(), StatusCode::kNotFound);
  ASSERT_TRUE(WriteTo(a, "x", "m2").ok());
  EXPECT_EQ(WriteTo(a, "x", "m3").code(), StatusCode::kOutOfSpace);
  ASSERT_TRUE(WriteTo(a, "x", "m2", "changed").ok());  // no more than before
  // A quota below what is there: nothing is added, what is there may go.
  ASSERT_TRUE(Change("a", PatchTenant{{.memories = std::optional<uint64_t>(1)}}).status.ok());
  ASSERT_TRUE(WriteTo(a, "x", "m2", "again").ok());
  DeleteMemory deletion;
  deletion.id = "m2";
  Mutation remove = NewMutation({deletion}, "x");
  remove.tenant = a;
  EXPECT_TRUE(engine_->Write(remove).status.ok());
  // Removed limits hold no longer.
  ASSERT_TRUE(Change("a", PatchTenant{{.memories = std::optional<uint64_t>()}}).status.ok());
  for (const char* id : {"m4", "m5", "m6"}) EXPECT_TRUE(WriteTo(a, "x", id).ok());
}

TEST_F(TenantsTest, WritersSideBySideDoNotPassAQuotaTogether) {
  const TenantId a = Make("a", {.memories = 10});
  std::vector<std::thread> writers;
  std::atomic<int> accepted{0};
  for (int w = 0; w < 8; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < 8; ++i) {
        const std::string id = std::to_string(w) + "-" + std::to_string(i);
        if (WriteTo(a, "ns" + std::to_string(w % 3), id).ok()) ++accepted;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(accepted, 10);
  EXPECT_EQ(UsageOf("a").memories, 10U);
}

TEST_F(TenantsTest, TheSameIdempotencyKeyMakesOneKey) {
  Make("a");
  Mutation create = MutationOf({"a", CreateApiKey{KeyOf("k1")}});
  create.idempotency = Mutation::Idempotency{"once", 7};
  ASSERT_TRUE(engine_->Write(create).status.ok());
  std::get<CreateApiKey>(std::get<TenantChange>(create.operations[0]).what).key.id = "k2";
  const MutationResult again = engine_->Write(create);
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.results[0].id, "k1");
  create.idempotency->request_hash = 8;
  EXPECT_EQ(engine_->Write(create).status.code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(engine_->ListApiKeys("a")->size(), 1U);
}

// A store of before knew tenants by their names alone.
TEST_F(TenantsTest, AStoreWithoutRowsOfTenantsCountsWhatIsThere) {
  ASSERT_TRUE(Write(MemoryOf("m", "text")).status.ok());
  const TenantUsage usage = UsageOf("default");
  engine_.reset();
  StoreOptions options;
  options.path = directory_.path() + "/rows";
  {
    auto store = Store::Open(options);
    ASSERT_TRUE(store.ok());
    auto overlay = (*store)->NewOverlay();
    const std::string system = keys::Scope(keys::kSystemTenant, keys::kDirectory);
    overlay->Delete(system + std::string(keys::Key(keys::kTenant).Add(tenant_)));
    overlay->Delete(system + std::string(keys::Key(keys::kTenantUsage).Add(tenant_)));
    ASSERT_TRUE((*store)->Commit(std::move(overlay), true).ok());
  }
  const TenantId before = tenant_;
  Open();
  EXPECT_EQ(tenant_, before);
  EXPECT_EQ(UsageOf("default"), usage);
  ASSERT_TRUE(Write(MemoryOf("m2", "text")).status.ok());
  EXPECT_EQ(UsageOf("default").memories, 2U);
  EXPECT_TRUE(Change("default", CreateApiKey{KeyOf("k")}).status.ok());
}

}  // namespace
}  // namespace engram
