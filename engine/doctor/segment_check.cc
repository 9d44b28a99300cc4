// The manifest, its files, and what they hold against the rows.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "engine/doctor/namespace_check.h"
#include "engine/live_rows.h"
#include "engine/segments/column_segment.h"
#include "engine/segments/segment_rows.h"
#include "index/text/analyze_texts.h"
#include "index/text/text_segment.h"
#include "index/text/text_segment_contents.h"
#include "index/vector/vector_segment_check.h"

namespace engram {
namespace {

// Texts whose difference is told term by term.
constexpr size_t kTextsExplained = 10;
constexpr size_t kTermsExplained = 10;
// Vectors asked for themselves, of each graph, and the share of them that must be found: sealing keeps a graph at 0.95.
constexpr size_t kSelfAsked = 64;
constexpr double kSelfFound = 0.8;

std::string_view KindName(SegmentKind kind) {
  switch (kind) {
    case SegmentKind::kText: return "text";
    case SegmentKind::kVector: return "vector";
    case SegmentKind::kAttribute: return "attribute";
  }
  return "unknown";
}

class SegmentsOfNamespace {
 public:
  SegmentsOfNamespace(const NamespaceCheck& check, const SegmentFolder& folder)
      : check_(check), folder_(folder), live_rows_(check.rows) {}

  Result<bool> Check(bool quick) {
    const uint64_t before = check_.findings->count();
    auto manifest = ReadSegmentRows(check_.rows);
    if (manifest.status().code() == StatusCode::kCorruption) {
      Add(FindingKind::kSegmentRowDiffers, "the manifest", "rows that can be read", manifest.status().message());
      return false;
    }
    RETURN_IF_ERROR(manifest.status());
    if (manifest->empty()) return true;
    const auto analyzer = Analyzer::Create(check_.head.config.text);
    if (!analyzer.ok()) {
      check_.Add(FindingKind::kUnreadableRow, "the namespace's head", "an analyzer", analyzer.status().message());
      return false;
    }
    analyzer_ = *analyzer;
    if (!quick) {
      auto refs = ReadLiveRefs(check_.rows);
      if (!refs.ok() && refs.status().code() == StatusCode::kCorruption) return true;  // told with the rows
      ASSIGN_OR_RETURN(refs_, std::move(refs));
    }
    CheckOverlaps(*manifest);
    for (const SegmentRow& row : *manifest) {
      RETURN_IF_ERROR(check_.go_on());
      RETURN_IF_ERROR(CheckFile(row, quick));
    }
    if (!quick) RETURN_IF_ERROR(CheckComplete(*manifest));
    return check_.findings->count() == before;
  }

 private:
  void Add(FindingKind kind, const std::string& place, std::string expected, std::string found) {
    check_.AddRepaired(kind, place, std::move(expected), std::move(found));
  }

  std::string PathOf(const SegmentRow& row) const { return folder_.PathOf({check_.tenant, check_.ns, row.number}); }
  std::string PlaceOf(const SegmentRow& row) const {
    return fmt::format("{} segment {}", KindName(row.kind), SegmentFileName({check_.tenant, check_.ns, row.number}));
  }

  // An index has a slot in one file.
  void CheckOverlaps(std::vector<SegmentRow> manifest) {
    std::sort(manifest.begin(), manifest.end(), [](const SegmentRow& a, const SegmentRow& b) {
      return std::tie(a.kind, a.space, a.slots.first) < std::tie(b.kind, b.space, b.slots.first);
    });
    for (size_t i = 1; i < manifest.size(); ++i) {
      const SegmentRow& a = manifest[i - 1];
      const SegmentRow& b = manifest[i];
      if (a.kind != b.kind || a.space != b.space || b.slots.first > a.slots.last) continue;
      Add(FindingKind::kSegmentOverlap, PlaceOf(b), fmt::format("slots from {} on", a.slots.last.value + 1),
          fmt::format("slots from {} on", b.slots.first.value));
    }
  }

  Status CheckFile(const SegmentRow& row, bool quick) {
    const std::string place = PlaceOf(row);
    if (row.position > check_.counters.position) {
      Add(FindingKind::kSegmentAhead, place, fmt::format("at most position {}", check_.counters.position.value),
          std::to_string(row.position.value));
    }
    if (row.slots.last >= check_.counters.next_slot || row.slots.last < row.slots.first) {
      Add(FindingKind::kSegmentForeignSlot, place, fmt::format("slots below {}", check_.counters.next_slot.value),
          fmt::format("{} to {}", row.slots.first.value, row.slots.last.value));
    }
    Status status = OpenAndCheck(row, quick);
    switch (status.code()) {
      case StatusCode::kOk: return {};
      case StatusCode::kNotFound: Add(FindingKind::kSegmentMissing, place, "a file", "none"); return {};
      case StatusCode::kCorruption: Add(FindingKind::kSegmentDamaged, place, "", status.message()); return {};
      case StatusCode::kFailedPrecondition:
        Add(FindingKind::kSegmentFingerprint, place, "", status.message());
        return {};
      default: return status;
    }
  }

  Status OpenAndCheck(const SegmentRow& row, bool quick) {
    if (row.kind == SegmentKind::kText) {
      ASSIGN_OR_RETURN(const auto segment, TextSegment::Open(folder_.files(), PathOf(row), *analyzer_));
      CheckDirectory(row, segment->file().slots(), segment->file().position(), segment->file().size());
      return quick ? Status() : CheckTexts(row, *segment);
    }
    if (row.kind == SegmentKind::kAttribute) {
      ASSIGN_OR_RETURN(const auto columns, ColumnSegment::Open(folder_.files(), PathOf(row)));
      ASSIGN_OR_RETURN(const uint64_t bytes, folder_.files().FileSize(PathOf(row)));
      CheckDirectory(row, columns->range(), columns->position(), bytes);
      return quick ? Status() : CheckColumns(row, *columns);
    }
    const auto space = check_.head.config.vectors.find(row.space);
    if (space == check_.head.config.vectors.end()) {
      Add(FindingKind::kSegmentRowDiffers, PlaceOf(row), "a vector space of the namespace", "\"" + row.space + "\"");
      return {};
    }
    ASSIGN_OR_RETURN(const auto segment,
                     VectorSegment::Open(folder_.files(), PathOf(row), space->second.dimensions, space->second.metric));
    ASSIGN_OR_RETURN(const uint64_t bytes, folder_.files().FileSize(PathOf(row)));
    CheckDirectory(row, segment->slots(), segment->position(), bytes);
    return quick ? Status() : CheckVectors(row, segment);
  }

  void CheckDirectory(const SegmentRow& row, const SlotRange& slots, Position position, uint64_t bytes) {
    if (slots.first < row.slots.first || slots.last > row.slots.last) {
      Add(FindingKind::kSegmentForeignSlot, PlaceOf(row),
          fmt::format("slots {} to {}", row.slots.first.value, row.slots.last.value),
          fmt::format("slots {} to {}", slots.first.value, slots.last.value));
    }
    if (position != row.position || bytes != row.bytes) {
      Add(FindingKind::kSegmentRowDiffers, PlaceOf(row),
          fmt::format("position {}, {} bytes", row.position.value, row.bytes),
          fmt::format("position {}, {} bytes", position.value, bytes));
    }
  }

  // The live memories of a stretch, with their contents; unreadable ones are told with the rows.
  template <class Visit>
  Status EachLive(const SlotRange& slots, const Visit& visit) {
    auto ref = std::lower_bound(refs_.begin(), refs_.end(), slots.first,
                                [](const MemoryRef& r, Slot slot) { return r.slot < slot; });
    for (; ref != refs_.end() && ref->slot <= slots.last; ++ref) {
      RETURN_IF_ERROR(check_.go_on());
      const auto added = live_rows_.Read(*ref, /*with_content=*/true);
      if (added.status().code() == StatusCode::kCorruption) continue;
      RETURN_IF_ERROR(added.status());
      RETURN_IF_ERROR(visit(*added));
    }
    return {};
  }

  // Searches don't show it, and segments written from then on need not have it.
  Result<bool> IsDue(const ContentAdded& memory) const {
    std::optional<RunRow> run;
    if (memory.row.run) {
      ASSIGN_OR_RETURN(run, ReadRun(check_.rows, *memory.row.run));
    }
    return IsExpired(memory.state, run, check_.now);
  }

  static std::string MemoryPlace(const SegmentRow&, const ContentAdded& memory) {
    return fmt::format("memory \"{}\" (slot {})", memory.row.id, memory.row.slot.value);
  }

  Status CheckTexts(const SegmentRow& row, const TextSegment& segment) {
    ASSIGN_OR_RETURN(const TextSegmentContents contents, ReadTextSegment(segment));
    for (const std::string& fault : contents.faults) Add(FindingKind::kPostingListBroken, PlaceOf(row), "", fault);
    std::map<uint32_t, std::map<std::string, uint32_t>> wanted;  // of texts that differ: term -> frequency
    std::vector<Token> tokens;
    RETURN_IF_ERROR(EachLive(row.slots, [&](const ContentAdded& memory) -> Status {
      AnalyzeTexts(*analyzer_, memory.content->Texts(), &tokens);
      const uint32_t text = segment.text_ordinal(memory.row.slot);
      if (text == TextSegment::kNoText) return {};  // CheckComplete
      const std::string place = PlaceOf(row) + ", " + MemoryPlace(row, memory);
      if (tokens.empty()) {
        Add(FindingKind::kTextUnexpected, place, "no terms", fmt::format("{}", contents.texts[text].length));
        return {};
      }
      if (SumsOf(tokens) == contents.texts[text]) return {};
      if (wanted.size() == kTextsExplained) {
        Add(FindingKind::kPostingDiffers, place, "the terms of its texts", "others");
        return {};
      }
      auto& terms = wanted[text];
      for (const Token& token : tokens) ++terms[token.term];
      return {};
    }));
    ExplainTexts(row, segment, wanted);
    return {};
  }

  void ExplainTexts(const SegmentRow& row, const TextSegment& segment,
                    const std::map<uint32_t, std::map<std::string, uint32_t>>& wanted) {
    if (wanted.empty()) return;
    std::set<uint32_t> texts;
    for (const auto& [text, terms] : wanted) texts.insert(text);
    auto held = FindPostings(segment, texts);
    for (const auto& [text, terms] : wanted) {
      const std::string place = fmt::format("{}, slot {}", PlaceOf(row), segment.text_slot(text).value);
      size_t told = 0;
      auto& of_text = held[text];
      for (const auto& [term, frequency] : terms) {
        const auto found = of_text.find(term);
        if (found != of_text.end() && found->second == frequency) continue;
        if (told++ == kTermsExplained) break;
        if (found == of_text.end()) {
          Add(FindingKind::kPostingMissing, place, fmt::format("the term \"{}\"", term), "no posting");
        } else {
          Add(FindingKind::kPostingDiffers, place, fmt::format("\"{}\" {} times", term, frequency),
              fmt::format("{} times", found->second));
        }
      }
      for (const auto& [term, frequency] : of_text) {
        if (terms.contains(term)) continue;
        if (told++ == kTermsExplained) break;
        Add(FindingKind::kPostingUnexpected, place, fmt::format("no term \"{}\"", term), "a posting");
      }
      if (told == 0) Add(FindingKind::kPostingDiffers, place, "positions, words and length of its texts", "others");
    }
  }

  Status CheckVectors(const SegmentRow& row, const std::shared_ptr<const VectorSegment>& segment) {
    RETURN_IF_ERROR(CheckBytes(*segment));
    for (const GraphFault& fault : CheckGraph(*segment)) {
      const bool links = fault.kind == GraphFault::Kind::kBadLink;
      Add(links ? FindingKind::kGraphLinks : FindingKind::kGraphUnreachable, PlaceOf(row), "", fault.what);
    }
    SlotSet held;
    segment->AddSlotsTo(&held);
    SlotSet live;
    RETURN_IF_ERROR(EachLive(row.slots, [&](const ContentAdded& memory) -> Status {
      if (!held.contains(memory.row.slot.value)) return {};  // CheckComplete
      const std::string place = PlaceOf(row) + ", " + MemoryPlace(row, memory);
      const auto vector = memory.content->vectors.find(row.space);
      const DenseVector* dense =
          vector == memory.content->vectors.end() ? nullptr : std::get_if<DenseVector>(&vector->second);
      if (dense == nullptr) {
        Add(FindingKind::kVectorUnexpected, place, "no vector", "one");
        return {};
      }
      live.add(memory.row.slot.value);
      const auto difference = DifferenceFrom(*segment, memory.row.slot, *dense);
      if (difference) Add(FindingKind::kVectorDiffers, place, "the vector of its content", *difference);
      return {};
    }));
    if (!segment->report().has_graph) return {};
    ASSIGN_OR_RETURN(const SelfFound self, FindThemselves(segment, live, kSelfAsked));
    if (static_cast<double>(self.found) < kSelfFound * static_cast<double>(self.asked)) {
      Add(FindingKind::kVectorNotFound, PlaceOf(row), fmt::format("{} of a sample to find themselves", self.asked),
          std::to_string(self.found));
    }
    return {};
  }

  // A row counts as long as its memory has the same version.
  Status CheckColumns(const SegmentRow& row, const ColumnSegment& columns) {
    AttributeIndex held;
    AttributeIndex wanted;
    std::map<uint32_t, size_t> place_of;
    for (size_t place = 0; place < columns.size(); ++place) place_of.emplace(columns.slot(place).value, place);
    std::vector<std::optional<Slot>> counting(columns.size());
    RETURN_IF_ERROR(EachLive(row.slots, [&](const ContentAdded& memory) -> Status {
      const auto found = place_of.find(memory.row.slot.value);
      if (found == place_of.end() || columns.version(found->second) != memory.row.version) return {};
      const IndexedRow here = columns.Row(found->second);
      const bool inactive = memory.attributes.state != MemoryState::kActive;
      if (here.node != memory.row.node || here.id != memory.row.id || here.run != memory.row.run ||
          here.order != memory.row.order || columns.inactive(found->second) != inactive) {
        Add(FindingKind::kColumnsDiffer, PlaceOf(row) + ", " + MemoryPlace(row, memory),
            "id, node, run, order and state of its row", "others");
      }
      counting[found->second] = memory.row.slot;
      AttributeFields fields = FilterFields(memory.row.id, memory.attributes, memory.state);
      const auto of_state = [](const auto& field) {
        return std::find(std::begin(kStateFields), std::end(kStateFields), field.first) != std::end(kStateFields);
      };
      fields.erase(std::remove_if(fields.begin(), fields.end(), of_state), fields.end());
      wanted.Set(memory.row.slot, fields);
      return {};
    }));
    RETURN_IF_ERROR(held.LoadStretch(columns.fields(), counting, 0));
    for (const std::optional<Slot>& slot : counting) {
      if (!slot || held.Fingerprint(*slot) == wanted.Fingerprint(*slot)) continue;
      Add(FindingKind::kColumnsDiffer, fmt::format("{}, slot {}", PlaceOf(row), slot->value), "the fields of its row",
          "others");
    }
    return {};
  }

  // What a sealed stretch must have of its live memories.
  Status CheckComplete(const std::vector<SegmentRow>& manifest) {
    std::optional<Slot> sealed_until;
    SlotSet texts;
    std::map<std::string, SlotSet> vectors;
    for (const SegmentRow& row : manifest) {
      sealed_until = std::max(sealed_until.value_or(Slot()), row.slots.last);
      // One that can't be opened has been told.
      if (row.kind == SegmentKind::kText) {
        const auto segment = TextSegment::Open(folder_.files(), PathOf(row), *analyzer_);
        if (!segment.ok()) return {};
        (*segment)->AddSlotsTo(&texts);
      } else if (row.kind == SegmentKind::kVector) {
        const auto space = check_.head.config.vectors.find(row.space);
        if (space == check_.head.config.vectors.end()) return {};
        const auto segment =
            VectorSegment::Open(folder_.files(), PathOf(row), space->second.dimensions, space->second.metric);
        if (!segment.ok()) return {};
        (*segment)->AddSlotsTo(&vectors[row.space]);
      }
    }
    std::vector<Token> tokens;
    return EachLive({Slot(), *sealed_until}, [&](const ContentAdded& memory) -> Status {
      ASSIGN_OR_RETURN(const bool due, IsDue(memory));
      if (due) return {};
      const std::string place = fmt::format("memory \"{}\" (slot {})", memory.row.id, memory.row.slot.value);
      if (!texts.contains(memory.row.slot.value)) {
        AnalyzeTexts(*analyzer_, memory.content->Texts(), &tokens);
        if (!tokens.empty()) Add(FindingKind::kTextMissing, place, "its terms in a text segment", "none there");
      }
      for (const auto& [space, vector] : memory.content->vectors) {
        const bool dense = std::holds_alternative<DenseVector>(vector);
        if (!dense || vectors[space].contains(memory.row.slot.value)) continue;
        Add(FindingKind::kVectorMissing, place, fmt::format("its vector in a segment of \"{}\"", space), "none there");
      }
      return {};
    });
  }

  const NamespaceCheck& check_;
  const SegmentFolder& folder_;
  LiveRows live_rows_;
  std::shared_ptr<const Analyzer> analyzer_;
  std::vector<MemoryRef> refs_;  // by slot
};

}  // namespace

Result<bool> CheckSegments(const NamespaceCheck& check, const SegmentFolder& folder, bool quick) {
  return SegmentsOfNamespace(check, folder).Check(quick);
}

}  // namespace engram
