// The real server with too few file descriptors, and with too little memory: it says so, loses nothing, and goes on by
// itself or when it is started again.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "client/cpp/client.h"
#include "tests/crash/crash_fixture.h"
#include "tests/served/server_process.h"

namespace engram {
namespace {

using ::testing::HasSubstr;

constexpr const char* kPrlimit = "/usr/bin/prlimit";
constexpr const char* kNamespace = "ns";

class ResourceLimitsTest : public CrashFixture {
 protected:
  void SetUp() override {
    if (access(kPrlimit, X_OK) != 0) GTEST_SKIP() << "there is no " << kPrlimit;
  }
  ~ResourceLimitsTest() override { CloseAll(); }

  std::string Log() const { return ReadWholeFile(folder_ + "/log"); }

  Result<std::unique_ptr<ServerProcess>> Start(const std::vector<std::string>& launcher) {
    return ServerProcess::Start(ENGRAM_BINARY, data_, folder_, {"--min-free-space", "0", "--seal-rows", "50"},
                                launcher);
  }
  static std::unique_ptr<Client> Connect(uint16_t port) {
    ClientOptions options;
    options.port = port;
    options.retry.attempts_max = 1;
    auto client = Client::Connect(options);
    EXPECT_TRUE(client.ok()) << client.status().ToString();
    return client.ok() ? std::move(*client) : nullptr;
  }

  // Connections that say nothing.
  void OpenIdle(uint16_t port, int count) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < count; ++i) {
      const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      ASSERT_GE(fd, 0);
      idle_.push_back(fd);
      ASSERT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    }
  }
  void CloseAll() {
    for (const int fd : idle_) close(fd);
    idle_.clear();
  }

  Status Write(Client& client, int memories, size_t text_bytes) {
    v1::WriteRequest request;
    for (int i = 0; i < memories; ++i) {
      v1::Memory& memory = *request.add_memories();
      memory.set_id(fmt::format("m{}", written_ + static_cast<uint64_t>(i)));
      // Words of their own, so that indexes grow, too.
      while (memory.text().size() < text_bytes) {
        memory.mutable_text()->append(fmt::format("{:x} ", ++words_ * 0x9E3779B97F4A7C15));
      }
    }
    const auto reply = client.Write(kNamespace, request);
    if (!reply.ok()) return reply.status();
    written_ += static_cast<uint64_t>(memories);
    return {};
  }

  // Without any limit.
  void ExpectAllThere() {
    auto server = Start({});
    ASSERT_TRUE(server.ok()) << server.status().message();
    const auto client = Connect((*server)->port());
    ASSERT_NE(client, nullptr);
    for (uint64_t i = 0; i < written_; i += 100) {
      v1::GetRequest request;
      for (uint64_t n = i; n < std::min(i + 100, written_); ++n) request.add_ids(fmt::format("m{}", n));
      request.add_include("metadata");
      const auto reply = client->GetMemories(kNamespace, request);
      ASSERT_TRUE(reply.ok()) << reply.status().ToString();
      EXPECT_EQ(reply->missing_size(), 0) << "from m" << i;
    }
    EXPECT_TRUE((*server)->Terminate());
    Verify();
  }

  std::vector<int> idle_;
  uint64_t written_ = 0;
  uint64_t words_ = 0;
};

TEST_F(ResourceLimitsTest, TooFewDescriptorsAreSaidAtTheStart) {
  const auto server = Start({kPrlimit, "--nofile=200:200"});
  ASSERT_FALSE(server.ok());
  EXPECT_THAT(server.status().message(), HasSubstr("may open 200 files"));
}

// More would leave none for the files of the store, and a log that can't be begun stops the server.
TEST_F(ResourceLimitsTest, ConnectionsLeaveDescriptorsToTheStore) {
  auto server = Start({kPrlimit, "--nofile=400:900"});
  ASSERT_TRUE(server.ok()) << server.status().message();
  EXPECT_THAT(Log(), HasSubstr(R"("event":"fewer_connections","asked_for":4096,"allowed":132,"open_files_max":900)"));
  const auto client = Connect((*server)->port());
  ASSERT_NE(client, nullptr);
  ASSERT_TRUE(Write(*client, 1, 10).ok());
  ASSERT_NO_FATAL_FAILURE(OpenIdle((*server)->port(), 1'000));
  // The connection that is there goes on, what it writes is sealed into files, and no other comes in.
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(Write(*client, 5, 100).ok());
  ClientOptions refused;
  refused.port = (*server)->port();
  EXPECT_FALSE(Client::Connect(refused).ok());
  CloseAll();
  const auto again = Connect((*server)->port());
  ASSERT_NE(again, nullptr);
  EXPECT_TRUE(Write(*again, 1, 10).ok());
  EXPECT_TRUE((*server)->Terminate());
  ExpectAllThere();
}

// A request that finds no memory gets an error; where it is missing to a thread of the store's, the server ends as by a
// kill. Which of them comes first is chance. What keeps it from there are the budgets of its parts.
TEST_F(ResourceLimitsTest, OutOfMemoryItRefusesOrStopsAndLosesNothing) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's shadow takes more room than any limit leaves";
#endif
  auto server = Start({kPrlimit, fmt::format("--as={}", uint64_t{700} << 20)});
  ASSERT_TRUE(server.ok()) << server.status().message();
  const auto client = Connect((*server)->port());
  ASSERT_NE(client, nullptr);
  engram::Status refused;
  for (int i = 0; i < 10'000 && refused.ok(); ++i) {
    const engram::Status status = Write(*client, 20, 100'000);
    if (status.code() != StatusCode::kRateLimited) refused = status;
  }
  EXPECT_TRUE(refused.code() == StatusCode::kInternal || refused.code() == StatusCode::kUnavailable)
      << refused.ToString();
  EXPECT_GT(written_, 0U);
  (*server)->Kill();
  ExpectAllThere();
}

}  // namespace
}  // namespace engram
