#include "tools/import/history_diff.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "tools/import/record_diff.h"

namespace engram {
namespace {

// What both sides say of an event.
struct PlainEvent {
  std::string kind;
  int64_t micros = 0;
  std::string before;
  std::string after;
  bool numbered = false;  // by an import's own source version
};

bool Ends(const std::string& kind) { return kind == "delete" || kind == "expire"; }

int64_t Micros(const google::protobuf::Timestamp& time) { return time.seconds() * 1'000'000 + time.nanos() / 1'000; }

// The source gives whole versions; what they replaced is the version before in the same life. A life begins with an
// "add", whatever the source calls it.
std::vector<PlainEvent> PlainEvents(const v1::Memory& memory) {
  std::vector<PlainEvent> events;
  std::optional<std::string> text;
  for (const v1::HistoryEvent& given : memory.history()) {
    PlainEvent event;
    event.kind = Ends(given.event()) ? given.event() : text ? "update" : "add";
    event.micros = Micros(given.time());
    event.before = text.value_or("");
    if (!Ends(event.kind)) event.after = given.memory().text();
    event.numbered = given.memory().source().has_version();
    text = Ends(event.kind) ? std::nullopt : std::optional<std::string>(event.after);
    events.push_back(std::move(event));
  }
  return events;
}

PlainEvent PlainOf(const v1::HistoryEvent& stored) {
  return {stored.event(), Micros(stored.time()), stored.old_text(), stored.new_text(),
          stored.memory().source().has_version()};
}

}  // namespace

HistoryComparison CompareHistory(const v1::Memory& wanted, const std::vector<v1::HistoryEvent>& former, size_t keep) {
  HistoryComparison result;
  const auto differ = [&](HistoryVerdict verdict, std::string what) {
    if (result.verdict == HistoryVerdict::kEqual || verdict < result.verdict) result.verdict = verdict;
    result.differences.push_back(std::move(what));
  };
  std::vector<PlainEvent> events = PlainEvents(wanted);
  // What was trimmed is the oldest; of the oldest that is left, the store no longer knows what it replaced.
  const size_t trimmed = events.size() - std::min(events.size(), keep);
  events.erase(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(trimmed));
  if (events.size() > former.size()) {
    differ(HistoryVerdict::kMissing,
           fmt::format("history: {} former versions in the source, {} in the store", events.size(), former.size()));
  } else if (events.size() < former.size()) {
    differ(HistoryVerdict::kExtra,
           fmt::format("history: {} former versions in the source, {} in the store", events.size(), former.size()));
  }
  for (size_t i = 0; i < std::min(events.size(), former.size()); ++i) {
    const PlainEvent& a = events[i];
    const PlainEvent b = PlainOf(former[i]);
    const std::string at = fmt::format("history[{}]", i + trimmed);
    const size_t before = result.differences.size();
    if (a.kind != b.kind) {
      differ(HistoryVerdict::kKind, fmt::format("{}.event: {} in the source, {} in the store", at, a.kind, b.kind));
    }
    const bool retold = b.numbered && !a.numbered;
    if (a.micros != b.micros && !retold) {
      differ(HistoryVerdict::kTime,
             fmt::format("{}.time: {} µs in the source, {} µs in the store", at, a.micros, b.micros));
    }
    const bool knows_before = i > 0 || trimmed == 0;
    if (knows_before && a.before != b.before) {
      differ(HistoryVerdict::kText, fmt::format("{}.old_text: {} in the source, {} in the store", at,
                                                ShownText(a.before), ShownText(b.before)));
    }
    if (a.after != b.after) {
      differ(HistoryVerdict::kText,
             fmt::format("{}.new_text: {} in the source, {} in the store", at, ShownText(a.after), ShownText(b.after)));
    }
    if (result.differences.size() == before) ++result.equal_events;
  }
  return result;
}

}  // namespace engram
