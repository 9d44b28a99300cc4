// Positions as clients hold them: opaque strings that mean something for one namespace only.
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/status.h"

namespace engram {

std::string EncodePosition(NamespaceId ns, Position position);

struct PositionToken {
  NamespaceId ns;
  Position position;
};

// InvalidArgument on anything that EncodePosition does not write. Whether it is of the right namespace is the
// caller's question.
Result<PositionToken> DecodePosition(std::string_view token);

// List cursors: the engine's bytes, in a form that travels. InvalidArgument at field "cursor".
std::string EncodeCursor(std::string_view cursor);
Result<std::string> DecodeCursor(std::string_view text);

}  // namespace engram
