#include "base/log.h"

#include <array>
#include <atomic>
#include <cmath>
#include <memory>

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/clock.h"
#include "base/mutex.h"

namespace engram {
namespace {

constexpr size_t kStringBytesMax = 8192;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warning", "error"};

// A code point read from the front of a string; size 0 means that the first byte starts none.
struct CodePoint {
  uint32_t value = 0;
  size_t size = 0;
};

// UTF-8 by table 3-7 of the Unicode standard: no overlong forms, no surrogates, nothing past U+10FFFF.
CodePoint DecodeUtf8(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
  uint32_t value = lead & (0x7Fu >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3Fu);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  return overlong || surrogate || value > 0x10FFFF ? CodePoint{} : CodePoint{value, size};
}

// C0, DEL and C1 controls (terminals obey them) and the two line separators of Unicode.
bool IsControl(uint32_t c) { return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x2028 || c == 0x2029; }

void AppendJsonString(std::string_view text, std::string* out) {
  const bool cut = text.size() > kStringBytesMax;
  if (cut) {
    text = text.substr(0, kStringBytesMax);
    // Not through the middle of a character.
    for (int i = 0; i < 3 && (static_cast<uint8_t>(text.back()) & 0xC0) == 0x80; ++i) text.remove_suffix(1);
    if (static_cast<uint8_t>(text.back()) >= 0xC0) text.remove_suffix(1);
  }
  *out += '"';
  while (!text.empty()) {
    const CodePoint c = DecodeUtf8(text);
    if (c.size == 0) {
      *out += kReplacement;
    } else if (c.value == '"' || c.value == '\\') {
      *out += '\\';
      *out += static_cast<char>(c.value);
    } else if (c.value == '\n') {
      *out += "\\n";
    } else if (IsControl(c.value)) {
      *out += fmt::format("\\u{:04x}", c.value);
    } else {
      *out += text.substr(0, c.size);
    }
    text.remove_prefix(c.size == 0 ? 1 : c.size);
  }
  if (cut) *out += "…";
  *out += '"';
}

struct AppendValue {
  std::string* out;

  void operator()(bool v) const { *out += v ? "true" : "false"; }
  void operator()(int64_t v) const { *out += fmt::format("{}", v); }
  void operator()(uint64_t v) const { *out += fmt::format("{}", v); }
  // JSON has no word for what is not finite.
  void operator()(double v) const { *out += std::isfinite(v) ? fmt::format("{}", v) : fmt::format("\"{}\"", v); }
  void operator()(std::string_view v) const { AppendJsonString(v, out); }
};

std::shared_ptr<spdlog::logger> StderrLogger() {
  auto logger = std::make_shared<spdlog::logger>("engram", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%v");
  return logger;
}

// Where lines go. Made at the first line and never destroyed: a thread may log until the very end.
struct Output {
  Mutex mutex;
  LogSink sink GUARDED_BY(mutex);
  std::shared_ptr<spdlog::logger> logger = StderrLogger();
};

Output& TheOutput() {
  static auto* output = new Output;
  return *output;
}

std::atomic<LogLevel> level_min = LogLevel::kInfo;

}  // namespace

std::string_view LogLevelName(LogLevel level) { return kLevelNames[static_cast<size_t>(level)]; }

Result<LogLevel> ParseLogLevel(std::string_view name) {
  for (size_t i = 0; i < kLevelNames.size(); ++i) {
    if (name == kLevelNames[i]) return static_cast<LogLevel>(i);
  }
  return InvalidArgument(fmt::format("log level \"{}\" is none of debug, info, warning, error", name.substr(0, 64)));
}

std::string FormatLogLine(Timestamp time, LogLevel level, std::string_view event, LogFields fields) {
  std::string line = fmt::format(R"({{"time":"{}","level":"{}","event":)", FormatRfc3339(time), LogLevelName(level));
  AppendJsonString(event, &line);
  for (const LogField& field : fields) {
    line += ',';
    AppendJsonString(field.name, &line);
    line += ':';
    std::visit(AppendValue{&line}, field.value.data());
  }
  line += '}';
  return line;
}

void Log(LogLevel level, std::string_view event, LogFields fields) {
  if (!LogEnabled(level)) return;
  const std::string line = FormatLogLine(Clock::Real().Now(), level, event, fields);
  Output& output = TheOutput();
  {
    MutexLock lock(output.mutex);
    if (output.sink) return output.sink(line);
  }
  // Has a lock of its own.
  output.logger->info(spdlog::string_view_t(line));
}

void SetLogLevel(LogLevel level) { level_min = level; }

bool LogEnabled(LogLevel level) { return level >= level_min.load(std::memory_order_relaxed); }

void SetLogSink(LogSink sink) {
  Output& output = TheOutput();
  MutexLock lock(output.mutex);
  output.sink = std::move(sink);
}

}  // namespace engram
