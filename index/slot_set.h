// A set of slots: CRoaring's compressed bitmap (https://arxiv.org/abs/1603.06549).
#pragma once

#include <roaring/roaring.hh>

namespace engram {

using SlotSet = ::Roaring;

}  // namespace engram
