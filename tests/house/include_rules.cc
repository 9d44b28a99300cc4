#include "tests/house/include_rules.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string_view>

namespace engram {
namespace {

namespace fs = std::filesystem;

// The arrows: a module may include itself and what stands here, nothing else of ours. api/ is the wire
// model (engram/v1/*.pb.h). Tests and benchmarks may include everything.
const std::map<std::string, std::set<std::string>> kArrows = {
    {"base", {}},
    {"api", {"base"}},
    {"index", {"base"}},
    {"graph", {"base"}},
    {"engine", {"index", "graph", "base"}},
    {"server", {"engine", "api", "index", "graph", "base"}},
    {"client", {"api", "base"}},
    {"tools", {"server", "engine", "client", "api", "index", "graph", "base"}},
};
const std::set<std::string> kFreeModules = {"tests", "bench"};

// The parts of index/ know what stands at its top, not each other.
const std::set<std::string> kIndexParts = {"text", "vector", "attribute"};

// A library and the places (file, folder/ or file prefix*) that may include it. Headers never may.
struct LibraryRule {
  std::string_view include_prefix;
  std::vector<std::string_view> places;
};
const std::vector<LibraryRule> kLibraryRules = {
    {"rocksdb/", {"engine/store.cc", "engine/store_*"}},
    {"boost/beast", {"server/", "client/"}},
    {"boost/asio", {"server/", "client/"}},
    {"openssl/", {"server/", "client/", "tools/", "base/message_digest.cc"}},
    {"sqlite3.h", {"tools/"}},
    {"curl/", {"tools/import/web_client.cc"}},
    {"zip.h", {"tools/import/zip_file.cc"}},
    {"unicode/", {"index/", "server/"}},
    {"spdlog/", {"base/log.cc"}},
    {"hnswlib/", {"index/vector/"}},
};
// Behind a .cc file, always: who includes our header sees a promise, not a library.
const std::vector<std::string_view> kNotInHeaders = {"rocksdb/",  "unicode/", "spdlog/", "hnswlib/",
                                                     "sqlite3.h", "curl/",    "zip.h",   "openssl/"};
// Seconds of compile time per file: a header that shows one, itself or through another header, stays
// inside its module.
const std::vector<std::string_view> kInsideModules = {"boost/"};

constexpr std::string_view kBlank = " \t";

struct Include {
  size_t line = 0;
  std::string target;
};

struct Source {
  std::string path;  // from the root, with /
  size_t lines = 0;
  std::vector<Include> includes;

  bool header() const { return path.ends_with(".h"); }
};

// The target of an include line, of either form.
std::optional<std::string> IncludeTarget(std::string_view line) {
  const auto skip = [&line](std::string_view word) {
    line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
    if (!line.starts_with(word)) return false;
    line.remove_prefix(word.size());
    return true;
  };
  if (!skip("#") || !skip("include")) return std::nullopt;
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  if (line.empty() || (line.front() != '<' && line.front() != '"')) return std::nullopt;
  const char close = line.front() == '<' ? '>' : '"';
  const size_t end = line.find(close, 1);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(line.substr(1, end - 1));
}

Source ReadSource(const fs::path& root, const fs::path& path) {
  Source source{fs::relative(path, root).generic_string(), 0, {}};
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    ++source.lines;
    if (auto target = IncludeTarget(line)) source.includes.push_back({source.lines, std::move(*target)});
  }
  return source;
}

std::vector<Source> ReadSources(const fs::path& root) {
  std::set<std::string> modules = kFreeModules;
  for (const auto& [module, arrows] : kArrows) modules.insert(module);
  std::vector<Source> sources;
  for (const std::string& module : modules) {
    if (!fs::is_directory(root / module)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / module)) {
      const std::string extension = entry.path().extension().string();
      if (entry.is_regular_file() && (extension == ".h" || extension == ".cc")) {
        sources.push_back(ReadSource(root, entry.path()));
      }
    }
  }
  return sources;
}

std::string FirstFolder(std::string_view path) { return std::string(path.substr(0, path.find('/'))); }

// "text" for "index/text/bm25.h", empty for what is no file of a part.
std::string IndexPart(std::string_view path) {
  if (!path.starts_with("index/")) return {};
  path.remove_prefix(6);
  return path.find('/') == std::string_view::npos ? std::string() : FirstFolder(path);
}

// The module that an include belongs to; empty for a library.
std::string ModuleOf(const std::string& target) {
  if (target.starts_with("engram/v1/")) return "api";
  const std::string folder = FirstFolder(target);
  return target.find('/') != std::string::npos && (kArrows.contains(folder) || kFreeModules.contains(folder)) ? folder
                                                                                                              : "";
}

bool IsAt(std::string_view path, std::string_view place) {
  if (place.ends_with("*")) return path.starts_with(place.substr(0, place.size() - 1));
  return place.ends_with("/") ? path.starts_with(place) : path == place;
}

// Why `source` must not include `target`; empty when it may.
std::string ArrowBreach(const Source& source, const std::string& target) {
  const std::string from = FirstFolder(source.path);
  const std::string to = ModuleOf(target);
  if (to.empty() || kFreeModules.contains(from)) return {};
  // Twins for tests stay out of the product.
  if (target.find("/testing/") != std::string::npos && source.path.find("/testing/") == std::string::npos) {
    return "twins for tests belong in tests";
  }
  if (from == to) {
    const std::string part = IndexPart(source.path);
    const std::string other = IndexPart(target);
    if (!kIndexParts.contains(other) || part == other) return {};
    return part.empty() ? "the top of index must not know its parts"
                        : "index/" + part + " must not know index/" + other;
  }
  return kArrows.at(from).contains(to) ? "" : from + " must not know " + to;
}

bool StartsWithAny(std::string_view target, const std::vector<std::string_view>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return target.starts_with(prefix); });
}

std::string LibraryBreach(const Source& source, const std::string& target) {
  if (kFreeModules.contains(FirstFolder(source.path))) return {};
  if (source.header() && StartsWithAny(target, kNotInHeaders)) return "no header may show it";
  for (const LibraryRule& rule : kLibraryRules) {
    if (!target.starts_with(rule.include_prefix)) continue;
    const bool allowed = std::any_of(rule.places.begin(), rule.places.end(),
                                     [&](std::string_view place) { return IsAt(source.path, place); });
    if (!allowed) return "it belongs to " + std::string(rule.places.front()) + " alone";
  }
  return {};
}

// Headers that show a heavy library, themselves or through headers that they include.
std::set<std::string> HeavyHeaders(const std::vector<Source>& sources) {
  std::set<std::string> heavy;
  for (size_t before = SIZE_MAX; before != heavy.size();) {
    before = heavy.size();
    for (const Source& source : sources) {
      const bool shows = std::any_of(source.includes.begin(), source.includes.end(), [&](const Include& include) {
        return StartsWithAny(include.target, kInsideModules) || heavy.contains(include.target);
      });
      if (source.header() && shows) heavy.insert(source.path);
    }
  }
  return heavy;
}

std::string WeightBreach(const Source& source, const std::string& target, const std::set<std::string>& heavy) {
  const std::string from = FirstFolder(source.path);
  if (kFreeModules.contains(from) || from == FirstFolder(target) || !heavy.contains(target)) return {};
  return "it shows Boost, so it belongs inside " + FirstFolder(target);
}

}  // namespace

std::vector<std::string> FindBreaches(const fs::path& root) {
  std::vector<std::string> breaches;
  const std::vector<Source> sources = ReadSources(root);
  const std::set<std::string> heavy = HeavyHeaders(sources);
  for (const Source& source : sources) {
    if (source.lines > kLinesMax) {
      breaches.push_back(source.path + ": " + std::to_string(source.lines) + " lines, more than " +
                         std::to_string(kLinesMax));
    }
    for (const Include& include : source.includes) {
      for (const std::string& why : {ArrowBreach(source, include.target), LibraryBreach(source, include.target),
                                     WeightBreach(source, include.target, heavy)}) {
        if (why.empty()) continue;
        breaches.push_back(source.path + ":" + std::to_string(include.line) + ": includes " + include.target + ": " +
                           why);
      }
    }
  }
  std::sort(breaches.begin(), breaches.end());
  return breaches;
}

size_t CountSources(const fs::path& root) { return ReadSources(root).size(); }

}  // namespace engram
