// What every analyzer does with a folded word: drop it as a stop word, stem it, cut it. Immutable.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "index/text/analyzer.h"
#include "index/text/stemmer.h"

namespace engram {

constexpr size_t kTermBytesMax = 256;

// Fills a vector of tokens from the front, so that the strings of an earlier text are used again.
class TokenSink {
 public:
  explicit TokenSink(std::vector<Token>* tokens) : tokens_(tokens) {}
  ~TokenSink() { tokens_->resize(size_); }
  TokenSink(const TokenSink&) = delete;
  TokenSink& operator=(const TokenSink&) = delete;

  // The token after the last kept one; its strings may hold old contents.
  Token& Next() {
    if (size_ == tokens_->size()) tokens_->emplace_back();
    return (*tokens_)[size_];
  }
  void Keep() { ++size_; }

 private:
  std::vector<Token>* tokens_;
  size_t size_ = 0;
};

class TermFilter {
 public:
  // `stop_words` in the form the analyzer's Fold gives.
  TermFilter(std::vector<std::string> stop_words, std::optional<Stemmer> stemmer);

  bool IsStopWord(std::string_view folded) const;

  const std::optional<Stemmer>& stemmer() const { return stemmer_; }

  // Turns token->term, a folded word that isn't a stop word, into what is indexed; token->surface keeps
  // the word where the two differ. False when nothing is left.
  bool Finish(Token* token) const;

  // Of the stop words and the stemmer.
  std::string Fingerprint() const;

 private:
  std::unordered_set<std::string_view> stop_words_;
  std::vector<std::string> stop_word_texts_;  // sorted; what the set points into
  // Bit i: some stop word of i bytes begins with this byte. Spares most words the hash.
  std::array<uint64_t, 256> lengths_by_first_byte_{};
  std::optional<Stemmer> stemmer_;
};

// Cuts a term to kTermBytesMax at a character's border.
void CutTerm(std::string* term);

}  // namespace engram
