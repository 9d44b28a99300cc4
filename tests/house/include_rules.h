// What a source file may include: the arrows of the house, and the places where a library may be named.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace engram {

// A file longer than this hides a second idea.
inline constexpr size_t kLinesMax = 500;

// Reads every .h and .cc below `root`'s module folders and returns what breaks a rule, one line per
// breach: "index/text/a.h:3: includes engine/b.h: index must not know engine". Sorted; empty when the
// house is tidy.
std::vector<std::string> FindBreaches(const std::filesystem::path& root);

// How many source files FindBreaches(root) reads.
size_t CountSources(const std::filesystem::path& root);

}  // namespace engram
