#include "engine/memory.h"

#include <charconv>

#include "base/coding.h"

namespace engram {
namespace {

// Type bytes of an id's sort key; never renumber.
constexpr char kIntegerId = 1;
constexpr char kUuidId = 2;
constexpr char kStringId = 3;

// A decimal number without leading zeros that fits.
std::optional<uint64_t> AsInteger(std::string_view id) {
  if (id.empty() || id.size() > 20 || (id.size() > 1 && id[0] == '0')) return std::nullopt;
  uint64_t v = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), v);
  if (error != std::errc() || end != id.data() + id.size()) return std::nullopt;
  return v;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The 16 bytes of a UUID in its canonical spelling (lower case, hyphens); anything else is just a string.
std::optional<std::string> AsUuid(std::string_view id) {
  if (id.size() != 36) return std::nullopt;
  std::string bytes;
  for (size_t i = 0; i < id.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (id[i] != '-') return std::nullopt;
      continue;
    }
    const int high = HexDigit(id[i]);
    const int low = HexDigit(id[++i]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  return bytes;
}

void AddField(std::string_view name, const std::string& value, AttributeFields* fields) {
  if (!value.empty()) fields->emplace_back(name, Value(value));
}

void AddTime(std::string_view name, const std::optional<Timestamp>& time, AttributeFields* fields) {
  if (time) fields->emplace_back(name, Value(time->micros));
}

}  // namespace

std::vector<std::string_view> Content::Texts() const {
  std::vector<std::string_view> texts;
  texts.reserve(1 + fields.size());
  texts.push_back(text);
  for (const auto& [name, field] : fields) texts.push_back(field);
  return texts;
}

std::string_view MemoryStateName(MemoryState state) {
  switch (state) {
    case MemoryState::kActive: return "active";
    case MemoryState::kArchived: return "archived";
    case MemoryState::kPaused: return "paused";
  }
  return "active";
}

Timestamp EventTime(const Attributes& attributes) { return attributes.event_time.value_or(attributes.created_at); }

AttributeFields StateFields(const StateRecord& state) {
  AttributeFields fields;
  AddTime("expires_at", state.expires_at, &fields);
  if (state.importance) fields.emplace_back("importance", Value(*state.importance));
  fields.emplace_back("pinned", Value(state.pinned));
  return fields;
}

AttributeFields FilterFields(std::string_view id, const Attributes& attributes, const StateRecord& state) {
  AttributeFields fields;
  fields.emplace_back("id", Value(id));
  AddField("user_id", attributes.scopes.user_id, &fields);
  AddField("agent_id", attributes.scopes.agent_id, &fields);
  AddField("run_id", attributes.scopes.run_id, &fields);
  AddField("app_id", attributes.scopes.app_id, &fields);
  AddField("actor_id", attributes.scopes.actor_id, &fields);
  AddField("role", attributes.role, &fields);
  AddField("kind", attributes.kind, &fields);
  fields.emplace_back("state", Value(MemoryStateName(attributes.state)));
  AddField("source.system", attributes.source.system, &fields);
  AddField("source.id", attributes.source.id, &fields);
  if (attributes.source.version) fields.emplace_back("source.version", Value(*attributes.source.version));
  AddField("source.batch", attributes.source.batch, &fields);
  AddTime("event_time", attributes.event_time, &fields);
  AddTime("created_at", attributes.created_at, &fields);
  AddTime("updated_at", attributes.updated_at, &fields);
  for (auto& field : StateFields(state)) fields.push_back(std::move(field));
  FlattenMetadata(attributes.metadata, &fields);
  return fields;
}

double FeedbackScore(const StateRecord& state) {
  return (state.helpful - state.harmful) / (state.helpful + state.harmful + state.used + 1);
}

std::string IdSortKey(std::string_view id) {
  std::string key;
  if (const auto integer = AsInteger(id)) {
    key.push_back(kIntegerId);
    AppendKey64(&key, *integer);
  } else if (const auto uuid = AsUuid(id)) {
    key.push_back(kUuidId);
    key += *uuid;
  } else {
    key.push_back(kStringId);
    key += id;
  }
  return key;
}

bool IdLess(std::string_view a, std::string_view b) { return IdSortKey(a) < IdSortKey(b); }

}  // namespace engram
