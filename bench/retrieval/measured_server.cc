#include "bench/retrieval/measured_server.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>

namespace engram::bench {
namespace {

using Clock = std::chrono::steady_clock;

// What is left unsealed is sealed when nothing was written between two looks, 5 s apart.
constexpr std::chrono::seconds kQuiet{11};
constexpr double kIdleCores = 0.05;

std::atomic<pid_t> running = 0;

std::string FolderOrTemporary(const std::string& folder) {
  if (!folder.empty()) {
    std::filesystem::create_directories(folder);
    return folder;
  }
  std::string made = (std::filesystem::temp_directory_path() / "engram-bench-XXXXXX").string();
  if (mkdtemp(made.data()) == nullptr) Die("can't make " + made);
  return made;
}

// The value of `name` without labels; 0 when it isn't there.
double GaugeIn(const std::string& metrics, const std::string& name) {
  const size_t at = metrics.find("\n" + name + " ");
  return at == std::string::npos ? 0 : std::strtod(metrics.c_str() + at + name.size() + 2, nullptr);
}

}  // namespace

void Die(const std::string& message) {
  fmt::print(stderr, "{}\n", message);
  // No destructor runs, and the server's folder with its log stays for who wants to know why.
  if (const pid_t left = running.exchange(0); left > 0) kill(left, SIGKILL);
  std::_Exit(1);
}

void OrDie(const Status& status) {
  if (!status.ok()) Die(status.ToString());
}

double SecondsSince(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

MeasuredServer::MeasuredServer(const std::string& folder, std::vector<std::string> options)
    : folder_(FolderOrTemporary(folder)), temporary_(folder.empty()), options_(std::move(options)) {
  Start();
}

MeasuredServer::~MeasuredServer() {
  running = 0;
  process_.reset();
  std::error_code ignored;
  if (temporary_) std::filesystem::remove_all(folder_, ignored);
}

void MeasuredServer::Start() {
  process_ = OrDie(ServerProcess::Start(ENGRAM_BINARY, data(), folder_, options_));
  running = process_->pid();
}

void MeasuredServer::Kill() {
  running = 0;
  process_->Kill();
}

std::unique_ptr<Client> MeasuredServer::MakeClient() const {
  ClientOptions options;
  options.port = process_->port();
  options.retry.attempts_max = 1;
  options.compress = false;
  return OrDie(Client::Connect(options));
}

ProcessFigures MeasuredServer::process() const {
  ProcessFigures figures;
  std::ifstream rollup(fmt::format("/proc/{}/smaps_rollup", pid()));
  for (std::string line; std::getline(rollup, line);) {
    std::istringstream words(line);
    std::string name;
    uint64_t kib = 0;
    words >> name >> kib;
    if (name == "Rss:") figures.resident_bytes = kib << 10;
    if (name == "Anonymous:") figures.anonymous_bytes = kib << 10;
  }
  std::string stat = ReadWholeFile(fmt::format("/proc/{}/stat", pid()));
  std::istringstream words(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));
  std::string skipped;
  for (int field = 3; field < 14; ++field) words >> skipped;
  double user = 0;
  double system = 0;
  words >> user >> system;
  figures.cpu_seconds = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return figures;
}

Result<SealingFigures> MeasuredServer::sealing(Client& client) const {
  ASSIGN_OR_RETURN(const std::string metrics, client.GetMetrics());
  const auto count = [&](const char* name) { return static_cast<uint64_t>(GaugeIn(metrics, name)); };
  return SealingFigures{count("engram_segments_sealed_total"),  count("engram_segments_merged_total"),
                        count("engram_sealing_failures_total"), count("engram_namespaces_behind"),
                        count("engram_sealing_jobs"),           GaugeIn(metrics, "engram_index_memory_bytes")};
}

bool MeasuredServer::IsIdleSince(const SealingFigures& before, Client& client) const {
  const double cpu = process().cpu_seconds;
  const auto begin = Clock::now();
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const double cores = (process().cpu_seconds - cpu) / SecondsSince(begin);
  const SealingFigures now = OrDie(sealing(client));
  return cores < kIdleCores && now.jobs == 0 && now.sealed == before.sealed && now.merged == before.merged;
}

bool MeasuredServer::WaitUntilAtRest(std::chrono::seconds most) const {
  const auto client = MakeClient();
  (void)OrDie(client->CountMemories(kNamespace, {}));
  const auto begin = Clock::now();
  for (auto quiet_since = begin; Clock::now() < begin + most;) {
    if (!IsIdleSince(OrDie(sealing(*client)), *client)) quiet_since = Clock::now();
    if (Clock::now() >= quiet_since + kQuiet) return true;
  }
  return false;
}

std::vector<std::string> MeasuredServer::Complaints() const {
  std::vector<std::string> lines;
  std::ifstream log(folder_ + "/log");
  for (std::string line; std::getline(log, line);) {
    if (line.find("\"level\":\"info\"") == std::string::npos) {
      lines.push_back(line);
    }
  }
  return lines;
}

}  // namespace engram::bench
