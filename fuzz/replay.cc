// A fuzz target without libFuzzer: runs the files of its corpus and mutations of them.
//
//   NAME_fuzz FOLDER|FILE… [--mutations N]
//
// ENGRAM_TEST_SEED sets the seed of the mutations. What ends the process is left in the file crash-input of the
// working directory, to be given back as FILE.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/input.h"
#include "fuzz/mutation.h"

namespace engram {
namespace {

constexpr size_t kMutations = 20'000;

// What the target is reading now, for the signal handler.
const std::string* running = nullptr;

extern "C" void KeepInput(int signal) {
  const int file = running != nullptr ? open("crash-input", O_WRONLY | O_CREAT | O_TRUNC, 0644) : -1;
  constexpr std::string_view kSaid = "the input is in crash-input\n";
  if (file >= 0 && write(file, running->data(), running->size()) >= 0) {
    (void)!write(STDERR_FILENO, kSaid.data(), kSaid.size());
  }
  (void)std::signal(signal, SIG_DFL);
  (void)raise(signal);
}

void Run(const std::string& input) {
  running = &input;
  (void)LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
  running = nullptr;
}

std::vector<std::filesystem::path> FilesOf(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

int Replay(const std::vector<std::string>& arguments) {
  size_t mutations = kMutations;
  std::vector<std::string> inputs;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--mutations" && i + 1 < arguments.size()) {
      mutations = std::stoull(arguments[++i]);
      continue;
    }
    for (const auto& path : FilesOf(arguments[i])) {
      std::ifstream file(path, std::ios::binary);
      if (!file) throw std::runtime_error("can't read " + path.string());
      inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  }
  if (inputs.empty()) throw std::runtime_error("no input: usage: NAME_fuzz FOLDER|FILE... [--mutations N]");
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) (void)std::signal(signal, KeepInput);
  for (const std::string& input : inputs) Run(input);
  const char* given = std::getenv("ENGRAM_TEST_SEED");
  const uint64_t seed = given != nullptr ? std::stoull(given) : 1;
  (void)std::printf("%zu inputs, %zu mutations, ENGRAM_TEST_SEED=%llu\n", inputs.size(), mutations,
                    static_cast<unsigned long long>(seed));
  (void)std::fflush(stdout);
  std::mt19937_64 random(seed);
  for (size_t i = 0; i < mutations; ++i) Run(Mutant(inputs, random));
  return 0;
}

}  // namespace
}  // namespace engram

int main(int argc, char** argv) {
  try {
    return engram::Replay({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    (void)std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
