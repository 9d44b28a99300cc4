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
  // "standard"    UAX #29 words (but a colon ends one) and emoji, NFKC case folding, accent folding,
  //               Chinese and Japanese as overlapping pairs (a lone character stays one), Thai and its
  //               kind by dictionary; no stemming, no stop words. "don't" and "ann's" stay one word.
  // "english", "german", "french", … (every Snowball language): standard + its stop words + its stemmer.
  //               The stemmer sees the accents, then they are folded; French, Italian and Catalan lose
  //               elided articles (l'homme); Turkish folds I its own way.
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
  // The folded word before stemming, what `prefix*` and `fuzzy~` compare with. Empty where it is the term.
  std::string surface;

  std::string_view word() const { return surface.empty() ? term : surface; }
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

  // Whether terms may differ from their words, so that an index has to know both.
  virtual bool stems() const = 0;

  // Names everything that decides the terms: analyzer, options, Unicode and Snowball versions. Two
  // indexes with different fingerprints must not be mixed.
  virtual const std::string& fingerprint() const = 0;
};

}  // namespace engram
