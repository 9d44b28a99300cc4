// Prints what very many small namespaces cost: opening the store, resident memory, and the first search in one that
// nobody has asked before. One process writes them, a fresh one opens and asks, so that its memory is its own.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <numeric>
#include <random>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bench/quality/machine.h"
#include "engine/engine.h"

namespace engram {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct Options {
  uint32_t namespaces = 100'000;
  uint32_t memories = 10;
  uint32_t dimensions = 384;
  uint32_t cold = 2'000;  // namespaces asked once
  uint64_t budget_mib = 2'048;
  std::string folder;  // of a store that is there already
};

constexpr int kWords = 5'000;
constexpr int kWordsInText = 20;
constexpr size_t kInFlight = 512;

double MillisecondsSince(SteadyClock::time_point begin) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - begin).count();
}

void OrDie(const Status& status) {
  if (status.ok()) return;
  fmt::print(stderr, "namespaces: {}\n", status.ToString());
  std::exit(1);
}

template <class T>
T OrDie(Result<T> result) {
  OrDie(result.status());
  return std::move(result).value();
}

// Confined to one thread.
class Generator {
 public:
  Generator(uint64_t seed, uint32_t dimensions) : random_(seed), dimensions_(dimensions) {}

  std::string Text(int words) {
    std::string text;
    for (int i = 0; i < words; ++i) {
      // Zipf by inversion: rank r has weight 1 / r.
      const double u = std::uniform_real_distribution<double>(0, 1)(random_);
      text += fmt::format("w{} ", static_cast<int>(std::pow(kWords, u)));
    }
    return text;
  }

  DenseVector Vector() {
    std::normal_distribution<float> normal;
    DenseVector vector(dimensions_);
    for (float& x : vector) x = normal(random_);
    return vector;
  }

 private:
  std::mt19937_64 random_;
  uint32_t dimensions_;
};

std::string NameOf(uint32_t number) { return fmt::format("user-{}", number); }

// Keeps a bounded number of mutations on their way and sees that none fails.
class Pipeline {
 public:
  explicit Pipeline(Engine* engine) : engine_(engine) {}

  void Submit(Mutation mutation) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return waiting_ < kInFlight; });
      ++waiting_;
    }
    engine_->Submit(std::move(mutation), Durability::kBuffered, [this](const MutationResult& result) {
      OrDie(result.status);
      const std::lock_guard lock(mutex_);
      --waiting_;
      changed_.notify_all();
    });
  }
  void Drain() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ == 0; });
  }

 private:
  Engine* engine_;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t waiting_ = 0;
};

std::unique_ptr<Engine> Open(const Options& options) {
  EngineOptions engine;
  engine.data_dir = options.folder;
  engine.index_memory_bytes = options.budget_mib << 20;
  return OrDie(Engine::Open(engine));
}

void Write(const Options& options) {
  const auto engine = Open(options);
  const TenantId tenant = OrDie(engine->FindTenant("default", true));
  Generator generator(1, options.dimensions);
  const auto begin = SteadyClock::now();
  Pipeline pipeline(engine.get());
  for (uint32_t n = 0; n < options.namespaces; ++n) {
    Mutation mutation;
    mutation.tenant = tenant;
    mutation.namespace_name = NameOf(n);
    for (uint32_t i = 0; i < options.memories; ++i) {
      WriteMemory write;
      write.id = fmt::format("{}", i);
      write.content.text = generator.Text(kWordsInText);
      if (options.dimensions > 0) write.content.vectors["default"] = generator.Vector();
      mutation.operations.emplace_back(std::move(write));
    }
    pipeline.Submit(std::move(mutation));
  }
  pipeline.Drain();
  const double seconds = MillisecondsSince(begin) / 1'000;
  fmt::print("| written, buffered | {:.0f} namespaces/s, {:.0f} memories/s |\n", options.namespaces / seconds,
             options.namespaces * static_cast<double>(options.memories) / seconds);
}

// A field of /proc/self/status in MiB.
double StatusMib(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(field + ":", 0) == 0) return std::strtod(line.c_str() + field.size() + 1, nullptr) / 1'024;
  }
  return 0;
}

void PrintMemory(const std::string& when) {
  fmt::print("| resident {} | {:.0f} MiB, {:.0f} of them anonymous |\n", when, StatusMib("VmRSS"),
             StatusMib("RssAnon"));
}

// A hybrid search of one namespace, in milliseconds.
double Ask(Engine& engine, TenantId tenant, uint32_t number, Generator* generator, uint32_t dimensions) {
  SearchRequest request;
  request.top_k = 5;
  request.legs.resize(dimensions > 0 ? 2 : 1);
  request.legs[0].name = "text";
  request.legs[0].text = generator->Text(3);
  if (dimensions > 0) {
    request.legs[1].name = "vector";
    request.legs[1].type = LegType::kVector;
    request.legs[1].vector = generator->Vector();
  }
  const auto begin = SteadyClock::now();
  const SearchReply reply = OrDie(engine.Search({tenant, NameOf(number)}, request, {}));
  const double took = MillisecondsSince(begin);
  if (dimensions > 0 && reply.hits.empty()) OrDie(Internal("a namespace with memories found none"));
  return took;
}

void PrintTimes(const std::string& what, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  fmt::print("| {} | p50 {:.3f} ms, p99 {:.3f} ms |\n", what, times[times.size() / 2], times[times.size() * 99 / 100]);
}

void Measure(const Options& options) {
  const auto begin = SteadyClock::now();
  const auto engine = Open(options);
  fmt::print("| opened in | {:.0f} ms |\n", MillisecondsSince(begin));
  PrintMemory("after opening");
  const TenantId tenant = OrDie(engine->FindTenant("default", false));

  std::vector<uint32_t> order(options.namespaces);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), std::mt19937_64(2));
  const size_t cold = std::min<size_t>(options.cold, order.size());
  Generator generator(3, options.dimensions);
  for (const char* what : {"first search of a namespace", "the next"}) {
    std::vector<double> times;
    for (size_t i = 0; i < cold; ++i) {
      times.push_back(Ask(*engine, tenant, order[i], &generator, options.dimensions));
    }
    PrintTimes(what, std::move(times));
  }

  for (size_t i = cold; i < order.size(); ++i) (void)Ask(*engine, tenant, order[i], &generator, options.dimensions);
  PrintMemory("when all have been asked");
  const EngineStatus status = engine->Status();
  fmt::print("| loaded then | {} namespaces, {:.0f} MiB of a budget of {} |\n", status.namespaces_loaded,
             static_cast<double>(status.index_memory_bytes) / (1 << 20), options.budget_mib);
}

// Runs this program again over the store that was written.
void MeasureInFreshProcess(char** arguments, const std::string& folder) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    std::vector<char*> with_folder;
    for (char** at = arguments; *at != nullptr; ++at) with_folder.push_back(*at);
    std::string option = "--folder=" + folder;
    with_folder.push_back(option.data());
    with_folder.push_back(nullptr);
    execv("/proc/self/exe", with_folder.data());
    std::_Exit(127);
  }
  int result = 0;
  waitpid(child, &result, 0);
  if (result != 0) std::exit(1);
}

int Main(int count, char** arguments) {
  Options options;
  CLI::App app("What very many small namespaces cost.");
  app.add_option("--namespaces", options.namespaces)->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--memories", options.memories, "in each")->capture_default_str()->check(CLI::Range(1, 1'000));
  app.add_option("--dimensions", options.dimensions, "0: no vectors")->capture_default_str();
  app.add_option("--cold", options.cold, "namespaces to time")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--budget-mib", options.budget_mib, "of indexes")->capture_default_str();
  app.add_option("--folder", options.folder, "a store that this program wrote; left in place");
  CLI11_PARSE(app, count, arguments);
  if (!options.folder.empty()) {
    Measure(options);
    return 0;
  }
  fmt::print(
      "{}\n\n{} namespaces with {} memories of {} words and {} dimensions each, one process\n\n|  |  |\n|---|---|\n",
      quality::DescribeMachine(), options.namespaces, options.memories, kWordsInText, options.dimensions);
  std::string folder = (std::filesystem::temp_directory_path() / "engram-namespaces-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  options.folder = folder;
  Write(options);
  MeasureInFreshProcess(arguments, folder);
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace engram

int main(int count, char** arguments) { return engram::Main(count, arguments); }
