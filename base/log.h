// Structured logs: one JSON object per line on stderr, made for machines first.
//
//   Log(LogLevel::kInfo, "listen", {{"address", address}, {"port", port}});
//   {"time":"2026-01-02T03:04:05.678Z","level":"info","event":"listen","address":"::1","port":7700}
//
// Nobody can forge a line or move a terminal's cursor through a logged value: control characters are
// escaped, invalid UTF-8 becomes U+FFFD, strings are cut at 8 KiB. Never log what a user stored: texts,
// metadata, vectors and keys stay out; ids and counts are fine.
//
// An error is either returned or logged, never both.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "base/status.h"
#include "base/timestamp.h"

namespace engram {

enum class LogLevel : uint8_t { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

// "debug", "info", "warning", "error".
std::string_view LogLevelName(LogLevel level);
// InvalidArgument for any other word.
Result<LogLevel> ParseLogLevel(std::string_view name);

// A typed value of a field; views into its argument, which outlives the call of Log.
class LogValue {
 public:
  LogValue(std::same_as<bool> auto v) : data_(v) {}                          // NOLINT: implicit on purpose
  LogValue(std::signed_integral auto v) : data_(static_cast<int64_t>(v)) {}  // NOLINT
  LogValue(std::unsigned_integral auto v)                                    // NOLINT
      requires(!std::same_as<decltype(v), bool>)
      : data_(static_cast<uint64_t>(v)) {}
  LogValue(std::floating_point auto v) : data_(static_cast<double>(v)) {}  // NOLINT
  LogValue(std::string_view v) : data_(v) {}                               // NOLINT
  LogValue(const std::string& v) : data_(std::string_view(v)) {}           // NOLINT
  LogValue(const char* v) : data_(std::string_view(v)) {}                  // NOLINT

  const std::variant<bool, int64_t, uint64_t, double, std::string_view>& data() const { return data_; }

 private:
  std::variant<bool, int64_t, uint64_t, double, std::string_view> data_;
};

// `name` is ours: a snake_case literal, and none of time, level, event.
struct LogField {
  std::string_view name;
  LogValue value;
};
using LogFields = std::initializer_list<LogField>;

// Writes one line, whole, whatever other threads write. Thread-safe.
void Log(LogLevel level, std::string_view event, LogFields fields = {});

// Lines below `level` are dropped; kInfo at the start. Thread-safe.
void SetLogLevel(LogLevel level);
// Ask before computing what only a dropped line would show.
bool LogEnabled(LogLevel level);

// Takes the lines (without newline) instead of stderr; an empty function gives them back to stderr.
// Called under a lock: `sink` must not log. Tests use base/testing/captured_logs.h.
using LogSink = std::function<void(std::string_view line)>;
void SetLogSink(LogSink sink);

// The line of one event, without newline.
std::string FormatLogLine(Timestamp time, LogLevel level, std::string_view event, LogFields fields);

}  // namespace engram
