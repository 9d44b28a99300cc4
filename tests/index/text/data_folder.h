// The public data sets that some tests measure against. They are not part of this repository.
#pragma once

#include <string>
#include <vector>

namespace engram {

// The folder of data set `name` under $ENGRAM_DATA_DIR; empty when it isn't there.
std::string DataFolder(const std::string& name);

std::vector<std::string> ReadLines(const std::string& path);

}  // namespace engram

// Skips the running test when the data set is absent.
#define ENGRAM_DATA_OR_SKIP(variable, name)                \
  const std::string variable = ::engram::DataFolder(name); \
  if (variable.empty()) GTEST_SKIP() << "no data set \"" << (name) << "\" under ENGRAM_DATA_DIR"
