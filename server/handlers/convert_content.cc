// The parts that memories and patches have in common.
#include <utility>

#include <fmt/format.h>

#include "server/handlers/convert_memory.h"
#include "server/handlers/convert_value.h"

namespace engram {
namespace {

Status CheckText(const std::string& text, const RequestLimits& limits) {
  if (text.size() <= limits.text_bytes) return Status::Ok();
  return Status(StatusCode::kPayloadTooLarge,
                fmt::format("a text of {} bytes is longer than {}", text.size(), limits.text_bytes))
      .With("limit", std::to_string(limits.text_bytes));
}

Status AddVector(const v1::Vector& vector, std::string_view space, const RequestLimits& limits, Content* content) {
  ASSIGN_OR_RETURN(VectorValue value, ToVector(vector, limits));
  content->vectors.emplace(space, std::move(value));
  return Status::Ok();
}

Result<Timestamp> ToTimeAt(const google::protobuf::Timestamp& time, const char* field) {
  Result<Timestamp> converted = ToTimestamp(time);
  if (!converted.ok()) return std::move(converted).status().At(field);
  return converted;
}

Status CheckTtl(uint64_t seconds, const RequestLimits& limits) {
  if (seconds >= 1 && seconds <= limits.ttl_seconds) return Status::Ok();
  return InvalidArgument(fmt::format("{} seconds are not between 1 and {}", seconds, limits.ttl_seconds))
      .At("ttl_seconds");
}

// Far beyond any sum of signals, and far from where sums of doubles end.
constexpr double kFeedbackMax = 1e15;

Result<double> ToFeedback(double sum, const char* field) {
  if (sum >= 0 && sum <= kFeedbackMax) return sum;
  return InvalidArgument(fmt::format("{} is not between 0 and {}", sum, kFeedbackMax)).At(field);
}

// Memory and MemoryPatch name the state record's fields alike.
template <class Message>
Result<StateChange> ReadStateChange(const Message& message, const RequestLimits& limits, bool as_shown) {
  StateChange change;
  if (message.has_expires_at() && message.has_ttl_seconds() && !as_shown) {
    return InvalidArgument("expires_at and ttl_seconds say the same: give one").At("ttl_seconds");
  }
  if (message.has_expires_at()) {
    ASSIGN_OR_RETURN(const Timestamp at, ToTimeAt(message.expires_at(), "expires_at"));
    change.expires_at.emplace(at);
  }
  if (message.has_ttl_seconds()) {
    RETURN_IF_ERROR(CheckTtl(message.ttl_seconds(), limits));
    change.ttl_seconds.emplace(message.ttl_seconds());
  }
  if (message.has_refresh_ttl_on_read()) change.refresh_ttl_on_read = message.refresh_ttl_on_read();
  if (message.has_importance()) {
    if (Status status = CheckImportance(message.importance()); !status.ok()) return std::move(status).At("importance");
    change.importance.emplace(message.importance());
  }
  if (message.has_pinned()) change.pinned = message.pinned();
  return change;
}

}  // namespace

Result<Content> ToContent(const v1::Memory& memory, const RequestLimits& limits) {
  Content content;
  if (Status status = CheckText(memory.text(), limits); !status.ok()) return std::move(status).At("text");
  content.text = memory.text();
  for (const auto& [name, text] : memory.fields()) {
    Status status = CheckName("a field's name", name);
    if (status.ok()) status = CheckText(text, limits);
    if (!status.ok()) return std::move(status).At("fields." + name);
    content.fields.emplace(name, text);
  }
  for (const auto& [name, vector] : memory.vectors()) {
    Status status = CheckName("a space's name", name);
    if (status.ok()) status = AddVector(vector, name, limits, &content);
    if (!status.ok()) return std::move(status).Under("vectors." + name);
  }
  if (!memory.has_vector()) return content;
  if (content.vectors.count(std::string(kDefaultSpace)) != 0) {
    return InvalidArgument("\"vector\" and vectors.default are the same space: give one").At("vector");
  }
  if (Status status = AddVector(memory.vector(), kDefaultSpace, limits, &content); !status.ok()) {
    return std::move(status).Under("vector");
  }
  return content;
}

Result<Source> ToSource(const v1::Source& source, const RequestLimits& limits) {
  RETURN_IF_ERROR(CheckLabel("source.system", source.system(), limits.label_bytes));
  RETURN_IF_ERROR(CheckLabel("source.id", source.id(), limits.label_bytes));
  RETURN_IF_ERROR(CheckLabel("source.batch", source.batch(), limits.label_bytes));
  Source out{source.system(), source.id(), std::nullopt, source.batch()};
  if (source.has_version()) out.version = source.version();
  return out;
}

Result<StateChange> ToStateChange(const v1::Memory& memory, const MemoryBorder& border) {
  // A memory as it was shown has both; a new one with both is a mistake, whatever the right.
  const bool as_shown = border.may_import && memory.has_created_at();
  ASSIGN_OR_RETURN(StateChange change, ReadStateChange(memory, border.limits, as_shown));
  if (memory.has_access_count()) change.access_count = memory.access_count();
  if (memory.has_last_accessed_at()) {
    ASSIGN_OR_RETURN(change.last_access, ToTimeAt(memory.last_accessed_at(), "last_accessed_at"));
  }
  if (!memory.has_feedback()) return change;
  ASSIGN_OR_RETURN(change.used, ToFeedback(memory.feedback().used(), "feedback.used"));
  ASSIGN_OR_RETURN(change.helpful, ToFeedback(memory.feedback().helpful(), "feedback.helpful"));
  ASSIGN_OR_RETURN(change.harmful, ToFeedback(memory.feedback().harmful(), "feedback.harmful"));
  return change;
}

Result<StateChange> ToStateChange(const v1::MemoryPatch& patch, const RequestLimits& limits) {
  return ReadStateChange(patch, limits, /*as_shown=*/false);
}

Status CheckImportance(double importance) {
  if (importance >= 0 && importance <= 1) return Status::Ok();
  return InvalidArgument(fmt::format("importance {} is not between 0 and 1", importance));
}

}  // namespace engram
