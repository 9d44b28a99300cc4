// Private to index/attribute.
#pragma once

#include <vector>

#include "base/mutex.h"
#include "index/attribute/attribute_index.h"
#include "index/attribute/attribute_store.h"

namespace engram {

class AttributeIndex::Rep {
 public:
  // Collects the slots that change while it lives. Its set is read and written under the owner's lock.
  class Watch {
   public:
    explicit Watch(Rep* rep) : rep_(rep) {
      const MutexLock lock(rep_->mutex_);
      rep_->watches_.push_back(this);
    }
    ~Watch() {
      const MutexLock lock(rep_->mutex_);
      std::erase(rep_->watches_, this);
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    SlotSet changed;

   private:
    Rep* const rep_;
  };

  void NoteChange(Slot slot) {
    const MutexLock lock(mutex_);
    for (Watch* watch : watches_) watch->changed.add(slot.value);
  }

  AttributeStore store;

 private:
  Mutex mutex_;  // of the list alone: readers add themselves while they share the owner's lock
  std::vector<Watch*> watches_ GUARDED_BY(mutex_);
};

}  // namespace engram
