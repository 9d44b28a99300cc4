// The manifest of a namespace's segments, changed.
#pragma once

#include "engine/write/transaction.h"

namespace engram {

Status ApplyPublishSegments(Transaction& tx, const PublishSegments& publish);

}  // namespace engram
