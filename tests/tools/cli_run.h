// The real binary, run from a folder of its own that is removed afterwards.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace engram {

struct CliResult {
  int code = -1;       // exit code; -1: killed by a signal
  std::string output;  // standard output and error, in the order written
};

// A process that was started and not waited for.
class CliProcess {
 public:
  // `arguments` go to the shell, after the binary's path.
  CliProcess(const std::string& folder, const std::string& arguments, const std::string& output_file);
  ~CliProcess();
  CliProcess(const CliProcess&) = delete;
  CliProcess& operator=(const CliProcess&) = delete;

  void Signal(int number) const;
  bool Running();
  int Wait();  // exit code, or -1 when a signal ended it

 private:
  pid_t pid_;
  bool waited_ = false;
  int code_ = -1;
};

class CliTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  CliResult Run(const std::string& arguments) const;
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void WriteFile(const std::string& name, const std::string& contents) const;
  std::string ReadFile(const std::string& name) const;
  // The line of `engram stats` that holds all memories (or nodes) in one number.
  std::string Digest(const std::string& ns, const std::string& of = "memories") const;

  std::string folder_;
};

}  // namespace engram
