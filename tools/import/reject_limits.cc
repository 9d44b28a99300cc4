#include "tools/import/reject_limits.h"

#include <charconv>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

namespace engram {

Status ParseAbortOn(const std::string& text, RejectLimits* limits) {
  constexpr std::string_view kWord = "rejects=";
  std::string_view number = text;
  const bool known = number.starts_with(kWord);
  if (known) number.remove_prefix(kWord.size());
  const bool percent = number.ends_with('%');
  if (percent) number.remove_suffix(1);
  double value = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  const bool whole = known && read.ec == std::errc() && read.ptr == number.data() + number.size() && value >= 0;
  if (!whole || (percent ? value > 100 : value != std::floor(value) || value > 1e15)) {
    return InvalidArgument(fmt::format("--abort-on {} is neither rejects=N nor rejects=P%", text));
  }
  if (percent) {
    limits->percent_max = value;
  } else {
    limits->rejects_max = static_cast<uint64_t>(value);
  }
  return {};
}

}  // namespace engram
