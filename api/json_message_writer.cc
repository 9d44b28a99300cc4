#include <algorithm>
#include <vector>

#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include "api/base64.h"
#include "api/json.h"
#include "api/json_forms.h"
#include "api/json_writer.h"
#include "base/check.h"
#include "base/timestamp.h"
#include "engram/v1/memory.pb.h"

namespace engram {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void AppendTimestamp(const google::protobuf::Timestamp& time, std::string* out) {
  // Saturates: a foreign message may hold any number of seconds.
  const Timestamp whole = Timestamp{}.PlusSeconds(time.seconds());
  AppendJsonString(FormatRfc3339(Timestamp{whole.micros + (whole < Timestamp::Max() ? time.nanos() / 1000 : 0)}), out);
}

void AppendText(const FieldDescriptor* field, const std::string& text, std::string* out) {
  if (field->type() != FieldDescriptor::TYPE_BYTES) return AppendJsonString(text, out);
  out->push_back('"');
  AppendBase64(text, out);
  out->push_back('"');
}

// `at` is the index in a repeated field, -1 for a singular one.
void AppendFieldValue(const Message& message, const FieldDescriptor* field, int at, std::string* out) {
  const Reflection* reflection = message.GetReflection();
  const bool one = at < 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return AppendJsonInteger(
          int64_t{one ? reflection->GetInt32(message, field) : reflection->GetRepeatedInt32(message, field, at)}, out);
    case FieldDescriptor::CPPTYPE_INT64:
      return AppendJsonInteger(
          int64_t{one ? reflection->GetInt64(message, field) : reflection->GetRepeatedInt64(message, field, at)}, out);
    case FieldDescriptor::CPPTYPE_UINT32:
      return AppendJsonInteger(
          uint64_t{one ? reflection->GetUInt32(message, field) : reflection->GetRepeatedUInt32(message, field, at)},
          out);
    case FieldDescriptor::CPPTYPE_UINT64:
      return AppendJsonInteger(
          uint64_t{one ? reflection->GetUInt64(message, field) : reflection->GetRepeatedUInt64(message, field, at)},
          out);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return AppendJsonDouble(
          one ? reflection->GetDouble(message, field) : reflection->GetRepeatedDouble(message, field, at), out);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return AppendJsonFloat(
          one ? reflection->GetFloat(message, field) : reflection->GetRepeatedFloat(message, field, at), out);
    case FieldDescriptor::CPPTYPE_BOOL:
      out->append((one ? reflection->GetBool(message, field) : reflection->GetRepeatedBool(message, field, at))
                      ? "true"
                      : "false");
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      return AppendJsonString(
          EnumWord(one ? reflection->GetEnum(message, field) : reflection->GetRepeatedEnum(message, field, at)), out);
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      return AppendText(field,
                        one ? reflection->GetStringReference(message, field, &scratch)
                            : reflection->GetRepeatedStringReference(message, field, at, &scratch),
                        out);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return AppendJson(
          one ? reflection->GetMessage(message, field) : reflection->GetRepeatedMessage(message, field, at), out);
  }
}

void AppendRepeated(const Message& message, const FieldDescriptor* field, std::string* out) {
  out->push_back('[');
  const int count = message.GetReflection()->FieldSize(message, field);
  for (int i = 0; i < count; ++i) {
    if (i > 0) out->push_back(',');
    AppendFieldValue(message, field, i, out);
  }
  out->push_back(']');
}

// Writes the members of one object, commas included.
class ObjectWriter {
 public:
  ObjectWriter(const Message& message, std::string* out)
      : message_(message), reflection_(message.GetReflection()), form_(FormOf(message.GetDescriptor())), out_(out) {}

  void Write() {
    out_->push_back('{');
    const google::protobuf::Descriptor* descriptor = message_.GetDescriptor();
    if (form_ == JsonForm::kExplanation) WriteEntries(descriptor->FindFieldByName("legs"));
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const FieldDescriptor* field = descriptor->field(i);
      if (!IsHidden(field) && IsPresent(field)) WriteField(field);
    }
    out_->push_back('}');
  }

 private:
  bool IsPresent(const FieldDescriptor* field) const {
    if (form_ == JsonForm::kUpdate && field->number() == v1::UpdateRequest::kReplaceMetadataFieldNumber) {
      return static_cast<const v1::UpdateRequest&>(message_).has_replace_metadata();
    }
    if (!field->is_repeated() && field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return HasEnum(field);
    const bool set =
        field->is_repeated() ? reflection_->FieldSize(message_, field) > 0 : reflection_->HasField(message_, field);
    return set || (!field->has_presence() && AlwaysPrints(field));
  }

  // "unspecified" is no word: the field is left out.
  bool HasEnum(const FieldDescriptor* field) const { return reflection_->GetEnum(message_, field)->number() != 0; }

  void WriteKey(const std::string& key) {
    if (!first_) out_->push_back(',');
    first_ = false;
    AppendJsonString(key, out_);
    out_->push_back(':');
  }

  void WriteField(const FieldDescriptor* field) {
    WriteKey(field->name());
    if (field->is_map()) {
      out_->push_back('{');
      first_ = true;
      WriteEntries(field);
      first_ = false;
      out_->push_back('}');
    } else if (field->is_repeated()) {
      AppendRepeated(message_, field, out_);
    } else {
      AppendFieldValue(message_, field, -1, out_);
    }
  }

  void WriteEntries(const FieldDescriptor* map) {
    const FieldDescriptor* key = map->message_type()->map_key();
    const FieldDescriptor* value = map->message_type()->map_value();
    std::vector<std::pair<std::string, const Message*>> entries;
    const int count = reflection_->FieldSize(message_, map);
    entries.reserve(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) {
      const Message& entry = reflection_->GetRepeatedMessage(message_, map, i);
      entries.emplace_back(entry.GetReflection()->GetString(entry, key), &entry);
    }
    std::sort(entries.begin(), entries.end());
    for (const auto& [name, entry] : entries) {
      WriteKey(name);
      AppendFieldValue(*entry, value, -1, out_);
    }
  }

  const Message& message_;
  const Reflection* reflection_;
  JsonForm form_;
  std::string* out_;
  bool first_ = true;
};

}  // namespace

void AppendJson(const Message& message, std::string* out) {
  switch (FormOf(message.GetDescriptor())) {
    case JsonForm::kValue: return AppendJsonValue(static_cast<const v1::Value&>(message), out);
    case JsonForm::kVector: return AppendJsonVector(static_cast<const v1::Vector&>(message), out);
    case JsonForm::kTimestamp: return AppendTimestamp(static_cast<const google::protobuf::Timestamp&>(message), out);
    case JsonForm::kBareList: return AppendRepeated(message, message.GetDescriptor()->field(0), out);
    default: return ObjectWriter(message, out).Write();
  }
}

std::string PrintJson(const Message& message) {
  std::string out;
  AppendJson(message, &out);
  return out;
}

}  // namespace engram
