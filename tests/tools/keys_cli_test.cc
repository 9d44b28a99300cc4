// engram keys and a server that wants keys, from outside.
#include <sys/stat.h>

#include <csignal>
#include <ctime>
#include <filesystem>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "server/api_key.h"
#include "server/audit_check.h"
#include "tests/served/tokens.h"
#include "tests/server/raw_client.h"
#include "tests/tools/cli_run.h"

namespace engram {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class KeysCliTest : public CliTest {
 protected:
  // A server over "store" that wants keys; `at_` is its address.
  void Serve(const std::string& options = "--admin-key-file admin.key") {
    std::filesystem::remove(Path("port"));
    server_.reset();
    server_ = std::make_unique<CliProcess>(
        folder_, "serve --data store --listen 127.0.0.1:0 --port-file port " + options, Path("log"));
    while (server_->Running() && ReadFile("port").empty()) std::this_thread::yield();
    ASSERT_FALSE(ReadFile("port").empty()) << ReadFile("log");
    port_ = static_cast<uint16_t>(std::stoi(ReadFile("port")));
    at_ = fmt::format(" --server http://127.0.0.1:{} ", port_);
  }
  void Stop() {
    server_->Signal(SIGTERM);
    EXPECT_EQ(server_->Wait(), 0) << ReadFile("log");
    server_.reset();
  }
  std::string Admin(const std::string& command) {
    const CliResult result = Run("keys " + command + at_ + "--admin-key-file admin.key");
    EXPECT_EQ(result.code, 0) << command << "\n" << result.output;
    return result.output;
  }
  std::string KeyIn(const std::string& file) const {
    const std::string text = ReadFile(file);
    return text.substr(0, text.find('\n'));
  }
  std::string IdIn(const std::string& file) const {
    const auto id = ParseApiKey(KeyIn(file));
    EXPECT_TRUE(id.ok()) << id.status().ToString();
    return id.ok() ? *id : std::string();
  }

  std::unique_ptr<CliProcess> server_;
  uint16_t port_ = 0;
  std::string at_;
};

TEST_F(KeysCliTest, AKeyIsMadeUsedRotatedAndRevoked) {
  ASSERT_EQ(Run("keys admin admin.key").code, 0);
  struct stat about {};
  ASSERT_EQ(::stat(Path("admin.key").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  EXPECT_THAT(Run("keys admin admin.key").output, HasSubstr("admin.key is there already"));
  Serve();
  ASSERT_EQ(::stat(Path("store/key-secret").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);

  const CliResult without = Run("stats" + at_);
  EXPECT_EQ(without.code, 1);
  EXPECT_THAT(without.output, HasSubstr("wants a key"));
  EXPECT_THAT(without.output, HasSubstr("ENGRAM_KEY"));

  EXPECT_THAT(Admin("tenant add acme --max-memories 100"), HasSubstr("acme: 0 namespaces, 0 of 100 memories"));
  Admin("create --tenant acme --verb read --verb write --verb import --name app --out app.key");
  WriteFile("in.jsonl", "{\"id\":\"a\",\"text\":\"green tea\"}\n{\"id\":\"b\",\"text\":\"milk\"}\n");
  const std::string use = at_ + "--key-file app.key ";
  const CliResult imported = Run("import jsonl in.jsonl --namespace notes" + use);
  EXPECT_EQ(imported.code, 0) << imported.output;
  EXPECT_THAT(Run("search tea --namespace notes" + use).output, HasSubstr("green tea"));
  EXPECT_EQ(Run("stats" + use).code, 0);
  EXPECT_EQ(Run("export --namespace notes --out out.jsonl" + use).code, 0);
  EXPECT_EQ(Run("stats" + at_ + "--key " + KeyIn("app.key")).code, 0);
  EXPECT_THAT(Admin("tenant list"), HasSubstr("acme: 1 namespaces, 2 of 100 memories"));
  const CliResult misused = Run("keys tenant list" + use);
  EXPECT_EQ(misused.code, 1);
  EXPECT_THAT(misused.output, HasSubstr("needs the admin key"));

  const std::string listed = Admin("list --tenant acme");
  EXPECT_THAT(listed, HasSubstr(IdIn("app.key")));
  EXPECT_THAT(listed, HasSubstr("active"));
  EXPECT_THAT(listed, HasSubstr("app"));
  EXPECT_THAT(listed, Not(HasSubstr(KeyIn("app.key"))));

  Admin("rotate --tenant acme " + IdIn("app.key") + " --out new.key");
  EXPECT_EQ(Run("stats" + use).code, 0);
  EXPECT_EQ(Run("stats" + at_ + "--key-file new.key").code, 0);
  EXPECT_THAT(Admin("revoke --tenant acme " + IdIn("app.key")), HasSubstr("is revoked"));
  EXPECT_THAT(Run("stats" + use).output, HasSubstr("was revoked"));
  Stop();
  Serve();
  EXPECT_EQ(Run("stats" + at_ + "--key-file app.key").code, 1);
  EXPECT_EQ(Run("stats" + at_ + "--key-file new.key").code, 0);

  EXPECT_THAT(Run("keys tenant drop acme" + at_ + "--admin-key-file admin.key").output, HasSubstr("--yes"));
  Admin("tenant drop acme --yes");
  EXPECT_EQ(Run("stats" + at_ + "--key-file new.key").code, 1);
  Stop();
  const CliResult audit = Run("keys audit store/audit.log");
  EXPECT_EQ(audit.code, 0) << audit.output;
  const std::string log = ReadFile("store/audit.log");
  for (const char* event :
       {"tenant.create", "key.create", "key.rotate", "key.revoke", "key.refused", "right.refused", "tenant.drop"}) {
    EXPECT_THAT(log, HasSubstr(fmt::format("\"event\":\"{}\"", event)));
  }
}

// Who has the folder needs no admin key, and a folder with keys is never served without.
TEST_F(KeysCliTest, AKeyMadeInTheFolderClosesTheDoor) {
  ASSERT_EQ(Run("keys create --tenant default --verb read --out r.key --data store").code, 0);
  Serve("");
  EXPECT_EQ(Run("stats" + at_).code, 1);
  EXPECT_EQ(Run("stats" + at_ + "--key-file r.key").code, 0);
  Stop();
  ASSERT_EQ(Run("keys revoke --tenant default " + IdIn("r.key") + " --data store").code, 0);
  Serve("");
  EXPECT_EQ(Run("stats" + at_).code, 1);
  EXPECT_EQ(Run("stats" + at_ + "--key-file r.key").code, 1);
  Stop();
  EXPECT_THAT(ReadFile("store/audit.log"), HasSubstr("\"event\":\"key.revoke\""));
}

TEST_F(KeysCliTest, WithoutTheSecretOfTheStoreNothingIsServed) {
  ASSERT_EQ(Run("keys create --tenant default --verb read --out r.key --data store").code, 0);
  std::filesystem::permissions(Path("store/key-secret"), std::filesystem::perms(0640));
  CliResult refused = Run("serve --data store --listen 127.0.0.1:0");
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.output, HasSubstr("chmod 600"));
  std::filesystem::remove(Path("store/key-secret"));
  refused = Run("serve --data store --listen 127.0.0.1:0");
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.output, HasSubstr("key-secret is missing"));
  EXPECT_FALSE(std::filesystem::exists(Path("store/key-secret")));
}

// What was dropped stays dropped: with keys, without, and for who has the folder, until somebody makes it again.
TEST_F(KeysCliTest, ADroppedDefaultTenantComesBackOnlyWhenSomebodyMakesIt) {
  ASSERT_EQ(Run("keys admin admin.key").code, 0);
  Serve();
  EXPECT_THAT(Admin("tenant list"), HasSubstr("default: 0 namespaces"));
  Admin("tenant drop default --yes");
  Stop();
  Serve();
  EXPECT_THAT(Admin("tenant list"), Not(HasSubstr("default")));
  Stop();
  const CliResult open = Run("serve --data store --listen 127.0.0.1:0");
  EXPECT_EQ(open.code, 1);
  EXPECT_THAT(open.output, HasSubstr("engram keys tenant add default"));
  const CliResult offline = Run("stats --data store");
  EXPECT_EQ(offline.code, 1);
  EXPECT_THAT(offline.output, HasSubstr("engram keys tenant add default"));
  EXPECT_EQ(Run("keys tenant add default --data store").code, 0);
  Serve("");
  EXPECT_EQ(Run("stats" + at_).code, 0);
  Stop();
}

TEST_F(KeysCliTest, TheAuditLogGoesOnInOtherFilesAndIsCheckedOverAllOfThem) {
  ASSERT_EQ(Run("keys admin admin.key").code, 0);
  Serve("--admin-key-file admin.key --audit-log-max-mib 1 --audit-log-files 3");
  for (int i = 0; i < 3; ++i) Admin(fmt::format("tenant add t{}", i));
  Stop();
  const CliResult whole = Run("keys audit store/audit.log");
  EXPECT_EQ(whole.code, 0);
  EXPECT_THAT(whole.output, HasSubstr("in 1 file,"));
  std::filesystem::rename(Path("store/audit.log"), Path("store/audit.log.000000000001"));
  Serve();
  Admin("tenant add last");
  Stop();
  const CliResult both = Run("keys audit store/audit.log");
  EXPECT_EQ(both.code, 0) << both.output;
  EXPECT_THAT(both.output, HasSubstr("in 2 files,"));
  EXPECT_EQ(Run("serve --data store --audit-log-max-mib 0").code, 2);
}

TEST_F(KeysCliTest, MistakesAreSaidAsTheyAre) {
  const auto says = [&](const std::string& arguments, int code, const std::string& text) {
    const CliResult result = Run(arguments);
    EXPECT_EQ(result.code, code) << arguments;
    EXPECT_THAT(result.output, HasSubstr(text)) << arguments;
  };
  WriteFile("not.key", "hello\n");
  WriteFile("empty.key", "\n");
  says("keys", 2, "subcommand");
  says("keys create --tenant x --data store", 2, "--verb");
  says("keys create --tenant nobody --verb read --data store", 1, "there is no tenant \"nobody\"");
  says("keys create --tenant default --verb fly --data store", 1, "a verb is read, write");
  says("keys create --tenant default --verb read --out not.key --data store", 1, "not.key is there already");
  says("keys list --tenant default --data store", 0, "");
  says("serve --data store --listen 127.0.0.1:0 --admin-key-file not.key", 1, "engram keys admin");
  says("serve --data store --listen 127.0.0.1:0 --admin-key-file missing", 1, "missing");
  says("serve --data store --listen 127.0.0.1:0 --jwt-config missing.json", 1, "missing.json");
  WriteFile("jwt.json", R"({"issuer":"us","audience":"engram","keys":[{"algorithm":"none","file":"not.key"}]})");
  says("serve --data store --listen 127.0.0.1:0 --jwt-config jwt.json", 1, "(at keys[0].algorithm)");
  says("stats --server http://127.0.0.1:1 --key-file empty.key", 1, "empty.key holds no key");
  says("keys audit missing", 1, "can't read missing");
}

// Keys are planted wherever they could be sent by mistake or on purpose, and looked for wherever anything is written.
TEST_F(KeysCliTest, NoSecretIsWrittenAnywhere) {
  ASSERT_EQ(Run("keys admin admin.key").code, 0);
  const TokenSigner signer = TokenSigner::Hs256("shared-canary-0123456789abcdef01234567");
  WriteFile("jwt.secret", signer.KeyText());
  std::filesystem::permissions(Path("jwt.secret"), std::filesystem::perms(0600));
  WriteFile("jwt.json", R"({"issuer":"us","audience":"engram","keys":[{"algorithm":"HS256","file":"jwt.secret"}]})");
  Serve("--admin-key-file admin.key --jwt-config jwt.json --log-level debug");
  Admin("tenant add acme");
  Admin("create --tenant acme --verb read --verb write --verb metrics --out app.key");
  const std::string key = KeyIn("app.key");
  const std::string admin = KeyIn("admin.key");
  std::string damaged = key;
  damaged.back() = damaged.back() == 'x' ? 'y' : 'x';
  const auto now = static_cast<long>(std::time(nullptr));
  const std::string claims =
      fmt::format(R"({{"iss":"us","aud":"engram","iat":{},"exp":{},"tenant":"acme","verbs":["read","write","metrics"],)"
                  R"("sub":"ann","email":"canary@example.com"}})",
                  now, now + 3600);
  const std::string token = signer.Sign(claims);
  const std::string forged = TokenSigner::Hs256(std::string(32, 'x')).Sign(claims);
  std::string replies;  // to requests that carry no key but in their header
  const auto send = [&](const std::string& line, const std::string& authorization, const std::string& body = {}) {
    RawClient client(port_);
    const auto reply = client.Call(
        fmt::format("{} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\nConnection: close\r\nContent-Type: "
                    "application/json\r\nContent-Length: {}\r\n\r\n{}",
                    line, authorization, body.size(), body));
    ASSERT_TRUE(reply.has_value()) << line;
    if (line.find("engram_") == std::string::npos && line.find("eyJ") == std::string::npos)
      replies += reply->head + reply->body;
  };
  for (const std::string& secret : {key, admin, damaged, MakeApiKey().token, token, forged}) {
    send("GET /v1/status", "Bearer " + secret);
    send("GET /v1/status", "Basic " + secret);
    send("GET /v1/status", secret);
    send("POST /v1/admin/tenants", "Bearer " + secret, "{\"name\":\"x/y\"}");
    send("GET /v1/" + secret, "Bearer " + key);
    send("GET /v1/" + secret, "Bearer " + token);
    send("GET /v1/namespaces/" + secret + "/memories/m", "Bearer " + key);
    send("DELETE /v1/admin/tenants/acme/keys/" + secret, "Bearer " + admin);
    send("GET /" + secret, "Bearer " + damaged);
  }
  // What a request carries in its query is not logged at all; a reply may quote it to who has sent it.
  RawClient query(port_);
  ASSERT_TRUE(query.Call("GET /v1/status?key=" + key + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + key +
                         "\r\nConnection: close\r\n\r\n"));
  RawClient metrics(port_);
  const auto numbers = metrics.Call("GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + key +
                                    "\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(numbers.has_value());
  EXPECT_EQ(numbers->status, 200);
  Stop();
  const size_t secret_at = key.size() - 49;
  const std::string signature = token.substr(token.rfind('.') + 1);
  const std::string payload = token.substr(token.find('.') + 1, 40);
  for (const std::string& secret :
       {key.substr(secret_at, 43), admin.substr(admin.size() - 49, 43), signature, payload,
        forged.substr(forged.rfind('.') + 1), std::string("canary@example.com"), signer.KeyText()}) {
    EXPECT_THAT(ReadFile("log"), Not(HasSubstr(secret)));
    EXPECT_THAT(ReadFile("store/audit.log"), Not(HasSubstr(secret)));
    EXPECT_THAT(numbers->body, Not(HasSubstr(secret)));
    EXPECT_THAT(replies, Not(HasSubstr(secret)));
    size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(Path("store"))) {
      if (!entry.is_regular_file()) continue;
      ++files;
      EXPECT_THAT(ReadFile("store/" + std::filesystem::relative(entry.path(), Path("store")).string()),
                  Not(HasSubstr(secret)))
          << entry.path();
    }
    EXPECT_GT(files, 3U);
  }
  EXPECT_THAT(ReadFile("log"), HasSubstr("\"key\":\"" + *ParseApiKey(key) + "\""));
  EXPECT_THAT(ReadFile("log"), HasSubstr("\"key\":\"jwt:ann\""));
  EXPECT_TRUE(VerifyAuditLog(Path("store/audit.log")).ok());
}

}  // namespace
}  // namespace engram
