#include "index/text/text_segment_contents.h"

#include <fmt/format.h>

#include "base/coding.h"
#include "index/text/sealed_postings.h"

namespace engram {
namespace {

constexpr size_t kFaultsMax = 100;

Hash128 PostingHash(std::string_view term, const std::vector<uint32_t>& positions) {
  std::string bytes(term);
  bytes.push_back('\0');
  for (const uint32_t position : positions) AppendFixed32(&bytes, position);
  return HashBytes128(bytes);
}

class SegmentReader {
 public:
  explicit SegmentReader(const TextSegment& segment) : segment_(segment), term_texts_(segment.terms().size()) {}

  Result<TextSegmentContents> Read() {
    RETURN_IF_ERROR(segment_.file().CheckAll());
    contents_.texts.resize(segment_.text_count());
    for (uint32_t text = 0; text < segment_.text_count(); ++text) {
      contents_.texts[text].length = segment_.text_length(text);
    }
    for (SealedDictionary::Walk at(&segment_.terms()); !at.done(); at.Next()) ReadList(at.id(), at.word());
    ReadForward();
    return std::move(contents_);
  }

 private:
  template <class... Args>
  void Fault(fmt::format_string<Args...> format, Args&&... args) {
    if (contents_.faults.size() < kFaultsMax) {
      contents_.faults.push_back(fmt::format(format, std::forward<Args>(args)...));
    }
  }

  void ReadList(uint32_t term, std::string_view text) {
    std::vector<uint32_t> positions;
    uint64_t next = 0;
    uint32_t read = 0;
    SealedCursor at(segment_.postings(term));
    for (; !at.done(); at.Next(), ++read) {
      if (at.ordinal() < next || at.ordinal() >= segment_.text_count()) {
        return Fault("the list of \"{}\" is out of order at text {}", text, at.ordinal());
      }
      next = uint64_t{at.ordinal()} + 1;
      positions.clear();
      at.Positions(&positions);
      if (at.frequency() == 0) Fault("the list of \"{}\" has text {} with frequency 0", text, at.ordinal());
      if (positions.size() != at.frequency()) {
        Fault("the list of \"{}\" has {} positions in text {}, not {}", text, positions.size(), at.ordinal(),
              at.frequency());
      }
      contents_.texts[at.ordinal()].postings += PostingHash(text, positions);
    }
    if (at.postings().damaged() || read != segment_.term_texts(term)) {
      Fault("the list of \"{}\" holds {} texts, beside it stand {}", text, read, segment_.term_texts(term));
    }
  }

  void ReadForward() {
    std::vector<std::string> words;
    words.reserve(segment_.words().size());
    for (SealedDictionary::Walk at(&segment_.words()); !at.done(); at.Next()) words.emplace_back(at.word());
    std::vector<uint32_t> word_texts(words.size());
    std::vector<uint32_t> last_text(segment_.terms().size(), UINT32_MAX);
    std::vector<uint32_t> of_text;
    for (uint32_t text = 0; text < segment_.text_count(); ++text) {
      if (!segment_.ReadWords(text, &of_text)) return Fault("the words of text {} can't be read", text);
      for (const uint32_t word : of_text) {
        ++word_texts[word];
        const uint32_t term = segment_.TermOfWord(word);
        if (std::exchange(last_text[term], text) != text) ++term_texts_[term];
        contents_.texts[text].words += HashBytes128(words[word]);
      }
    }
    for (uint32_t word = 0; word < words.size(); ++word) {
      if (word_texts[word] != segment_.word_texts(word)) {
        Fault("{} texts hold the word \"{}\", beside it stand {}", word_texts[word], words[word],
              segment_.word_texts(word));
      }
    }
    for (uint32_t term = 0; term < term_texts_.size(); ++term) {
      if (term_texts_[term] != segment_.term_texts(term)) {
        Fault("{} texts have words of the term \"{}\", beside it stand {}", term_texts_[term],
              segment_.terms().text(term), segment_.term_texts(term));
      }
    }
  }

  const TextSegment& segment_;
  TextSegmentContents contents_;
  std::vector<uint32_t> term_texts_;  // by term: texts with words of it
};

}  // namespace

Result<TextSegmentContents> ReadTextSegment(const TextSegment& segment) { return SegmentReader(segment).Read(); }

TextSums SumsOf(const std::vector<Token>& tokens) {
  TextSums sums;
  sums.length = static_cast<uint32_t>(tokens.size());
  std::map<std::string_view, std::vector<uint32_t>> terms;
  std::set<std::string_view> words;
  for (const Token& token : tokens) {
    terms[token.term].push_back(token.position);
    words.insert(token.word());
  }
  for (const auto& [term, positions] : terms) sums.postings += PostingHash(term, positions);
  for (const std::string_view word : words) sums.words += HashBytes128(word);
  return sums;
}

std::map<uint32_t, std::map<std::string, uint32_t>> FindPostings(const TextSegment& segment,
                                                                 const std::set<uint32_t>& texts) {
  std::map<uint32_t, std::map<std::string, uint32_t>> found;
  for (SealedDictionary::Walk term(&segment.terms()); !term.done(); term.Next()) {
    SealedCursor at(segment.postings(term.id()));
    for (const uint32_t text : texts) {
      at.Seek(text);
      if (at.done()) break;
      if (at.ordinal() == text) found[text].emplace(term.word(), at.frequency());
    }
  }
  return found;
}

}  // namespace engram
