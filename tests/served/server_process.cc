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
constexpr std::chrono::milliseconds kLook{5};

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
                                                            const std::vector<std::string>& options,
                                                            const std::vector<std::string>& launcher) {
  auto server = Launch(binary, data, scratch, options, launcher);
  if (Status ready = server->AwaitReady(); !ready.ok()) {
    if (server->process_ > 0) server->Kill();
    return ready;
  }
  return server;
}

std::unique_ptr<ServerProcess> ServerProcess::Launch(const std::string& binary, const std::string& data,
                                                     const std::string& scratch,
                                                     const std::vector<std::string>& options,
                                                     const std::vector<std::string>& launcher) {
  const std::string port_file = scratch + "/port";
  std::vector<std::string> arguments = launcher;
  for (const std::string& argument :
       {binary, std::string("serve"), std::string("--data"), data, std::string("--listen"), std::string("127.0.0.1:0"),
        std::string("--port-file"), port_file, std::string("--no-access-log")}) {
    arguments.push_back(argument);
  }
  arguments.insert(arguments.end(), options.begin(), options.end());
  unlink(port_file.c_str());
  const pid_t process = Spawn(arguments, scratch + "/log");
  return std::unique_ptr<ServerProcess>(new ServerProcess(process, scratch));
}

// The program writes the file when it is ready; there is nothing else to wait on from outside.
Status ServerProcess::AwaitReady() {
  const auto deadline = std::chrono::steady_clock::now() + kStartMax;
  while (std::chrono::steady_clock::now() < deadline) {
    std::ifstream file(scratch_ + "/port");
    unsigned port = 0;
    if (file >> port) {
      port_ = static_cast<uint16_t>(port);
      return {};
    }
    if (AwaitEnd(kLook)) break;
  }
  return Unavailable("engram serve did not start:\n" + ReadWholeFile(scratch_ + "/log"));
}

std::optional<int> ServerProcess::AwaitEnd(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!end_) {
    int status = 0;
    if (waitpid(process_, &status, WNOHANG) == process_) {
      end_ = status;
      process_ = -1;
      break;
    }
    if (std::chrono::steady_clock::now() >= deadline) break;
    std::this_thread::sleep_for(kLook);
  }
  return end_;
}

void ServerProcess::AskToEnd() const {
  if (process_ > 0) kill(process_, SIGTERM);
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
  if (process_ <= 0) return;
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

}  // namespace engram
