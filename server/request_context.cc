#include "server/request_context.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>

#include "base/check.h"
#include "base/hash.h"
#include "engine/engine.h"

namespace engram {
namespace {

constexpr size_t kIdempotencyKeyMax = 256;

// Length first, so that no two lists of parts give the same bytes.
void AppendPart(std::string_view part, std::string* bytes) {
  const uint64_t size = part.size();
  bytes->append(reinterpret_cast<const char*>(&size), sizeof(size));
  bytes->append(part);
}

void AppendDeterministic(const google::protobuf::Message& message, std::string* bytes) {
  google::protobuf::io::StringOutputStream stream(bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  message.SerializeWithCachedSizes(&out);
}

Result<Durability> ReadDurability(const std::optional<std::string>& text) {
  if (!text || *text == "sync") return Durability::kSync;
  if (*text == "buffered") return Durability::kBuffered;
  return InvalidArgument(fmt::format("durability is \"sync\" or \"buffered\", not \"{}\"", text->substr(0, 100)))
      .At("durability");
}

}  // namespace

RequestContext::RequestContext(const Clock& clock, HttpRequest request, std::chrono::nanoseconds deadline)
    : clock_(clock),
      request_(std::move(request)),
      arrived_(clock.Monotonic()),
      deadline_(deadline),
      durability_(Durability::kSync) {}

const std::string* RequestContext::FindPath(std::string_view name) const {
  const auto found = std::find_if(path_parameters_.begin(), path_parameters_.end(),
                                  [&](const auto& parameter) { return parameter.first == name; });
  return found == path_parameters_.end() ? nullptr : &found->second;
}

const std::string& RequestContext::path(std::string_view name) const {
  const std::string* found = FindPath(name);
  ENGRAM_CHECK(found != nullptr);
  return *found;
}

std::optional<std::string> RequestContext::query(std::string_view name) const {
  for (const auto& [key, value] : request_.query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Result<std::optional<uint64_t>> RequestContext::QueryUint64(std::string_view name) const {
  const std::optional<std::string> text = query(name);
  if (!text) return std::optional<uint64_t>();
  uint64_t number = 0;
  const auto end = std::from_chars(text->data(), text->data() + text->size(), number);
  if (end.ec != std::errc() || end.ptr != text->data() + text->size()) {
    return InvalidArgument(
               fmt::format("expected an integer from 0 to {}, got \"{}\"", UINT64_MAX, text->substr(0, 100)))
        .At(std::string(name));
  }
  return std::optional<uint64_t>(number);
}

Result<bool> RequestContext::QueryBool(std::string_view name) const {
  const std::optional<std::string> text = query(name);
  if (!text || *text == "false" || *text == "0") return false;
  if (*text == "true" || *text == "1") return true;
  return InvalidArgument(fmt::format("expected true or false, got \"{}\"", text->substr(0, 100))).At(std::string(name));
}

uint64_t RequestContext::RequestHash() const {
  ENGRAM_CHECK(request_hash_.has_value());
  return *request_hash_;
}

std::chrono::nanoseconds RequestContext::Deadline(std::optional<uint32_t> timeout_ms) const {
  const std::chrono::nanoseconds deadline = WaitDeadline(timeout_ms);
  return std::min(deadline, brief_until_.value_or(deadline));
}

std::chrono::nanoseconds RequestContext::WaitDeadline(std::optional<uint32_t> timeout_ms) const {
  if (!timeout_ms) return deadline_;
  return std::min(deadline_, arrived_ + std::chrono::milliseconds(*timeout_ms));
}

void RequestContext::AddReplyHeader(std::string name, std::string value) {
  reply_headers_.emplace_back(std::move(name), std::move(value));
}

Status RequestContext::RunLater(std::function<void()> work) {
  brief_until_.reset();
  if (run_on_worker_) return run_on_worker_(std::move(work));
  work();
  return {};
}

void RequestContext::SetRoute(std::string_view pattern,
                              std::vector<std::pair<std::string, std::string>> path_parameters) {
  route_ = pattern;
  path_parameters_ = std::move(path_parameters);
}

Status RequestContext::ReadParameters(const std::vector<std::string>& allowed) {
  for (const auto& [name, value] : request_.query) {
    if (name != "durability" && std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      return InvalidArgument(fmt::format("unknown query parameter \"{}\"", name.substr(0, 100))).At(name);
    }
  }
  ASSIGN_OR_RETURN(durability_, ReadDurability(query("durability")));
  const std::string& key = request_.idempotency_key;
  if (key.empty()) return Status::Ok();
  const bool printable = std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (key.size() > kIdempotencyKeyMax || !printable) {
    return InvalidArgument(fmt::format("Idempotency-Key is 1 to {} bytes of ASCII", kIdempotencyKeyMax))
        .At("Idempotency-Key");
  }
  idempotency_key_ = key;
  return Status::Ok();
}

void RequestContext::HashRequest(const google::protobuf::Message* message) {
  std::string bytes;
  AppendPart(request_.method, &bytes);
  AppendPart(route_, &bytes);
  for (const auto& [name, value] : path_parameters_) AppendPart(value, &bytes);
  std::vector<std::pair<std::string, std::string>> query = request_.query;
  std::sort(query.begin(), query.end());
  for (const auto& [name, value] : query) {
    AppendPart(name, &bytes);
    AppendPart(value, &bytes);
  }
  AppendPart("body", &bytes);
  if (message != nullptr) {
    message->ByteSizeLong();  // fills the cached sizes that the serialiser reads
    AppendDeterministic(*message, &bytes);
  }
  request_hash_ = HashBytes64(bytes);
}

}  // namespace engram
