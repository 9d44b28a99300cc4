#include "server/handlers/convert_namespace.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "server/handlers/convert_value.h"

namespace engram {
namespace {

Result<VectorType> ToVectorType(v1::VectorType type) {
  switch (type) {
    case v1::VECTOR_TYPE_UNSPECIFIED:
    case v1::VECTOR_TYPE_DENSE: return VectorType::kDense;
    case v1::VECTOR_TYPE_SPARSE: return VectorType::kSparse;
    case v1::VECTOR_TYPE_MULTI: return VectorType::kMulti;
    default: return InvalidArgument(fmt::format("type {} is none of dense, sparse, multi", int{type})).At("type");
  }
}

Result<Metric> ToMetric(v1::Metric metric) {
  switch (metric) {
    case v1::METRIC_UNSPECIFIED:
    case v1::METRIC_COSINE: return Metric::kCosine;
    case v1::METRIC_DOT: return Metric::kDot;
    case v1::METRIC_L2: return Metric::kL2;
    default: return InvalidArgument(fmt::format("metric {} is none of cosine, dot, l2", int{metric})).At("metric");
  }
}

Result<VectorSpace> ToVectorSpace(const v1::VectorSpace& space) {
  VectorSpace out;
  ASSIGN_OR_RETURN(out.type, ToVectorType(space.type()));
  ASSIGN_OR_RETURN(out.metric, ToMetric(space.metric()));
  out.dimensions = space.dimensions();
  out.model = space.model();
  RETURN_IF_ERROR(CheckLabel("model", out.model, 255));
  return out;
}

using ProtoSpaces = google::protobuf::Map<std::string, v1::VectorSpace>;

Result<std::map<std::string, VectorSpace>> ToVectorSpaces(const ProtoSpaces& spaces) {
  std::map<std::string, VectorSpace> out;
  for (const auto& [name, space] : spaces) {
    Result<VectorSpace> converted = ToVectorSpace(space);
    if (!converted.ok()) return std::move(converted).status().Under("vectors." + name);
    out.emplace(name, *std::move(converted));
  }
  return out;
}

Result<Bm25Parameters> ToBm25(const v1::TextConfig& text, Bm25Parameters defaults) {
  if (text.has_k1()) defaults.k1 = text.k1();
  if (text.has_b()) defaults.b = text.b();
  if (!(std::isfinite(defaults.k1) && defaults.k1 >= 0)) {
    return InvalidArgument(fmt::format("k1 {} is not a number from 0 on", defaults.k1)).At("text.k1");
  }
  if (!(defaults.b >= 0 && defaults.b <= 1)) {
    return InvalidArgument(fmt::format("b {} is not between 0 and 1", defaults.b)).At("text.b");
  }
  return defaults;
}

Result<uint32_t> ToHistoryVersions(const v1::HistoryConfig& history) {
  const std::string& keep = history.keep();
  if (!keep.empty() && keep != "all" && keep != "none") {
    return InvalidArgument(fmt::format("keep \"{}\" is neither all nor none", keep)).At("history.keep");
  }
  if (keep == "none") {
    if (history.versions() == 0) return 0u;
    return InvalidArgument("keep \"none\" keeps no versions").At("history.versions");
  }
  if (!history.has_versions()) return kHistoryKeepAll;
  if (history.versions() == kHistoryKeepAll)
    return InvalidArgument("too many: leave it out to keep all").At("history.versions");
  return history.versions();
}

Result<OnExpiry> ToOnExpiry(const std::string& name) {
  if (name.empty() || name == "delete") return OnExpiry::kDelete;
  if (name == "erase") return OnExpiry::kErase;
  if (name == "hide") return OnExpiry::kHide;
  return InvalidArgument(fmt::format("on_expiry \"{}\" is none of delete, erase, hide", name)).At("on_expiry");
}

Result<Deduplicate> ToDeduplicate(const std::string& name) {
  if (name.empty() || name == "none") return Deduplicate::kNone;
  if (name == "content") return Deduplicate::kContent;
  return InvalidArgument(fmt::format("deduplicate \"{}\" is neither none nor content", name)).At("deduplicate");
}

template <class Names>
Result<std::vector<std::string>> ToAliases(const Names& names) {
  std::vector<std::string> aliases(names.begin(), names.end());
  for (int i = 0; i < names.size(); ++i) {
    Status status = CheckName("an alias", names[i]);
    if (!status.ok()) return std::move(status).At(fmt::format("aliases[{}]", i));
  }
  std::sort(aliases.begin(), aliases.end());
  aliases.erase(std::unique(aliases.begin(), aliases.end()), aliases.end());
  return aliases;
}

Result<Value::Object> ToMetadata(const ProtoObject& members) {
  Result<Value::Object> metadata = ToObject(members);
  if (!metadata.ok()) return std::move(metadata).status().Under("metadata");
  return metadata;
}

const char* OnExpiryName(OnExpiry on_expiry) {
  switch (on_expiry) {
    case OnExpiry::kDelete: return "delete";
    case OnExpiry::kErase: return "erase";
    case OnExpiry::kHide: return "hide";
  }
  return "";
}

void FromVectorSpace(const VectorSpace& space, v1::VectorSpace* out) {
  switch (space.type) {
    case VectorType::kDense: out->set_type(v1::VECTOR_TYPE_DENSE); break;
    case VectorType::kSparse: out->set_type(v1::VECTOR_TYPE_SPARSE); break;
    case VectorType::kMulti: out->set_type(v1::VECTOR_TYPE_MULTI); break;
  }
  switch (space.metric) {
    case Metric::kCosine: out->set_metric(v1::METRIC_COSINE); break;
    case Metric::kDot: out->set_metric(v1::METRIC_DOT); break;
    case Metric::kL2: out->set_metric(v1::METRIC_L2); break;
  }
  out->set_dimensions(space.dimensions);
  out->set_model(space.model);
}

void FromNamespaceConfig(const NamespaceConfig& config, v1::NamespaceConfig* out) {
  for (const auto& [name, space] : config.vectors) FromVectorSpace(space, &(*out->mutable_vectors())[name]);
  v1::TextConfig* text = out->mutable_text();
  text->set_analyzer(config.text.analyzer);
  text->set_stemmer(config.text.stemmer);
  if (config.text.stop_words) {
    auto* words = text->mutable_stop_words()->mutable_words();
    words->Add(config.text.stop_words->begin(), config.text.stop_words->end());
  }
  text->set_k1(config.bm25.k1);
  text->set_b(config.bm25.b);
  out->mutable_history()->set_keep(config.history_versions == 0 ? "none" : "all");
  if (config.history_versions != 0 && config.history_versions != kHistoryKeepAll) {
    out->mutable_history()->set_versions(config.history_versions);
  }
  out->set_on_expiry(OnExpiryName(config.on_expiry));
  out->set_deduplicate(config.deduplicate == Deduplicate::kContent ? "content" : "none");
  FromObject(config.metadata, out->mutable_metadata());
  out->mutable_aliases()->Add(config.aliases.begin(), config.aliases.end());
  out->set_read_only(config.read_only);
}

}  // namespace

Result<NamespaceConfig> ToNamespaceConfig(const v1::NamespaceConfig& config) {
  NamespaceConfig out;
  ASSIGN_OR_RETURN(out.vectors, ToVectorSpaces(config.vectors()));
  if (!config.text().analyzer().empty()) out.text.analyzer = config.text().analyzer();
  out.text.stemmer = config.text().stemmer();
  if (config.text().has_stop_words()) {
    const auto& words = config.text().stop_words().words();
    out.text.stop_words.emplace(words.begin(), words.end());
  }
  ASSIGN_OR_RETURN(out.bm25, ToBm25(config.text(), out.bm25));
  ASSIGN_OR_RETURN(out.history_versions, ToHistoryVersions(config.history()));
  ASSIGN_OR_RETURN(out.on_expiry, ToOnExpiry(config.on_expiry()));
  ASSIGN_OR_RETURN(out.deduplicate, ToDeduplicate(config.deduplicate()));
  ASSIGN_OR_RETURN(out.metadata, ToMetadata(config.metadata()));
  ASSIGN_OR_RETURN(out.aliases, ToAliases(config.aliases()));
  out.read_only = config.read_only();
  RETURN_IF_ERROR(CheckConfig(out));
  return out;
}

Result<NamespacePatch> ToNamespacePatch(const v1::NamespacePatch& patch) {
  NamespacePatch out;
  ASSIGN_OR_RETURN(out.vectors, ToVectorSpaces(patch.vectors()));
  const v1::TextConfig& text = patch.text();
  const char* fixed = !text.analyzer().empty()  ? "text.analyzer"
                      : !text.stemmer().empty() ? "text.stemmer"
                      : text.has_stop_words()   ? "text.stop_words"
                                                : nullptr;
  if (fixed != nullptr)
    return InvalidArgument("texts are stored analyzed: another analyzer needs another namespace").At(fixed);
  if (text.has_k1() != text.has_b()) return InvalidArgument("k1 and b change together: give both").At("text");
  if (text.has_k1()) {
    ASSIGN_OR_RETURN(out.bm25, ToBm25(text, Bm25Parameters()));
  }
  if (patch.has_history()) {
    ASSIGN_OR_RETURN(out.history_versions, ToHistoryVersions(patch.history()));
  }
  if (patch.has_on_expiry()) {
    ASSIGN_OR_RETURN(out.on_expiry, ToOnExpiry(patch.on_expiry()));
  }
  if (patch.has_deduplicate()) {
    ASSIGN_OR_RETURN(out.deduplicate, ToDeduplicate(patch.deduplicate()));
  }
  ASSIGN_OR_RETURN(out.metadata, ToMetadata(patch.metadata()));
  if (patch.has_aliases()) {
    ASSIGN_OR_RETURN(out.aliases, ToAliases(patch.aliases().names()));
  }
  if (patch.has_read_only()) out.read_only = patch.read_only();
  return out;
}

void FromNamespaceInfo(const NamespaceInfo& info, v1::Namespace* out) {
  out->set_name(info.name);
  FromNamespaceConfig(info.config, out->mutable_config());
  v1::NamespaceCounts* counts = out->mutable_counts();
  counts->set_memories(info.memories);
  counts->set_edges(info.edges);
  counts->set_nodes(info.nodes);
  counts->set_runs(info.runs);
  counts->set_versions(info.former_versions);
  out->set_bytes(info.bytes);
  out->mutable_digest()->set_memories(info.memories_digest.ToHex());
  out->mutable_digest()->set_edges(info.edges_digest.ToHex());
  out->mutable_digest()->set_nodes(info.nodes_digest.ToHex());
  for (const auto& [name, index] : info.indexes) {
    v1::IndexStatus& status = (*out->mutable_indexes())[name];
    status.set_loaded(index.loaded);
    status.set_position(index.position.value);
    // An index that isn't loaded has nothing to catch up with: loading reads the rows as they are.
    status.set_backlog(index.loaded ? info.position.value - index.position.value : 0);
    status.set_memory_bytes(index.memory_bytes);
    status.set_segments(index.segments);
    status.set_segment_bytes(index.segment_bytes);
    status.set_unsealed(index.unsealed);
  }
  FromTimestamp(info.created_at, out->mutable_created_at());
}

}  // namespace engram
