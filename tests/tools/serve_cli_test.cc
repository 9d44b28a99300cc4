#include <csignal>
#include <filesystem>
#include <thread>

#include "client/cpp/client.h"
#include "server/position_token.h"
#include "tests/tools/cli_run.h"

namespace engram {
namespace {

class ServeCliTest : public CliTest {
 protected:
  // Waits for the port file, which comes when requests are served.
  uint16_t PortOf(CliProcess& server) {
    while (server.Running() && ReadFile("port").empty()) std::this_thread::yield();
    const std::string port = ReadFile("port");
    return port.empty() ? uint16_t{0} : static_cast<uint16_t>(std::stoi(port));
  }
};

constexpr const char* kServe = "serve --data store --listen 127.0.0.1:0 --port-file port";

TEST_F(ServeCliTest, ServesUntilASignalAndKeepsWhatWasWritten) {
  for (const int signal : {SIGTERM, SIGINT}) {
    std::filesystem::remove(Path("port"));
    CliProcess server(folder_, kServe, Path("log"));
    ClientOptions options;
    options.port = PortOf(server);
    ASSERT_NE(options.port, 0) << ReadFile("log");
    auto client = Client::Connect(options);
    ASSERT_TRUE(client.ok()) << client.status().ToString();
    v1::WriteRequest request;
    request.add_memories()->set_text("kept");
    ASSERT_TRUE((*client)->Write("notes", request).ok());
    server.Signal(signal);
    EXPECT_EQ(server.Wait(), 0);
    EXPECT_NE(ReadFile("log").find("\"event\":\"closed\""), std::string::npos) << ReadFile("log");
  }
  EXPECT_NE(Run("stats --data store --namespace notes").output.find("memories             2"), std::string::npos);
}

// With one worker, which the read would hold, the write it waits for would never be decided.
TEST_F(ServeCliTest, AReadThatWaitsForAPositionHoldsNoWorker) {
  CliProcess server(folder_, std::string(kServe) + " --worker-threads 1", Path("log"));
  ClientOptions options;
  options.port = PortOf(server);
  ASSERT_NE(options.port, 0) << ReadFile("log");
  auto writer = Client::Connect(options);
  auto reader = Client::Connect(options);
  ASSERT_TRUE(writer.ok() && reader.ok());
  v1::WriteRequest write;
  write.add_memories()->set_text("kept");
  const auto first = (*writer)->Write("notes", write);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  const auto position = DecodePosition(first->position());
  ASSERT_TRUE(position.ok());

  v1::CountRequest count;
  count.set_min_position(EncodePosition(position->ns, Position(position->position.value + 2)));
  count.set_timeout_ms(30'000);
  std::thread waiting([&] {
    const auto counted = (*reader)->CountMemories("notes", count);
    ASSERT_TRUE(counted.ok()) << counted.status().ToString();
    EXPECT_EQ(counted->count(), 3U);
  });
  for (int i = 0; i < 2; ++i) EXPECT_TRUE((*writer)->Write("notes", write).ok());
  waiting.join();
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
}

TEST_F(ServeCliTest, ASecondServerOnTheSameFolderSaysWhy) {
  CliProcess server(folder_, kServe, Path("log"));
  ASSERT_NE(PortOf(server), 0);
  const CliResult second = Run("serve --data store --listen 127.0.0.1:0");
  EXPECT_EQ(second.code, 1);
  EXPECT_NE(second.output.find("another process is using"), std::string::npos) << second.output;
  const CliResult offline = Run("stats --data store");
  EXPECT_EQ(offline.code, 1);
  EXPECT_NE(offline.output.find("use --server instead of --data"), std::string::npos) << offline.output;
}

TEST_F(ServeCliTest, AnAddressBeyondLoopbackNeedsTheFlag) {
  const CliResult refused = Run("serve --data store --listen 0.0.0.0:0");
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.output.find("--insecure-listen"), std::string::npos) << refused.output;
}

TEST_F(ServeCliTest, APortFileThatCannotBeWrittenEndsTheServerWell) {
  const CliResult refused = Run("serve --data store --listen 127.0.0.1:0 --port-file nowhere/port");
  EXPECT_EQ(refused.code, 1) << refused.output;
  EXPECT_NE(refused.output.find("nowhere/port"), std::string::npos) << refused.output;
}

TEST_F(ServeCliTest, BadCommandLinesAreTwo) {
  EXPECT_EQ(Run("").code, 2);
  EXPECT_EQ(Run("serve").code, 2);
  EXPECT_EQ(Run("serve --data store --no-such-option").code, 2);
  EXPECT_EQ(Run("import jsonl file --namespace n --data store --server http://127.0.0.1:1").code, 2);
}

TEST_F(ServeCliTest, CommandsThatOnlyReadMakeNoStore) {
  std::filesystem::create_directory(Path("empty"));
  for (const std::string folder : {"missing", "empty"}) {
    for (const std::string command : {"stats", "stats -n notes", "search tea -n notes", "export -n notes"}) {
      const CliResult result = Run(command + " --data " + folder);
      EXPECT_EQ(result.code, 1) << result.output;
      EXPECT_NE(result.output.find("no store in " + folder), std::string::npos) << result.output;
      EXPECT_NE(result.output.find("engram serve --data"), std::string::npos) << result.output;
    }
  }
  EXPECT_FALSE(std::filesystem::exists(Path("missing")));
  EXPECT_TRUE(std::filesystem::is_empty(Path("empty")));
}

TEST_F(ServeCliTest, MistakesOnTheCommandLineAreSaidAsTheyAre) {
  const auto says = [&](const std::string& arguments, int code, const std::string& text) {
    const CliResult result = Run(arguments);
    EXPECT_EQ(result.code, code) << arguments;
    EXPECT_NE(result.output.find(text), std::string::npos) << arguments << "\n" << result.output;
  };
  says("bogus --data store", 2, "there is no command \"bogus\"");
  says("search --namespace notes --data store", 2, "give words, --vector-file or --request");
  WriteFile("file", "{\"text\":\"x\"}\n");
  says("import jsonl file --namespace n --data file", 1, "engram: can't create directory file: Not a directory\n");
  const CliResult name = Run("import jsonl file --namespace a/b --data store");
  EXPECT_EQ(name.output.find("--rejects"), std::string::npos) << name.output;
  says("import --help", 0, "engram import sqlite");
}

TEST_F(ServeCliTest, HelpAndVersionAreFine) {
  EXPECT_EQ(Run("--version").code, 0);
  for (const char* command :
       {"", "serve", "import jsonl", "import sqlite", "export", "search", "stats", "migrate", "migrate verify",
        "migrate compare", "migrate verify sqlite", "migrate status", "migrate report", "migrate rollback"}) {
    const CliResult help = Run(std::string(command) + " --help");
    EXPECT_EQ(help.code, 0);
    EXPECT_NE(help.output.find("Examples:"), std::string::npos) << help.output;
  }
}

}  // namespace
}  // namespace engram
