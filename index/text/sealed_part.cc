#include "index/text/sealed_part.h"

#include <algorithm>

namespace engram {
namespace {

uint32_t Less(uint32_t count, const std::unordered_map<uint32_t, uint32_t>& dead, uint32_t number) {
  const auto found = dead.find(number);
  return found == dead.end() ? count : count - std::min(count, found->second);
}

}  // namespace

DeathRecord::DeathRecord(uint32_t texts)
    : chunk_count_(texts / kChunkTexts + 1), chunks_(new std::atomic<std::atomic<uint32_t>*>[chunk_count_]()) {}

DeathRecord::~DeathRecord() {
  for (size_t i = 0; i < chunk_count_; ++i) delete[] chunks_[i].load(std::memory_order_relaxed);
}

void DeathRecord::Mark(uint32_t text, uint32_t epoch) {
  std::atomic<uint32_t>* chunk = chunks_[text / kChunkTexts].load(std::memory_order_relaxed);
  if (chunk == nullptr) {
    chunk = new std::atomic<uint32_t>[kChunkTexts]();
    chunks_[text / kChunkTexts].store(chunk, std::memory_order_release);
  }
  chunk[text % kChunkTexts].store(epoch, std::memory_order_relaxed);
}

size_t DeathRecord::MemoryBytes() const {
  size_t bytes = chunk_count_ * sizeof(chunks_[0]);
  for (size_t i = 0; i < chunk_count_; ++i) {
    if (chunks_[i].load(std::memory_order_relaxed) != nullptr) bytes += kChunkTexts * sizeof(uint32_t);
  }
  return bytes;
}

SealedPart::SealedPart(std::shared_ptr<const TextSegment> segment)
    : segment_(std::move(segment)), deaths_(segment_->text_count()), live_length_(segment_->length_total()) {}

bool SealedPart::Remove(Slot slot) {
  const uint32_t ordinal = segment_->text_ordinal(slot);
  if (ordinal == TextSegment::kNoText || !deaths_.live(ordinal, epoch())) return false;
  removed_.push_back(slot);
  deaths_.Mark(ordinal, static_cast<uint32_t>(removed_.size()));
  live_length_ -= segment_->text_length(ordinal);
  std::vector<uint32_t> words;
  segment_->ReadWords(ordinal, &words);  // unreadable: the segment is damaged() and has to be built again
  for (uint32_t& word : words) {
    if (segment_->stems()) ++dead_words_[word];
    word = segment_->TermOfWord(word);
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  for (const uint32_t term : words) ++dead_terms_[term];
  return true;
}

std::vector<Slot> SealedPart::RemovedSince(uint64_t epoch) const {
  return {removed_.begin() + static_cast<ptrdiff_t>(epoch), removed_.end()};
}

uint32_t SealedPart::TermLive(uint32_t term) const { return Less(segment_->term_texts(term), dead_terms_, term); }

uint32_t SealedPart::WordLive(uint32_t word) const {
  return segment_->stems() ? Less(segment_->word_texts(word), dead_words_, word) : TermLive(word);
}

void SealedPart::EachWordWithPrefix(std::string_view prefix, const VisitWord& visit) const {
  segment_->words().EachWithPrefix(prefix, [&](uint32_t word, std::string_view text) {
    return WordLive(word) == 0 || visit(text, segment_->TermOfWord(word));
  });
}

void SealedPart::EachWordWithin(std::string_view word, uint32_t distance_max, const VisitNearWord& visit) const {
  segment_->words().EachWithin(word, distance_max, [&](uint32_t found, std::string_view text, uint32_t distance) {
    if (WordLive(found) > 0) visit(text, segment_->TermOfWord(found), distance);
  });
}

void SealedPart::EachTerm(const std::function<void(std::string_view text, uint32_t term)>& visit) const {
  for (SealedDictionary::Walk walk(&segment_->terms()); !walk.done(); walk.Next()) {
    if (TermLive(walk.id()) > 0) visit(walk.word(), walk.id());
  }
}

void SealedPart::EachLivePosting(uint32_t term, const std::function<void(Slot slot, uint32_t frequency)>& visit) const {
  const SealedPostings postings = segment_->postings(term);
  for (SealedCursor at(postings); !at.done(); at.Next()) {
    if (text_live(at.ordinal(), epoch())) visit(segment_->text_slot(at.ordinal()), at.frequency());
  }
}

size_t SealedPart::MemoryBytes() const {
  // A node of the maps: key, count, the next one, and its bucket.
  constexpr size_t kCountBytes = 40;
  return sizeof(*this) + segment_->MemoryBytes() + deaths_.MemoryBytes() + removed_.capacity() * sizeof(Slot) +
         (dead_terms_.size() + dead_words_.size()) * kCountBytes;
}

}  // namespace engram
