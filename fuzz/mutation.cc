#include "fuzz/mutation.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace engram {
namespace {

size_t Below(size_t n, std::mt19937_64& random) { return n == 0 ? 0 : random() % n; }

// Lengths and counts at which readers go wrong.
uint64_t Interesting(std::mt19937_64& random) {
  constexpr std::array<uint64_t, 10> kNumbers = {0,          1,          0x7f,       0x80,      0xffff,
                                                 0x7fffffff, 0x80000000, 0xffffffff, INT64_MAX, UINT64_MAX};
  const size_t at = Below(kNumbers.size() + 1, random);
  return at < kNumbers.size() ? kNumbers[at] : random();
}

void Overwrite(std::string* bytes, std::mt19937_64& random) {
  const uint64_t number = Interesting(random);
  const size_t at = Below(bytes->size(), random);
  const size_t width = std::min<size_t>(size_t{1} << Below(4, random), bytes->size() - at);
  std::memcpy(bytes->data() + at, &number, width);
}

void InsertFrom(std::string_view other, std::string* bytes, std::mt19937_64& random) {
  const size_t from = Below(other.size() + 1, random);
  const std::string piece(other.substr(from, Below(64, random) + 1));
  bytes->insert(Below(bytes->size() + 1, random), piece);
}

void Change(const std::vector<std::string>& inputs, std::string* bytes, std::mt19937_64& random) {
  if (bytes->empty()) return InsertFrom(inputs[Below(inputs.size(), random)], bytes, random);
  const size_t at = Below(bytes->size(), random);
  switch (Below(8, random)) {
    case 0: (*bytes)[at] = static_cast<char>((*bytes)[at] ^ (1 << Below(8, random))); break;
    case 1: (*bytes)[at] = static_cast<char>(random()); break;
    case 2: Overwrite(bytes, random); break;
    case 3: bytes->erase(at, Below(32, random) + 1); break;
    case 4: bytes->insert(at, 1, static_cast<char>(random())); break;
    case 5: InsertFrom(std::string(*bytes), bytes, random); break;
    case 6: InsertFrom(inputs[Below(inputs.size(), random)], bytes, random); break;
    default: bytes->resize(Below(8, random) == 0 ? at : bytes->size()); break;
  }
}

}  // namespace

std::string Mutant(const std::vector<std::string>& inputs, std::mt19937_64& random) {
  std::string bytes = inputs[Below(inputs.size(), random)];
  for (size_t changes = 1 + Below(8, random); changes > 0; --changes) Change(inputs, &bytes, random);
  bytes.resize(std::min(bytes.size(), kMutantBytesMax));
  return bytes;
}

}  // namespace engram
