#include "tools/export_sink.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"

namespace engram {
namespace {

// What a line says its object is; a memory stands bare.
struct LineOf {
  std::string operator()(const v1::Memory& memory) const { return PrintJson(memory); }
  std::string operator()(const v1::Edge& edge) const { return Wrap("edge", edge); }
  std::string operator()(const v1::Node& node) const { return Wrap("node", node); }
  std::string operator()(const v1::Run& run) const { return Wrap("run", run); }
  std::string operator()(const v1::NamespaceConfig& config) const { return Wrap("namespace", config); }
  std::string operator()(const Tombstone& tombstone) const { return Wrap("tombstone", tombstone.memory); }

  static std::string Wrap(const char* kind, const google::protobuf::Message& item) {
    return fmt::format("{{\"{}\":{}}}", kind, PrintJson(item));
  }
};

// A file gets its name when all of it is written: half an export is none.
class JsonlSink final : public ExportSink {
 public:
  JsonlSink() = default;
  ~JsonlSink() override {
    if (file_ == nullptr || file_ == stdout) return;
    std::fclose(file_);
    if (!part_.empty()) std::remove(part_.c_str());
  }
  JsonlSink(const JsonlSink&) = delete;
  JsonlSink& operator=(const JsonlSink&) = delete;

  Status Open(const std::string& path) {
    path_ = path;
    if (path.empty() || path == "-") {
      file_ = stdout;
      return {};
    }
    std::error_code error;
    const auto type = std::filesystem::status(path, error).type();
    const bool takes_name =
        type == std::filesystem::file_type::not_found || type == std::filesystem::file_type::regular;
    if (takes_name) part_ = path + ".part";
    file_ = std::fopen(takes_name ? part_.c_str() : path.c_str(), "wb");
    return file_ != nullptr ? Status() : Error();
  }

  Status Write(const RecordItem& item) override {
    const std::string json = std::visit(LineOf(), item);
    const bool written =
        std::fwrite(json.data(), 1, json.size(), file_) == json.size() && std::fputc('\n', file_) != EOF;
    return written ? Status() : Error();
  }

  Status Finish(const SourceDescription&, const std::vector<std::string>&, const ArchivePositions&) override {
    if (std::fflush(file_) != 0) return Error();
    if (part_.empty()) return {};
    if (std::rename(part_.c_str(), path_.c_str()) != 0) return Error();
    part_.clear();
    return {};
  }

  bool takes_ended_edges() const override { return false; }
  bool takes_tombstones() const override { return false; }

 private:
  Status Error() const {
    return Unavailable(
        fmt::format("cannot write {}: {}", file_ == stdout ? "standard output" : path_, std::strerror(errno)));
  }

  std::string path_;
  std::string part_;  // until it is whole
  std::FILE* file_ = nullptr;
};

class ArchiveSink final : public ExportSink {
 public:
  explicit ArchiveSink(std::unique_ptr<ArchiveWriter> writer) : writer_(std::move(writer)) {}
  Status Write(const RecordItem& item) override { return writer_->Add(item); }
  Status Finish(const SourceDescription& source, const std::vector<std::string>& notes,
                const ArchivePositions& positions) override {
    return writer_->Finish(source, notes, positions).status();
  }
  bool takes_ended_edges() const override { return true; }
  bool takes_tombstones() const override { return true; }

 private:
  const std::unique_ptr<ArchiveWriter> writer_;
};

}  // namespace

Result<std::unique_ptr<ExportSink>> NewJsonlSink(const std::string& path) {
  auto sink = std::make_unique<JsonlSink>();
  RETURN_IF_ERROR(sink->Open(path));
  return std::unique_ptr<ExportSink>(std::move(sink));
}

Result<std::unique_ptr<ExportSink>> NewArchiveSink(const std::string& folder) {
  ASSIGN_OR_RETURN(auto writer, ArchiveWriter::Create(folder));
  return std::unique_ptr<ExportSink>(std::make_unique<ArchiveSink>(std::move(writer)));
}

}  // namespace engram
