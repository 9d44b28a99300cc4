#include "bench/text/query_mixes.h"

#include <algorithm>
#include <random>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

namespace engram::text_bench {
namespace {

constexpr size_t kStopWords = 30;

std::vector<std::string> Words(const std::string& sentence) {
  std::istringstream in(sentence);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

// The words that stand most often.
std::vector<std::string> StopWords(const std::vector<std::string>& sentences) {
  std::unordered_map<std::string, size_t> counts;
  for (const std::string& sentence : sentences) {
    for (const std::string& word : Words(sentence)) ++counts[word];
  }
  std::vector<std::pair<size_t, std::string>> order;
  for (const auto& [word, count] : counts) order.emplace_back(count, word);
  std::sort(order.rbegin(), order.rend());
  std::vector<std::string> words;
  for (size_t i = 0; i < std::min(kStopWords, order.size()); ++i) words.push_back(order[i].second);
  return words;
}

class Maker {
 public:
  Maker(const std::vector<std::string>& sentences, uint64_t seed)
      : sentences_(sentences), stop_words_(StopWords(sentences)), random_(seed) {
    is_stop_word_.insert(stop_words_.begin(), stop_words_.end());
  }

  // Words in a row, each kept once.
  Query Row(size_t least, size_t most) {
    const std::vector<std::string> words = RowOf(least + random_() % (most - least + 1));
    Query query;
    for (const std::string& word : words) {
      if (std::find(query.words.begin(), query.words.end(), word) == query.words.end()) query.words.push_back(word);
    }
    return query;
  }

  Query Phrase() { return {RowOf(2 + random_() % 2), true, false}; }

  Query OneWord() { return {{ContentWord()}, false, false}; }

  Query Required() {
    Query query{{ContentWord(), ContentWord()}, false, true};
    return query.words[0] == query.words[1] ? Required() : query;
  }

  Query StopWordHeavy() {
    Query query;
    while (query.words.size() < 3) {
      const std::string& word = stop_words_[random_() % stop_words_.size()];
      if (std::find(query.words.begin(), query.words.end(), word) == query.words.end()) query.words.push_back(word);
    }
    query.words.insert(query.words.begin() + static_cast<ptrdiff_t>(random_() % 4), ContentWord());
    return query;
  }

 private:
  std::vector<std::string> RowOf(size_t count) {
    while (true) {
      const std::vector<std::string> words = Words(sentences_[random_() % sentences_.size()]);
      if (words.size() < count) continue;
      const auto begin = words.begin() + static_cast<ptrdiff_t>(random_() % (words.size() - count + 1));
      return {begin, begin + static_cast<ptrdiff_t>(count)};
    }
  }

  std::string ContentWord() {
    while (true) {
      std::string word = RowOf(1)[0];
      if (!is_stop_word_.contains(word)) return word;
    }
  }

  const std::vector<std::string>& sentences_;
  std::vector<std::string> stop_words_;
  std::unordered_set<std::string> is_stop_word_;
  std::mt19937_64 random_;
};

}  // namespace

std::vector<QueryMix> MakeQueryMixes(const std::vector<std::string>& sentences, size_t count, uint64_t seed) {
  Maker maker(sentences, seed);
  std::vector<QueryMix> mixes = {{"1 word", {}},     {"2-4 words", {}},  {"5-8 words", {}}, {"15-30 words", {}},
                                 {"stop words", {}}, {"2 required", {}}, {"phrase", {}}};
  for (size_t i = 0; i < count; ++i) {
    mixes[0].queries.push_back(maker.OneWord());
    mixes[1].queries.push_back(maker.Row(2, 4));
    mixes[2].queries.push_back(maker.Row(5, 8));
    mixes[3].queries.push_back(maker.Row(15, 30));
    mixes[4].queries.push_back(maker.StopWordHeavy());
    mixes[5].queries.push_back(maker.Required());
    mixes[6].queries.push_back(maker.Phrase());
  }
  return mixes;
}

}  // namespace engram::text_bench
