// Deciding mutations: deterministic, in log order, against the committed rows overlaid with the group's own.
//
// No clock, randomness or environment is read here: the same mutations at the same log times give the same rows and
// digests, however they were grouped (tests/engine/replay_test.cc). Confined to the committer's thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "engine/mutation.h"
#include "engine/publication.h"
#include "engine/store.h"
#include "engine/write/namespace_cache.h"

namespace engram {

struct ApplyOptions {
  int64_t log_retention_seconds = 7 * 86'400;
  int64_t idempotency_seconds = 86'400;
};

// Decides one mutation at `log_time`, which never decreases, and puts its rows into `overlay`. A refused mutation
// leaves no trace but its stored reply. `publications` gets what the indexes must be told (nothing for a refused or
// replayed mutation). Sets a save point; REQUIRES: none is set; `cache` has seen every mutation since it was empty, and
// is cleared when an overlay is not committed.
MutationResult ApplyMutation(const Mutation& mutation, Timestamp log_time, const ApplyOptions& options,
                             NamespaceCache& cache, Store::Overlay& overlay, std::vector<Publication>* publications);
}  // namespace engram
