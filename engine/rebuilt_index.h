// An index from rows alone: what a live one is held against (NamespaceIndex::DifferencesFrom).
#pragma once

#include <memory>

#include "base/status.h"
#include "engine/read_view.h"

namespace engram {

// Of the rows of the view.
Result<std::unique_ptr<NamespaceIndex>> RebuildIndex(const ReadView& view);

}  // namespace engram
