#include "index/text/term_filter.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "index/text/utf8.h"

namespace engram {

TermFilter::TermFilter(std::vector<std::string> stop_words, std::optional<Stemmer> stemmer)
    : stop_word_texts_(std::move(stop_words)), stemmer_(stemmer) {
  std::sort(stop_word_texts_.begin(), stop_word_texts_.end());
  stop_word_texts_.erase(std::unique(stop_word_texts_.begin(), stop_word_texts_.end()), stop_word_texts_.end());
  for (const std::string& word : stop_word_texts_) {
    if (word.empty()) continue;
    stop_words_.insert(word);
    lengths_by_first_byte_[static_cast<unsigned char>(word[0])] |= uint64_t{1} << std::min<size_t>(word.size(), 63);
  }
}

bool TermFilter::IsStopWord(std::string_view folded) const {
  if (folded.empty()) return false;
  const uint64_t lengths = lengths_by_first_byte_[static_cast<unsigned char>(folded[0])];
  if ((lengths >> std::min<size_t>(folded.size(), 63) & 1) == 0) return false;
  return stop_words_.contains(folded);
}

bool TermFilter::Finish(Token* token) const {
  token->surface.clear();
  if (token->term.empty()) return false;
  CutTerm(&token->term);
  if (!stemmer_) return true;
  token->surface = token->term;
  stemmer_->Stem(&token->term);
  if (token->surface == token->term) token->surface.clear();
  return true;
}

std::string TermFilter::Fingerprint() const {
  std::string joined;
  for (const std::string& word : stop_word_texts_) joined.append(word).push_back('\n');
  return fmt::format("stop_words={}:{:016x} stemmer={}", stop_words_.size(), HashBytes64(joined),
                     stemmer_ ? stemmer_->Fingerprint() : "none");
}

void CutTerm(std::string* term) {
  if (term->size() > kTermBytesMax) term->resize(CutUtf8(*term, kTermBytesMax).size());
}

}  // namespace engram
