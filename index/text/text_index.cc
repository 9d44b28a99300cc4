#include "index/text/text_index.h"

#include "base/check.h"
#include "index/text/text_part.h"
#include "index/text/text_view.h"

namespace engram {
namespace {

// How far apart the words of two texts of one memory are, so that no phrase reaches from one to the next.
constexpr uint32_t kTextGap = 100;

// What a thread keeps of its last text; a giant one gives its memory back.
constexpr size_t kTokensKept = 4096;

std::vector<Token>& ThreadTokens() {
  thread_local std::vector<Token> tokens;
  if (tokens.capacity() > kTokensKept) tokens = {};
  return tokens;
}

}  // namespace

TextIndex::TextIndex(std::shared_ptr<const Analyzer> analyzer, Bm25Parameters parameters)
    : analyzer_(std::move(analyzer)), parameters_(parameters), part_(std::make_shared<TextPart>(analyzer_->stems())) {}

TextIndex::~TextIndex() = default;

void TextIndex::Add(Slot slot, const std::vector<std::string_view>& texts) {
  std::vector<Token>& tokens = ThreadTokens();
  tokens.clear();
  if (texts.size() == 1) {
    analyzer_->Analyze(texts[0], &tokens);
  } else {
    std::vector<Token> next;
    for (const std::string_view text : texts) {
      const uint32_t base = tokens.empty() ? 0 : tokens.back().position + 1 + kTextGap;
      analyzer_->Analyze(text, &next);
      for (Token& token : next) {
        token.position += base;
        tokens.push_back(std::move(token));
      }
    }
  }
  if (!tokens.empty()) part_->Add(slot, tokens);
}

void TextIndex::Remove(Slot slot) {
  if (part_->Remove(slot) && part_->mostly_dead()) part_ = part_->Compacted();
}

TextView TextIndex::View(const TextQuery& query) const {
  return TextView(std::make_shared<const TextView::Rep>(part_, parameters_, query));
}

TextStatistics TextIndex::statistics() const { return part_->statistics(); }

void TextIndex::VisitPostings(
    const std::function<void(std::string_view term, Slot slot, uint32_t frequency)>& visit) const {
  part_->terms().EachWithPrefix("", [&](uint32_t term) {
    for (PostingCursor at(part_->postings(term)); !at.done(); at.Next()) {
      if (!part_->text_live(at->ordinal, part_->epoch())) continue;
      visit(part_->terms().text(term), part_->text_slot(at->ordinal), at->frequency);
    }
    return true;
  });
}

const Analyzer& TextIndex::analyzer() const { return *analyzer_; }

size_t TextIndex::MemoryBytes() const { return sizeof(*this) + part_->MemoryBytes(); }

}  // namespace engram
