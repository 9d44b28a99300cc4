#include "engine/doctor/finding.h"

#include <array>

#include <fmt/format.h>

namespace engram {
namespace {

struct KindTraits {
  std::string_view name;
  RepairWay way;
};

// In the order of the enum.
constexpr std::array<KindTraits, kFindingKinds> kTraits{{
    {"unreadable_row", RepairWay::kRestore},
    {"unknown_row", RepairWay::kRestore},
    {"missing_head", RepairWay::kRestore},
    {"missing_node_row", RepairWay::kRestore},
    {"orphan_node_row", RepairWay::kRestore},
    {"shared_node", RepairWay::kRestore},
    {"number_beyond_counter", RepairWay::kRestore},
    {"missing_content", RepairWay::kRestore},
    {"missing_attributes", RepairWay::kRestore},
    {"missing_state", RepairWay::kRestore},
    {"missing_version", RepairWay::kRestore},
    {"foreign_slot", RepairWay::kRestore},
    {"orphan_content", RepairWay::kRestore},
    {"orphan_attributes", RepairWay::kRestore},
    {"orphan_state", RepairWay::kRestore},
    {"orphan_version", RepairWay::kRestore},
    {"content_hash_differs", RepairWay::kRestore},
    {"memory_hash_differs", RepairWay::kRestore},
    {"run_member_differs", RepairWay::kRows},
    {"run_count_differs", RepairWay::kRows},
    {"run_name_differs", RepairWay::kRestore},
    {"duplicate_row_differs", RepairWay::kRows},
    {"path_missing", RepairWay::kRows},
    {"entity_row_differs", RepairWay::kRestore},
    {"edge_mirror_missing", RepairWay::kRows},
    {"edge_mirror_orphan", RepairWay::kRows},
    {"edge_missing", RepairWay::kRestore},
    {"edge_mirror_differs", RepairWay::kRows},
    {"edge_end_missing", RepairWay::kRestore},
    {"log_gap", RepairWay::kRestore},
    {"reply_row_differs", RepairWay::kRows},
    {"expiry_row_missing", RepairWay::kRows},
    {"expiry_row_orphan", RepairWay::kRows},
    {"counter_differs", RepairWay::kRows},
    {"digest_differs", RepairWay::kRows},
    {"tenant_row_differs", RepairWay::kRestore},
    {"key_without_tenant", RepairWay::kRestore},
    {"usage_differs", RepairWay::kRows},
    {"namespace_count_differs", RepairWay::kRows},
    {"directory_row_differs", RepairWay::kRestore},
    {"alias_differs", RepairWay::kRestore},
    {"leftover_rows", RepairWay::kRestore},
    {"data_file_damaged", RepairWay::kRestore},
    {"log_tail_lost", RepairWay::kRestore},
    {"segment_missing", RepairWay::kSegments},
    {"segment_damaged", RepairWay::kSegments},
    {"segment_fingerprint", RepairWay::kSegments},
    {"segment_row_differs", RepairWay::kSegments},
    {"segment_ahead", RepairWay::kSegments},
    {"segment_overlap", RepairWay::kSegments},
    {"segment_foreign_slot", RepairWay::kSegments},
    {"text_missing", RepairWay::kSegments},
    {"text_unexpected", RepairWay::kSegments},
    {"posting_missing", RepairWay::kSegments},
    {"posting_unexpected", RepairWay::kSegments},
    {"posting_differs", RepairWay::kSegments},
    {"posting_list_broken", RepairWay::kSegments},
    {"vector_missing", RepairWay::kSegments},
    {"vector_unexpected", RepairWay::kSegments},
    {"vector_differs", RepairWay::kSegments},
    {"graph_links", RepairWay::kSegments},
    {"graph_unreachable", RepairWay::kSegments},
    {"vector_not_found", RepairWay::kSegments},
    {"columns_differ", RepairWay::kSegments},
}};

}  // namespace

std::string_view FindingKindName(FindingKind kind) { return kTraits[static_cast<size_t>(kind)].name; }
RepairWay RepairWayOf(FindingKind kind) { return kTraits[static_cast<size_t>(kind)].way; }

std::string_view RepairAdvice(RepairWay way) {
  switch (way) {
    case RepairWay::kRows:
    case RepairWay::kSegments: return "engram verify --data DIR --repair builds it anew from the rows";
    case RepairWay::kRestore:
      return "restore the namespace from a backup or its source; nothing here knows what it was";
  }
  return "";
}

std::string ToText(const Finding& finding) {
  std::string text(FindingKindName(finding.kind));
  text += finding.tenant.value == 0 ? std::string(": the store") : fmt::format(": tenant {}", finding.tenant.value);
  if (finding.ns.value != 0) text += fmt::format(", namespace {}", finding.ns.value);
  if (!finding.name.empty()) text += fmt::format(" \"{}\"", finding.name);
  if (!finding.place.empty()) text += ", " + finding.place;
  if (!finding.expected.empty()) text += ": expected " + finding.expected;
  if (!finding.found.empty()) text += (finding.expected.empty() ? ": found " : ", found ") + finding.found;
  if (finding.repaired) text += " (repaired)";
  return text;
}

void FindingList::Add(Finding finding) {
  ++count_;
  if (finding.repaired) ++repaired_;
  ++counts_[finding.kind];
  if (kept_.size() < kKeptMax) kept_.push_back(std::move(finding));
}

void FindingList::Add(const FindingList& others) {
  count_ += others.count_;
  repaired_ += others.repaired_;
  for (const auto& [kind, count] : others.counts_) counts_[kind] += count;
  for (const Finding& finding : others.kept_) {
    if (kept_.size() < kKeptMax) kept_.push_back(finding);
  }
}

}  // namespace engram
