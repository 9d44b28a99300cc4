#include "engine/free_space.h"

#include <utility>

#include <fmt/format.h>

namespace engram {

FreeSpace::FreeSpace(const FileSystem& files, std::string path, uint64_t floor)
    : files_(files), path_(std::move(path)), floor_(floor) {}

Status FreeSpace::Check(SpaceUse use) const {
  const uint64_t wanted = use == SpaceUse::kAdds ? floor_ : floor_ / 2;
  if (wanted == 0) return {};
  ASSIGN_OR_RETURN(const uint64_t free, bytes());
  if (free >= wanted) return {};
  return {StatusCode::kOutOfSpace, fmt::format("the disk has {} bytes left, {} are kept free{}", free, wanted,
                                               use == SpaceUse::kAdds ? "; deleting is still possible" : "")};
}

Status FreeSpace::Admit(SpaceUse use) {
  Status status = Check(use);
  if (!status.ok()) ++refused_;
  return status;
}

}  // namespace engram
