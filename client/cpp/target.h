// Paths and queries of the API. Private to client/cpp.
#pragma once

#include <string>
#include <string_view>

namespace engram {

// Everything but RFC 3986's unreserved characters as %XX: one segment, whatever is in it.
std::string PercentEncode(std::string_view text);

// "/v1/namespaces/a%2Fb" + `rest`, which is encoded already.
std::string NamespaceTarget(std::string_view ns, std::string_view rest = {});

// Adds "?name=value" or "&name=value"; nothing for an empty value.
void AddQuery(std::string* target, std::string_view name, std::string_view value);

}  // namespace engram
