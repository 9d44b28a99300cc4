// The messages that requests are made of, by name; shared by the targets that decode them.
#pragma once

#include <memory>
#include <string_view>

#include <google/protobuf/message.h>

namespace engram {

// An empty message of a route's request whose full name, such as "engram.v1.SearchRequest", this is. Any other name
// stands for one of them, too.
std::unique_ptr<google::protobuf::Message> MakeRequest(std::string_view name);

}  // namespace engram
