// The bytes of a reply's head.
#pragma once

#include <string>

#include "server/http.h"

namespace engram {

// "OK" for 200 and so on.
const char* ReasonPhrase(int status);

// Status line and fields with the empty line. Field values lose control characters: nobody splits a reply.
std::string ResponseHead(const HttpResponse& response, bool keep_alive);

}  // namespace engram
