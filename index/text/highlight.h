// The pieces of a text that show why it matched.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "index/text/analyzer.h"
#include "index/text/text_query.h"

namespace engram {

struct HighlightOptions {
  size_t fragments_max = 3;
  size_t fragment_bytes = 160;  // about; cut at word borders
  std::string_view open = "<em>";
  std::string_view close = "</em>";
  // Asked every few thousand comparisons; may be empty. True gives up: the fragments are worth nothing then.
  std::function<bool()> give_up;
};

// The fragments with the most distinct matching clauses, in the order of the text, each matched word
// between `open` and `close`. Nothing when nothing matches. Thread-safe. The text itself is not escaped.
std::vector<std::string> Highlight(std::string_view text, const TextQuery& query, const Analyzer& analyzer,
                                   const HighlightOptions& options = {});

}  // namespace engram
