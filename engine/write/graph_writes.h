// Edges and named entities written with the memories that bring them.
#pragma once

#include "engine/write/transaction.h"

namespace engram {

// Unknown ends become implicit entities; an end or `memory_id` that is a deleted memory is NotFound.
Result<OperationResult> ApplyWriteEdge(Transaction& tx, const WriteEdge& write);
Result<OperationResult> ApplyDeleteEdge(Transaction& tx, const DeleteEdge& deletion);
// AlreadyExists when the id is, or was, a memory's.
Result<OperationResult> ApplyWriteNode(Transaction& tx, const WriteNode& write);

// What the named entity adds to the nodes' digest.
Hash128 NodeDigest(const Node& node);

// Adds what the edge change means to counters, digest and events.
void TellEdgeChange(Transaction& tx, const EdgeChange& change);

}  // namespace engram
