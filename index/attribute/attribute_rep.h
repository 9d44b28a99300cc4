// Private to index/attribute.
#pragma once

#include "index/attribute/attribute_index.h"
#include "index/attribute/attribute_store.h"

namespace engram {

class AttributeIndex::Rep {
 public:
  AttributeStore store;
};

}  // namespace engram
