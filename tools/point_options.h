// Options of the commands that read points of vector stores.
#pragma once

#include <CLI/CLI.hpp>

#include "tools/import/point_source.h"
#include "tools/import/qdrant_api.h"

namespace engram {

// What the payload means: --text, --fields, --user-id, --agent-id, --run-id, --created-at.
void AddPayloadOptions(CLI::App* command, PayloadMapping* mapping);

// How a Qdrant server is reached: --api-key, --qdrant-ca-file, --timeout, --page. Both outlive the command's callback.
void AddQdrantServerOptions(CLI::App* command, QdrantServer* server);

}  // namespace engram
