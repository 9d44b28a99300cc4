// What a run of `vector` keeps for the next: generated vectors, exact answers, built indexes and what building cost.
//
// One folder for each set of vectors, named after what made it, under the folder that --folder names; without one, a
// folder for this run alone. Nothing tells when an engine's own code has changed: its file is then to be removed by
// hand. A failure ends the program with its message.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench/retrieval/vector_data.h"
#include "bench/retrieval/vector_runs.h"

namespace engram::bench {

struct DataOptions {
  size_t vectors = 100'000;
  size_t dimensions = 768;
  size_t latent = kLatentDimensions;
  size_t queries = 1'000;
  uint64_t seed = 1;
  std::string file;  // instead of generated ones
};

struct BuildCost {
  size_t threads = 0;
  double cpu_seconds = 0;  // of all threads
  double wall_seconds = 0;
  bool earlier = false;  // of an earlier run, which built what this one loaded
};

// Confined to one thread.
class VectorFolder {
 public:
  VectorFolder(const std::string& root, const DataOptions& data);
  VectorFolder(const VectorFolder&) = delete;
  VectorFolder& operator=(const VectorFolder&) = delete;
  ~VectorFolder();

  // Generated, mapped from an earlier run, or read from the file of `data`.
  VectorSet Load() const;

  // Whether files outlive this run.
  bool keeps() const { return keeps_; }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  // What building the index cost, when an earlier run has left it at Path(index).
  std::optional<BuildCost> Earlier(const std::string& index) const;
  // The file at Path(index) is complete. Does nothing in a folder for this run.
  void Keep(const std::string& index, const BuildCost& cost) const;
  // Computed once.
  std::vector<Rows> Exact(const std::string& name, const std::function<std::vector<Rows>()>& compute) const;

 private:
  DataOptions data_;
  bool keeps_;
  std::string folder_;
};

}  // namespace engram::bench
