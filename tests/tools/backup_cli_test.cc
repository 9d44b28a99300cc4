// Backups, the archive and the way back, as an operator types them.
#include <csignal>
#include <filesystem>
#include <memory>
#include <thread>

#include <gmock/gmock.h>

#include "client/cpp/backup_client.h"
#include "client/cpp/client.h"
#include "client/cpp/http_transport.h"
#include "tests/tools/cli_run.h"

namespace engram {
namespace {

using ::testing::HasSubstr;

class BackupCliTest : public CliTest {
 protected:
  // Waits for the port file, which comes when requests are served.
  uint16_t PortOf(CliProcess& server) {
    while (server.Running() && ReadFile("port").empty()) std::this_thread::yield();
    const std::string port = ReadFile("port");
    return port.empty() ? uint16_t{0} : static_cast<uint16_t>(std::stoi(port));
  }

  std::string Serve(const std::string& options) const {
    std::filesystem::remove(Path("port"));
    return "serve --data store --listen 127.0.0.1:0 --port-file port " + options;
  }

  void Import(const std::string& lines) const {
    WriteFile("memories.jsonl", lines);
    const CliResult imported = Run("import jsonl memories.jsonl --namespace ns --data store");
    ASSERT_EQ(imported.code, 0) << imported.output;
  }

  // The admin key's file, and a key for everything else.
  void MakeKeys() const {
    ASSERT_EQ(Run("keys admin admin.key").code, 0);
    const CliResult made =
        Run("keys create --tenant default --verb read --verb write --verb admin --data store --out app.key");
    ASSERT_EQ(made.code, 0) << made.output;
  }

  // Shows the key, if there is one.
  std::unique_ptr<Client> Connect(uint16_t port) const {
    ClientOptions options;
    options.port = port;
    const std::string key = ReadFile("app.key");
    options.key = key.substr(0, key.find('\n'));
    auto client = Client::Connect(options);
    EXPECT_TRUE(client.ok()) << client.status().ToString();
    return client.ok() ? *std::move(client) : nullptr;
  }

  void Put(uint16_t port, const std::string& id) const {
    const auto client = Connect(port);
    ASSERT_NE(client, nullptr);
    v1::WriteRequest request;
    v1::Memory& memory = *request.add_memories();
    memory.set_id(id);
    memory.set_text("about " + id);
    const auto reply = client->Write("ns", request);
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  }

  std::string Memories(const std::string& data) const {
    const std::string out = Run("stats --data " + data + " --namespace ns").output;
    const size_t at = out.find("memories");
    return out.substr(at, out.find('\n', at) - at);
  }
};

TEST_F(BackupCliTest, AFolderGoesIntoARepositoryAndComesBack) {
  Import("{\"id\":\"a\",\"text\":\"tea\"}\n{\"id\":\"b\",\"text\":\"milk\"}\n");
  const std::string memories = Memories("store");
  CliResult result = Run("backup create --data store --repo backups");
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("2 memories in 1 namespaces"));
  Import("{\"id\":\"c\",\"text\":\"water\"}\n");
  ASSERT_EQ(Run("backup create --data store --repo backups").code, 0);
  result = Run("backup list --repo backups --json");
  EXPECT_THAT(result.output, HasSubstr("\"memories\":2"));
  EXPECT_THAT(result.output, HasSubstr("\"memories\":3"));
  result = Run("backup verify --repo backups --backup 1 --restore --scratch .");
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("backup 1 is sound: restored and compared"));

  result = Run("restore --from backups --backup 1 --data restored");
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_EQ(Memories("restored"), memories);
  result = Run("restore --from backups --data restored");
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.output, HasSubstr("is not empty"));

  result = Run("backup prune --repo backups --keep 1");
  EXPECT_EQ(result.code, 0) << result.output;
  result = Run("restore --from backups --backup 1 --data again");
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.output, HasSubstr("no backup 1"));
}

TEST_F(BackupCliTest, AServerIsAskedForOne) {
  MakeKeys();
  {
    CliProcess server(folder_, Serve("--backup-dir backups --admin-key-file admin.key"), Path("log"));
    const uint16_t port = PortOf(server);
    ASSERT_NE(port, 0) << ReadFile("log");
    Put(port, "a");
    const std::string at = " --admin-key-file admin.key --server http://127.0.0.1:" + std::to_string(port);
    CliResult result = Run("backup create" + at);
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("1 memories in 1 namespaces"));
    EXPECT_THAT(Run("backup list" + at).output, HasSubstr("1 memories"));
    EXPECT_EQ(Run("backup prune --keep 1" + at).code, 0);
    EXPECT_EQ(Run("backup cancel" + at).code, 1) << "none is being taken";
    // The ledger follows without anybody asking.
    const auto client = Connect(port);
    ASSERT_NE(client, nullptr);
    ASSERT_TRUE(client->DeleteMemory("ns", "a", {}, /*erase=*/true).ok());
    while (server.Running() && ReadFile("backups/erasures").empty()) std::this_thread::yield();
    server.Signal(SIGTERM);
    EXPECT_EQ(server.Wait(), 0) << ReadFile("log");
  }
  const CliResult result = Run("restore --from backups --data restored");
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("1 later erasures done again"));
  EXPECT_FALSE(std::filesystem::exists(Path("restored/key-secret")));
  std::filesystem::copy_file(Path("store/key-secret"), Path("restored/key-secret"));
  EXPECT_THAT(Memories("restored"), HasSubstr("0"));
}

TEST_F(BackupCliTest, AServerWithoutAFolderForThemSaysSo) {
  MakeKeys();
  CliProcess server(folder_, Serve("--admin-key-file admin.key"), Path("log"));
  const uint16_t port = PortOf(server);
  ASSERT_NE(port, 0) << ReadFile("log");
  const CliResult result =
      Run("backup create --admin-key-file admin.key --server http://127.0.0.1:" + std::to_string(port));
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.output, HasSubstr("--backup-dir"));
}

TEST_F(BackupCliTest, OnlyTheAdminKeyMay) {
  MakeKeys();
  CliProcess server(folder_, Serve("--backup-dir backups --admin-key-file admin.key"), Path("log"));
  const uint16_t port = PortOf(server);
  ASSERT_NE(port, 0) << ReadFile("log");
  for (const char* what : {"create", "list", "cancel", "prune --keep 1"}) {
    const std::string command =
        std::string("backup ") + what + " --server http://127.0.0.1:" + std::to_string(port) + " ";
    EXPECT_THAT(Run(command + "--key-file app.key").output, HasSubstr("give a key")) << what;
    EXPECT_EQ(Run(command).code, 1) << what;
  }
  const std::string command = "backup create --server http://127.0.0.1:" + std::to_string(port);
  const CliResult result = Run(command + " --admin-key-file admin.key");
  EXPECT_EQ(result.code, 0) << result.output;
}

// Killed, so that nothing is archived at the end.
TEST_F(BackupCliTest, WhatWasArchivedSurvivesTheLossOfTheDataFolder) {
  for (const char* id : {"a", "b"}) {
    CliProcess server(folder_, Serve("--archive-dir archive --archive-seconds 1"), Path("log"));
    const uint16_t port = PortOf(server);
    ASSERT_NE(port, 0) << ReadFile("log");
    Put(port, id);
    const auto is_archived = [&] {
      for (const auto& file : std::filesystem::directory_iterator(Path("archive/log"))) {
        if (file.path().extension() != ".log") continue;  // not there yet
        const std::string name = "archive/log/" + file.path().filename().string();
        if (ReadFile(name).find(std::string("about ") + id) != std::string::npos) return true;
      }
      return false;
    };
    while (server.Running() && !is_archived()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ASSERT_TRUE(server.Running()) << ReadFile("log");
    server.Signal(SIGKILL);
    server.Wait();
  }
  std::filesystem::remove_all(Path("store"));
  CliResult result = Run("restore --archive archive --data restored");
  ASSERT_EQ(result.code, 0) << result.output;
  result = Run("export --data restored --namespace ns");
  EXPECT_THAT(result.output, HasSubstr("about a"));
  EXPECT_THAT(result.output, HasSubstr("about b"));
  result = Run("restore --archive archive --to-position 999999 --data further");
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.output, HasSubstr("the archive ends at"));
  EXPECT_EQ(Run("restore --data nothing").code, 1);
}

}  // namespace
}  // namespace engram
