// Looks keys of one kind up in turn, by going on from the last one: for many keys that ascend with little between
// them several times as quick as looking each up. Any order is right.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/kv.h"
#include "base/status.h"

namespace engram {

// Confined to one thread; the reader must outlive it.
class RowWalk {
 public:
  RowWalk(const KvReader& rows, char kind) : it_(rows.ScanPrefix(std::string_view(&kind, 1))) {}

  // The value at the key, until the next call; nothing when the key is absent. REQUIRES: the key begins with the kind.
  Result<std::optional<std::string_view>> At(std::string_view key) {
    bool found = GoTo(key);
    RETURN_IF_ERROR(it_->status());
    return found ? std::optional(it_->value()) : std::nullopt;
  }

 private:
  // A search costs as much as so many steps.
  static constexpr int kStepsMax = 8;

  bool GoTo(std::string_view key) {
    const bool behind = it_->Valid() && it_->key() < key;
    for (int step = 0; behind && step < kStepsMax; ++step) {
      it_->Next();
      if (!it_->Valid() || it_->key() >= key) return it_->Valid() && it_->key() == key;
    }
    if (!it_->Valid() || it_->key() != key) it_->Seek(key);
    return it_->Valid() && it_->key() == key;
  }

  std::unique_ptr<KvIterator> it_;
};

}  // namespace engram
