// A fuzzer's bytes, taken apart from the front. Confined to one run of the target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace engram {

class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : bytes_(reinterpret_cast<const char*>(data), size) {}

  // The next byte; 0 when there is none.
  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }

  // Up to the next line feed, which is taken, too.
  std::string_view Line() {
    const size_t end = bytes_.find('\n');
    const std::string_view line = bytes_.substr(0, end);
    bytes_.remove_prefix(end == std::string_view::npos ? bytes_.size() : end + 1);
    return line;
  }

  std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
};

}  // namespace engram

// libFuzzer's entry, which each target defines: 0, or the process ends.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);  // NOLINT: its name
