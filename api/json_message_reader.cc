#include <bitset>
#include <unordered_set>

#include <fmt/format.h>
#include <google/protobuf/timestamp.pb.h>

#include "api/json.h"
#include "api/json_forms.h"
#include "api/json_reader.h"
#include "api/json_syntax.h"
#include "api/wire_check.h"
#include "base/timestamp.h"
#include "engram/v1/memory.pb.h"

namespace engram {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr size_t kFieldsMax = 64;
constexpr int64_t kMicrosPerSecond = 1'000'000;
// Parsers keep their buffers, some ten times the text; those of a rare large body are given back.
constexpr size_t kKeptParserBytes = size_t{1} << 20;

Status ReadTimestamp(element json, google::protobuf::Timestamp* out) {
  std::string_view text;
  if (json.get_string().get(text) != simdjson::SUCCESS) return WrongType("an RFC 3339 time", json);
  ASSIGN_OR_RETURN(const Timestamp time, ParseRfc3339(text));
  int64_t seconds = time.micros / kMicrosPerSecond;
  int64_t micros = time.micros % kMicrosPerSecond;
  if (micros < 0) {
    micros += kMicrosPerSecond;
    --seconds;
  }
  out->set_seconds(seconds);
  out->set_nanos(static_cast<int32_t>(micros * 1000));
  return Status::Ok();
}

// Reads one object into one message.
class ObjectReader {
 public:
  ObjectReader(Message* message, int depth, ReadBudget* budget)
      : message_(message),
        descriptor_(message->GetDescriptor()),
        reflection_(message->GetReflection()),
        form_(FormOf(descriptor_)),
        depth_(depth),
        budget_(budget) {}

  Status ReadFields(object json) {
    for (const auto [key, item] : json) {
      Status status = ReadMember(key, item);
      if (!status.ok()) return std::move(status).Under(key);
    }
    return Status::Ok();
  }

  Status ReadRepeated(const FieldDescriptor* field, element json) {
    array items;
    if (json.get_array().get(items) != simdjson::SUCCESS) return WrongType("an array", json);
    RETURN_IF_ERROR(CheckDepth(depth_ + 1));
    size_t i = 0;
    for (const element item : items) {
      Status status = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE
                          ? ReadMessage(item, depth_ + 1, budget_, reflection_->AddMessage(message_, field))
                          : ReadScalar(item, field, true, message_);
      if (!status.ok()) return std::move(status).Under(fmt::format("[{}]", i));
      ++i;
    }
    return Status::Ok();
  }

 private:
  Status ReadMember(std::string_view key, element json) {
    const FieldDescriptor* field = descriptor_->FindFieldByName(std::string(key));
    if (field == nullptr || IsHidden(field)) {
      if (form_ == JsonForm::kExplanation) return ReadLeg(key, json);
      return InvalidArgument(fmt::format("unknown field \"{}\"", key.substr(0, 100)));
    }
    const auto index = static_cast<size_t>(field->index());
    if (seen_[index]) return InvalidArgument("this field is there twice");
    seen_[index] = true;
    if (json.is_null()) {
      NoteNull(field, key);
      return Status::Ok();
    }
    if (form_ == JsonForm::kUpdate && field->number() == v1::UpdateRequest::kReplaceMetadataFieldNumber) {
      static_cast<v1::UpdateRequest*>(message_)->set_has_replace_metadata(true);
    }
    if (field->is_map()) return ReadMap(field, json);
    if (field->is_repeated()) return ReadRepeated(field, json);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return ReadScalar(json, field, false, message_);
    if (form_ == JsonForm::kMemoryPatch && field->number() == v1::MemoryPatch::kSourceFieldNumber) {
      NoteClearedMembers(field, json);
    }
    return ReadMessage(json, depth_, budget_, reflection_->MutableMessage(message_, field));
  }

  // The legs of an explanation stand beside its own fields.
  Status ReadLeg(std::string_view name, element json) {
    const FieldDescriptor* legs = descriptor_->FindFieldByName("legs");
    if (!names_.insert(name).second) return InvalidArgument("this field is there twice");
    return ReadEntry(legs, name, json);
  }

  Status ReadMap(const FieldDescriptor* field, element json) {
    object members;
    if (json.get_object().get(members) != simdjson::SUCCESS) return WrongType("an object", json);
    RETURN_IF_ERROR(CheckDepth(depth_ + 1));
    std::unordered_set<std::string_view> names;
    for (const auto [key, item] : members) {
      if (!names.insert(key).second) return DuplicateKey(key);
      Status status = ReadEntry(field, key, item);
      if (!status.ok()) return std::move(status).Under(key);
    }
    return Status::Ok();
  }

  Status ReadEntry(const FieldDescriptor* field, std::string_view key, element json) {
    const FieldDescriptor* value = field->message_type()->map_value();
    const bool message_value = value->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (json.is_null() && !(message_value && FormOf(value->message_type()) == JsonForm::kValue)) {
      if (form_ == JsonForm::kMemoryPatch) NoteCleared(field->name() + "." + std::string(key));
      return Status::Ok();
    }
    Message* entry = reflection_->AddMessage(message_, field);
    entry->GetReflection()->SetString(entry, field->message_type()->map_key(), std::string(key));
    if (!message_value) return ReadScalar(json, value, false, entry);
    return ReadMessage(json, depth_ + 1, budget_, entry->GetReflection()->MutableMessage(entry, value));
  }

  void NoteNull(const FieldDescriptor* field, std::string_view key) {
    if (form_ != JsonForm::kMemoryPatch) return;
    // These three say how to patch; they are no part of the memory.
    if (key == "if_version" || key == "keep_vectors" || key == "clear") return;
    NoteCleared(field->name());
  }

  // The source merges member by member.
  void NoteClearedMembers(const FieldDescriptor* field, element json) {
    object members;
    if (json.get_object().get(members) != simdjson::SUCCESS) return;
    for (const auto [key, item] : members) {
      if (item.is_null()) NoteCleared(field->name() + "." + std::string(key));
    }
  }

  void NoteCleared(std::string path) { static_cast<v1::MemoryPatch*>(message_)->add_clear(std::move(path)); }

  Message* message_;
  const google::protobuf::Descriptor* descriptor_;
  const google::protobuf::Reflection* reflection_;
  JsonForm form_;
  int depth_;
  ReadBudget* budget_;
  std::bitset<kFieldsMax> seen_;
  std::unordered_set<std::string_view> names_;  // of an explanation's legs
};

Status ReadDocument(simdjson::dom::parser& parser, std::string_view json, Message* message) {
  element root;
  const simdjson::error_code error = parser.parse(json.data(), json.size()).get(root);
  if (error == simdjson::MEMALLOC) return Unavailable("there is no memory to read the JSON");  // it may be sound
  if (error != simdjson::SUCCESS) return ExplainJsonError(json);
  RETURN_IF_ERROR(CheckSurrogates(json));
  ReadBudget budget;
  return ReadMessage(root, 0, &budget, message);
}

}  // namespace

Status ReadMessage(element json, int depth, ReadBudget* budget, Message* message) {
  const JsonForm form = FormOf(message->GetDescriptor());
  if (form == JsonForm::kValue) return ReadValue(json, depth, budget, static_cast<v1::Value*>(message));
  RETURN_IF_ERROR(budget->Spend(kMessageCost));
  if (form == JsonForm::kVector) return ReadVector(json, static_cast<v1::Vector*>(message));
  if (form == JsonForm::kTimestamp) return ReadTimestamp(json, static_cast<google::protobuf::Timestamp*>(message));
  RETURN_IF_ERROR(CheckDepth(depth + 1));
  if (form == JsonForm::kBareList) {
    const FieldDescriptor* items = message->GetDescriptor()->field(0);
    return ObjectReader(message, depth, budget).ReadRepeated(items, json);
  }
  object members;
  if (json.get_object().get(members) != simdjson::SUCCESS) return WrongType("an object", json);
  return ObjectReader(message, depth + 1, budget).ReadFields(members);
}

Status ParseJson(std::string_view json, Message* message) {
  message->Clear();
  if (json.size() > kKeptParserBytes) {
    simdjson::dom::parser parser;
    return ReadDocument(parser, json, message);
  }
  thread_local simdjson::dom::parser parser;
  return ReadDocument(parser, json, message);
}

}  // namespace engram
