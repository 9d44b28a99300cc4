// Namespace configurations between wire and engine.
#pragma once

#include "base/status.h"
#include "engine/engine.h"
#include "engram/v1/namespace.pb.h"

namespace engram {

// Absent parts take their defaults. InvalidArgument names the part; what a configuration must obey beside that is
// CheckConfig's to say.
Result<NamespaceConfig> ToNamespaceConfig(const v1::NamespaceConfig& config);
Result<NamespacePatch> ToNamespacePatch(const v1::NamespacePatch& patch);

// Everything but `position`.
void FromNamespaceInfo(const NamespaceInfo& info, v1::Namespace* out);

}  // namespace engram
