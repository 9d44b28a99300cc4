#include "tests/index/text/data_folder.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace engram {

std::string DataFolder(const std::string& name) {
  const char* set = std::getenv("ENGRAM_DATA_DIR");
  const std::string folder = std::string(set ? set : ENGRAM_DATA_DIR_DEFAULT) + "/" + name;
  return std::filesystem::is_directory(folder) ? folder : std::string();
}

std::vector<std::string> ReadLines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

}  // namespace engram
