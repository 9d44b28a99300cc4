#include <memory>

#include "index/text/sealed_part.h"
#include "index/text/text_index.h"
#include "index/text/text_segment_writer.h"

namespace engram {

TextPartHandle::TextPartHandle(std::shared_ptr<const Part> part)
    : part_(std::move(part)), epoch_(part_->epoch()), live_texts_(part_->live_texts()), dead_texts_(epoch_) {
  if (const auto* sealed = dynamic_cast<const SealedPart*>(part_.get())) segment_ = sealed->shared_segment();
}

Result<uint64_t> SealTexts(FileSystem& files, const std::string& path, const Analyzer& analyzer,
                           const std::vector<TextPartHandle>& handles, Position position) {
  std::vector<std::shared_ptr<const TextSource>> sources;
  for (const TextPartHandle& handle : handles) sources.push_back(handle.part_->Source(handle.epoch_));
  ASSIGN_OR_RETURN(const TextSegmentSize size, WriteTextSegment(files, path, analyzer, sources, position));
  return size.bytes;
}

}  // namespace engram
