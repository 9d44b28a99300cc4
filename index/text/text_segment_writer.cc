#include "index/text/text_segment_writer.h"

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "base/coding.h"
#include "index/text/sealed_dictionary.h"
#include "index/text/sealed_postings.h"
#include "index/text/text_segment.h"
#include "index/text/text_segment_format.h"

namespace engram {
namespace {

constexpr uint32_t kNone = UINT32_MAX;
constexpr size_t kAppendBytes = 256 * 1024;  // what is gathered before it goes to the file

// Old numbers of one source to new ones; kNone for what is left behind.
struct Renumbering {
  std::vector<uint32_t> texts;
  std::vector<uint32_t> terms;
  std::vector<uint32_t> words;
};

class Writer {
 public:
  Writer(SegmentWriter* file, bool stems, const std::vector<std::shared_ptr<const TextSource>>& sources)
      : file_(file), stems_(stems), sources_(sources), renumbered_(sources.size()) {}

  Status WriteTexts();
  Status WriteTerms();
  Status WriteWords();
  Status WriteForward();
  bool sources_damaged() const {
    return std::any_of(sources_.begin(), sources_.end(), [](const auto& source) { return source->damaged(); });
  }
  uint32_t text_count() const { return static_cast<uint32_t>(slots_.size()); }
  SlotRange slots() const { return {Slot(slots_.front()), Slot(slots_.back())}; }

 private:
  using Walks = std::vector<std::unique_ptr<WordWalk>>;

  static std::optional<std::string> LeastWord(const Walks& walks);
  void AddPostings(size_t source, uint32_t term);
  std::vector<std::vector<uint32_t>> CountWords() const;
  Status AppendWhenLarge(std::string* bytes, size_t limit);

  template <class T>
  Status Array(std::string_view name, const std::vector<T>& numbers) {
    RETURN_IF_ERROR(file_->Begin(name));
    return file_->AppendArray(std::span<const T>(numbers));
  }

  SegmentWriter* file_;
  const bool stems_;
  const std::vector<std::shared_ptr<const TextSource>>& sources_;
  std::vector<Renumbering> renumbered_;
  std::vector<uint32_t> slots_;
  std::vector<uint32_t> lengths_;
  SealedPostingsWriter postings_;
};

Status Writer::WriteTexts() {
  std::vector<uint16_t> short_lengths;
  std::vector<uint32_t> long_lengths;
  for (size_t s = 0; s < sources_.size(); ++s) {
    const TextSource& source = *sources_[s];
    renumbered_[s].texts.assign(source.text_count(), kNone);
    for (uint32_t ordinal = 0; ordinal < source.text_count(); ++ordinal) {
      if (!source.live(ordinal)) continue;
      const uint32_t slot = source.slot(ordinal).value;
      ENGRAM_CHECK(slots_.empty() || slot > slots_.back());
      const uint32_t length = source.length(ordinal);
      renumbered_[s].texts[ordinal] = text_count();
      if (length >= TextSegment::kLongText) {
        long_lengths.push_back(text_count());
        long_lengths.push_back(length);
      }
      short_lengths.push_back(static_cast<uint16_t>(std::min<uint32_t>(length, TextSegment::kLongText)));
      slots_.push_back(slot);
      lengths_.push_back(length);
    }
  }
  ENGRAM_CHECK(slots_.size() <= kSealedTextsMax);
  if (slots_.empty()) return {};
  short_lengths.push_back(0);  // so that the last one may be read as the lower half of a u32
  RETURN_IF_ERROR(Array(kSlotsSection, slots_));
  RETURN_IF_ERROR(Array(kLengthsSection, short_lengths));
  return Array(kLongLengthsSection, long_lengths);
}

std::optional<std::string> Writer::LeastWord(const Walks& walks) {
  const WordWalk* least = nullptr;
  for (const auto& walk : walks) {
    if (!walk->done() && (least == nullptr || walk->word() < least->word())) least = walk.get();
  }
  if (least == nullptr) return std::nullopt;
  return std::string(least->word());
}

void Writer::AddPostings(size_t source, uint32_t term) {
  for (const auto walk = sources_[source]->postings(term); !walk->done(); walk->Next()) {
    const uint32_t ordinal = renumbered_[source].texts[walk->ordinal()];
    if (ordinal == kNone) continue;
    const std::vector<uint32_t>& positions = walk->positions();
    if (positions.empty()) continue;  // damaged, which is asked for at the end
    postings_.Add(ordinal, static_cast<uint32_t>(positions.size()), lengths_[ordinal], positions.data());
  }
}

Status Writer::AppendWhenLarge(std::string* bytes, size_t limit) {
  if (bytes->size() < limit) return {};
  RETURN_IF_ERROR(file_->Append(*bytes));
  bytes->clear();
  return {};
}

Status Writer::WriteTerms() {
  Walks walks;
  for (size_t s = 0; s < sources_.size(); ++s) {
    walks.push_back(sources_[s]->terms());
    renumbered_[s].terms.assign(sources_[s]->term_count(), kNone);
  }
  SealedDictionaryWriter dictionary;
  std::vector<uint32_t> texts;
  std::vector<uint64_t> lists = {0};
  std::string bytes;
  RETURN_IF_ERROR(file_->Begin(kPostingsSection));
  while (const std::optional<std::string> term = LeastWord(walks)) {
    for (size_t s = 0; s < sources_.size(); ++s) {
      if (walks[s]->done() || walks[s]->word() != *term) continue;
      AddPostings(s, walks[s]->id());
      renumbered_[s].terms[walks[s]->id()] = dictionary.size();
      walks[s]->Next();
    }
    if (postings_.count() == 0) continue;  // the next term gets the number: no live text asks for this one
    texts.push_back(postings_.count());
    dictionary.Add(*term);
    const size_t before = bytes.size();
    postings_.Finish(&bytes);
    lists.push_back(lists.back() + bytes.size() - before);
    RETURN_IF_ERROR(AppendWhenLarge(&bytes, kAppendBytes));
  }
  bytes.append(kSealedPostingsSlack, '\0');
  RETURN_IF_ERROR(AppendWhenLarge(&bytes, 0));
  RETURN_IF_ERROR(file_->Section(kTermsSection, dictionary.words()));
  RETURN_IF_ERROR(Array(kTermBlocksSection, dictionary.offsets()));
  RETURN_IF_ERROR(Array(kTermTextsSection, texts));
  return Array(kListsSection, lists);
}

// In how many live texts of each source its words stand.
std::vector<std::vector<uint32_t>> Writer::CountWords() const {
  std::vector<std::vector<uint32_t>> counts;
  std::vector<uint32_t> words;
  for (size_t s = 0; s < sources_.size(); ++s) {
    counts.emplace_back(sources_[s]->word_count());
    for (uint32_t ordinal = 0; ordinal < sources_[s]->text_count(); ++ordinal) {
      if (renumbered_[s].texts[ordinal] == kNone) continue;
      sources_[s]->ReadWords(ordinal, &words);
      for (const uint32_t word : words) ++counts.back()[word];
    }
  }
  return counts;
}

Status Writer::WriteWords() {
  const std::vector<std::vector<uint32_t>> counts = CountWords();
  Walks walks;
  for (size_t s = 0; s < sources_.size(); ++s) {
    walks.push_back(sources_[s]->words());
    renumbered_[s].words.assign(sources_[s]->word_count(), kNone);
  }
  struct Found {
    uint32_t term;
    size_t source;
    uint32_t id;
    bool operator<(const Found& other) const { return term < other.term; }
  };
  SealedDictionaryWriter dictionary;
  std::vector<uint32_t> texts;
  std::vector<uint32_t> terms;
  std::vector<Found> found;
  while (const std::optional<std::string> word = LeastWord(walks)) {
    found.clear();
    for (size_t s = 0; s < sources_.size(); ++s) {
      for (; !walks[s]->done() && walks[s]->word() == *word; walks[s]->Next()) {
        const uint32_t id = walks[s]->id();
        if (counts[s][id] == 0) continue;
        found.push_back({renumbered_[s].terms[sources_[s]->TermOfWord(id)], s, id});
      }
    }
    std::sort(found.begin(), found.end());
    for (size_t i = 0; i < found.size(); ++i) {
      if (i == 0 || found[i].term != found[i - 1].term) {
        dictionary.Add(*word);
        terms.push_back(found[i].term);
        texts.push_back(0);
      }
      texts.back() += counts[found[i].source][found[i].id];
      renumbered_[found[i].source].words[found[i].id] = dictionary.size() - 1;
    }
  }
  RETURN_IF_ERROR(file_->Section(kWordsSection, dictionary.words()));
  RETURN_IF_ERROR(Array(kWordBlocksSection, dictionary.offsets()));
  RETURN_IF_ERROR(Array(kWordTextsSection, texts));
  return Array(kWordTermsSection, terms);
}

Status Writer::WriteForward() {
  std::vector<uint64_t> begins = {0};
  std::vector<uint32_t> words;
  std::string bytes;
  RETURN_IF_ERROR(file_->Begin(kForwardSection));
  for (size_t s = 0; s < sources_.size(); ++s) {
    const std::vector<uint32_t>& numbers = stems_ ? renumbered_[s].words : renumbered_[s].terms;
    for (uint32_t ordinal = 0; ordinal < sources_[s]->text_count(); ++ordinal) {
      if (renumbered_[s].texts[ordinal] == kNone) continue;
      sources_[s]->ReadWords(ordinal, &words);
      for (uint32_t& word : words) word = numbers[word];
      std::sort(words.begin(), words.end());
      const size_t before = bytes.size();
      uint32_t next = 0;
      for (const uint32_t word : words) {
        AppendVarint(&bytes, word - next);
        next = word + 1;
      }
      begins.push_back(begins.back() + bytes.size() - before);
      RETURN_IF_ERROR(AppendWhenLarge(&bytes, kAppendBytes));
    }
  }
  RETURN_IF_ERROR(AppendWhenLarge(&bytes, 0));
  return Array(kForwardBeginsSection, begins);
}

}  // namespace

Result<TextSegmentSize> WriteTextSegment(FileSystem& files, const std::string& path, const Analyzer& analyzer,
                                         const std::vector<std::shared_ptr<const TextSource>>& sources,
                                         Position position) {
  ASSIGN_OR_RETURN(SegmentWriter file,
                   SegmentWriter::Create(files, path, SegmentKind::kText, TextSegmentFingerprint(analyzer)));
  Writer writer(&file, analyzer.stems(), sources);
  RETURN_IF_ERROR(writer.WriteTexts());
  if (writer.text_count() == 0) return TextSegmentSize();
  RETURN_IF_ERROR(writer.WriteTerms());
  if (analyzer.stems()) RETURN_IF_ERROR(writer.WriteWords());
  RETURN_IF_ERROR(writer.WriteForward());
  if (writer.sources_damaged()) return Corruption("a text segment to be merged is damaged");
  RETURN_IF_ERROR(file.Finish(writer.slots(), position));
  return TextSegmentSize{writer.text_count(), file.size()};
}

}  // namespace engram
