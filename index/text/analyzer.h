// Turning text into terms. Immutable and thread-safe once created; share one per configuration.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace engram {

// What a namespace may configure. Empty or absent options take the analyzer's own defaults.
struct AnalyzerOptions {
  // "standard"    UAX #29 words, NFKC case folding, accent folding, CJK bigrams; no stemming, no stop words.
  // "english", "german", "french", … (every Snowball language): standard + its stop words + its stemmer.
  // "cjk"         standard with the stop words of "simple".
  // "simple"      lower case, runs of letters, digits and underscore, CJK runs as overlapping pairs, the
  //               33 classic English stop words, no stemming: the plain baseline of the literature.
  // "whitespace"  split at white space, nothing else changed.
  std::string analyzer = "standard";
  // A Snowball algorithm name, or "none".
  std::string stemmer;
  // Replaces the analyzer's stop words; compared after folding, before stemming.
  std::optional<std::vector<std::string>> stop_words;

  bool operator==(const AnalyzerOptions&) const = default;
};

struct Token {
  std::string term;
  // Counts words from 0, stop words included, so that a phrase keeps its gaps. Equal positions never
  // occur within one text.
  uint32_t position = 0;
  // Bytes of the original text the term came from: [begin, end).
  uint32_t begin = 0;
  uint32_t end = 0;
};

class Analyzer {
 public:
  virtual ~Analyzer() = default;

  // InvalidArgument names the option ("analyzer", "stemmer", "stop_words") and the known values.
  static Result<std::shared_ptr<const Analyzer>> Create(const AnalyzerOptions& options);

  // Replaces `*tokens` by the terms of `text` in order. Invalid UTF-8 becomes U+FFFD, never an error.
  // Terms longer than 256 bytes are cut at a character's border.
  virtual void Analyze(std::string_view text, std::vector<Token>* tokens) const = 0;

  // Folds without splitting, stopping or stemming: what `prefix*` and `fuzzy~` compare with.
  virtual std::string Fold(std::string_view word) const = 0;

  // Names everything that decides the terms: analyzer, options, Unicode and Snowball versions. Two
  // indexes with different fingerprints must not be mixed.
  virtual const std::string& fingerprint() const = 0;
};

}  // namespace engram
