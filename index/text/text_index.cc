#include "index/text/text_index.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "index/text/analyze_texts.h"
#include "index/text/sealed_part.h"
#include "index/text/text_part.h"
#include "index/text/text_view.h"

namespace engram {
namespace {

// What a thread keeps of its last text; a giant one gives its memory back.
constexpr size_t kTokensKept = 4096;

std::vector<Token>& ThreadTokens() {
  thread_local std::vector<Token> tokens;
  if (tokens.capacity() > kTokensKept) tokens = {};
  return tokens;
}

}  // namespace

TextIndex::TextIndex(std::shared_ptr<const Analyzer> analyzer, Bm25Parameters parameters)
    : analyzer_(std::move(analyzer)), parameters_(parameters), fresh_(std::make_shared<TextPart>(analyzer_->stems())) {
  parts_.push_back(fresh_);
}

TextIndex::~TextIndex() = default;

void TextIndex::Add(Slot slot, const std::vector<std::string_view>& texts) {
  std::vector<Token>& tokens = ThreadTokens();
  AnalyzeTexts(*analyzer_, texts, &tokens);
  if (!tokens.empty()) fresh_->Add(slot, tokens);
}

void TextIndex::Remove(Slot slot) {
  // The newest texts go first, mostly.
  const auto holds = [slot](const auto& part) { return part->Remove(slot); };
  const auto part = std::find_if(parts_.rbegin(), parts_.rend(), holds);
  if (part != parts_.rbegin() || !fresh_->mostly_dead()) return;
  fresh_ = fresh_->Compacted();
  parts_.back() = fresh_;
}

std::optional<TextPartHandle> TextIndex::Freeze() {
  if (fresh_->text_count() == 0) return std::nullopt;
  TextPartHandle handle(fresh_);
  fresh_ = std::make_shared<TextPart>(analyzer_->stems());
  parts_.push_back(fresh_);
  return handle;
}

std::vector<TextPartHandle> TextIndex::Parts() const {
  std::vector<TextPartHandle> handles;
  for (size_t i = 0; i + 1 < parts_.size(); ++i) handles.push_back(TextPartHandle(parts_[i]));
  return handles;
}

void TextIndex::Replace(const std::vector<TextPartHandle>& handles, std::shared_ptr<const TextSegment> segment) {
  const std::shared_ptr<Part> part = segment ? std::make_shared<SealedPart>(std::move(segment)) : nullptr;
  ENGRAM_CHECK(!handles.empty());
  const auto first = std::find(parts_.begin(), parts_.end(), handles[0].part_);
  ENGRAM_CHECK(parts_.end() - first > static_cast<ptrdiff_t>(handles.size()));
  for (size_t i = 0; i < handles.size(); ++i) {
    ENGRAM_CHECK(first[static_cast<ptrdiff_t>(i)] == handles[i].part_);
    for (const Slot slot : handles[i].part_->RemovedSince(handles[i].epoch_)) {
      ENGRAM_CHECK(part != nullptr && part->Remove(slot));
    }
  }
  const auto place = parts_.erase(first, first + static_cast<ptrdiff_t>(handles.size()));
  if (part) parts_.insert(place, part);
}

void TextIndex::Attach(std::shared_ptr<const TextSegment> segment, const SlotSet& removed) {
  ENGRAM_CHECK(fresh_->text_count() == 0);
  auto part = std::make_shared<SealedPart>(std::move(segment));
  for (const uint32_t slot : removed) part->Remove(Slot(slot));
  parts_.insert(parts_.end() - 1, std::move(part));
}

TextView TextIndex::View(const TextQuery& query) const {
  return TextView(std::make_shared<const TextView::Rep>(parts_, parameters_, query));
}

TextStatistics TextIndex::statistics() const {
  TextStatistics statistics;
  std::set<std::string, std::less<>> terms;
  for (const auto& part : parts_) {
    statistics.texts += part->live_texts();
    statistics.length_total += part->live_length();
    const bool alone = part->live_texts() > 0 && statistics.texts == part->live_texts() && part == parts_.back();
    part->EachTerm([&](std::string_view text, uint32_t) {
      if (alone) {
        ++statistics.distinct_terms;
      } else if (terms.find(text) == terms.end()) {
        terms.emplace(text);
      }
    });
  }
  statistics.distinct_terms += terms.size();
  return statistics;
}

void TextIndex::VisitPostings(
    const std::function<void(std::string_view term, Slot slot, uint32_t frequency)>& visit) const {
  struct Place {
    std::string text;
    size_t part;
    uint32_t term;
    bool operator<(const Place& other) const { return std::tie(text, part) < std::tie(other.text, other.part); }
  };
  std::vector<Place> places;
  for (size_t i = 0; i < parts_.size(); ++i) {
    parts_[i]->EachTerm([&](std::string_view text, uint32_t term) { places.push_back({std::string(text), i, term}); });
  }
  std::sort(places.begin(), places.end());
  for (const Place& place : places) {
    parts_[place.part]->EachLivePosting(place.term,
                                        [&](Slot slot, uint32_t frequency) { visit(place.text, slot, frequency); });
  }
}

const Analyzer& TextIndex::analyzer() const { return *analyzer_; }

size_t TextIndex::MemoryBytes() const {
  size_t bytes = sizeof(*this);
  for (const auto& part : parts_) bytes += part->MemoryBytes();
  return bytes;
}

}  // namespace engram
