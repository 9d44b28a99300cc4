#include <algorithm>
#include <cstdlib>
#include <sstream>

#include <fmt/format.h>

#include "bench/retrieval/hnswlib_peer.h"
#include "bench/retrieval/vector_peer.h"
#ifdef ENGRAM_HAS_FAISS
#include "bench/retrieval/faiss_peer.h"
#endif
#ifdef ENGRAM_HAS_USEARCH
#include "bench/retrieval/usearch_peer.h"
#endif

namespace engram::bench {
namespace {

// Without functions where the program was built without it; `version` then tells what to do.
std::vector<PeerIndex> Indexes() {
  std::vector<PeerIndex> all = HnswlibIndexes();
#ifdef ENGRAM_HAS_FAISS
  for (const PeerIndex& index : FaissIndexes()) all.push_back(index);
#else
  for (const char* name : {"faiss-flat", "faiss-sq8"}) {
    all.push_back({name, "faiss was not there: install libfaiss-dev or run bench/retrieval/faiss.sh, then build again",
                   nullptr, nullptr});
  }
#endif
#ifdef ENGRAM_HAS_USEARCH
  for (const PeerIndex& index : UsearchIndexes()) all.push_back(index);
#else
  for (const char* name : {"usearch-f32", "usearch-i8"}) {
    all.push_back({name, "USearch was not there: run bench/retrieval/usearch.sh, then build again", nullptr, nullptr});
  }
#endif
  return all;
}

bool TakeEnding(std::string* name, std::string_view ending) {
  if (!name->ends_with(ending)) return false;
  name->resize(name->size() - ending.size());
  return true;
}

}  // namespace

std::vector<PeerChoice> ChoosePeers(const std::string& list) {
  const std::vector<PeerIndex> indexes = Indexes();
  std::vector<std::string> names;
  std::istringstream in(list);
  for (std::string name; std::getline(in, name, ',');) names.push_back(name);

  std::vector<std::vector<PeerChoice>> by_index(indexes.size());
  for (const std::string& name : names) {
    PeerChoice choice{name, {}};
    std::string rest = name;
    choice.huge = TakeEnding(&rest, "-huge");
    choice.rescored = TakeEnding(&rest, "-rescored");
    const auto found =
        std::find_if(indexes.begin(), indexes.end(), [&](const PeerIndex& index) { return index.name == rest; });
    if (found == indexes.end()) {
      fmt::print(stderr, "vector: no peer called {}; known are hnswlib", name);
      for (size_t i = 1; i < indexes.size(); ++i) fmt::print(stderr, ", {}", indexes[i].name);
      fmt::print(stderr, ", each with -rescored and -huge after it\n");
      std::exit(1);
    }
    if (found->build == nullptr) {
      fmt::print("{} is left out: when this program was built {}\n\n", name, found->version);
      continue;
    }
    choice.index = *found;
    by_index[static_cast<size_t>(found - indexes.begin())].push_back(choice);
  }
  std::vector<PeerChoice> choices;
  for (std::vector<PeerChoice>& ways : by_index) {
    std::stable_sort(ways.begin(), ways.end(),
                     [](const PeerChoice& a, const PeerChoice& b) { return a.huge < b.huge; });
    choices.insert(choices.end(), ways.begin(), ways.end());
  }
  return choices;
}

}  // namespace engram::bench
