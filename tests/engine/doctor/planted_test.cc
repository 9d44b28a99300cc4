// Divergence of every kind, planted in a closed store: found under its name, and repaired where rows say how.
#include <cstring>
#include <fstream>

#include <gmock/gmock.h>

#include "base/hash.h"
#include "engine/doctor/finding.h"
#include "engine/tenant.h"
#include "engine/write/log_row.h"
#include "graph/edge_store.h"
#include "index/vector/graph.h"
#include "tests/engine/doctor/planted_store.h"

namespace engram {
namespace {

using keys::Key;
using Rows = DamagedCopy::Rows;
using Kind = FindingKind;

// --- Rows.

struct RowPlanting {
  Kind kind;
  std::function<void(Rows&)> plant;
};

Content ContentOf(const Rows& rows, const IdRow& id) {
  Include all;
  all.vectors = true;
  NodeNumber node;
  Content content;
  ENGRAM_CHECK(DecodeContent(rows.Get(Key(keys::kContent).Add(id.slot)), all, &node, &content).ok());
  return content;
}

void DeleteFirst(Rows& rows, char kind) { rows.ns_batch.Delete(rows.First(kind).first); }

std::string Number(uint32_t n) {
  std::string bytes;
  AppendKey32(&bytes, n);
  return bytes;
}

std::vector<RowPlanting> PlantedRows() {
  return {
      {Kind::kUnreadableRow, [](Rows& r) { r.ns_batch.Put(keys::Id("9"), "\x01\x02"); }},
      {Kind::kUnknownRow, [](Rows& r) { r.ns_batch.Put("Zz", ""); }},
      {Kind::kMissingHead, [](Rows& r) { r.ns_batch.Delete(Key(keys::kHead)); }},
      {Kind::kMissingNodeRow, [](Rows& r) { r.ns_batch.Delete(Key(keys::kNode).Add(r.Id("9").node)); }},
      {Kind::kOrphanNodeRow, [](Rows& r) { r.ns_batch.Put(Key(keys::kNode).Add(NodeNumber(99'999)), "ghost"); }},
      {Kind::kSharedNode, [](Rows& r) { r.ns_batch.Put(keys::Id("twin"), EncodeIdRow(r.Id("9"))); }},
      {Kind::kNumberBeyondCounter,
       [](Rows& r) {
         NamespaceCounters counters = r.Counters();
         counters.next_slot = Slot(5);
         r.Put(counters);
       }},
      {Kind::kMissingContent, [](Rows& r) { r.ns_batch.Delete(Key(keys::kContent).Add(r.Id("9").slot)); }},
      {Kind::kMissingAttributes,
       [](Rows& r) { r.ns_batch.Delete(Key(keys::kAttributes).Add(r.Id("9").slot).Add(r.Id("9").version)); }},
      {Kind::kMissingState, [](Rows& r) { r.ns_batch.Delete(Key(keys::kState).Add(r.Id("9").node)); }},
      {Kind::kMissingVersion,
       [](Rows& r) { r.ns_batch.Delete(Key(keys::kVersion).Add(r.Id("9").node).Add(r.Id("9").version)); }},
      {Kind::kForeignSlot,
       [](Rows& r) {
         const IdRow id = r.Id("9");
         r.ns_batch.Put(Key(keys::kContent).Add(id.slot), EncodeContent(r.Id("8").node, ContentOf(r, id)));
       }},
      {Kind::kOrphanContent,
       [](Rows& r) { r.ns_batch.Put(Key(keys::kContent).Add(Slot(5'000)), EncodeContent(r.Id("9").node, Content())); }},
      {Kind::kOrphanAttributes,
       [](Rows& r) {
         r.ns_batch.Put(Key(keys::kAttributes).Add(r.Id("9").slot).Add(Version(77)), r.First(keys::kAttributes).second);
       }},
      {Kind::kOrphanState,
       [](Rows& r) { r.ns_batch.Put(Key(keys::kState).Add(r.Id("topic").node), EncodeState(StateRecord())); }},
      {Kind::kOrphanVersion,
       [](Rows& r) {
         VersionRow row;
         row.kind = HistoryEvent::Kind::kDelete;
         r.ns_batch.Put(Key(keys::kVersion).Add(NodeNumber(88'888)).Add(Version(1)), EncodeVersion(row));
       }},
      {Kind::kContentHashDiffers,
       [](Rows& r) {
         const IdRow id = r.Id("9");
         Content content = ContentOf(r, id);
         content.fields["other"] = "";  // no terms
         r.ns_batch.Put(Key(keys::kContent).Add(id.slot), EncodeContent(id.node, content));
       }},
      {Kind::kMemoryHashDiffers,
       [](Rows& r) {
         const IdRow id = r.Id("9");
         const std::string key = Key(keys::kAttributes).Add(id.slot).Add(id.version);
         AttributeRow row = DecodeAttributes(r.Get(key)).value();
         row.attributes.role = "changed";
         r.ns_batch.Put(key, EncodeAttributes(row));
       }},
      {Kind::kRunMemberDiffers, [](Rows& r) { DeleteFirst(r, keys::kRunMember); }},
      {Kind::kRunMemberDiffers,
       [](Rows& r) { r.ns_batch.Put(Key(keys::kRunMember).AddRun(0).Add(r.Id("9").node), ""); }},
      {Kind::kRunCountDiffers,
       [](Rows& r) {
         const auto [key, value] = r.First(keys::kRunByNumber);
         RunRow run = DecodeRun(value).value();
         ++run.memories;
         r.ns_batch.Put(key, EncodeRun(run));
       }},
      {Kind::kRunNameDiffers, [](Rows& r) { r.ns_batch.Put(r.First(keys::kRun).first, Number(77)); }},
      {Kind::kDuplicateRowDiffers, [](Rows& r) { DeleteFirst(r, keys::kDuplicate); }},
      {Kind::kDuplicateRowDiffers,
       [](Rows& r) {
         r.ns_batch.Put(keys::Duplicate({1, 2}, r.Id("9").node), "");
       }},
      {Kind::kPathMissing, [](Rows& r) { DeleteFirst(r, keys::kPath); }},
      {Kind::kEntityRowDiffers, [](Rows& r) { r.ns_batch.Delete(Key(keys::kEntity).Add(r.Id("topic").node)); }},
      {Kind::kEdgeMirrorMissing, [](Rows& r) { DeleteFirst(r, 'f'); }},
      {Kind::kEdgeMirrorMissing, [](Rows& r) { DeleteFirst(r, 'm'); }},
      {Kind::kEdgeMirrorDiffers,
       [](Rows& r) {
         Edge edge = FindEdge(r.ns, "edge-1").value().value();
         edge.weight = 7;
         const auto it = r.ns.ScanPrefix("e");
         while (it->value().find("edge-1") == std::string_view::npos) it->Next();
         r.ns_batch.Put(std::string(it->key()), EncodeEdge(edge));
       }},
      {Kind::kEdgeMirrorOrphan,
       [](Rows& r) {
         auto [key, value] = r.First('e');
         key[4] = '\x7f';  // at another source
         r.ns_batch.Put(key, value);
       }},
      {Kind::kEdgeMissing, [](Rows& r) { DeleteFirst(r, 'E'); }},
      {Kind::kEdgeEndMissing,
       [](Rows& r) {
         const NodeNumber far = r.Id("far").node;
         r.ns_batch.Delete(keys::Id("far"));
         r.ns_batch.Delete(Key(keys::kNode).Add(far));
         r.ns_batch.Delete(Key(keys::kEntity).Add(far));
       }},
      {Kind::kLogGap, [](Rows& r) { r.ns_batch.Delete(Key(keys::kLog).Add(Position(9))); }},
      {Kind::kReplyRowDiffers, [](Rows& r) { DeleteFirst(r, keys::kReplyByTime); }},
      {Kind::kReplyRowDiffers, [](Rows& r) { DeleteFirst(r, keys::kReply); }},
      {Kind::kExpiryRowMissing, [](Rows& r) { r.system_batch.Delete(Rows::First(r.system, keys::kExpiry).first); }},
      {Kind::kExpiryRowOrphan,
       [](Rows& r) {
         const keys::Expiry expiry{kStart.PlusSeconds(5), PlantedStore::kTenant, PlantedStore::kNamespace, false, 9};
         r.system_batch.Put(keys::EncodeExpiry(expiry), "");
       }},
      {Kind::kCounterDiffers,
       [](Rows& r) {
         NamespaceCounters counters = r.Counters();
         ++counters.former_versions;
         r.Put(counters);
       }},
      {Kind::kDigestDiffers,
       [](Rows& r) {
         NamespaceCounters counters = r.Counters();
         ++counters.edges_digest.low;
         r.Put(counters);
       }},
      {Kind::kTenantRowDiffers,
       [](Rows& r) {
         TenantRecord record;
         record.id = PlantedStore::kTenant;
         record.name = "somebody else";
         r.system_batch.Put(Key(keys::kTenant).Add(record.id), EncodeTenant(record));
       }},
      {Kind::kKeyWithoutTenant,
       [](Rows& r) {
         ApiKey key;
         key.hash = std::string(kApiKeyHashBytes, 'h');
         r.system_batch.Put(Key(keys::kApiKey).Add(TenantId(77)).AddRaw("id"), EncodeApiKey(key));
       }},
      {Kind::kUsageDiffers,
       [](Rows& r) {
         r.system_batch.Put(Key(keys::kTenantUsage).Add(PlantedStore::kTenant), EncodeTenantUsage({1, 2, 3}));
       }},
      {Kind::kNamespaceCountDiffers,
       [](Rows& r) { r.system_batch.Put(Key(keys::kNamespaceCount), std::string(7, '\0') + '\x09'); }},
      {Kind::kDirectoryRowDiffers,
       [](Rows& r) { r.directory_batch.Put(Key(keys::kNamespaceByName).AddRaw("ghost"), Number(9)); }},
      {Kind::kAliasDiffers, [](Rows& r) { r.directory_batch.Delete(Key(keys::kNamespaceByAlias).AddRaw("other")); }},
      {Kind::kLeftoverRows,
       [](Rows& r) {
         ScopedBatch left(r.overlay, keys::Scope(PlantedStore::kTenant, NamespaceId(55)));
         left.Put(Key(keys::kContent).Add(Slot(1)), "");
       }},
  };
}

class PlantedTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { original_ = new PlantedStore(); }
  static void TearDownTestSuite() {
    delete original_;
    original_ = nullptr;
  }

  // Found by name, and gone after a repair where the rows say how.
  static void ExpectFound(const DamagedCopy& copy, Kind kind) {
    const DoctorReport report = copy.Verify();
    ASSERT_TRUE(report.findings.counts().contains(kind)) << Texts(report);
    if (RepairWayOf(kind) == RepairWay::kRestore) return;
    const DoctorReport repaired = copy.Verify(/*repair=*/true);
    EXPECT_EQ(repaired.findings.repaired(), repaired.findings.count()) << Texts(repaired);
    EXPECT_EQ(Texts(copy.Verify()), "");
  }

  // The segment of a kind that has the first slots; of vectors it has a graph.
  static SegmentRow FirstSegment(const Rows& rows, SegmentKind kind) {
    std::optional<SegmentRow> first;
    const std::vector<SegmentRow> manifest = ReadSegmentRows(rows.ns).value();
    for (const SegmentRow& row : manifest) {
      if (row.kind == kind && (!first || row.slots.first < first->slots.first)) first = row;
    }
    ENGRAM_CHECK(first && (kind != SegmentKind::kVector || first->graph_tried));
    return *first;
  }
  static std::string PathOf(const DamagedCopy& copy, const SegmentRow& row) {
    return copy.path() + "/segments/" + SegmentFileName({PlantedStore::kTenant, PlantedStore::kNamespace, row.number});
  }
  static void PutSegment(Rows& rows, const SegmentRow& row) {
    rows.ns_batch.Put(Key(keys::kSegment).AddSegment(row.number), EncodeSegmentRow(row));
  }

  // Changes a segment's row and, where wanted, its file.
  static void ChangeSegment(const DamagedCopy& copy, SegmentKind kind,
                            const std::function<void(Rows&, SegmentRow*)>& change) {
    const_cast<DamagedCopy&>(copy).Change([&](Rows& rows) {
      SegmentRow row = FirstSegment(rows, kind);
      change(rows, &row);
      std::error_code gone;
      const auto bytes = std::filesystem::file_size(PathOf(copy, row), gone);
      if (!gone && row.bytes != bytes + 1) row.bytes = bytes;
      PutSegment(rows, row);
    });
  }

  // Writes the file anew with other sections, or under another fingerprint.
  using EditSection = std::function<void(const std::string& name, std::string* bytes)>;
  static void Rewrite(const std::string& path, SegmentKind kind, const EditSection& edit,
                      const std::string& fingerprint = {}) {
    FileSystem& files = FileSystem::Posix();
    const Status of_no_use = SegmentFile::Open(files, path, kind, "?").status();
    std::string own;
    for (const auto& [name, value] : of_no_use.details()) own = name == "got" ? value : own;
    const auto file = SegmentFile::Open(files, path, kind, own).value();
    auto writer = SegmentWriter::Create(files, path, kind, fingerprint.empty() ? own : fingerprint).value();
    for (const auto& section : file->sections()) {
      std::string bytes(section->Bytes().value());
      edit(section->name(), &bytes);
      ENGRAM_CHECK(writer.Section(section->name(), bytes).ok());
    }
    ENGRAM_CHECK(writer.Finish(file->slots(), file->position()).ok());
  }
  static EditSection EditNumbers(const std::string& wanted, const std::function<void(std::vector<uint32_t>*)>& edit) {
    return [=](const std::string& name, std::string* bytes) {
      if (name != wanted) return;
      std::vector<uint32_t> numbers(bytes->size() / 4);
      std::memcpy(numbers.data(), bytes->data(), bytes->size());
      edit(&numbers);
      std::memcpy(bytes->data(), numbers.data(), bytes->size());
    };
  }

  // The live contents of a stretch, by slot.
  static std::map<Slot, Content> Contents(const Rows& rows, const SlotRange& slots) {
    std::map<Slot, Content> contents;
    const std::vector<MemoryRef> refs = ReadLiveRefs(rows.ns).value();
    for (const MemoryRef& ref : refs) {
      if (ref.slot < slots.first || ref.slot > slots.last) continue;
      IdRow id;
      id.slot = ref.slot;
      contents[ref.slot] = ContentOf(rows, id);
    }
    return contents;
  }
  using EditContents = std::function<void(std::map<Slot, Content>*)>;

  static void PlantTexts(const DamagedCopy& copy, const EditContents& edit) {
    ChangeSegment(copy, SegmentKind::kText, [&](Rows& rows, SegmentRow* row) {
      auto contents = Contents(rows, row->slots);
      edit(&contents);
      const auto analyzer = Analyzer::Create(ReadHead(rows.ns).value()->config.text).value();
      TextIndex index(analyzer, {});
      for (const auto& [slot, content] : contents) index.Add(slot, content.Texts());
      ENGRAM_CHECK(
          SealTexts(FileSystem::Posix(), PathOf(copy, *row), *analyzer, {*index.Freeze()}, row->position).ok());
    });
  }
  static void PlantVectors(const DamagedCopy& copy, const EditContents& edit) {
    ChangeSegment(copy, SegmentKind::kVector, [&](Rows& rows, SegmentRow* row) {
      auto contents = Contents(rows, row->slots);
      edit(&contents);
      VectorIndex index(kPlantedDimensions, Metric::kCosine);
      for (const auto& [slot, content] : contents) {
        const auto vector = content.vectors.find("default");
        if (vector != content.vectors.end()) index.Add(slot, std::get<DenseVector>(vector->second));
      }
      SealOptions options;
      options.position = row->position;
      const std::vector<VectorHandle> parts{*index.Freeze()};
      ENGRAM_CHECK(VectorIndex::Seal(parts, FileSystem::Posix(), PathOf(copy, *row), options).ok());
    });
  }
  static void PlantNumbers(const DamagedCopy& copy, SegmentKind kind, const std::string& section,
                           const std::function<void(std::vector<uint32_t>*)>& edit) {
    ChangeSegment(copy, kind,
                  [&](Rows&, SegmentRow* row) { Rewrite(PathOf(copy, *row), kind, EditNumbers(section, edit)); });
  }
  // One that no other divergence is about.
  static Content& Any(std::map<Slot, Content>* contents) { return contents->at(Slot(20)); }

  static PlantedStore* original_;
};
PlantedStore* PlantedTest::original_ = nullptr;

TEST_F(PlantedTest, TheStoreItselfIsClean) {
  const DamagedCopy copy(*original_);
  for (const DoctorDepth depth : {DoctorDepth::kQuick, DoctorDepth::kSample, DoctorDepth::kFull}) {
    EXPECT_EQ(Texts(copy.Verify(false, depth)), "");
  }
  EXPECT_EQ(copy.Verify().memories, uint64_t{kPlantedMemories} - 1);
}

TEST_F(PlantedTest, EachDivergenceOfRowsIsFoundByName) {
  for (const RowPlanting& planting : PlantedRows()) {
    SCOPED_TRACE(FindingKindName(planting.kind));
    DamagedCopy copy(*original_);
    copy.Change(planting.plant);
    ExpectFound(copy, planting.kind);
  }
}

TEST_F(PlantedTest, EachDivergenceOfTextsIsFoundByName) {
  const std::vector<std::pair<Kind, EditContents>> plantings = {
      {Kind::kTextMissing, [](auto* contents) { contents->erase(Slot(20)); }},
      {Kind::kTextUnexpected, [](auto* contents) { contents->at(Slot(3)).text = "unheard of"; }},
      {Kind::kPostingMissing, [](auto* contents) { Any(contents).text.replace(0, 5, "     "); }},
      {Kind::kPostingUnexpected, [](auto* contents) { Any(contents).text += " unheard"; }},
      {Kind::kPostingDiffers, [](auto* contents) { Any(contents).text += " own20"; }},
  };
  for (const auto& [kind, edit] : plantings) {
    SCOPED_TRACE(FindingKindName(kind));
    const DamagedCopy copy(*original_);
    PlantTexts(copy, edit);
    ExpectFound(copy, kind);
  }
}

TEST_F(PlantedTest, AWrongDocumentFrequencyIsFound) {
  const DamagedCopy copy(*original_);
  PlantNumbers(copy, SegmentKind::kText, "term_texts", [](auto* texts) { ++texts->front(); });
  ExpectFound(copy, Kind::kPostingListBroken);
}

TEST_F(PlantedTest, EachDivergenceOfVectorsIsFoundByName) {
  const std::vector<std::pair<Kind, EditContents>> plantings = {
      {Kind::kVectorMissing, [](auto* contents) { contents->erase(Slot(20)); }},
      {Kind::kVectorUnexpected,
       [](auto* contents) { contents->at(Slot(4)).vectors["default"] = DenseVector(kPlantedDimensions, 1); }},
      {Kind::kVectorDiffers,
       [](auto* contents) { Any(contents).vectors["default"] = DenseVector(kPlantedDimensions, 1); }},
  };
  for (const auto& [kind, edit] : plantings) {
    SCOPED_TRACE(FindingKindName(kind));
    const DamagedCopy copy(*original_);
    PlantVectors(copy, edit);
    ExpectFound(copy, kind);
  }
}

TEST_F(PlantedTest, EachDivergenceOfGraphsIsFoundByName) {
  const auto linked_to_itself = [](std::vector<uint32_t>* links) { links->front() = 0; };
  // Nobody leads there any more.
  const auto cut_off = [](std::vector<uint32_t>* links) {
    constexpr uint32_t kRow = 11;
    for (size_t row = 0; row * kGraphLinks0 < links->size(); ++row) {
      const auto begin = links->begin() + static_cast<ptrdiff_t>(row * kGraphLinks0);
      const auto end = std::remove(begin, begin + kGraphLinks0, kRow);
      std::fill(end, begin + kGraphLinks0, kNoLink);
    }
  };
  const std::vector<std::pair<Kind, std::function<void(std::vector<uint32_t>*)>>> plantings = {
      {Kind::kGraphLinks, linked_to_itself}, {Kind::kGraphUnreachable, cut_off}};
  for (const auto& [kind, edit] : plantings) {
    SCOPED_TRACE(FindingKindName(kind));
    const DamagedCopy copy(*original_);
    PlantNumbers(copy, SegmentKind::kVector, "links", edit);
    ExpectFound(copy, kind);
  }
}

TEST_F(PlantedTest, CodesThatLeadNowhereAreFound) {
  const DamagedCopy copy(*original_);
  PlantNumbers(copy, SegmentKind::kVector, "codes", [](auto* codes) { std::reverse(codes->begin(), codes->end()); });
  ExpectFound(copy, Kind::kVectorNotFound);
}

TEST_F(PlantedTest, EachDivergenceOfTheManifestIsFoundByName) {
  const std::vector<std::pair<Kind, std::function<void(Rows&, SegmentRow*)>>> plantings = {
      {Kind::kSegmentRowDiffers, [](Rows&, SegmentRow* row) { ++row->bytes; }},
      {Kind::kSegmentAhead, [](Rows&, SegmentRow* row) { row->position = Position(999'999); }},
      {Kind::kSegmentForeignSlot, [](Rows&, SegmentRow* row) { row->slots.first = Slot(10); }},
      {Kind::kSegmentOverlap,
       [](Rows& rows, SegmentRow* row) {
         SegmentRow twin = *row;
         twin.number += 1'000;
         PutSegment(rows, twin);
       }},
      {Kind::kSegmentMissing, [](Rows&, SegmentRow* row) { row->number += 2'000; }},
  };
  for (const auto& [kind, change] : plantings) {
    SCOPED_TRACE(FindingKindName(kind));
    const DamagedCopy copy(*original_);
    ChangeSegment(copy, SegmentKind::kText, change);
    ExpectFound(copy, kind);
  }
}

TEST_F(PlantedTest, AttributeSegmentsAreHeldAgainstTheirManifestToo) {
  const std::vector<std::function<void(SegmentRow*)>> plantings = {
      [](SegmentRow* row) { row->position = Position(row->position.value - 1); },
      [](SegmentRow* row) { ++row->bytes; },
  };
  for (const auto& change : plantings) {
    const DamagedCopy copy(*original_);
    ChangeSegment(copy, SegmentKind::kAttribute, [&](Rows&, SegmentRow* row) { change(row); });
    ExpectFound(copy, Kind::kSegmentRowDiffers);
  }
}

TEST_F(PlantedTest, AColumnThatDiffersIsFound) {
  const DamagedCopy copy(*original_);
  PlantNumbers(copy, SegmentKind::kAttribute, "nodes", [](auto* nodes) { ++nodes->front(); });
  ExpectFound(copy, Kind::kColumnsDiffer);
}

TEST_F(PlantedTest, AFileOfAnotherFingerprintIsFound) {
  const DamagedCopy copy(*original_);
  ChangeSegment(copy, SegmentKind::kText, [&](Rows&, SegmentRow* row) {
    Rewrite(
        PathOf(copy, *row), SegmentKind::kText, [](const std::string&, std::string*) {}, "text 0 of old");
  });
  ExpectFound(copy, Kind::kSegmentFingerprint);
}

void FlipByte(const std::string& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto at = static_cast<std::streamoff>(std::filesystem::file_size(path) / 2);
  file.seekg(at);
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(at);
  file.put(byte);
}

TEST_F(PlantedTest, ADamagedSegmentIsFound) {
  DamagedCopy copy(*original_);
  std::string path;
  copy.Change([&](Rows& rows) { path = PathOf(copy, FirstSegment(rows, SegmentKind::kText)); });
  FlipByte(path);
  ExpectFound(copy, Kind::kSegmentDamaged);
}

TEST_F(PlantedTest, ADamagedDataFileIsFoundAndNamed) {
  const DamagedCopy copy(*original_);
  std::string damaged;
  for (const auto& entry : std::filesystem::directory_iterator(copy.path() + "/rows")) {
    if (entry.path().extension() == ".sst") damaged = entry.path();
  }
  FlipByte(damaged);
  ExpectFound(copy, Kind::kDataFileDamaged);
  EXPECT_THAT(Texts(copy.Verify()), ::testing::HasSubstr(std::filesystem::path(damaged).filename().string()));
}

TEST_F(PlantedTest, ALogThatLostItsEndIsFound) {
  DamagedCopy earlier(*original_);
  DamagedCopy later(*original_);
  later.Change([](Rows& rows) { rows.ns_batch.Put(Key(keys::kNode).Add(NodeNumber(99'999)), "more"); });
  std::filesystem::copy_file(later.path() + "/rows/CLOSED", earlier.path() + "/rows/CLOSED",
                             std::filesystem::copy_options::overwrite_existing);
  ExpectFound(earlier, Kind::kLogTailLost);
  StoreOptions options;
  options.path = earlier.path() + "/rows";
  EXPECT_EQ(Store::Open(options).status().code(), StatusCode::kCorruption);
}

// What could be the only copy of something is not removed.
TEST_F(PlantedTest, ARepairDeletesNoPrimaryRow) {
  DamagedCopy copy(*original_);
  copy.Change([](Rows& rows) { DeleteFirst(rows, 'E'); });
  const DoctorReport report = copy.Verify(/*repair=*/true);
  EXPECT_LT(report.findings.repaired(), report.findings.count());
  EXPECT_TRUE(copy.Verify().findings.counts().contains(Kind::kEdgeMissing));
}

}  // namespace
}  // namespace engram
