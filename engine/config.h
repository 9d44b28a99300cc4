// The configuration of a namespace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/value.h"
#include "index/text/analyzer.h"
#include "index/text/text_index.h"
#include "index/vector/distance.h"

namespace engram {

// Never renumber; the order of VectorValue's alternatives.
enum class VectorType : uint8_t { kDense = 0, kSparse = 1, kMulti = 2 };
std::string_view VectorTypeName(VectorType type);

struct VectorSpace {
  VectorType type = VectorType::kDense;
  uint32_t dimensions = 0;  // 0: fixed by the first vector (dense, multi); always 0 for sparse
  Metric metric = Metric::kCosine;
  std::string model;  // empty: any
  bool operator==(const VectorSpace&) const = default;
};

// Never renumber.
enum class OnExpiry : uint8_t { kDelete = 0, kErase = 1, kHide = 2 };
enum class Deduplicate : uint8_t { kNone = 0, kContent = 1 };

constexpr uint32_t kHistoryKeepAll = UINT32_MAX;

struct NamespaceConfig {
  std::map<std::string, VectorSpace> vectors;
  // What a namespace has that was made without saying (docs/adr/0008); it keeps what it was made with.
  AnalyzerOptions text = {"english", "", std::nullopt};
  Bm25Parameters bm25;
  uint32_t history_versions = kHistoryKeepAll;  // former versions kept per memory; 0: none
  OnExpiry on_expiry = OnExpiry::kDelete;
  Deduplicate deduplicate = Deduplicate::kNone;
  Value::Object metadata;
  std::vector<std::string> aliases;  // ascending, distinct
  bool read_only = false;
  bool operator==(const NamespaceConfig&) const = default;
};

// What a PATCH changes: present members replace, `vectors` adds, metadata merges (RFC 7396).
struct NamespacePatch {
  std::map<std::string, VectorSpace> vectors;
  std::optional<Bm25Parameters> bm25;
  std::optional<uint32_t> history_versions;
  std::optional<OnExpiry> on_expiry;
  std::optional<Deduplicate> deduplicate;
  Value::Object metadata;
  std::optional<std::vector<std::string>> aliases;
  std::optional<bool> read_only;
};

// The space that `Memory.vector` and an unnamed search speak of.
inline constexpr std::string_view kDefaultSpace = "default";

inline constexpr size_t kNameBytesMax = 255;
inline constexpr size_t kIdBytesMax = 256;

// 1 to kNameBytesMax bytes of UTF-8 without '/' and control characters. Aliases and space names obey it too.
Status CheckName(std::string_view what, std::string_view name);
// 1 to kIdBytesMax bytes of UTF-8 without control characters.
Status CheckId(std::string_view what, std::string_view id);
Status CheckConfig(const NamespaceConfig& config);

// RFC 7396: null removes, objects merge, all else replaces.
void MergePatch(const Value::Object& patch, Value::Object* target);

}  // namespace engram
