#include "tests/scenarios/served_store.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

namespace engram {
namespace {

constexpr std::chrono::seconds kStartMax{60};

std::string MakeFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "engram-scenario-XXXXXX").string();
  return mkdtemp(pattern.data()) != nullptr ? pattern : std::string();
}

pid_t Spawn(const std::vector<std::string>& arguments, const std::string& log) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child != 0) return child;
  const int out = open(log.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  execv(argv[0], argv.data());
  _exit(127);
}

}  // namespace

ServedStore::ServedStore(const std::vector<std::string>& options, const std::string& data) : folder_(MakeFolder()) {
  const std::string port_file = folder_ + "/port";
  std::vector<std::string> arguments = {
      ENGRAM_BINARY, "serve",   "--data",         data.empty() ? folder_ + "/data" : data, "--listen", "127.0.0.1:0",
      "--port-file", port_file, "--no-access-log"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  process_ = Spawn(arguments, folder_ + "/log");
  const auto deadline = std::chrono::steady_clock::now() + kStartMax;
  // The program writes the file when it is ready; there is nothing else to wait on from outside.
  while (std::chrono::steady_clock::now() < deadline) {
    std::ifstream file(port_file);
    unsigned port = 0;
    if (file >> port) {
      port_ = static_cast<uint16_t>(port);
      return;
    }
    if (waitpid(process_, nullptr, WNOHANG) == process_) {
      process_ = -1;
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ADD_FAILURE() << "engram serve did not start:\n" << Log();
}

ServedStore::~ServedStore() {
  if (process_ > 0) {
    kill(process_, SIGTERM);
    int status = 0;
    waitpid(process_, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "engram serve did not end well:\n" << Log();
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void ServedStore::Kill() {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

std::string ServedStore::Log() const {
  std::ostringstream text;
  text << std::ifstream(folder_ + "/log").rdbuf();
  return text.str();
}

}  // namespace engram
