#include "tools/import/hashed_line.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace engram {

std::string HashedLine(std::string_view record, const std::string& object) {
  return fmt::format("{{\"hash\":\"{}\",\"{}\":{}}}", HashBytes128(object).ToHex(), record, object);
}

Result<std::string_view> UnhashLine(std::string_view line, std::string_view record) {
  constexpr size_t kHexDigits = 32;
  constexpr std::string_view kStart = "{\"hash\":\"";
  const std::string middle = fmt::format("\",\"{}\":", record);
  const size_t head = kStart.size() + kHexDigits + middle.size();
  if (line.size() < head + 3 || !line.starts_with(kStart) ||
      line.substr(kStart.size() + kHexDigits, middle.size()) != middle || !line.ends_with("}}")) {
    return InvalidArgument(fmt::format("no archived {}: a line is {{\"hash\":\"…\",\"{}\":{{…}}}}", record, record));
  }
  const std::string_view hash = line.substr(kStart.size(), kHexDigits);
  line.remove_prefix(head);
  line.remove_suffix(1);
  if (HashBytes128(line).ToHex() == hash) return line;
  return Corruption(fmt::format("the {} was changed: its hash is not {}", record, hash));
}

}  // namespace engram
