// What a confined process can't do any more, tried by one; and the real server at work inside.
#include "tools/sandbox.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include <gmock/gmock.h>

#include "client/cpp/client.h"
#include "tests/tools/cli_run.h"

namespace engram {
namespace {

using ::testing::HasSubstr;

class SandboxTest : public CliTest {
 protected:
  // Runs `attempt` in a process that is confined to folder_/data, and returns what it returns (0 to 127), or 128 when
  // it could not be confined.
  int Confined(const std::function<int()>& attempt) const {
    std::filesystem::create_directories(Path("data"));
    const pid_t child = fork();
    if (child == 0) {
      SandboxState state;
      const bool confined = ConfineFiles({.writable = {Path("data")}, .readable = {}}, &state).ok() &&
                            ConfineSystemCalls(&state).ok() && state.landlock_abi > 0 && state.seccomp;
      _exit(confined ? attempt() : 128);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
  }
  // 0, or why it failed.
  static int Failure(long result) { return result < 0 ? errno : 0; }

  // Whether this kernel has both; a test on one that has not proves nothing.
  bool KernelHasBoth() const {
    return Confined([] { return 0; }) != 128;
  }
};

TEST_F(SandboxTest, OnlyTheFoldersGivenCanBeOpened) {
  if (!KernelHasBoth()) GTEST_SKIP() << "the kernel has no Landlock or no seccomp";
  WriteFile("secret", "x");
  const std::string secret = Path("secret");
  const std::string inside = Path("data") + "/file";
  EXPECT_EQ(Confined([&] { return Failure(open(secret.c_str(), O_RDONLY)); }), EACCES);
  EXPECT_EQ(Confined([&] { return Failure(open((secret + "2").c_str(), O_WRONLY | O_CREAT, 0600)); }), EACCES);
  EXPECT_EQ(Confined([&] { return Failure(unlink(secret.c_str())); }), EACCES);
  EXPECT_EQ(Confined([] { return Failure(open("/etc/shadow", O_RDONLY)); }), EACCES);
  EXPECT_EQ(Confined([] { return Failure(open("/dev/null", O_WRONLY)); }), 0);
  EXPECT_EQ(Confined([&] {
              const int file = open(inside.c_str(), O_RDWR | O_CREAT, 0600);
              if (file < 0 || write(file, "x", 1) != 1 || ftruncate(file, 0) != 0) return errno;
              return Failure(rename(inside.c_str(), (inside + "2").c_str()));
            }),
            0);
  EXPECT_EQ(ReadFile("secret"), "x");
}

TEST_F(SandboxTest, NothingIsStartedTracedMountedOrRenamed) {
  if (!KernelHasBoth()) GTEST_SKIP() << "the kernel has no Landlock or no seccomp";
  EXPECT_EQ(Confined([] { return Failure(execl("/bin/true", "true", nullptr)); }), EPERM);
  EXPECT_EQ(Confined([] { return Failure(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }), EPERM);
  EXPECT_EQ(Confined([] { return Failure(mount("none", "/tmp", "tmpfs", 0, nullptr)); }), EPERM);
  EXPECT_EQ(Confined([] { return Failure(setuid(12'345)); }), EPERM);
  EXPECT_EQ(Confined([] { return Failure(chroot("/")); }), EPERM);
  EXPECT_EQ(Confined([] {
              rlimit cores = {1, 1};
              return getrlimit(RLIMIT_CORE, &cores) == 0 && cores.rlim_cur == 0 && cores.rlim_max == 0 ? 0 : 1;
            }),
            0);
  // What a server needs goes on.
  EXPECT_EQ(Confined([] { return Failure(socket(AF_INET, SOCK_STREAM, 0)); }), 0);
}

TEST_F(SandboxTest, NobodyBecomesRootOrAUserThatIsNot) {
  EXPECT_EQ(BecomeUser("root").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(BecomeUser("no such user").code(), StatusCode::kInvalidArgument);
}

TEST_F(SandboxTest, TheServerWorksInsideAndSaysSo) {
  if (!KernelHasBoth()) GTEST_SKIP() << "the kernel has no Landlock or no seccomp";
  // Sealing, merging and the graph have their part, and a restart finds it all.
  const std::string serve = "serve --data data --listen 127.0.0.1:0 --port-file port --seal-rows 50 --graph-rows 100";
  for (int start = 0; start < 2; ++start) {
    std::filesystem::remove(Path("port"));
    CliProcess server(folder_, serve, Path("log"));
    while (server.Running() && ReadFile("port").empty()) std::this_thread::yield();
    ASSERT_TRUE(server.Running()) << ReadFile("log");
    ClientOptions options;
    options.port = static_cast<uint16_t>(std::stoi(ReadFile("port")));
    auto client = Client::Connect(options);
    ASSERT_TRUE(client.ok()) << client.status().ToString();
    for (int batch = 0; batch < 4; ++batch) {
      v1::WriteRequest request;
      for (int i = 0; i < 100; ++i) {
        v1::Memory& memory = *request.add_memories();
        memory.set_id(std::to_string(1'000 * start + 100 * batch + i));
        memory.set_text("green tea number " + std::to_string(i));
        memory.mutable_vector()->mutable_dense()->add_values(static_cast<float>(i + 1));
        memory.mutable_vector()->mutable_dense()->add_values(static_cast<float>(batch + 1));
      }
      const auto written = (*client)->Write("notes", request);
      ASSERT_TRUE(written.ok()) << written.status().ToString();
      v1::SearchRequest search;
      search.set_text("tea");
      search.mutable_vector()->mutable_dense()->add_values(1);
      search.mutable_vector()->mutable_dense()->add_values(1);
      const auto found = (*client)->Search("notes", search);
      ASSERT_TRUE(found.ok()) << found.status().ToString();
      EXPECT_EQ(found->hits_size(), 10);
    }
    server.Signal(SIGTERM);
    EXPECT_EQ(server.Wait(), 0) << ReadFile("log");
    EXPECT_THAT(ReadFile("log"), HasSubstr(R"("event":"sandbox","on":true,"landlock_abi":)"));
    EXPECT_THAT(ReadFile("log"), HasSubstr(R"("seccomp":true)"));
    EXPECT_THAT(ReadFile("log"), ::testing::Not(HasSubstr(R"("level":"error")")));
  }
  const std::string open_serve = "serve --data data --listen 127.0.0.1:0 --port-file port --no-sandbox";
  std::filesystem::remove(Path("port"));
  CliProcess server(folder_, open_serve, Path("log"));
  while (server.Running() && ReadFile("port").empty()) std::this_thread::yield();
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
  EXPECT_THAT(ReadFile("log"), HasSubstr(R"("event":"sandbox","on":false)"));
}

// Root alone can try this.
TEST_F(SandboxTest, TheServerGoesOnAsAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  std::filesystem::create_directories(Path("data"));
  ASSERT_EQ(chown(Path("data").c_str(), 65'534, 65'534), 0);
  std::filesystem::permissions(folder_, std::filesystem::perms::all);
  const std::string serve = "serve --data data --listen 127.0.0.1:0 --port-file port --user nobody";
  CliProcess server(folder_, serve, Path("log"));
  while (server.Running() && ReadFile("port").empty()) std::this_thread::yield();
  ASSERT_TRUE(server.Running()) << ReadFile("log");
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
  EXPECT_THAT(ReadFile("log"), HasSubstr("\"user\":65534"));
}

}  // namespace
}  // namespace engram
