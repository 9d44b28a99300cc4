// How long a full verification takes: fills a store, closes it, and holds all of it against itself as `engram verify
// --data` does, then as a server does while it is open. Prints memories and megabytes a second.
//
//   ./dev bench doctor -- --memories 100000 --dimensions 384
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "engine/doctor/live_store.h"
#include "engine/engine.h"

namespace engram {
namespace {

struct Options {
  uint32_t memories = 20'000;
  uint32_t namespaces = 4;
  uint32_t dimensions = 384;
  int rounds = 3;
  std::string folder;  // empty: one of its own, which goes
};

constexpr int kVocabulary = 5'000;
constexpr int kWordsOfText = 30;
constexpr uint32_t kBatch = 100;

[[noreturn]] void Die(const Status& status) {
  fmt::print(stderr, "doctor: {}\n", status.ToString());
  std::exit(1);
}

uint64_t BytesOf(const std::string& folder) {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

std::unique_ptr<Engine> OpenEngineIn(const std::string& folder) {
  EngineOptions options;
  options.data_dir = folder;
  auto engine = Engine::Open(options);
  if (!engine.ok()) Die(engine.status());
  return *std::move(engine);
}

WriteMemory MakeMemory(uint32_t number, uint32_t dimensions, std::mt19937_64* random) {
  WriteMemory write;
  write.id = fmt::format("m{}", number);
  for (int word = 0; word < kWordsOfText; ++word) {
    // Few words are frequent.
    const double rank = std::uniform_real_distribution<double>()(*random);
    write.content.text += fmt::format("w{} ", static_cast<int>(rank * rank * rank * kVocabulary));
  }
  DenseVector vector(dimensions);
  for (float& x : vector) x = std::normal_distribution<float>()(*random);
  write.content.vectors["default"] = std::move(vector);
  write.attributes.metadata["topic"] = Value(static_cast<int64_t>(number % 20));
  write.attributes.scopes.user_id = fmt::format("user {}", number % 100);
  return write;
}

void Fill(const Options& options, const std::string& folder) {
  const auto engine = OpenEngineIn(folder);
  const auto tenant = engine->FindTenant("default", true);
  if (!tenant.ok()) Die(tenant.status());
  std::mt19937_64 random(7);
  for (uint32_t written = 0; written < options.memories;) {
    Mutation mutation;
    mutation.tenant = *tenant;
    mutation.namespace_name = fmt::format("ns{}", written / kBatch % options.namespaces);
    for (uint32_t i = 0; i < kBatch && written < options.memories; ++i, ++written) {
      mutation.operations.emplace_back(MakeMemory(written, options.dimensions, &random));
    }
    Status status = engine->Write(mutation, Durability::kBuffered).status;
    while (status.code() == StatusCode::kRateLimited) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      status = engine->Write(mutation, Durability::kBuffered).status;
    }
    if (!status.ok()) Die(status);
  }
  // Sealed, so that there are segments to check.
  for (uint32_t ns = 0; ns < options.namespaces; ++ns) {
    const auto counted = engine->Count({*tenant, fmt::format("ns{}", ns)}, std::nullopt, {});
    if (!counted.ok()) Die(counted.status());
  }
  std::this_thread::sleep_for(std::chrono::seconds(6));
  while (engine->Status().sealing_jobs > 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

void PrintRow(const char* what, const DoctorReport& report, double seconds, uint64_t bytes) {
  if (report.findings.count() > 0) {
    Die(Corruption(fmt::format("the verification found something: {}", ToText(report.findings.kept().front()))));
  }
  fmt::print("| {} | {} | {:.1f} | {:.2f} | {:.0f} | {:.1f} |\n", what, report.memories,
             static_cast<double>(bytes) / 1e6, seconds, static_cast<double>(report.memories) / seconds,
             static_cast<double>(bytes) / 1e6 / seconds);
  std::fflush(stdout);
}

double SecondsSince(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

void Measure(const Options& options, const std::string& folder) {
  const uint64_t bytes = BytesOf(folder);
  fmt::print("{} memories in {} namespaces, vectors of {} dimensions; files as they are in the page cache\n\n",
             options.memories, options.namespaces, options.dimensions);
  fmt::print("| full verification | memories | MB of files | s | memories/s | MB/s |\n|---|---|---|---|---|---|\n");
  for (int round = 0; round < options.rounds; ++round) {
    FolderOptions closed;
    closed.data_dir = folder;
    const auto began = std::chrono::steady_clock::now();
    const auto report = ExamineFolder(closed);
    if (!report.ok()) Die(report.status());
    PrintRow("of a closed folder", *report, SecondsSince(began), bytes);
  }
  const auto engine = OpenEngineIn(folder);
  for (int round = 0; round < options.rounds; ++round) {
    DoctorReport report;
    const auto began = std::chrono::steady_clock::now();
    if (const Status status = LiveStoreOf(*engine).Examine({}, &report); !status.ok()) Die(status);
    PrintRow("of an open store, unpaced", report, SecondsSince(began), bytes);
  }
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("How fast a full verification is");
  app.add_option("--memories", options.memories)->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--namespaces", options.namespaces)->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--dimensions", options.dimensions)->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--rounds", options.rounds)->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--folder", options.folder, "Where the store is made, and stays; a new or empty folder");
  CLI11_PARSE(app, argc, argv);
  std::string folder = options.folder;
  if (folder.empty()) {
    folder = (std::filesystem::temp_directory_path() / "engram-doctor-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) Die(Unavailable("can't make a folder"));
  }
  Fill(options, folder);
  Measure(options, folder);
  if (options.folder.empty()) std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace engram

int main(int argc, char** argv) { return engram::Main(argc, argv); }
