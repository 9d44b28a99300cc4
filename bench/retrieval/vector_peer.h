// What the engines beside ours have in common, and which there are. One file each: hnswlib_peer.cc, faiss_peer.cc,
// usearch_peer.cc.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bench/retrieval/vector_data.h"
#include "bench/retrieval/vector_runs.h"

namespace engram::bench {

// The graphs of all engines have equal parameters.
constexpr size_t kPeerLinks = 16;  // M; twice as many at the bottom

// An index of all rows of a set of unit vectors, by inner product. Confined to one thread.
class VectorPeer {
 public:
  virtual ~VectorPeer() = default;

  // The nearest first.
  virtual Rows Nearest(std::span<const float> query, size_t k, size_t ef) = 0;
  virtual void Save(const std::string& path) const = 0;
};

struct PeerBuild {
  size_t ef_construction = 0;
  size_t threads = 0;
};

// A failure of any of them ends the program with its message.
struct PeerIndex {
  std::string name;     // as in --peers
  std::string version;  // and how it was compiled; "" when it doesn't tell
  std::function<std::unique_ptr<VectorPeer>(const Vectors& rows, const PeerBuild& build)> build;
  std::function<std::unique_ptr<VectorPeer>(const std::string& path, size_t dimensions)> load;
};

// A way to run an index: `name` is the index', then "-rescored" and "-huge" where they apply.
struct PeerChoice {
  std::string name;
  PeerIndex index;
  bool rescored = false;  // asked for more than k, of which fp32 chooses
  bool huge = false;      // its memory on huge pages, which it doesn't do itself
};

constexpr const char* kAllPeers =
    "hnswlib,hnswlib-huge,faiss-flat,faiss-sq8,faiss-sq8-rescored,usearch-f32,usearch-i8,usearch-i8-rescored";

// Those of a list with commas that this program was built with; what is absent is told on standard output. Ways to
// run an index stand together, those on huge pages last. An unknown name ends the program.
std::vector<PeerChoice> ChoosePeers(const std::string& list);

}  // namespace engram::bench
