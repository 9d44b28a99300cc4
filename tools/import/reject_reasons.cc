#include "tools/import/reject_reasons.h"

#include <fmt/format.h>

namespace engram {
namespace {

constexpr int kReasonsMax = 32;
constexpr size_t kExampleBytes = 300;

// "memories[3].history[1].vector" is "vector".
std::string ReasonOf(const Status& why) {
  const std::string& field = why.field();
  const size_t last = field.find_last_of(".]");
  std::string name = last == std::string::npos ? field : field.substr(last + 1);
  if (name.empty()) return std::string(StatusCodeName(why.code()));
  return fmt::format("{}: {}", name, StatusCodeName(why.code()));
}

// Whole characters of UTF-8 (RFC 3629), at most kExampleBytes.
std::string Beginning(std::string text) {
  if (text.size() <= kExampleBytes) return text;
  size_t end = kExampleBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text + "…";
}

}  // namespace

void RejectReasons::Add(const std::string& place, const Status& why) {
  std::string reason = ReasonOf(why);
  v1::RejectReason* found = nullptr;
  const auto find = [&] {
    for (v1::RejectReason& known : *rejects_.mutable_reasons()) {
      if (known.reason() == reason) found = &known;
    }
  };
  find();
  if (found == nullptr && rejects_.reasons_size() >= kReasonsMax) {
    reason = "other";
    find();
  }
  if (found == nullptr) {
    found = rejects_.add_reasons();
    found->set_reason(reason);
    found->set_example(Beginning(fmt::format("{}: {}", place, why.message())));
  }
  found->set_count(found->count() + 1);
}

}  // namespace engram
