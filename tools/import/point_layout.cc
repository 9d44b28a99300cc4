#include "tools/import/point_layout.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/message_digest.h"
#include "tools/import/time_form.h"

namespace engram {
namespace {

Timestamp TimeOf(const google::protobuf::Timestamp& time) {
  return {time.seconds() * 1'000'000 + time.nanos() / 1'000};
}

v1::Value Text(std::string text) {
  v1::Value value;
  value.set_string_value(std::move(text));
  return value;
}

v1::Value AsValue(WrittenTime time) {
  v1::Value value;
  if (const auto* number = std::get_if<int64_t>(&time)) value.set_int_value(*number);
  if (const auto* number = std::get_if<double>(&time)) value.set_double_value(*number);
  if (auto* text = std::get_if<std::string>(&time)) value.set_string_value(std::move(*text));
  return value;
}

// Nothing where the payload has no such time.
std::optional<TimeForm> FormOf(const PointPayload& payload, const std::string& name) {
  const auto found = payload.find(name);
  if (name.empty() || found == payload.end()) return std::nullopt;
  const v1::Value& value = found->second;
  if (value.has_int_value()) return TimeForm::Of(value.int_value());
  if (value.has_double_value()) return TimeForm::Of(value.double_value());
  if (value.has_string_value()) return TimeForm::Of(std::string_view(value.string_value()));
  return std::nullopt;
}

void LearnForm(const PointPayload& payload, const std::string& name, std::optional<TimeForm>* form) {
  const auto one = FormOf(payload, name);
  if (one) *form = *form ? (*form)->Finer(*one) : *one;
}

class PayloadWriter {
 public:
  explicit PayloadWriter(const v1::Memory& memory) {
    for (const auto& [key, value] : memory.metadata()) payload_[key] = value;
  }

  // Leaves out what is empty.
  Status Put(const std::string& name, const std::string& text) {
    return name.empty() || text.empty() ? Claim(name) : PutValue(name, Text(text));
  }
  Status PutValue(const std::string& name, v1::Value value) {
    RETURN_IF_ERROR(Claim(name));
    payload_[name] = std::move(value);
    return {};
  }
  // The metadata can't have this name, since it would be read as something else.
  Status Claim(const std::string& name) const {
    if (name.empty() || payload_.count(name) == 0) return {};
    return InvalidArgument(fmt::format("the payload's field \"{}\" is not metadata there", name))
        .At("metadata." + name);
  }
  bool has(const std::string& name) const { return payload_.count(name) != 0; }
  PointPayload Take() { return std::move(payload_); }

 private:
  PointPayload payload_;
};

class PlainLayout final : public PointLayout {
 public:
  PlainLayout(PayloadMapping mapping, const char* system) : mapping_(std::move(mapping)), system_(system) {}

  Result<v1::Memory> Read(StoredPoint point) const override {
    return PointToMemory(std::move(point), mapping_, system_);
  }

  void Learn(const PointPayload& payload) override { LearnForm(payload, mapping_.created_at, &created_at_); }

  Result<PointPayload> Write(const v1::Memory& memory, const PointPayload* there) const override {
    PayloadWriter writer(memory);
    RETURN_IF_ERROR(writer.Put(mapping_.text, memory.text()));
    // An empty text that was said stays said.
    const bool said = there != nullptr && !mapping_.text.empty() && there->count(mapping_.text) != 0;
    if (memory.text().empty() && said) RETURN_IF_ERROR(writer.PutValue(mapping_.text, Text("")));
    for (const std::string& name : mapping_.fields) {
      const auto text = memory.fields().find(name);
      RETURN_IF_ERROR(text == memory.fields().end() ? writer.Claim(name) : writer.PutValue(name, Text(text->second)));
    }
    RETURN_IF_ERROR(writer.Put(mapping_.user_id, memory.user_id()));
    RETURN_IF_ERROR(writer.Put(mapping_.agent_id, memory.agent_id()));
    RETURN_IF_ERROR(writer.Put(mapping_.run_id, memory.run_id()));
    if (mapping_.created_at.empty() || !memory.has_created_at()) return writer.Take();
    const TimeForm form = created_at_.value_or(TimeForm());
    RETURN_IF_ERROR(writer.PutValue(mapping_.created_at, AsValue(form.Write(TimeOf(memory.created_at())))));
    return writer.Take();
  }

 private:
  const PayloadMapping mapping_;
  const char* const system_;
  std::optional<TimeForm> created_at_;
};

// What the Python SDK and the TypeScript SDK call the same.
struct Mem0Names {
  const char* user_id;
  const char* agent_id;
  const char* run_id;
  const char* actor_id;
  const char* memory_type;
  const char* created_at;
  const char* updated_at;
  const char* expiration_date;
  const char* text_lemmatized;
};
constexpr Mem0Names kPython = {"user_id",    "agent_id",   "run_id",          "actor_id",       "memory_type",
                               "created_at", "updated_at", "expiration_date", "text_lemmatized"};
constexpr Mem0Names kTypeScript = {"userId",    "agentId",   "runId",          "actorId",       "memoryType",
                                   "createdAt", "updatedAt", "expirationDate", "textLemmatized"};

bool SpeaksTypeScript(const PointPayload& payload) {
  return payload.count(kTypeScript.created_at) != 0 || payload.count(kTypeScript.user_id) != 0;
}

class Mem0Layout final : public PointLayout {
 public:
  Result<v1::Memory> Read(StoredPoint point) const override {
    Mem0Oddities oddities;
    return Mem0PointToMemory(std::move(point), Mem0Product::kOpenSource, &oddities);
  }

  void Learn(const PointPayload& payload) override {
    type_script_ = SpeaksTypeScript(payload);
    for (const char* name : {kPython.created_at, kTypeScript.created_at, kPython.updated_at, kTypeScript.updated_at}) {
      LearnForm(payload, name, &times_);
    }
  }

  Result<PointPayload> Write(const v1::Memory& memory, const PointPayload* there) const override {
    const Mem0Names& names = (there != nullptr ? SpeaksTypeScript(*there) : type_script_) ? kTypeScript : kPython;
    PayloadWriter writer(memory);
    RETURN_IF_ERROR(writer.PutValue("data", Text(memory.text())));
    // One that is not the text's own came as metadata and stays.
    if (!writer.has("hash")) RETURN_IF_ERROR(writer.PutValue("hash", Text(Md5Hex(memory.text()))));
    RETURN_IF_ERROR(writer.Put(names.user_id, memory.user_id()));
    RETURN_IF_ERROR(writer.Put(names.agent_id, memory.agent_id()));
    RETURN_IF_ERROR(writer.Put(names.run_id, memory.run_id()));
    RETURN_IF_ERROR(writer.Put(names.actor_id, memory.actor_id()));
    RETURN_IF_ERROR(writer.Put("role", memory.role()));
    RETURN_IF_ERROR(writer.Put(names.memory_type, memory.kind()));
    RETURN_IF_ERROR(PutTime(names.created_at, memory.has_created_at(), memory.created_at(), &writer));
    RETURN_IF_ERROR(PutTime(names.updated_at, memory.has_updated_at(), memory.updated_at(), &writer));
    if (memory.has_expires_at()) {
      // The day whose end it is.
      const Timestamp last = {TimeOf(memory.expires_at()).micros - 1};
      RETURN_IF_ERROR(writer.Put(names.expiration_date, FormatRfc3339(last).substr(0, 10)));
    }
    RETURN_IF_ERROR(KeepLemmas(names, memory, there, &writer));
    return writer.Take();
  }

 private:
  Status PutTime(const char* name, bool has, const google::protobuf::Timestamp& time, PayloadWriter* writer) const {
    if (!has) return {};
    static const TimeForm kIsoFormat = TimeForm::Of("2025-01-01T00:00:00.000001+00:00");  // Python's isoformat()
    return writer->PutValue(name, AsValue(times_.value_or(kIsoFormat).Write(TimeOf(time))));
  }

  // They follow from the text, and stay where that does.
  static Status KeepLemmas(const Mem0Names& names, const v1::Memory& memory, const PointPayload* there,
                           PayloadWriter* writer) {
    if (there == nullptr) return {};
    const auto data = there->find("data");
    const auto lemmas = there->find(names.text_lemmatized);
    const bool same = data != there->end() && data->second.string_value() == memory.text();
    if (!same || lemmas == there->end()) return {};
    return writer->PutValue(names.text_lemmatized, lemmas->second);
  }

  bool type_script_ = false;
  std::optional<TimeForm> times_;
};

}  // namespace

std::unique_ptr<PointLayout> NewPlainLayout(PayloadMapping mapping, const char* system) {
  return std::make_unique<PlainLayout>(std::move(mapping), system);
}

std::unique_ptr<PointLayout> NewMem0Layout() { return std::make_unique<Mem0Layout>(); }

}  // namespace engram
