#include "index/text/highlight.h"

#include <algorithm>
#include <set>

#include "index/text/levenshtein.h"
#include "index/text/utf8.h"

namespace engram {
namespace {

using Kind = TextClause::Kind;

// A token that a clause matches.
struct Mark {
  size_t token;
  size_t clause;

  bool operator<(const Mark& other) const { return token != other.token ? token < other.token : clause < other.clause; }
  bool operator==(const Mark&) const = default;
};

// Bytes of the text, with the marks inside: [mark_begin, mark_end) of the sorted marks.
struct Window {
  size_t begin;
  size_t end;
  size_t mark_begin;
  size_t mark_end;
};

bool IsNear(const TextClause& clause, std::string_view word) {
  EditRows rows(DecodeAll(clause.terms[0]), clause.distance);
  for (size_t at = 0; at < word.size();) {
    rows.Push(DecodeUtf8(word, &at));
    if (!rows.CanMatch()) return false;
  }
  return rows.Distance() <= clause.distance;
}

bool MatchesWord(const TextClause& clause, const Token& token) {
  switch (clause.kind) {
    case Kind::kTerm: return token.term == clause.terms[0];
    case Kind::kPrefix: return token.word().starts_with(clause.terms[0]);
    case Kind::kFuzzy: return IsNear(clause, token.word());
    case Kind::kPhrase: return false;
  }
  return false;
}

// The tokens of the phrase that begins at token `first`; empty when none does.
std::vector<size_t> PhraseAt(const TextClause& clause, const std::vector<Token>& tokens, size_t first) {
  std::vector<size_t> found;
  size_t at = first;
  for (size_t i = 0; i < clause.terms.size(); ++i) {
    const uint32_t wanted = tokens[first].position + clause.offsets[i];
    while (at < tokens.size() && tokens[at].position < wanted) ++at;
    if (at == tokens.size() || tokens[at].position != wanted || tokens[at].term != clause.terms[i]) return {};
    found.push_back(at);
  }
  return found;
}

std::vector<Mark> FindMarks(const TextQuery& query, const std::vector<Token>& tokens,
                            const std::function<bool()>& give_up) {
  constexpr size_t kComparisonsBetweenLooks = 4096;
  std::vector<Mark> marks;
  size_t comparisons = 0;
  for (size_t c = 0; c < query.clauses.size(); ++c) {
    const TextClause& clause = query.clauses[c];
    if (clause.occur == TextClause::Occur::kNot) continue;
    for (size_t t = 0; t < tokens.size(); ++t) {
      if (++comparisons % kComparisonsBetweenLooks == 0 && give_up && give_up()) return {};
      if (MatchesWord(clause, tokens[t])) marks.push_back({t, c});
      if (clause.kind != Kind::kPhrase) continue;
      for (const size_t member : PhraseAt(clause, tokens, t)) marks.push_back({member, c});
    }
  }
  std::sort(marks.begin(), marks.end());
  marks.erase(std::unique(marks.begin(), marks.end()), marks.end());
  return marks;
}

bool Overlaps(const Window& window, const std::vector<Window>& taken) {
  return std::any_of(taken.begin(), taken.end(),
                     [&](const Window& other) { return window.begin < other.end && other.begin < window.end; });
}

class Fragmenter {
 public:
  Fragmenter(std::string_view text, const std::vector<Token>& tokens, const std::vector<Mark>& marks,
             const HighlightOptions& options)
      : text_(text), tokens_(tokens), marks_(marks), options_(options) {}

  std::vector<std::string> Run() {
    std::vector<Window> windows = Choose();
    std::sort(windows.begin(), windows.end(), [](const Window& a, const Window& b) { return a.begin < b.begin; });
    std::vector<std::string> fragments;
    size_t left_limit = 0;
    for (size_t i = 0; i < windows.size(); ++i) {
      const size_t right_limit = i + 1 < windows.size() ? windows[i + 1].begin : text_.size();
      Widen(left_limit, right_limit, &windows[i]);
      left_limit = windows[i].end;
      fragments.push_back(Render(windows[i]));
    }
    return fragments;
  }

 private:
  // As many marks from `mark` on as fit into one fragment, at least one.
  Window WindowFrom(size_t mark) const {
    const Token& first = tokens_[marks_[mark].token];
    Window window{first.begin, first.end, mark, mark};
    while (window.mark_end < marks_.size()) {
      const Token& next = tokens_[marks_[window.mark_end].token];
      if (window.mark_end > mark && next.end - window.begin > options_.fragment_bytes) break;
      window.end = std::max<size_t>(window.end, next.end);
      ++window.mark_end;
    }
    return window;
  }

  size_t DistinctClauses(const Window& window) const {
    std::set<size_t> clauses;
    for (size_t i = window.mark_begin; i < window.mark_end; ++i) clauses.insert(marks_[i].clause);
    return clauses.size();
  }

  // The windows with the most clauses, then the most marks, then the earliest; none overlaps another.
  std::vector<Window> Choose() const {
    struct Ranked {
      Window window;
      size_t clauses;
      size_t marks;
    };
    std::vector<Ranked> ranked;
    for (size_t mark = 0; mark < marks_.size(); ++mark) {
      const Window window = WindowFrom(mark);
      ranked.push_back({window, DistinctClauses(window), window.mark_end - window.mark_begin});
    }
    std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
      return a.clauses != b.clauses ? a.clauses > b.clauses : a.marks > b.marks;
    });
    std::vector<Window> chosen;
    for (const Ranked& candidate : ranked) {
      if (chosen.size() == options_.fragments_max) break;
      if (!Overlaps(candidate.window, chosen)) chosen.push_back(candidate.window);
    }
    return chosen;
  }

  // Adds the words around, on both sides in turn, while they fit. The first and the last word of the text
  // bring what stands before and behind them.
  void Widen(size_t left_limit, size_t right_limit, Window* window) const {
    if (text_.size() <= options_.fragment_bytes && left_limit == 0 && right_limit == text_.size()) {
      window->begin = 0;
      window->end = text_.size();
      return;
    }
    size_t left = marks_[window->mark_begin].token;
    size_t right = marks_[window->mark_end - 1].token;
    bool more_left = true;
    bool more_right = true;
    while (more_left || more_right) {
      more_left = more_left && left > 0 && tokens_[left - 1].begin >= left_limit &&
                  window->end - tokens_[left - 1].begin <= options_.fragment_bytes;
      if (more_left) window->begin = tokens_[--left].begin;
      more_right = more_right && right + 1 < tokens_.size() && tokens_[right + 1].end <= right_limit &&
                   tokens_[right + 1].end - window->begin <= options_.fragment_bytes;
      if (more_right) window->end = std::max<size_t>(window->end, tokens_[++right].end);
    }
    window->end = EndOfPunctuation(window->end, right_limit);
  }

  size_t EndOfPunctuation(size_t end, size_t limit) const {
    constexpr std::string_view kClosing = ".,;:!?)]}'\"";
    while (end < limit && kClosing.find(text_[end]) != std::string_view::npos) ++end;
    return end;
  }

  // Marked words that overlap (pairs of CJK characters) share one pair of tags.
  std::string Render(const Window& window) const {
    std::string out;
    size_t at = window.begin;
    size_t open_until = 0;
    const auto copy_to = [&](size_t end) {
      out.append(text_.substr(at, end - at));
      at = end;
    };
    for (const Mark& mark : marks_) {
      const Token& token = tokens_[mark.token];
      if (token.begin < window.begin || token.end > window.end) continue;
      if (open_until > 0 && token.begin >= open_until) {
        copy_to(open_until);
        out.append(options_.close);
        open_until = 0;
      }
      if (open_until == 0) {
        copy_to(token.begin);
        out.append(options_.open);
      }
      open_until = std::max<size_t>(open_until, token.end);
    }
    if (open_until > 0) {
      copy_to(open_until);
      out.append(options_.close);
    }
    copy_to(window.end);
    return out;
  }

  const std::string_view text_;
  const std::vector<Token>& tokens_;
  const std::vector<Mark>& marks_;
  const HighlightOptions& options_;
};

}  // namespace

std::vector<std::string> Highlight(std::string_view text, const TextQuery& query, const Analyzer& analyzer,
                                   const HighlightOptions& options) {
  std::vector<Token> tokens;
  analyzer.Analyze(text, &tokens);
  const std::vector<Mark> marks = FindMarks(query, tokens, options.give_up);
  return Fragmenter(text, tokens, marks, options).Run();
}

}  // namespace engram
