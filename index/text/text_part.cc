#include "index/text/text_part.h"

#include <algorithm>

#include "base/check.h"

namespace engram {
namespace {

// A term and a position as one number, so that sorting groups the terms and keeps positions in order.
uint64_t Occurrence(uint32_t term, uint32_t position) { return uint64_t{term} << 32 | position; }
uint32_t TermOf(uint64_t occurrence) { return static_cast<uint32_t>(occurrence >> 32); }
uint32_t PositionOf(uint64_t occurrence) { return static_cast<uint32_t>(occurrence); }

void SortUnique(std::vector<uint32_t>* numbers) {
  std::sort(numbers->begin(), numbers->end());
  numbers->erase(std::unique(numbers->begin(), numbers->end()), numbers->end());
}

}  // namespace

TextPart::TextPart(bool stems) {
  if (stems) words_ = std::make_unique<Dictionary>(&arena_);
}

uint32_t TextPart::AddText(Slot slot, uint32_t length) {
  const uint32_t ordinal = text_count();
  ENGRAM_CHECK(ordinal == 0 || slots_[ordinal - 1] < slot.value);
  slots_.Append(slot.value);
  lengths_.Append(length);
  deaths_.Append(Death());
  forward_begin_.Append(static_cast<uint32_t>(forward_.size()));
  ++live_texts_;
  live_length_ += length;
  length_held_ += length;
  return ordinal;
}

uint32_t TextPart::AddTerm(std::string_view text) {
  const uint32_t term = terms_.FindOrAdd(text);
  if (term == lists_.size()) lists_.emplace_back();
  return term;
}

void TextPart::Add(Slot slot, const std::vector<Token>& tokens) {
  const uint32_t ordinal = AddText(slot, static_cast<uint32_t>(tokens.size()));
  std::vector<uint64_t> occurrences;
  std::vector<uint32_t> forward;
  occurrences.reserve(tokens.size());
  for (const Token& token : tokens) {
    const uint32_t term = AddTerm(token.term);
    occurrences.push_back(Occurrence(term, token.position));
    if (words_) forward.push_back(words_->FindOrAdd(token.word(), term));
  }
  std::sort(occurrences.begin(), occurrences.end());
  for (size_t begin = 0, end = 0; begin < occurrences.size(); begin = end) {
    const uint32_t term = TermOf(occurrences[begin]);
    while (end < occurrences.size() && TermOf(occurrences[end]) == term) ++end;
    AddPosting(term, ordinal, occurrences.data() + begin, occurrences.data() + end);
    if (!words_) forward.push_back(term);
  }
  if (words_) SortUnique(&forward);
  AddForward(std::move(forward));
}

void TextPart::AddPosting(uint32_t term, uint32_t ordinal, const uint64_t* begin, const uint64_t* end) {
  const auto frequency = static_cast<uint32_t>(end - begin);
  uint32_t positions = PositionOf(*begin);
  if (frequency > 1) {
    positions = static_cast<uint32_t>(positions_.size());
    for (const uint64_t* at = begin; at != end; ++at) positions_.Append(PositionOf(*at));
  }
  lists_[term].Append(&arena_, {ordinal, frequency, positions});
  terms_.AddLive(term);
}

void TextPart::AddForward(std::vector<uint32_t> words) {
  for (const uint32_t word : words) {
    forward_.Append(word);
    if (words_) words_->AddLive(word);
  }
}

size_t TextPart::forward_end(uint32_t ordinal) const {
  return ordinal + 1 < text_count() ? forward_begin_[ordinal + 1] : forward_.size();
}

bool TextPart::Remove(Slot slot) {
  const uint32_t ordinal = text_ordinal(slot, text_count());
  if (ordinal == kNoText || !text_live(ordinal, epoch())) return false;
  removed_.push_back(slot);
  deaths_[ordinal].epoch.store(epoch(), std::memory_order_relaxed);
  --live_texts_;
  live_length_ -= lengths_[ordinal];
  std::vector<uint32_t> terms;
  for (size_t i = forward_begin_[ordinal]; i < forward_end(ordinal); ++i) {
    terms.push_back(TermOfWord(forward_[i]));
    if (words_) words_->RemoveLive(forward_[i]);
  }
  SortUnique(&terms);
  for (const uint32_t term : terms) terms_.RemoveLive(term);
  return true;
}

std::vector<Slot> TextPart::RemovedSince(uint64_t epoch) const {
  return {removed_.begin() + static_cast<ptrdiff_t>(epoch), removed_.end()};
}

void TextPart::EachWordWithPrefix(std::string_view prefix, const VisitWord& visit) const {
  words().EachWithPrefix(prefix, [&](uint32_t word) { return visit(words().text(word), TermOfWord(word)); });
}

void TextPart::EachWordWithin(std::string_view word, uint32_t distance_max, const VisitNearWord& visit) const {
  words().EachWithin(word, distance_max, [&](uint32_t found, uint32_t distance) {
    visit(words().text(found), TermOfWord(found), distance);
  });
}

void TextPart::EachTerm(const std::function<void(std::string_view text, uint32_t term)>& visit) const {
  terms_.EachWithPrefix("", [&](uint32_t term) {
    visit(terms_.text(term), term);
    return true;
  });
}

void TextPart::EachLivePosting(uint32_t term, const std::function<void(Slot slot, uint32_t frequency)>& visit) const {
  for (PostingCursor at(postings(term)); !at.done(); at.Next()) {
    if (text_live(at->ordinal, epoch())) visit(text_slot(at->ordinal), at->frequency);
  }
}

uint32_t TextPart::text_ordinal(Slot slot, uint32_t text_count) const {
  uint32_t low = 0;
  uint32_t high = text_count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (slots_[middle] < slot.value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < text_count && slots_[low] == slot.value ? low : kNoText;
}

std::shared_ptr<TextPart> TextPart::Compacted() const {
  auto part = std::make_shared<TextPart>(words_ != nullptr);
  std::vector<uint32_t> new_ordinals(text_count(), kNoText);
  std::vector<uint32_t> new_words(words().size(), Dictionary::kNone);
  // Terms first: the forward lists below name them.
  uint32_t next = 0;
  for (uint32_t ordinal = 0; ordinal < text_count(); ++ordinal) {
    if (text_live(ordinal, epoch())) new_ordinals[ordinal] = next++;
  }
  for (uint32_t term = 0; term < terms_.size(); ++term) part->CopyTerm(*this, term, new_ordinals);
  for (uint32_t ordinal = 0; ordinal < text_count(); ++ordinal) {
    if (new_ordinals[ordinal] == kNoText) continue;
    part->AddText(text_slot(ordinal), text_length(ordinal));
    part->CopyForward(*this, ordinal, &new_words);
  }
  return part;
}

void TextPart::CopyTerm(const TextPart& from, uint32_t term, const std::vector<uint32_t>& new_ordinals) {
  uint32_t new_term = kNoTerm;  // until a live text has it
  std::vector<uint64_t> occurrences;
  for (PostingCursor cursor(from.postings(term)); !cursor.done(); cursor.Next()) {
    const uint32_t ordinal = new_ordinals[cursor->ordinal];
    if (ordinal == kNoText) continue;
    if (new_term == kNoTerm) new_term = AddTerm(from.terms_.text(term));
    occurrences.clear();
    for (uint32_t i = 0; i < cursor->frequency; ++i) {
      occurrences.push_back(Occurrence(new_term, from.Position(*cursor, i)));
    }
    AddPosting(new_term, ordinal, occurrences.data(), occurrences.data() + occurrences.size());
  }
}

void TextPart::CopyForward(const TextPart& from, uint32_t ordinal, std::vector<uint32_t>* new_words) {
  std::vector<uint32_t> words;
  for (size_t i = from.forward_begin_[ordinal]; i < from.forward_end(ordinal); ++i) {
    const uint32_t old = from.forward_[i];
    uint32_t& word = (*new_words)[old];
    if (word == Dictionary::kNone) {
      const uint32_t term = terms_.Find(from.terms_.text(from.TermOfWord(old)));
      word = words_ ? words_->FindOrAdd(from.words().text(old), term) : term;
    }
    words.push_back(word);
  }
  AddForward(std::move(words));
}

size_t TextPart::MemoryBytes() const {
  return sizeof(*this) + arena_.MemoryBytes() + terms_.MemoryBytes() + (words_ ? words_->MemoryBytes() : 0) +
         lists_.capacity() * sizeof(PostingList) + positions_.MemoryBytes() + slots_.MemoryBytes() +
         lengths_.MemoryBytes() + removed_.capacity() * sizeof(Slot) + deaths_.MemoryBytes() + forward_.MemoryBytes() +
         forward_begin_.MemoryBytes();
}

}  // namespace engram
