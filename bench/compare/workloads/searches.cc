// Searches of what was loaded, by vector at growing ef, under filters, by text and by both.
#include <algorithm>
#include <sstream>

#include "bench/compare/workloads/workloads.h"

namespace engram::compare {
namespace {

// So many that a slow system is asked all of them in one repetition.
constexpr size_t kQueries = 500;
constexpr uint32_t kEf = 100;
// Of ten thousand rows.
constexpr uint32_t kPassing[] = {5000, 1000, 100, 10, 1};
constexpr size_t kWords[] = {1, 2, 4, 8, 0};  // 0: the whole question
constexpr size_t kWordBytesMin = 4;           // shorter ones are mostly stop words

size_t CountOf(const Bench& bench) { return std::min(kQueries, bench.data.queries()); }

// The first `count` words that are long enough; empty when there are fewer.
std::string WordsOf(const std::string& text, size_t count) {
  std::istringstream in(text);
  std::string words;
  size_t taken = 0;
  for (std::string word; taken < count && in >> word;) {
    std::erase_if(word, [](unsigned char c) { return c < 0x80 && std::isalnum(c) == 0; });
    if (word.size() < kWordBytesMin) continue;
    if (taken++ > 0) words += ' ';
    words += word;
  }
  return taken == count ? words : std::string();
}

}  // namespace

void RunVector(Bench& bench) {
  const Truth truth = bench.data.Nearest(CountOf(bench), std::nullopt);
  const Apart apart(bench);
  for (const size_t connections : bench.options.connections) {
    for (const uint32_t ef : bench.options.efs) {
      SearchLoad load{.truth = &truth, .connections = connections, .ef = ef};
      for (size_t i = 0; i < truth.size(); ++i) load.queries.push_back({.vector = bench.data.QueryVector(i), .ef = ef});
      CompareSearches(bench, "vector", {{"ef", double{1} * ef}, {"connections", static_cast<double>(connections)}},
                      load);
    }
  }
}

void RunFiltered(Bench& bench) {
  for (const uint32_t passing : kPassing) {
    const Truth truth = bench.data.Nearest(CountOf(bench), passing);
    const bool none = std::all_of(truth.begin(), truth.end(), [](const Rows& rows) { return rows.empty(); });
    if (none) {
      Say("filtered: no row of so few passes the narrowest filters; they are left out");
      return;
    }
    SearchLoad load{.truth = &truth, .connections = bench.options.connections.back(), .ef = kEf};
    for (size_t i = 0; i < truth.size(); ++i) {
      load.queries.push_back({.vector = bench.data.QueryVector(i), .ef = kEf, .u_below = passing});
    }
    const Apart apart(bench);
    CompareSearches(bench, "filtered",
                    {{"pass_percent", passing / 100.0},
                     {"ef", double{kEf}},
                     {"connections", static_cast<double>(load.connections)}},
                    load);
  }
}

void RunText(Bench& bench) {
  const Apart apart(bench);
  for (const size_t words : kWords) {
    std::vector<std::string> texts;
    for (size_t i = 0; i < bench.data.queries() && texts.size() < kQueries; ++i) {
      std::string text = words == 0 ? bench.data.QueryText(i) : WordsOf(bench.data.QueryText(i), words);
      if (!text.empty()) texts.push_back(std::move(text));
    }
    if (texts.empty()) continue;  // no question is that long
    for (const size_t connections : bench.options.connections) {
      SearchLoad load{.connections = connections};
      for (const std::string& text : texts) load.queries.push_back({.text = text});
      CompareSearches(bench, "text",
                      {{"words", static_cast<double>(words)}, {"connections", static_cast<double>(connections)}}, load);
    }
  }
}

void RunHybrid(Bench& bench) {
  const Apart apart(bench);
  for (const size_t connections : bench.options.connections) {
    SearchLoad load{.connections = connections, .ef = kEf};
    for (size_t i = 0; i < CountOf(bench); ++i) {
      load.queries.push_back({.text = bench.data.QueryText(i), .vector = bench.data.QueryVector(i), .ef = kEf});
    }
    CompareSearches(bench, "hybrid", {{"ef", double{kEf}}, {"connections", static_cast<double>(connections)}}, load);
  }
}

}  // namespace engram::compare
