// The backup's view of the engine's own parts.
#pragma once

#include <atomic>
#include <string>

#include "base/file.h"
#include "base/mutex.h"
#include "engine/backup/backup_source.h"
#include "engine/engine.h"
#include "engine/segments/segment_folder.h"

namespace engram {

class LocalBackupSource final : public BackupSource {
 public:
  // All must outlive it.
  LocalBackupSource(Engine* engine, Store* store, const SegmentFolder* segments, std::string data_dir)
      : engine_(engine), store_(store), segments_(segments), data_dir_(std::move(data_dir)) {}

  // Removes what a crash left staged. REQUIRES: the data folder's lock is held.
  static Status RemoveStaged(const std::string& data_dir);

  const std::string& data_dir() const override { return data_dir_; }
  Result<std::unique_ptr<StagedStore>> Stage(const BackupProgress& progress) override EXCLUDES(mutex_);
  Result<uint64_t> CountErasures() const override;
  Result<std::vector<Erasure>> ListErasures(uint64_t from, size_t limit) const override;
  uint64_t LastChange() const override { return StoreCopies::Of(*store_).LastChange(); }
  Result<std::string> Identity() const override { return StoreCopies::Of(*store_).Identity(); }
  Result<std::vector<LoggedCommit>> ReadLog(uint64_t after, uint64_t bytes_max) override {
    return StoreCopies::Of(*store_).ReadLog(after, bytes_max);
  }
  Status EraseAgain(const std::vector<Erasure>& erasures) override;

 private:
  Status Fill(StagedStore* staged) const;
  Status EraseOne(const Erasure& erasure);
  Status SetReadOnly(const Erasure& erasure, bool read_only);
  Result<std::string> TenantName(TenantId tenant) const;

  Engine* engine_;
  Store* store_;
  const SegmentFolder* segments_;
  std::string data_dir_;

  Mutex mutex_;
  CondVar unstaged_;
  bool staged_ GUARDED_BY(mutex_) = false;
};

}  // namespace engram
