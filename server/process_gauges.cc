#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include "server/metrics.h"
#include "server/server.h"

namespace engram {
namespace {

// The n-th field (from 1, as proc(5) counts) of /proc/self/stat after the command's name.
double StatField(const std::vector<std::string>& after_name, size_t n) {
  double value = 0;
  const size_t index = n - 3;
  if (index < after_name.size()) {
    const std::string& text = after_name[index];
    std::from_chars(text.data(), text.data() + text.size(), value);
  }
  return value;
}

std::vector<std::string> ReadStat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  std::vector<std::string> fields;
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return fields;
  size_t at = name_end + 1;
  while ((at = line.find_first_not_of(' ', at)) != std::string::npos) {
    const size_t end = line.find(' ', at);
    fields.push_back(line.substr(at, end - at));
    at = end;
    if (end == std::string::npos) break;
  }
  return fields;
}

double OpenFiles() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  return error ? 0 : static_cast<double>(std::distance(begin(files), end(files)));
}

}  // namespace

std::vector<Gauge> ProcessGauges() {
  const std::vector<std::string> stat = ReadStat();
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  return {
      {"process_resident_memory_bytes", "Resident memory", StatField(stat, 24) * page, {}},
      {"process_virtual_memory_bytes", "Virtual memory", StatField(stat, 23), {}},
      {"process_cpu_seconds", "User and system CPU time", (StatField(stat, 14) + StatField(stat, 15)) / ticks, {}},
      {"process_threads", "Threads", StatField(stat, 20), {}},
      {"process_open_fds", "Open file descriptors", OpenFiles(), {}},
  };
}

}  // namespace engram
