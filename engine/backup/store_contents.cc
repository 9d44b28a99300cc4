#include "engine/backup/store_contents.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "engine/erasure.h"
#include "engine/keys.h"
#include "engine/rows.h"
#include "engine/segments/segment_rows.h"

namespace engram {
namespace {

// The numbers in the values of all rows under `kind`, ascending.
Result<std::vector<uint32_t>> NumbersUnder(const KvReader& directory, char kind) {
  std::vector<uint32_t> numbers;
  const auto it = directory.ScanPrefix(std::string(1, kind));
  for (; it->Valid(); it->Next()) {
    ByteReader in(it->value());
    numbers.push_back(in.Key32());
    RETURN_IF_ERROR(in.Finish("number of a tenant or namespace"));
  }
  RETURN_IF_ERROR(it->status());
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Status AddNamespace(const KvReader& all, TenantId tenant, NamespaceId ns, StoreContents* contents) {
  const ScopedReader rows(all, keys::Scope(tenant, ns));
  ASSIGN_OR_RETURN(const NamespaceCounters counters, ReadCounters(rows));
  ASSIGN_OR_RETURN(const auto segments, ReadSegmentRows(rows));
  ++contents->namespaces;
  contents->memories += counters.memories;
  contents->lines +=
      fmt::format("{} {} {} {} {} {}\n", tenant.value, ns.value, counters.position.value,
                  counters.memories_digest.ToHex(), counters.edges_digest.ToHex(), counters.nodes_digest.ToHex());
  for (const SegmentRow& segment : segments) contents->segments.push_back({tenant, ns, segment.number});
  return {};
}

std::vector<std::string_view> SplitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

void AddMissing(const std::vector<std::string_view>& from, const std::vector<std::string_view>& in,
                std::string_view sign, size_t limit, std::vector<std::string>* differences) {
  for (const std::string_view line : from) {
    if (differences->size() >= limit) return;
    if (!std::binary_search(in.begin(), in.end(), line)) differences->push_back(fmt::format("{} {}", sign, line));
  }
}

}  // namespace

Result<StoreContents> ReadStoreContents(const KvReader& rows) {
  StoreContents contents;
  const ScopedReader system(rows, keys::Scope(keys::kSystemTenant, keys::kDirectory));
  ASSIGN_OR_RETURN(contents.erasures, NextErasure(system));
  ASSIGN_OR_RETURN(const auto log_time, system.Get(keys::Key(keys::kLogTime)));
  if (log_time) contents.log_time = Timestamp{ByteReader(*log_time).KeySigned64()};
  ASSIGN_OR_RETURN(const auto tenants, NumbersUnder(system, keys::kTenantByName));
  for (const uint32_t tenant : tenants) {
    const ScopedReader directory(rows, keys::Scope(TenantId(tenant), keys::kDirectory));
    ASSIGN_OR_RETURN(const auto namespaces, NumbersUnder(directory, keys::kNamespaceByName));
    for (const uint32_t ns : namespaces) {
      RETURN_IF_ERROR(AddNamespace(rows, TenantId(tenant), NamespaceId(ns), &contents));
    }
  }
  return contents;
}

std::vector<std::string> CompareContents(const std::string& before, const std::string& after, size_t limit) {
  const auto old_lines = SplitLines(before);
  const auto new_lines = SplitLines(after);
  std::vector<std::string> differences;
  AddMissing(old_lines, new_lines, "-", limit, &differences);
  AddMissing(new_lines, old_lines, "+", limit, &differences);
  return differences;
}

}  // namespace engram
