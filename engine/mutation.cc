#include "engine/mutation.h"

#include <algorithm>

#include "engine/keys.h"

namespace engram {
namespace {

// What an operation, a value or a node of a map takes beside its text.
constexpr uint64_t kOperationBytes = 512;
constexpr uint64_t kValueBytes = 64;

uint64_t BytesOf(const Value& value);

uint64_t BytesOf(const Value::Object& object) {
  uint64_t bytes = 0;
  for (const auto& [key, value] : object) bytes += key.size() + BytesOf(value);
  return bytes;
}

uint64_t BytesOf(const Value& value) {
  uint64_t bytes = kValueBytes;
  if (value.kind() == Value::Kind::kString) bytes += value.as_string().size();
  if (value.kind() == Value::Kind::kObject) bytes += BytesOf(value.as_object());
  if (value.kind() == Value::Kind::kList) {
    for (const Value& element : value.as_list()) bytes += BytesOf(element);
  }
  return bytes;
}

uint64_t BytesOf(const VectorValue& vector) {
  if (const auto* dense = std::get_if<DenseVector>(&vector)) return dense->size() * sizeof(float);
  if (const auto* sparse = std::get_if<SparseVector>(&vector)) return sparse->indices.size() * 8;
  return std::get<MultiVector>(vector).values.size() * sizeof(float);
}

uint64_t BytesOf(const Content& content) {
  uint64_t bytes = content.text.size();
  for (const auto& [name, text] : content.fields) bytes += name.size() + text.size();
  for (const auto& [name, vector] : content.vectors) bytes += name.size() + BytesOf(vector);
  return bytes;
}

uint64_t BytesOf(const Filter& filter) {
  uint64_t bytes = sizeof(Filter) + filter.field.size() + BytesOf(filter.operand);
  for (const Filter& child : filter.children) bytes += BytesOf(child);
  return bytes;
}

uint64_t BytesOf(const AttributeChange& change) {
  uint64_t bytes = 0;
  for (const auto& [path, value] : change.set) bytes += path.size() + BytesOf(value);
  for (const std::string& path : change.unset) bytes += kValueBytes + path.size();
  if (change.replace_metadata) bytes += BytesOf(*change.replace_metadata);
  return bytes;
}

// Adds up the operations of one mutation in their order.
class Held {
 public:
  void operator()(const WriteMemory& op) {
    bytes_ += BytesOf(op.content) + BytesOf(op.attributes.metadata);
    for (const ImportedVersion& version : op.history) {
      bytes_ += kOperationBytes + BytesOf(version.content) + BytesOf(version.attributes.metadata);
    }
  }
  void operator()(const WriteTombstone& op) {
    for (const ImportedVersion& version : op.history) {
      bytes_ += kOperationBytes + BytesOf(version.content) + BytesOf(version.attributes.metadata);
    }
  }
  void operator()(const PatchMemory& op) {
    if (op.text) bytes_ += op.text->size();
    for (const auto& [name, text] : op.fields) bytes_ += name.size() + (text ? text->size() : 0);
    for (const auto& [name, vector] : op.vectors) bytes_ += name.size() + (vector ? BytesOf(*vector) : 0);
    if (op.metadata) bytes_ += BytesOf(*op.metadata);
  }
  void operator()(const UpdateMemory& op) {
    AddFilter(op.still_matches.get());
    if (op.change.get() != change_) bytes_ += BytesOf(*op.change);
    change_ = op.change.get();
  }
  void operator()(const DeleteMemory& op) { AddFilter(op.still_matches.get()); }
  void operator()(const WriteEdge& op) { bytes_ += BytesOf(op.edge.metadata); }
  void operator()(const WriteNode& op) {
    bytes_ += BytesOf(op.node.metadata);
    for (const std::string& alias : op.node.aliases) bytes_ += kValueBytes + alias.size();
  }
  void operator()(const WriteRun& op) {
    if (op.metadata) bytes_ += BytesOf(*op.metadata);
  }
  void operator()(const CreateNamespace& op) { bytes_ += BytesOf(op.config.metadata); }
  void operator()(const PatchNamespace& op) { bytes_ += BytesOf(op.patch.metadata); }
  void operator()(const ImportProgress& op) {
    if (op.cursor) bytes_ += op.cursor->size();
    for (const auto& [name, note] : op.notes) bytes_ += kValueBytes + name.size() + note.size();
  }
  void operator()(const RollBackImport& op) {
    for (const WriteMemory& memory : op.memories) AddItem(memory);
    for (const WriteNode& node : op.nodes) AddItem(node);
    for (const WriteRun& run : op.runs) AddItem(run);
    for (const WriteEdge& edge : op.edges) AddItem(edge);
  }
  void operator()(const SweepExpired& op) { bytes_ += op.due.size() * sizeof(SweepExpired::Due); }
  template <class Small>
  void operator()(const Small& /*op*/) {}

  uint64_t bytes() const { return bytes_; }

 private:
  template <class Item>
  void AddItem(const Item& item) {
    bytes_ += kOperationBytes;
    (*this)(item);
  }
  // Operations that share one stand next to each other.
  void AddFilter(const Filter* filter) {
    if (filter != nullptr && filter != filter_) bytes_ += BytesOf(*filter);
    filter_ = filter;
  }

  uint64_t bytes_ = 0;
  const Filter* filter_ = nullptr;
  const AttributeChange* change_ = nullptr;
};

}  // namespace

Mutation MutationOf(TenantChange change) {
  Mutation mutation;
  mutation.tenant = keys::kSystemTenant;
  mutation.namespace_id = keys::kDirectory;
  mutation.operations.emplace_back(std::move(change));
  return mutation;
}

uint64_t HeldBytes(const Mutation& mutation) {
  Held held;
  for (const Operation& operation : mutation.operations) std::visit(held, operation);
  return mutation.operations.size() * kOperationBytes + held.bytes();
}

uint64_t CountChanged(const std::vector<OperationResult>& results) {
  return static_cast<uint64_t>(std::count_if(results.begin(), results.end(), [](const OperationResult& result) {
    return result.outcome == Outcome::kDeleted || result.outcome == Outcome::kUpdated;
  }));
}

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCreated: return "created";
    case Outcome::kUpdated: return "updated";
    case Outcome::kUnchanged: return "unchanged";
    case Outcome::kDuplicate: return "duplicate";
    case Outcome::kDeleted: return "deleted";
    case Outcome::kSkipped: return "skipped";
    case Outcome::kErased: return "erased";
  }
  return "unchanged";
}

}  // namespace engram
