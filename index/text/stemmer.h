// Snowball stemmers (https://snowballstem.org) through libstemmer. Thread-safe: a stemmer object of the
// library is not, so each thread keeps its own of each algorithm.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engram {

class Stemmer {
 public:
  // The algorithms, by name, sorted.
  static const std::vector<std::string>& Names();

  static std::optional<Stemmer> Find(std::string_view algorithm);

  // Replaces `*word` by its stem. A word the algorithm would leave nothing of stays as it is.
  // REQUIRES: lower case, valid UTF-8.
  void Stem(std::string* word) const;

  const std::string& name() const { return Names()[algorithm_]; }

  // Changes when the library's algorithm does: it names no version, so this is a hash of what it makes
  // of a fixed list of words.
  std::string Fingerprint() const;

 private:
  explicit Stemmer(size_t algorithm) : algorithm_(algorithm) {}
  size_t algorithm_;
};

}  // namespace engram
