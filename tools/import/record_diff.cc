#include "tools/import/record_diff.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "engine/canonical.h"
#include "tools/import/record_check.h"
#include "tools/import/revision.h"

namespace engram {
namespace {

// A record as the engine would take it, without what is the store's to say.
struct Sides {
  WriteMemory wanted;
  WriteMemory stored;
};

class Comparison {
 public:
  Comparison(Sides& sides, const CompareRules& rules, RecordComparison* out)
      : a_(sides.wanted), b_(sides.stored), rules_(rules), out_(*out) {}

  void Run() {
    Texts("text", a_.content.text, b_.content.text);
    Maps("fields", a_.content.fields, b_.content.fields);
    Vectors();
    Scopes();
    Texts("role", a_.attributes.role, b_.attributes.role);
    Texts("kind", a_.attributes.kind, b_.attributes.kind);
    if (a_.attributes.state != b_.attributes.state) {
      Differ("state", std::string(MemoryStateName(a_.attributes.state)),
             std::string(MemoryStateName(b_.attributes.state)));
    }
    Metadata();
    Times();
    if (a_.attributes.source != b_.attributes.source) {
      Differ("source", Origin(a_.attributes.source), Origin(b_.attributes.source));
    }
    State();
  }

 private:
  void Differ(const std::string& field, const std::string& wanted, const std::string& stored) {
    out_.differences.push_back(fmt::format("{}: {} in the source, {} in the store", field, wanted, stored));
  }
  void Texts(const std::string& field, const std::string& wanted, const std::string& stored) {
    if (wanted != stored) Differ(field, ShownText(wanted), ShownText(stored));
  }

  static std::string Origin(const Source& source) {
    return fmt::format("{} {} version {}", source.system, source.id,
                       source.version ? std::to_string(*source.version) : "none");
  }

  void Maps(const std::string& field, const std::map<std::string, std::string>& wanted,
            const std::map<std::string, std::string>& stored) {
    for (const auto& [name, text] : wanted) {
      const auto found = stored.find(name);
      if (found == stored.end()) {
        Differ(fmt::format("{}.{}", field, name), ShownText(text), "nothing");
      } else {
        Texts(fmt::format("{}.{}", field, name), text, found->second);
      }
    }
    for (const auto& [name, text] : stored) {
      if (wanted.count(name) == 0) Differ(fmt::format("{}.{}", field, name), "nothing", ShownText(text));
    }
  }

  void Scopes() {
    const engram::Scopes& a = a_.attributes.scopes;
    const engram::Scopes& b = b_.attributes.scopes;
    Texts("user_id", a.user_id, b.user_id);
    Texts("agent_id", a.agent_id, b.agent_id);
    Texts("run_id", a.run_id, b.run_id);
    Texts("app_id", a.app_id, b.app_id);
    Texts("actor_id", a.actor_id, b.actor_id);
  }

  void Metadata() {
    const Value::Object& a = a_.attributes.metadata;
    const Value::Object& b = b_.attributes.metadata;
    for (const auto& [key, value] : a) {
      const auto found = b.find(key);
      if (found == b.end()) {
        Differ("metadata." + key, "a value", "none");
      } else if (!(found->second == value)) {
        Differ("metadata." + key, "one value", "another");
      }
    }
    for (const auto& [key, value] : b) {
      if (a.count(key) == 0) Differ("metadata." + key, "none", "a value");
    }
  }

  void Vectors() {
    for (auto& [space, wanted] : a_.content.vectors) {
      const auto found = b_.content.vectors.find(space);
      if (found == b_.content.vectors.end()) {
        Differ("vectors." + space, "a vector", "none");
      } else if (!(found->second == wanted)) {
        OneVector(space, wanted, &found->second);
      }
    }
    for (const auto& [space, stored] : b_.content.vectors) {
      if (a_.content.vectors.count(space) == 0) Differ("vectors." + space, "none", "a vector");
    }
  }

  // The hashes are taken after this: a vector of the same direction counts as the source's own.
  void OneVector(const std::string& space, const VectorValue& wanted, VectorValue* stored) {
    const auto* a = std::get_if<DenseVector>(&wanted);
    const auto* b = std::get_if<DenseVector>(stored);
    if (a == nullptr || b == nullptr || a->size() != b->size()) {
      return Differ("vectors." + space, a == nullptr ? "one vector" : fmt::format("{} floats", a->size()),
                    b == nullptr ? "another" : fmt::format("{} floats", b->size()));
    }
    const bool cosine =
        std::find(rules_.cosine_spaces.begin(), rules_.cosine_spaces.end(), space) != rules_.cosine_spaces.end();
    if (cosine && SameDirection(*a, *b)) {
      out_.same_direction = true;
      *stored = wanted;
      return;
    }
    const auto first = std::mismatch(a->begin(), a->end(), b->begin());
    Differ(fmt::format("vectors.{}[{}]", space, first.first - a->begin()), fmt::format("{}", *first.first),
           fmt::format("{}", *first.second));
  }

  static bool SameDirection(const DenseVector& a, const DenseVector& b) {
    const auto norm = [](const DenseVector& v) {
      double sum = 0;
      for (const float x : v) sum += static_cast<double>(x) * static_cast<double>(x);
      return std::sqrt(sum);
    };
    const double length_a = norm(a);
    const double length_b = norm(b);
    if (!(length_a > 0) || !(length_b > 0)) return false;
    for (size_t i = 0; i < a.size(); ++i) {
      const double difference = static_cast<double>(a[i]) / length_a - static_cast<double>(b[i]) / length_b;
      if (!(std::abs(difference) <= kDirectionTolerance)) return false;
    }
    return true;
  }

  void OneTime(const char* field, const std::optional<Timestamp>& wanted, const std::optional<Timestamp>& stored) {
    if (wanted == stored) return;
    const auto shown = [](const std::optional<Timestamp>& time) {
      return time ? fmt::format("{} µs", time->micros) : std::string("none");
    };
    Differ(field, shown(wanted), shown(stored));
  }

  void Times() {
    OneTime("event_time", a_.attributes.event_time, b_.attributes.event_time);
    if (a_.created_at) OneTime("created_at", a_.created_at, b_.created_at);
    if (a_.updated_at) OneTime("updated_at", a_.updated_at, b_.updated_at);
  }

  void State() {
    const StateChange& a = a_.state;
    const StateChange& b = b_.state;
    const auto expiry = [](const StateChange& state) { return state.expires_at.value_or(std::nullopt); };
    const bool counts = expiry(a).has_value() || (!rules_.replaced && !a.ttl_seconds);
    if (counts) OneTime("expires_at", expiry(a), expiry(b));
    if (a.ttl_seconds && a.ttl_seconds != b.ttl_seconds) Differ("ttl_seconds", "one", "another");
    if (a.pinned && *a.pinned != b.pinned.value_or(false)) Differ("pinned", "one", "another");
    if (a.importance && a.importance != b.importance) Differ("importance", "one", "another");
    if (a.refresh_ttl_on_read && *a.refresh_ttl_on_read != b.refresh_ttl_on_read.value_or(false)) {
      Differ("refresh_ttl_on_read", "one", "another");
    }
  }

  WriteMemory& a_;
  WriteMemory& b_;
  const CompareRules& rules_;
  RecordComparison& out_;
};

Hash128 HashOf(const WriteMemory& record) {
  Attributes attributes = record.attributes;
  attributes.created_at = record.created_at.value_or(Timestamp());
  attributes.updated_at = record.updated_at.value_or(Timestamp());
  StateRecord state;
  state.expires_at = record.state.expires_at.value_or(std::nullopt);
  state.ttl_seconds = record.state.ttl_seconds.value_or(std::nullopt);
  return MemoryHash(record.id, ContentHash(record.content), attributes, state);
}

// What the source leaves to the store, so that the hashes speak of the rest alone.
void Align(const WriteMemory& wanted, bool replaced, WriteMemory* stored) {
  if (!wanted.created_at) stored->created_at.reset();
  if (!wanted.updated_at) stored->updated_at.reset();
  const bool has_expiry = wanted.state.expires_at.value_or(std::nullopt).has_value();
  if (!has_expiry && (replaced || wanted.state.ttl_seconds)) stored->state.expires_at.reset();
  if (!wanted.state.ttl_seconds) stored->state.ttl_seconds.reset();
}

}  // namespace

std::string ShownText(const std::string& text) {
  constexpr size_t kShownBytes = 60;
  if (text.size() <= kShownBytes) return fmt::format("\"{}\"", text);
  size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return fmt::format("\"{}…\" ({} bytes)", text.substr(0, end), text.size());
}

Result<RecordComparison> CompareRecord(const v1::Memory& wanted, const v1::Memory& stored, const CompareRules& rules) {
  Sides sides;
  ASSIGN_OR_RETURN(sides.wanted, ToRecord(wanted));
  auto as_stored = ToRecord(stored);
  if (!as_stored.ok()) {
    return Corruption(
        fmt::format("what the store tells of \"{}\" is no memory: {}", stored.id(), as_stored.status().message()));
  }
  sides.stored = *std::move(as_stored);
  std::optional<uint64_t>& revision = sides.wanted.attributes.source.version;
  const std::optional<uint64_t>& known = sides.stored.attributes.source.version;
  if (revision && known && SameRecord(*revision, *known)) revision = known;
  RecordComparison result;
  Comparison(sides, rules, &result).Run();
  Align(sides.wanted, rules.replaced, &sides.stored);
  result.wanted = HashOf(sides.wanted);
  result.stored = HashOf(sides.stored);
  if (result.differences.empty() && result.wanted != result.stored) {
    result.differences.emplace_back("the hashes differ");
  }
  return result;
}

Result<Hash128> HashOfRecord(const v1::Memory& record) {
  ASSIGN_OR_RETURN(const WriteMemory converted, ToRecord(record));
  return HashOf(converted);
}

}  // namespace engram
