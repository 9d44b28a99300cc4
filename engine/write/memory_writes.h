// The operations on memories, each decided against the rows of its transaction.
#pragma once

#include "engine/write/transaction.h"

namespace engram {

Result<OperationResult> ApplyWrite(Transaction& tx, const WriteMemory& write);
Result<OperationResult> ApplyTombstone(Transaction& tx, const WriteTombstone& write);
Result<OperationResult> ApplyPatch(Transaction& tx, const PatchMemory& patch);
Result<OperationResult> ApplyUpdate(Transaction& tx, const UpdateMemory& update);
Result<OperationResult> ApplyDelete(Transaction& tx, const DeleteMemory& deletion);
Result<OperationResult> ApplyFeedback(Transaction& tx, const Feedback& feedback);
Result<OperationResult> ApplyTouch(Transaction& tx, const Touch& touch);

}  // namespace engram
