#include "bench/compare/child_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include <fmt/format.h>

namespace engram::compare {
namespace {

namespace fs = std::filesystem;

cpu_set_t SetOf(const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(cpu, &set);
  return set;
}

// What /proc/PID/stat says after the command's name, from the state on; empty when the process is gone.
std::vector<std::string> StatOf(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  std::getline(file, line);
  const size_t at = line.rfind(')');
  std::vector<std::string> fields;
  if (at == std::string::npos) return fields;
  std::istringstream words(line.substr(at + 1));
  for (std::string word; words >> word;) fields.push_back(word);
  return fields;
}

// State and parent are the first two fields.
bool IsRunning(const std::vector<std::string>& stat) { return stat.size() > 1 && stat[0] != "Z" && stat[0] != "X"; }

std::vector<pid_t> NumbersIn(const std::string& folder) {
  std::vector<pid_t> numbers;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.find_first_not_of("0123456789") == std::string::npos) numbers.push_back(std::stoi(name));
  }
  return numbers;
}

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::Start(const std::vector<std::string>& arguments,
                                                          const std::string& log) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const int out = open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
  if (out < 0) return Unavailable("can't write " + log);
  const pid_t child = fork();
  if (child < 0) {
    close(out);
    return Unavailable("can't start " + arguments[0]);
  }
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(out);
  return std::unique_ptr<ChildProcess>(new ChildProcess(child, log));
}

ChildProcess::~ChildProcess() { Kill(); }

void ChildProcess::Kill() {
  if (ended_) return;
  const std::vector<pid_t> members = Members();
  for (const pid_t pid : members) kill(pid, SIGKILL);
  waitpid(root_, nullptr, 0);
  // Descendants are not our children: they are somebody else's to wait for, and gone a moment later.
  for (const pid_t pid : members) {
    while (pid != root_ && IsRunning(StatOf(pid))) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ended_ = true;
}

bool ChildProcess::IsAlive() {
  if (!ended_ && waitpid(root_, nullptr, WNOHANG) == root_) ended_ = true;
  return !ended_;
}

int ChildProcess::WaitUntilEnd() {
  int status = 0;
  waitpid(root_, &status, 0);
  ended_ = true;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::vector<pid_t> ChildProcess::Members() const {
  std::multimap<pid_t, pid_t> children;
  for (const pid_t pid : NumbersIn("/proc")) {
    const std::vector<std::string> fields = StatOf(pid);
    if (IsRunning(fields)) children.emplace(std::stoi(fields[1]), pid);
  }
  std::vector<pid_t> members = {root_};
  for (size_t i = 0; i < members.size(); ++i) {
    const auto [begin, end] = children.equal_range(members[i]);
    for (auto child = begin; child != end; ++child) members.push_back(child->second);
  }
  return members;
}

ProcessFigures ChildProcess::figures() const {
  ProcessFigures figures;
  for (const pid_t pid : Members()) {
    std::ifstream rollup(fmt::format("/proc/{}/smaps_rollup", pid));
    for (std::string line; std::getline(rollup, line);) {
      std::istringstream words(line);
      std::string name;
      uint64_t kib = 0;
      words >> name >> kib;
      if (name == "Pss_Anon:") figures.anonymous_bytes += kib << 10;
      if (name == "Pss_File:") figures.mapped_bytes += kib << 10;
      if (name == "Pss_Shmem:") figures.shared_bytes += kib << 10;
    }
  }
  return figures;
}

double ChildProcess::cpu_seconds() const {
  uint64_t ticks = 0;
  for (const pid_t pid : Members()) {
    // User and system time, then those of children that have ended.
    const std::vector<std::string> fields = StatOf(pid);
    for (size_t i = 11; i < 15 && fields.size() > 15; ++i) ticks += std::stoull(fields[i]);
  }
  return static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

void ChildProcess::RunOn(const std::vector<int>& cpus) const {
  const cpu_set_t set = SetOf(cpus);
  for (const pid_t pid : Members()) {
    for (const pid_t thread : NumbersIn(fmt::format("/proc/{}/task", pid))) sched_setaffinity(thread, sizeof set, &set);
  }
}

void RunThisThreadOn(const std::vector<int>& cpus) {
  const cpu_set_t set = SetOf(cpus);
  sched_setaffinity(0, sizeof set, &set);
}

std::vector<int> UsableCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

uint16_t FreePort() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), length) == 0) {
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  }
  close(listener);
  return ntohs(address.sin_port);
}

std::string EndOf(const std::string& path, size_t bytes) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  std::string all = text.str();
  return all.size() > bytes ? all.substr(all.size() - bytes) : all;
}

uint64_t DiskBytes(const std::string& folder) {
  uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    struct stat status {};
    if (lstat(entry->path().c_str(), &status) == 0) bytes += static_cast<uint64_t>(status.st_blocks) * 512;
  }
  return bytes;
}

}  // namespace engram::compare
