#include "index/vector/vector_sealer.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/check.h"
#include "base/coding.h"
#include "base/failpoint.h"
#include "index/huge_memory.h"
#include "index/vector/graph_builder.h"
#include "index/vector/recall_sample.h"
#include "index/vector/vector_segment_rep.h"

namespace engram {
namespace {

// On the sample. Queries that are no rows are a little harder, hence the margin over the .95 that is promised.
constexpr double kRecallWanted = 0.98;
constexpr double kRecallMin = 0.95;
constexpr size_t kTriedEf[] = {48, 64, 96, 128, 192, 256, 384, 512};
// The share of the time that building the graph takes.
constexpr double kGraphShare = 0.9;
// Of the rows of a graph that is copied: more, and mending costs recall.
constexpr double kDeadShareMax = 0.2;
// The same over all the copies since a graph was built from nothing: what each costs adds up.
constexpr double kMendedShareMax = 0.25;
// Of the rows that are sealed: fewer, and a copy saves no time that could be measured.
constexpr double kCopiedShareMin = 0.1;

// Rows gone from a graph since it was built from nothing, those of its next copy included.
size_t MendedBy(const GraphedRows& graphed) {
  return graphed.segment->report().mended + graphed.segment->rows() - (graphed.end - graphed.begin);
}

class Sealer {
 public:
  Sealer(const VectorSpace& space, const std::vector<PreparedRow>& rows, const SealOptions& options,
         std::optional<GraphedRows> copied)
      : space_(space),
        rows_(rows),
        options_(options),
        copied_(copied),
        quantizer_(Train()),
        codes_(rows.size() * code_bytes()) {
    report_.rows = rows.size();
  }

  Result<VectorSegmentReport> Run(FileSystem& files, const std::string& path) {
    Encode();
    const RecallSample sample(space_, values_);
    report_.codes_suffice = sample.OfCodes(coded()) >= kRecallWanted;
    if (options_.graph) {
      FAILPOINT("graph.build");
      RETURN_IF_ERROR(BuildGraphs(sample));
    }
    if (options_.progress && !options_.progress(options_.graph ? kGraphShare : 0.5)) return Stopped();
    RETURN_IF_ERROR(Write(files, path));
    return report_;
  }

 private:
  size_t code_bytes() const { return quantizer_.code_bytes(); }
  int8_t* CodesOf(size_t row) { return reinterpret_cast<int8_t*>(codes_.data()) + row * code_bytes(); }
  CodedRows coded() const {
    return {&quantizer_, reinterpret_cast<const int8_t*>(codes_.data()), lengths_.empty() ? nullptr : lengths_.data()};
  }
  FloatRows floats() const { return {&space_, values_}; }
  static Status Stopped() { return Unavailable("sealing was stopped"); }

  Quantizer Train() {
    ENGRAM_CHECK(!rows_.empty());
    for (const PreparedRow& row : rows_) values_.push_back(row.values);
    return Quantizer::Train(space_, values_);
  }

  void Encode() {
    for (size_t row = 0; row < rows_.size(); ++row) {
      const float length = quantizer_.Encode(values_[row], CodesOf(row));
      if (quantizer_.has_lengths()) lengths_.push_back(length);
    }
  }

  // By codes if they suffice, by fp32 if they don't or if the graph they make is poor; none if that is poor too.
  Status BuildGraphs(const RecallSample& sample) {
    if (report_.codes_suffice) {
      RETURN_IF_ERROR(BuildBy(coded(), sample));
      if (report_.has_graph) return {};
      report_.codes_suffice = false;
    }
    return BuildBy(floats(), sample);
  }

  // A graph is copied only for the distances it was built by. A copy that finds too little, or needs more than twice
  // the original's ef for it, gives way to a graph that is built from nothing.
  template <class Rows>
  Status BuildBy(const Rows& rows, const RecallSample& sample) {
    constexpr bool kByCodes = std::is_same_v<Rows, CodedRows>;
    if (copied_ && copied_->segment->report().codes_suffice == kByCodes) {
      const GraphBase base = CopiedBase();
      if constexpr (kByCodes) {
        graph_ = ExtendGraph(base, rows, rows_.size(), graph_options());
      } else {
        graph_ = ExtendGraph(base, rows, graph_options());
      }
      RETURN_IF_ERROR(Measure(rows, sample));
      report_.mended = static_cast<uint32_t>(MendedBy(*copied_));
      if (report_.has_graph && report_.ef <= 2 * copied_->segment->report().ef) return {};
    }
    report_.mended = 0;
    if constexpr (kByCodes) {
      graph_ = BuildGraph(rows, rows_.size(), graph_options());
    } else {
      graph_ = BuildGraph(rows, graph_options());
    }
    return Measure(rows, sample);
  }

  GraphOptions graph_options() const {
    GraphOptions options{options_.threads, options_.ef_construction, {}, rows_.back().slot.value};
    if (options_.progress) {
      options.progress = [this](double share) { return options_.progress(kGraphShare * share); };
    }
    return options;
  }

  GraphBase CopiedBase() const {
    const VectorSegment::Rep& rep = copied_->segment->rep();
    GraphBase base{*rep.graph, std::vector<uint32_t>(rep.rows(), kNoLink)};
    size_t at = copied_->begin;
    for (size_t row = 0; row < rep.rows() && at < copied_->end; ++row) {
      if (rep.slots[row] == rows_[at].slot.value) base.rows[row] = static_cast<uint32_t>(at++);
    }
    ENGRAM_CHECK(at == copied_->end);
    return base;
  }

  // Whether the graph is good enough to be kept, and the effort it takes.
  template <class Rows>
  Status Measure(const Rows& rows, const RecallSample& sample) {
    if (!graph_) return Stopped();
    const Graph graph = graph_->View();
    for (const size_t ef : kTriedEf) {
      report_.ef = static_cast<uint32_t>(ef);
      report_.graph_recall = sample.OfGraph(graph, rows, ef);
      if (report_.graph_recall >= kRecallWanted) break;
    }
    report_.has_graph = report_.graph_recall >= kRecallMin;
    if (!report_.has_graph) {
      graph_.reset();
      report_.ef = 0;
      report_.graph_recall = 0;
    }
    return {};
  }

  std::string Head() const {
    std::string out;
    out.push_back(static_cast<char>(space_.metric()));
    AppendFixed32(&out, space_.dimensions());
    AppendFixed32(&out, static_cast<uint32_t>(rows_.size()));
    AppendDouble(&out, quantizer_.scale());
    AppendDouble(&out, quantizer_.length_unit());
    out.push_back(static_cast<char>((report_.codes_suffice ? 1 : 0) | (report_.has_graph ? 2 : 0)));
    AppendDouble(&out, report_.graph_recall);
    AppendFixed32(&out, report_.ef);
    if (report_.has_graph) {
      out.push_back(static_cast<char>(graph_->upper.size()));
      AppendFixed32(&out, graph_->entry);
      AppendFixed32(&out, report_.mended);
    }
    return out;
  }

  template <class T>
  static Status WriteArray(SegmentWriter& writer, std::string_view name, std::span<const T> values) {
    RETURN_IF_ERROR(writer.Begin(name));
    return writer.AppendArray(values);
  }

  Status Write(FileSystem& files, const std::string& path) const {
    ASSIGN_OR_RETURN(auto writer, SegmentWriter::Create(files, path, SegmentKind::kVector, VectorFingerprint(space_)));
    RETURN_IF_ERROR(writer.Section("space", Head()));
    if (!quantizer_.centre().empty()) {
      RETURN_IF_ERROR(WriteArray<float>(writer, "centre", quantizer_.centre()));
    }
    RETURN_IF_ERROR(writer.Begin("slots"));
    for (const PreparedRow& row : rows_) RETURN_IF_ERROR(writer.AppendArray(std::span(&row.slot.value, 1)));
    RETURN_IF_ERROR(writer.Section("codes", codes_.bytes().substr(0, rows_.size() * code_bytes())));
    if (quantizer_.has_lengths()) RETURN_IF_ERROR(WriteArray<float>(writer, "lengths", lengths_));
    RETURN_IF_ERROR(writer.Begin("vectors"));
    for (const float* row : values_) RETURN_IF_ERROR(writer.AppendArray(std::span(row, space_.stride())));
    if (report_.has_graph) RETURN_IF_ERROR(WriteGraph(writer));
    return writer.Finish({rows_.front().slot, rows_.back().slot}, options_.position);
  }

  Status WriteGraph(SegmentWriter& writer) const {
    RETURN_IF_ERROR(WriteArray<uint32_t>(writer, "links", graph_->links0));
    for (size_t i = 0; i < graph_->upper.size(); ++i) {
      const BuiltGraph::Level& level = graph_->upper[i];
      RETURN_IF_ERROR(WriteArray<uint32_t>(writer, fmt::format("down{}", i + 1), level.down));
      RETURN_IF_ERROR(WriteArray<uint32_t>(writer, fmt::format("rows{}", i + 1), level.rows));
      RETURN_IF_ERROR(WriteArray<uint32_t>(writer, fmt::format("links{}", i + 1), level.links));
    }
    return {};
  }

  VectorSpace space_;
  const std::vector<PreparedRow>& rows_;
  const SealOptions& options_;
  std::optional<GraphedRows> copied_;
  std::vector<const float*> values_;
  Quantizer quantizer_;
  HugeMemory codes_;
  std::vector<float> lengths_;
  std::optional<BuiltGraph> graph_;
  VectorSegmentReport report_;
};

}  // namespace

std::optional<GraphedRows> PickGraphToCopy(std::span<const GraphedRows> graphed, size_t rows) {
  std::optional<GraphedRows> most;
  for (const GraphedRows& one : graphed) {
    const size_t live = one.end - one.begin;
    const auto all = static_cast<double>(one.segment->rows());
    if (all - static_cast<double>(live) >= kDeadShareMax * all) continue;
    if (static_cast<double>(MendedBy(one)) >= kMendedShareMax * all) continue;
    if (static_cast<double>(live) < kCopiedShareMin * static_cast<double>(rows)) continue;
    if (!most || live > most->end - most->begin) most = one;
  }
  return most;
}

Result<VectorSegmentReport> SealRows(FileSystem& files, const std::string& path, const VectorSpace& space,
                                     const std::vector<PreparedRow>& rows, const SealOptions& options,
                                     std::span<const GraphedRows> graphed) {
  std::optional<GraphedRows> copied;
  if (options.copy_graph) copied = PickGraphToCopy(graphed, rows.size());
  return Sealer(space, rows, options, copied).Run(files, path);
}

}  // namespace engram
