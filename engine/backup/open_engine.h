// An engine as backups and restores open it, and what they take from one.
#pragma once

#include <cstdint>
#include <memory>

#include "base/status.h"
#include "engine/backup/backup_source.h"
#include "engine/engine.h"

namespace engram {

inline constexpr const char* kRestoringFile = "RESTORING";

struct OpenedFor {
  // So many bytes of the write-ahead log are kept behind what the store itself needs, until an archive has them.
  uint64_t keep_log_bytes = 0;
  bool unfinished_restore = false;  // the folder is the restore's that opens it (restore.h)
};

// Engine::Open, for more than serving.
Result<std::unique_ptr<Engine>> OpenEngine(const EngineOptions& options, const OpenedFor& use);

// Lives as long as the engine, which Engine::Open or OpenEngine opened.
BackupSource& BackupSourceOf(Engine& engine);

}  // namespace engram
