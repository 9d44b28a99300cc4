#include "index/vector/vector_sealer.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/check.h"
#include "base/coding.h"
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

class Sealer {
 public:
  Sealer(const VectorSpace& space, const std::vector<PreparedRow>& rows, const SealOptions& options)
      : space_(space), rows_(rows), options_(options), quantizer_(Train()), codes_(rows.size() * code_bytes()) {
    report_.rows = rows.size();
  }

  Result<VectorSegmentReport> Run(FileSystem& files, const std::string& path) {
    Encode();
    const RecallSample sample(space_, values_);
    report_.codes_suffice = sample.OfCodes(coded()) >= kRecallWanted;
    if (options_.graph) RETURN_IF_ERROR(BuildGraphs(sample));
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
      RETURN_IF_ERROR(BuildOne(coded(), sample));
      if (report_.has_graph) return {};
      report_.codes_suffice = false;
    }
    return BuildOne(floats(), sample);
  }

  template <class Rows>
  Status BuildOne(const Rows& rows, const RecallSample& sample) {
    GraphOptions options{options_.threads, options_.ef_construction, {}};
    if (options_.progress) {
      options.progress = [this](size_t done) {
        return options_.progress(kGraphShare * static_cast<double>(done) / static_cast<double>(rows_.size()));
      };
    }
    if constexpr (std::is_same_v<Rows, CodedRows>) {
      graph_ = BuildGraph(rows, rows_.size(), options);
    } else {
      graph_ = BuildGraph(rows, options);
    }
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
  std::vector<const float*> values_;
  Quantizer quantizer_;
  HugeMemory codes_;
  std::vector<float> lengths_;
  std::optional<BuiltGraph> graph_;
  VectorSegmentReport report_;
};

}  // namespace

Result<VectorSegmentReport> SealRows(FileSystem& files, const std::string& path, const VectorSpace& space,
                                     const std::vector<PreparedRow>& rows, const SealOptions& options) {
  return Sealer(space, rows, options).Run(files, path);
}

}  // namespace engram
