#include "tests/served/server_process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

namespace engram {
namespace {

constexpr std::chrono::seconds kStartMax{60};

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

std::string ReadWholeFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

Result<std::unique_ptr<ServerProcess>> ServerProcess::Start(const std::string& binary, const std::string& data,
                                                            const std::string& scratch,
                                                            const std::vector<std::string>& options) {
  const std::string port_file = scratch + "/port";
  std::vector<std::string> arguments = {binary,        "serve",   "--data",         data, "--listen", "127.0.0.1:0",
                                        "--port-file", port_file, "--no-access-log"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  unlink(port_file.c_str());
  const pid_t process = Spawn(arguments, scratch + "/log");
  const auto deadline = std::chrono::steady_clock::now() + kStartMax;
  // The program writes the file when it is ready; there is nothing else to wait on from outside.
  while (std::chrono::steady_clock::now() < deadline) {
    std::ifstream file(port_file);
    unsigned port = 0;
    if (file >> port) {
      return std::unique_ptr<ServerProcess>(new ServerProcess(process, static_cast<uint16_t>(port)));
    }
    if (waitpid(process, nullptr, WNOHANG) == process) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  kill(process, SIGKILL);
  return Unavailable("engram serve did not start:\n" + ReadWholeFile(scratch + "/log"));
}

ServerProcess::~ServerProcess() {
  if (process_ > 0) (void)Terminate();
}

bool ServerProcess::Terminate() {
  kill(process_, SIGTERM);
  int status = 0;
  waitpid(process_, &status, 0);
  process_ = -1;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void ServerProcess::Kill() {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

}  // namespace engram
