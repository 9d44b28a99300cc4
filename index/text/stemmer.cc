#include "index/text/stemmer.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <libstemmer.h>

#include "base/check.h"
#include "base/hash.h"
#include "index/text/stop_words.h"

namespace engram {
namespace {

struct DeleteStemmer {
  void operator()(sb_stemmer* stemmer) const { sb_stemmer_delete(stemmer); }
};

sb_stemmer* ThreadStemmer(size_t algorithm) {
  thread_local std::vector<std::unique_ptr<sb_stemmer, DeleteStemmer>> stemmers(Stemmer::Names().size());
  auto& stemmer = stemmers[algorithm];
  if (!stemmer) stemmer.reset(sb_stemmer_new(Stemmer::Names()[algorithm].c_str(), nullptr));
  ENGRAM_CHECK(stemmer != nullptr);
  return stemmer.get();
}

}  // namespace

const std::vector<std::string>& Stemmer::Names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const char** name = sb_stemmer_list(); *name != nullptr; ++name) all.emplace_back(*name);
    std::sort(all.begin(), all.end());
    return all;
  }();
  return names;
}

std::optional<Stemmer> Stemmer::Find(std::string_view algorithm) {
  const auto& names = Names();
  const auto found = std::lower_bound(names.begin(), names.end(), algorithm);
  if (found == names.end() || *found != algorithm) return std::nullopt;
  return Stemmer(static_cast<size_t>(found - names.begin()));
}

void Stemmer::Stem(std::string* word) const {
  sb_stemmer* stemmer = ThreadStemmer(algorithm_);
  const auto* input = reinterpret_cast<const sb_symbol*>(word->data());
  const sb_symbol* stem = sb_stemmer_stem(stemmer, input, static_cast<int>(word->size()));
  ENGRAM_CHECK(stem != nullptr);  // null only when memory is out
  const int size = sb_stemmer_length(stemmer);
  if (size > 0) word->assign(reinterpret_cast<const char*>(stem), static_cast<size_t>(size));
}

std::string Stemmer::Fingerprint() const {
  std::string stems;
  for (const StopWordList& list : AllStopWords()) {
    for (const std::string& listed : SplitStopWords(list.words)) {
      std::string word = listed;
      Stem(&word);
      stems.append(word).push_back('\n');
    }
  }
  return fmt::format("{}:{:016x}", name(), HashBytes64(stems));
}

}  // namespace engram
