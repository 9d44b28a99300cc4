// Whether the store's searches find what an exact scan of the source's own vectors finds.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/status.h"
#include "client/cpp/client.h"

namespace engram {

struct AgreementLimits {
  size_t queries = 50;                      // records whose vector is searched for, chosen by their ids' hashes
  size_t vector_bytes = size_t{256} << 20;  // of the source's vectors held meanwhile; more: no agreement is taken
};

// Confined to one thread.
class SearchAgreement {
 public:
  explicit SearchAgreement(AgreementLimits limits) : limits_(limits) {}

  // A record of the source. The first dense vector decides which space it is about. `findable`: neither expired nor
  // archived or paused.
  void Add(const v1::Memory& memory, bool findable);

  // Overlap of the best ten and Kendall's tau over those in both (Kendall 1938), of pairs whose exact scores differ: 0
  // where there are none. A hit of the store counts when its exact score is not below the tenth's. `absent`: hashes of
  // ids that are not in the store. Hits of memories that are not the source's do not count.
  Result<v1::ImportAgreement> Measure(Client& client, const std::string& ns, const v1::NamespaceConfig& config,
                                      const std::unordered_set<uint64_t>& absent);

 private:
  struct Scored {
    double score;
    uint32_t row;
  };
  const float* Row(uint32_t row) const { return vectors_.data() + size_t{row} * dimensions_; }
  double Score(const float* a, const float* b, v1::Metric metric) const;
  std::vector<Scored> ExactBest(uint32_t query, v1::Metric metric) const;

  const AgreementLimits limits_;
  std::string space_;
  uint32_t dimensions_ = 0;
  bool too_many_ = false;
  uint64_t others_ = 0;  // vectors of another length
  std::vector<float> vectors_;
  std::vector<uint64_t> ids_;  // hashes, by row
  std::vector<bool> findable_;
};

}  // namespace engram
