// Every route times every kind of credential, over the real program: the matrix is made from the route table.
#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "engine/engine.h"
#include "server/api_key.h"
#include "server/key_vault.h"
#include "server/routes.h"
#include "tests/served/server_process.h"
#include "tests/served/tokens.h"
#include "tests/server/raw_client.h"

namespace engram {
namespace {

using ::testing::HasSubstr;

enum class Kind {
  kNone,
  kGarbage,
  kDamaged,
  kUnknown,
  kUnknownAdmin,
  kExpired,
  kRevoked,
  kOfDroppedTenant,
  kReadOnly,
  kWriteOnly,
  kOtherNamespace,
  kOtherTenant,
  kFull,
  kAdmin,
  // JSON Web Tokens.
  kTokenForged,
  kTokenOfNoAlgorithm,
  kTokenExpired,
  kTokenOfDroppedTenant,
  kTokenReadOnly,
  kTokenOtherNamespace,
  kTokenOtherTenant,
  kTokenFull,
};
constexpr Kind kKinds[] = {Kind::kNone,
                           Kind::kGarbage,
                           Kind::kDamaged,
                           Kind::kUnknown,
                           Kind::kUnknownAdmin,
                           Kind::kExpired,
                           Kind::kRevoked,
                           Kind::kOfDroppedTenant,
                           Kind::kReadOnly,
                           Kind::kWriteOnly,
                           Kind::kOtherNamespace,
                           Kind::kOtherTenant,
                           Kind::kFull,
                           Kind::kAdmin,
                           Kind::kTokenForged,
                           Kind::kTokenOfNoAlgorithm,
                           Kind::kTokenExpired,
                           Kind::kTokenOfDroppedTenant,
                           Kind::kTokenReadOnly,
                           Kind::kTokenOtherNamespace,
                           Kind::kTokenOtherTenant,
                           Kind::kTokenFull};

const char* NameOf(Kind kind) {
  constexpr const char* kNames[] = {"none",
                                    "garbage",
                                    "damaged",
                                    "unknown",
                                    "unknown admin",
                                    "expired",
                                    "revoked",
                                    "of a dropped tenant",
                                    "read only",
                                    "write only",
                                    "other namespace",
                                    "other tenant",
                                    "full",
                                    "admin",
                                    "a forged token",
                                    "a token of no algorithm",
                                    "an expired token",
                                    "a token of a dropped tenant",
                                    "a token read only",
                                    "a token for another namespace",
                                    "a token of another tenant",
                                    "a full token"};
  return kNames[static_cast<int>(kind)];
}

uint8_t Rights(std::initializer_list<Right> rights) {
  uint8_t bits = 0;
  for (const Right right : rights) bits |= static_cast<uint8_t>(right);
  return bits;
}
const uint8_t kFullRights = Rights({Right::kRead, Right::kWrite, Right::kImport, Right::kManage, Right::kMetrics});

constexpr int kUnauthorised = 401;
constexpr int kForbidden = 403;
constexpr int kLetIn = 0;  // whatever the handler says

int Expected(Kind kind, Right needed, bool names_namespace) {
  const auto if_any = [&](std::initializer_list<Right> rights) {
    return std::find(rights.begin(), rights.end(), needed) != rights.end() ? kLetIn : kForbidden;
  };
  switch (kind) {
    case Kind::kTokenReadOnly:
    case Kind::kReadOnly: return if_any({Right::kRead, Right::kStatus});
    case Kind::kWriteOnly: return if_any({Right::kWrite, Right::kStatus});
    case Kind::kTokenOtherNamespace:
    case Kind::kOtherNamespace: return names_namespace || needed == Right::kOperate ? kForbidden : kLetIn;
    case Kind::kTokenOtherTenant:
    case Kind::kTokenFull:
    case Kind::kOtherTenant:
    case Kind::kFull: return needed == Right::kOperate ? kForbidden : kLetIn;
    case Kind::kAdmin: return if_any({Right::kOperate, Right::kMetrics, Right::kStatus});
    default: return kUnauthorised;
  }
}

// One server for all cases: it is only asked what changes nothing that another case looks at.
class AccessMatrixTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string pattern = (std::filesystem::temp_directory_path() / "engram-access-XXXXXX").string();
    folder_ = new std::string(mkdtemp(pattern.data()));
    tokens_ = new std::map<Kind, std::string>;
    MakeStore();
    auto server =
        ServerProcess::Start(ENGRAM_BINARY, *folder_ + "/data", *folder_,
                             {"--admin-key-file", *folder_ + "/admin.key", "--jwt-config", *folder_ + "/jwt.json"});
    ASSERT_TRUE(server.ok()) << server.status().message();
    server_ = server->release();
  }
  static void TearDownTestSuite() {
    delete server_;
    std::error_code ignored;
    std::filesystem::remove_all(*folder_, ignored);
    delete folder_;
    delete tokens_;
  }

  static RawReply Call(Kind kind, const std::string& method, const std::string& target, const std::string& body = {}) {
    const std::string& token = tokens_->at(kind);
    std::vector<std::string> fields;
    if (!token.empty()) fields.push_back("Authorization: Bearer " + token);
    if (!body.empty()) fields.push_back("Content-Type: application/json");
    std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n",
                                   method, target, body.size());
    for (const std::string& field : fields) head += field + "\r\n";
    RawClient client(server_->port());
    auto reply = client.Call(head + "\r\n" + body);
    EXPECT_TRUE(reply.has_value()) << method << " " << target;
    return reply.value_or(RawReply());
  }

  static std::string Filled(std::string pattern, const std::string& ns = "scratch") {
    const std::pair<std::string, std::string> values[] = {
        {"{ns}", ns}, {"{id}", "m"}, {"{run_id}", "r"}, {"{tenant}", "nobody"}, {"{key}", "none"}};
    for (const auto& [name, value] : values) {
      const size_t at = pattern.find(name);
      if (at != std::string::npos) pattern.replace(at, name.size(), value);
    }
    return pattern;
  }

 private:
  // In the year 2020, so that a key may have expired without anybody waiting.
  static void MakeStore() {
    const ManualClock clock(Timestamp::FromSeconds(1'577'836'800));
    EngineOptions options;
    options.data_dir = *folder_ + "/data";
    options.clock = &clock;
    auto engine = Engine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    KeyVault vault(options.data_dir);
    const auto change = [&](const std::string& tenant, auto what) {
      const Status status = (*engine)->Write(MutationOf({tenant, std::move(what)})).status;
      ASSERT_TRUE(status.ok()) << status.ToString();
    };
    const auto add = [&](Kind kind, const std::string& tenant, uint8_t rights, std::vector<std::string> namespaces = {},
                         std::optional<Timestamp> expires_at = {}) {
      const NewApiKey made = MakeApiKey();
      const auto hash = vault.Hash(made.token);
      ASSERT_TRUE(hash.ok()) << hash.status().ToString();
      ApiKey key;
      key.id = made.id;
      key.hash = *hash;
      key.rights = rights;
      key.namespaces = std::move(namespaces);
      key.expires_at = expires_at;
      change(tenant, CreateApiKey{key});
      (*tokens_)[kind] = made.token;
    };
    for (const char* tenant : {"acme", "other", "gone"}) change(tenant, CreateTenant{});
    add(Kind::kFull, "acme", kFullRights);
    add(Kind::kReadOnly, "acme", Rights({Right::kRead}));
    add(Kind::kWriteOnly, "acme", Rights({Right::kWrite}));
    add(Kind::kOtherNamespace, "acme", kFullRights, {"elsewhere", "chat-*"});
    add(Kind::kExpired, "acme", kFullRights, {}, Timestamp::FromSeconds(1'577'836'900));
    add(Kind::kRevoked, "acme", kFullRights);
    change("acme", RevokeApiKey{*ParseApiKey(tokens_->at(Kind::kRevoked))});
    add(Kind::kOtherTenant, "other", kFullRights);
    add(Kind::kOfDroppedTenant, "gone", kFullRights);
    change("gone", DropTenant{});
    (*tokens_)[Kind::kNone] = "";
    (*tokens_)[Kind::kGarbage] = "letmein";
    std::string damaged = tokens_->at(Kind::kFull);
    damaged[30] = damaged[30] == 'x' ? 'y' : 'x';
    (*tokens_)[Kind::kDamaged] = damaged;
    (*tokens_)[Kind::kUnknown] = MakeApiKey().token;
    (*tokens_)[Kind::kUnknownAdmin] = MakeAdminKey();
    (*tokens_)[Kind::kAdmin] = MakeAdminKey();
    std::ofstream(*folder_ + "/admin.key") << tokens_->at(Kind::kAdmin) << "\n";
    MakeTokens();
  }
  static void MakeTokens() {
    const TokenSigner signer = TokenSigner::EdDsa();
    std::ofstream(*folder_ + "/jwt.pem") << signer.KeyText();
    std::ofstream(*folder_ + "/jwt.json")
        << R"({"issuer":"us","audience":"engram","keys":[{"algorithm":"EdDSA","file":"jwt.pem"}]})";
    const std::string all = R"("read","write","import","admin","metrics")";
    const auto claims = [](const std::string& tenant, const std::string& verbs, long valid_seconds,
                           const std::string& more = {}) {
      const auto now = static_cast<long>(std::time(nullptr));
      return fmt::format(R"({{"iss":"us","aud":"engram","iat":{},"exp":{},"tenant":"{}","verbs":[{}]{}}})", now - 7200,
                         now + valid_seconds, tenant, verbs, more);
    };
    constexpr long kHour = 3600;
    std::map<Kind, std::string>& tokens = *tokens_;
    tokens[Kind::kTokenFull] = signer.Sign(claims("acme", all, kHour));
    tokens[Kind::kTokenReadOnly] = signer.Sign(claims("acme", R"("read")", kHour));
    tokens[Kind::kTokenOtherNamespace] =
        signer.Sign(claims("acme", all, kHour, R"(,"namespaces":["elsewhere","chat-*"])"));
    tokens[Kind::kTokenOtherTenant] = signer.Sign(claims("other", all, kHour));
    tokens[Kind::kTokenOfDroppedTenant] = signer.Sign(claims("gone", all, kHour));
    tokens[Kind::kTokenExpired] = signer.Sign(claims("acme", all, -kHour));
    tokens[Kind::kTokenForged] = TokenSigner::EdDsa().Sign(claims("acme", all, kHour));
    tokens[Kind::kTokenOfNoAlgorithm] =
        Base64UrlOf(R"({"alg":"none"})") + "." + Base64UrlOf(claims("acme", all, kHour)) + ".";
  }

 protected:
  static std::string* folder_;
  static std::map<Kind, std::string>* tokens_;
  static ServerProcess* server_;
};

std::string* AccessMatrixTest::folder_ = nullptr;
std::map<Kind, std::string>* AccessMatrixTest::tokens_ = nullptr;
ServerProcess* AccessMatrixTest::server_ = nullptr;

TEST_F(AccessMatrixTest, EveryRouteAnswersEveryKindOfCredentialAsItShould) {
  size_t asked = 0;
  for (const ApiRoute& route : ApiRoutes()) {
    const bool names_namespace = route.pattern.find("{ns}") != std::string::npos;
    for (const Kind kind : kKinds) {
      SCOPED_TRACE(fmt::format("{} {} with a key that is: {}", route.method, route.pattern, NameOf(kind)));
      const RawReply reply = Call(kind, route.method, Filled(route.pattern), route.request != nullptr ? "{}" : "");
      ++asked;
      const int expected = Expected(kind, route.right, names_namespace);
      if (expected == kLetIn) {
        EXPECT_NE(reply.status, kUnauthorised) << reply.body;
        EXPECT_NE(reply.status, kForbidden) << reply.body;
        EXPECT_LT(reply.status, 500) << reply.body;
        EXPECT_GT(reply.status, 0);
        continue;
      }
      EXPECT_EQ(reply.status, expected) << reply.body;
      EXPECT_EQ(reply.Field("WWW-Authenticate").empty(), expected != kUnauthorised) << reply.head;
      if (expected == kForbidden) {
        EXPECT_THAT(reply.body, HasSubstr("\"needs\""));
      }
    }
  }
  EXPECT_EQ(asked, ApiRoutes().size() * std::size(kKinds));
}

// What each route asks for, written out: a change of it is a change of this list.
TEST_F(AccessMatrixTest, NoRouteIsOpenAndEachAsksForWhatThisListSays) {
  const std::vector<std::string> not_only_read = {
      "PUT /v1/namespaces/{ns}: write",
      "PATCH /v1/namespaces/{ns}: admin",
      "DELETE /v1/namespaces/{ns}: admin",
      "POST /v1/namespaces/{ns}/memories: write",
      "PATCH /v1/namespaces/{ns}/memories/{id}: write",
      "DELETE /v1/namespaces/{ns}/memories/{id}: write",
      "POST /v1/namespaces/{ns}/memories/{id}:feedback: write",
      "POST /v1/namespaces/{ns}/memories:update: write",
      "POST /v1/namespaces/{ns}/memories:delete: write",
      "PUT /v1/namespaces/{ns}/runs/{run_id}: write",
      "DELETE /v1/namespaces/{ns}/runs/{run_id}: write",
      "POST /v1/namespaces/{ns}/edges: write",
      "POST /v1/namespaces/{ns}/edges:delete: write",
      "PUT /v1/namespaces/{ns}/nodes/{id}: write",
      "POST /v1/namespaces/{ns}/imports:rollback: import",
      "GET /v1/status: status",
      "POST /v1/admin/tenants: operate",
      "GET /v1/admin/tenants: operate",
      "GET /v1/admin/tenants/{tenant}: operate",
      "PATCH /v1/admin/tenants/{tenant}: operate",
      "DELETE /v1/admin/tenants/{tenant}: operate",
      "POST /v1/admin/tenants/{tenant}/keys: operate",
      "GET /v1/admin/tenants/{tenant}/keys: operate",
      "DELETE /v1/admin/tenants/{tenant}/keys/{key}: operate",
      "POST /v1/admin/tenants/{tenant}/keys/{key}:rotate: operate",
      "POST /v1/admin/backups: operate",
      "GET /v1/admin/backups: operate",
      "POST /v1/admin/backups:cancel: operate",
      "POST /v1/admin/backups:prune: operate",
      "GET /v1/admin/store: operate",
      "POST /v1/admin/verify: operate",
      "GET /v1/admin/verify: operate",
      "POST /v1/admin/verify:cancel: operate",
  };
  std::vector<std::string> found;
  for (const ApiRoute& route : ApiRoutes()) {
    EXPECT_NE(route.right, Right::kNone) << route.pattern;
    if (route.right == Right::kRead) {
      EXPECT_TRUE(route.method == "GET" || route.method == "POST") << route.method << " " << route.pattern;
      continue;
    }
    std::string verb(VerbOf(route.right));
    if (route.right == Right::kStatus) verb = "status";
    if (route.right == Right::kOperate) verb = "operate";
    found.push_back(fmt::format("{} {}: {}", route.method, route.pattern, verb));
  }
  EXPECT_THAT(found, ::testing::UnorderedElementsAreArray(not_only_read));
}

TEST_F(AccessMatrixTest, HealthNeedsNoKeyAndMetricsOneThatMaySeeTheWholeServer) {
  for (const Kind kind : kKinds) {
    SCOPED_TRACE(NameOf(kind));
    EXPECT_EQ(Call(kind, "GET", "/healthz").status, 200);
    EXPECT_EQ(Call(kind, "GET", "/readyz").status, 200);
    const int expected = Expected(kind, Right::kMetrics, false);
    EXPECT_EQ(Call(kind, "GET", "/metrics").status, expected == kLetIn ? 200 : expected);
    // Without a key nobody learns which paths there are.
    const int unknown = Expected(kind, Right::kStatus, false);
    EXPECT_EQ(Call(kind, "GET", "/v1/nothing").status, unknown == kLetIn ? 404 : unknown);
    EXPECT_EQ(Call(kind, "PUT", "/v1/status").status, unknown == kLetIn ? 405 : unknown);
  }
}

// The same name in the tenant's own, empty, world: not a byte tells that another tenant has it.
TEST_F(AccessMatrixTest, AnotherTenantsNamespaceLooksLikeNone) {
  const std::string memory = R"({"memories":[{"id":"m","text":"a secret of acme"}]})";
  ASSERT_EQ(Call(Kind::kFull, "POST", "/v1/namespaces/taken/memories", memory).status, 200);
  for (const ApiRoute& route : ApiRoutes()) {
    if (route.right != Right::kRead || route.pattern.find("{ns}") == std::string::npos) continue;
    SCOPED_TRACE(route.method + " " + route.pattern);
    const std::string body = route.request != nullptr ? R"({})" : "";
    const RawReply taken = Call(Kind::kOtherTenant, route.method, Filled(route.pattern, "taken"), body);
    const RawReply never = Call(Kind::kOtherTenant, route.method, Filled(route.pattern, "never"), body);
    const auto as_never = [](std::string text) {
      for (size_t at = text.find("taken"); at != std::string::npos; at = text.find("taken"))
        text.replace(at, 5, "never");
      return text;
    };
    EXPECT_EQ(taken.status, never.status);
    EXPECT_EQ(as_never(taken.head), never.head);
    EXPECT_EQ(as_never(taken.body), never.body);
  }
  const RawReply listed = Call(Kind::kOtherTenant, "GET", "/v1/namespaces");
  EXPECT_EQ(listed.body.find("taken"), std::string::npos) << listed.body;
  const RawReply status = Call(Kind::kReadOnly, "GET", "/v1/status");
  EXPECT_EQ(status.body.find("disk_bytes"), std::string::npos) << status.body;
}

TEST_F(AccessMatrixTest, AKeyForSomeNamespacesSeesAndNamesThoseAlone) {
  const std::string memory = R"({"memories":[{"id":"m","text":"tea"}]})";
  ASSERT_EQ(Call(Kind::kFull, "POST", "/v1/namespaces/chat-1/memories", memory).status, 200);
  ASSERT_EQ(Call(Kind::kFull, "POST", "/v1/namespaces/hidden/memories", memory).status, 200);
  EXPECT_EQ(Call(Kind::kOtherNamespace, "GET", "/v1/namespaces/chat-1/memories/m").status, 200);
  EXPECT_EQ(Call(Kind::kOtherNamespace, "GET", "/v1/namespaces/chat-%31/memories/m").status, 200);
  for (const char* ns : {"hidden", "never", "chat", "chat_1", "elsewhere2", "Elsewhere", "chat%2D1x%2F", "*"}) {
    const RawReply reply = Call(Kind::kOtherNamespace, "GET", fmt::format("/v1/namespaces/{}/memories/m", ns));
    const bool allowed = std::string_view(ns).starts_with("chat%2D");  // an encoded prefix is the prefix
    EXPECT_EQ(reply.status, allowed ? 400 : 403) << ns << reply.body;
  }
  const RawReply listed = Call(Kind::kOtherNamespace, "GET", "/v1/namespaces");
  EXPECT_THAT(listed.body, HasSubstr("chat-1"));
  EXPECT_EQ(listed.body.find("hidden"), std::string::npos) << listed.body;
  // A name of others can't be taken by an alias.
  const RawReply alias =
      Call(Kind::kOtherNamespace, "PATCH", "/v1/namespaces/chat-1", R"({"aliases":["chat-2","not-mine"]})");
  EXPECT_EQ(alias.status, 403) << alias.body;
  EXPECT_EQ(Call(Kind::kOtherNamespace, "PUT", "/v1/namespaces/chat-9", R"({"aliases":["not-mine"]})").status, 403);
  EXPECT_EQ(Call(Kind::kOtherNamespace, "PATCH", "/v1/namespaces/chat-1", R"({"aliases":["chat-2"]})").status, 200);
}

TEST_F(AccessMatrixTest, ARefusalSaysWhatIsWrongToWhoHoldsTheKeyAndNothingToOthers) {
  const auto message = [](Kind kind) { return Call(kind, "GET", "/v1/status").body; };
  EXPECT_THAT(message(Kind::kNone), HasSubstr("Authorization: Bearer"));
  EXPECT_THAT(message(Kind::kDamaged), HasSubstr("checksum"));
  EXPECT_THAT(message(Kind::kExpired), HasSubstr("expired at 2020-01-01T00:01:40Z"));
  EXPECT_THAT(message(Kind::kRevoked), HasSubstr("was revoked at 2020-01-01T00:00:00Z"));
  EXPECT_THAT(message(Kind::kTokenExpired), HasSubstr("the token has expired"));
  EXPECT_THAT(message(Kind::kTokenForged), HasSubstr("signature"));
  EXPECT_THAT(message(Kind::kTokenOfDroppedTenant), HasSubstr("a tenant that this server does not have"));
  // A right id with a wrong secret is as unknown as a wrong id.
  EXPECT_EQ(message(Kind::kUnknown), message(Kind::kOfDroppedTenant));
  EXPECT_EQ(message(Kind::kUnknown), message(Kind::kUnknownAdmin));
}

// More than any header may have, as a token.
TEST_F(AccessMatrixTest, ATokenOfAMegabyteIsNotEvenRead) {
  RawClient client(server_->port());
  const auto reply = client.Call("GET /v1/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
                                 std::string(1 << 20, 'a') + ".a.a\r\n\r\n");
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->status, 431);
}

// DNS rebinding and other pages: checked on loopback with keys as without.
TEST_F(AccessMatrixTest, ForeignHostsAndOriginsAreRefusedBeforeTheKeyIsLookedAt) {
  const auto ask = [&](const std::string& fields) {
    RawClient client(server_->port());
    const auto reply = client.Call("GET /v1/status HTTP/1.1\r\n" + fields + "Authorization: Bearer " +
                                   tokens_->at(Kind::kFull) + "\r\nConnection: close\r\n\r\n");
    return reply ? reply->status : 0;
  };
  const std::string own = fmt::format("localhost:{}", server_->port());
  EXPECT_EQ(ask("Host: " + own + "\r\n"), 200);
  EXPECT_EQ(ask("Host: " + own + "\r\nOrigin: http://" + own + "\r\n"), 200);
  EXPECT_EQ(ask("Host: evil.example\r\n"), 403);
  EXPECT_EQ(ask("Host: 127.0.0.1.nip.io\r\n"), 403);
  EXPECT_EQ(ask("Host: " + own + "\r\nOrigin: http://evil.example\r\n"), 403);
  EXPECT_EQ(ask("Host: " + own + "\r\nOrigin: null\r\n"), 403);
}

}  // namespace
}  // namespace engram
