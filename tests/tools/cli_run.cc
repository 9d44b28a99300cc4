#include "tests/tools/cli_run.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace engram {

CliProcess::CliProcess(const std::string& folder, const std::string& arguments, const std::string& output_file)
    : pid_(fork()) {
  if (pid_ != 0) return;
  const std::string command = "exec " ENGRAM_BINARY " " + arguments + " > '" + output_file + "' 2>&1";
  if (chdir(folder.c_str()) != 0) _exit(127);
  execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
  _exit(127);
}

CliProcess::~CliProcess() {
  if (waited_) return;
  Signal(SIGKILL);
  Wait();
}

void CliProcess::Signal(int number) const { kill(pid_, number); }

bool CliProcess::Running() {
  int status = 0;
  if (waited_ || waitpid(pid_, &status, WNOHANG) == 0) return !waited_;
  waited_ = true;
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return false;
}

int CliProcess::Wait() {
  int status = 0;
  if (!waited_ && waitpid(pid_, &status, 0) == pid_) code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  waited_ = true;
  return code_;
}

void CliTest::SetUp() {
  std::string pattern = (std::filesystem::temp_directory_path() / "engram_tools_XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  folder_ = pattern;
}

void CliTest::TearDown() { std::filesystem::remove_all(folder_); }

CliResult CliTest::Run(const std::string& arguments) const {
  CliResult result;
  CliProcess process(folder_, arguments, Path("output"));
  result.code = process.Wait();
  result.output = ReadFile("output");
  return result;
}

void CliTest::WriteFile(const std::string& name, const std::string& contents) const {
  std::ofstream(Path(name), std::ios::binary) << contents;
}

std::string CliTest::ReadFile(const std::string& name) const {
  std::ifstream in(Path(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string CliTest::Digest(const std::string& ns, const std::string& of) const {
  const std::string output = Run("stats --data store --namespace " + ns).output;
  const size_t at = output.find("digest of " + of);
  return at == std::string::npos ? output : output.substr(at, output.find('\n', at) - at);
}

}  // namespace engram
