#include "index/vector/vector_segment.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/coding.h"
#include "index/vector/vector_segment_rep.h"

namespace engram {
namespace {

constexpr uint8_t kCodesSuffice = 1;
constexpr uint8_t kHasGraph = 2;
constexpr uint8_t kLevelsMax = 16;

Status Contradicts(const SegmentFile& file, std::string_view section) {
  return Corruption(fmt::format("{}: section \"{}\" contradicts the others", file.path(), section));
}

}  // namespace

std::string VectorFingerprint(const VectorSpace& space) {
  return fmt::format("vector/2 {} {} int8-direction hnsw-{}", MetricName(space.metric()), space.dimensions(),
                     kGraphLinks);
}

template <class T>
Result<std::span<const T>> VectorSegment::Rep::LoadArray(std::string_view name, size_t count) {
  ASSIGN_OR_RETURN(const SegmentSection* section, file->Section(name));
  if (section->size() != count * sizeof(T)) return Contradicts(*file, name);
  ASSIGN_OR_RETURN(HugeMemory loaded, section->Load());
  memory.push_back(std::move(loaded));
  return std::span<const T>(reinterpret_cast<const T*>(memory.back().data()), count);
}

Status VectorSegment::Rep::LoadGraph(size_t levels, uint32_t entry) {
  graph.emplace();
  graph->entry = entry;
  ASSIGN_OR_RETURN(graph->links0, LoadArray<uint32_t>("links", rows() * kGraphLinks0));
  for (size_t level = 1; level <= levels; ++level) {
    GraphLevel loaded;
    ASSIGN_OR_RETURN(const SegmentSection* nodes, file->Section(fmt::format("rows{}", level)));
    const size_t n = nodes->size() / sizeof(uint32_t);
    ASSIGN_OR_RETURN(loaded.rows, LoadArray<uint32_t>(fmt::format("rows{}", level), n));
    ASSIGN_OR_RETURN(loaded.down, LoadArray<uint32_t>(fmt::format("down{}", level), n));
    ASSIGN_OR_RETURN(loaded.links, LoadArray<uint32_t>(fmt::format("links{}", level), n * kGraphLinks));
    graph->upper.push_back(loaded);
  }
  return GraphIsSound(*graph, rows()) ? Status() : Contradicts(*file, "links");
}

Result<std::unique_ptr<const VectorSegment::Rep>> VectorSegment::Rep::Load(std::shared_ptr<const SegmentFile> file,
                                                                           const VectorSpace& space) {
  ASSIGN_OR_RETURN(const SegmentSection* head, file->Section("space"));
  ASSIGN_OR_RETURN(const std::string_view bytes, head->Bytes());
  ByteReader in(bytes);
  const uint8_t metric = in.Byte();
  const uint32_t dimensions = in.Fixed32();
  const size_t rows = in.Fixed32();
  const auto scale = static_cast<float>(in.Double());
  const double length_unit = in.Double();
  const uint8_t flags = in.Byte();
  VectorSegmentReport report;
  report.rows = rows;
  report.codes_suffice = (flags & kCodesSuffice) != 0;
  report.has_graph = (flags & kHasGraph) != 0;
  report.graph_recall = in.Double();
  report.ef = in.Fixed32();
  const uint8_t levels = report.has_graph ? in.Byte() : 0;
  const uint32_t entry = report.has_graph ? in.Fixed32() : 0;
  report.mended = report.has_graph ? in.Fixed32() : 0;
  if (!in.Finish("space").ok() || metric != static_cast<uint8_t>(space.metric()) || dimensions != space.dimensions() ||
      rows == 0 || levels > kLevelsMax) {
    return Contradicts(*file, "space");
  }
  std::vector<float> centre;
  if (space.metric() == Metric::kL2) {
    ASSIGN_OR_RETURN(const SegmentSection* section, file->Section("centre"));
    ASSIGN_OR_RETURN(const std::span<const float> values, section->Array<float>());
    if (values.size() != dimensions) return Contradicts(*file, "centre");
    centre.assign(values.begin(), values.end());
  }
  auto rep = std::make_unique<Rep>(space, Quantizer(space, scale, length_unit, std::move(centre)));
  rep->file = std::move(file);
  rep->report = report;
  ASSIGN_OR_RETURN(rep->slots, rep->LoadArray<uint32_t>("slots", rows));
  const auto not_ascending = std::adjacent_find(rep->slots.begin(), rep->slots.end(), std::greater_equal<>());
  if (not_ascending != rep->slots.end() || rep->file->slots().first.value != rep->slots.front() ||
      rep->file->slots().last.value != rep->slots.back()) {
    return Contradicts(*rep->file, "slots");
  }
  if (!rep->dense()) {
    rep->slot_set.addMany(rows, rep->slots.data());
    rep->slot_set.runOptimize();
  }
  ASSIGN_OR_RETURN(const auto codes, rep->LoadArray<int8_t>("codes", rows * rep->quantizer.code_bytes()));
  rep->codes = codes.data();
  if (rep->quantizer.has_lengths()) {
    ASSIGN_OR_RETURN(const auto lengths, rep->LoadArray<float>("lengths", rows));
    rep->lengths = lengths.data();
  }
  ASSIGN_OR_RETURN(rep->vectors, rep->file->Section("vectors"));
  if (rep->vectors->size() != rows * space.stride() * sizeof(float)) return Contradicts(*rep->file, "vectors");
  ASSIGN_OR_RETURN(const std::string_view none, rep->vectors->Range(0, 0));
  rep->floats = reinterpret_cast<const float*>(none.data());
  // Walks by fp32 read rows wherever they stand, so those are checked before.
  if (!report.codes_suffice) RETURN_IF_ERROR(rep->vectors->Bytes().status());
  if (report.has_graph) RETURN_IF_ERROR(rep->LoadGraph(levels, entry));
  return std::unique_ptr<const Rep>(std::move(rep));
}

std::optional<uint32_t> VectorSegment::Rep::Find(Slot slot) const {
  const auto found = std::lower_bound(slots.begin(), slots.end(), slot.value);
  if (found == slots.end() || *found != slot.value) return std::nullopt;
  return static_cast<uint32_t>(found - slots.begin());
}

const float* VectorSegment::Rep::Row(uint32_t row) const {
  const size_t row_bytes = space.stride() * sizeof(float);
  const auto bytes = vectors->Range(row * row_bytes, row_bytes);
  if (bytes.ok()) return reinterpret_cast<const float*>(bytes->data());
  const MutexLock lock(mutex_);
  if (damage_.ok()) damage_ = bytes.status();
  return nullptr;
}

size_t VectorSegment::Rep::CountCommon(const SlotSet& set) const {
  if (!dense()) return set.and_cardinality(slot_set);
  const uint64_t below = slots.front() == 0 ? 0 : set.rank(slots.front() - 1);
  return set.rank(slots.back()) - below;
}

Status VectorSegment::Rep::Damage() const {
  const MutexLock lock(mutex_);
  return damage_;
}

size_t VectorSegment::Rep::AnonymousBytes() const {
  size_t bytes = sizeof(*this) + (dense() ? 0 : slot_set.getSizeInBytes());
  for (const HugeMemory& block : memory) bytes += block.MemoryBytes();
  return bytes;
}

VectorSegment::VectorSegment(std::unique_ptr<const Rep> rep) : rep_(std::move(rep)) {}
VectorSegment::~VectorSegment() = default;

Result<std::shared_ptr<const VectorSegment>> VectorSegment::Open(const FileSystem& files, const std::string& path,
                                                                 uint32_t dimensions, Metric metric) {
  const VectorSpace space(dimensions, metric);
  ASSIGN_OR_RETURN(auto file, SegmentFile::Open(files, path, SegmentKind::kVector, VectorFingerprint(space)));
  ASSIGN_OR_RETURN(auto rep, Rep::Load(std::move(file), space));
  return std::shared_ptr<const VectorSegment>(std::make_shared<VectorSegment>(std::move(rep)));
}

SlotRange VectorSegment::slots() const { return rep_->file->slots(); }
Position VectorSegment::position() const { return rep_->file->position(); }
size_t VectorSegment::rows() const { return rep_->rows(); }
void VectorSegment::AddSlotsTo(SlotSet* set) const { set->addMany(rep_->slots.size(), rep_->slots.data()); }
const VectorSegmentReport& VectorSegment::report() const { return rep_->report; }
size_t VectorSegment::AnonymousBytes() const { return rep_->AnonymousBytes(); }
size_t VectorSegment::MappedBytes() const { return rep_->vectors->size(); }
Status VectorSegment::Damage() const { return rep_->Damage(); }

}  // namespace engram
