// A small ext4 on the real page cache, whose power can go: its image lies on a file system that clones files in no
// time (xfs with reflinks), so a clone of it is what the disk would hold had the power gone at that moment. Needs root,
// loop devices and Linux' tools for both file systems.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"

namespace engram {

// Confined to one thread. Unmounts what it has mounted when it goes.
class LoopDisk {
 public:
  // Images and mount points go under `folder`, which must not have them yet. Unavailable, with what failed, where the
  // machine doesn't let one.
  static Result<std::unique_ptr<LoopDisk>> Make(const std::string& folder);
  ~LoopDisk();
  LoopDisk(const LoopDisk&) = delete;
  LoopDisk& operator=(const LoopDisk&) = delete;

  // Where the ext4 is mounted.
  std::string path() const { return folder_ + "/disk"; }

  // The power goes for what was written so far; who writes goes on and learns nothing of it.
  Status Cut();
  // Puts the disk as it was at the last Cut in the place of the one in use, which nobody may use any more.
  Status Restart();

 private:
  explicit LoopDisk(std::string folder) : folder_(std::move(folder)) {}
  std::string Outer() const { return folder_ + "/outer"; }
  std::string Image() const { return Outer() + "/disk.img"; }
  std::string CutImage() const { return Outer() + "/cut.img"; }

  std::string folder_;
  bool outer_mounted_ = false;
  bool mounted_ = false;
};

}  // namespace engram
