// Where a record goes.
#pragma once

#include <compare>
#include <string>

namespace engram {

struct Destination {
  std::string tenant;  // empty: the one that the command's key is for
  std::string namespace_name;

  auto operator<=>(const Destination&) const = default;

  // "acme/notes", or "notes" where no tenant is named: names have no slash.
  std::string Text() const { return tenant.empty() ? namespace_name : tenant + "/" + namespace_name; }
};

}  // namespace engram
