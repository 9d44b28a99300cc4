#include <limits>

#include <fmt/format.h>

#include "api/base64.h"
#include "api/json_forms.h"
#include "api/json_reader.h"

namespace engram {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using simdjson::dom::element;
using simdjson::dom::element_type;

// Where a scalar goes: `field` of `message`, set or added.
struct Target {
  const FieldDescriptor* field;
  bool add;
  Message* message;

  template <class T>
  using Setter = void (Reflection::*)(Message*, const FieldDescriptor*, T) const;
  template <class T>
  Status Store(Setter<T> set, Setter<T> append, T value) const {
    (message->GetReflection()->*(add ? append : set))(message, field, std::move(value));
    return Status::Ok();
  }
};

// json.is_double() also says yes to integers.
bool IsInteger(element json) { return json.type() == element_type::INT64 || json.type() == element_type::UINT64; }

template <class Int>
Status NotInRange(element json) {
  if (IsInteger(json)) {
    return InvalidArgument(fmt::format("expected an integer from {} to {}", std::numeric_limits<Int>::min(),
                                       std::numeric_limits<Int>::max()));
  }
  return WrongType("an integer", json);
}

template <class Int>
Status ReadSigned(element json, Target::Setter<Int> set, Target::Setter<Int> append, const Target& target) {
  int64_t number = 0;
  if (json.get_int64().get(number) != simdjson::SUCCESS) return NotInRange<Int>(json);
  if (number < std::numeric_limits<Int>::min() || number > std::numeric_limits<Int>::max())
    return NotInRange<Int>(json);
  return target.Store(set, append, static_cast<Int>(number));
}

template <class Int>
Status ReadUnsigned(element json, Target::Setter<Int> set, Target::Setter<Int> append, const Target& target) {
  uint64_t number = 0;
  if (json.get_uint64().get(number) != simdjson::SUCCESS) return NotInRange<Int>(json);
  if (number > std::numeric_limits<Int>::max()) return NotInRange<Int>(json);
  return target.Store(set, append, static_cast<Int>(number));
}

Status ReadDouble(element json, const Target& target) {
  double number = 0;
  if (json.get_double().get(number) != simdjson::SUCCESS) return WrongType("a number", json);
  if (target.field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
    return target.Store(&Reflection::SetDouble, &Reflection::AddDouble, number);
  }
  return target.Store(&Reflection::SetFloat, &Reflection::AddFloat, static_cast<float>(number));
}

Status ReadBool(element json, const Target& target) {
  bool value = false;
  if (json.get_bool().get(value) != simdjson::SUCCESS) return WrongType("true or false", json);
  return target.Store(&Reflection::SetBool, &Reflection::AddBool, value);
}

Status ReadString(element json, const Target& target) {
  if (AcceptsInteger(target.field) && IsInteger(json)) {
    return target.Store(&Reflection::SetString, &Reflection::AddString,
                        json.is_int64() ? std::to_string(json.get_int64().value_unsafe())
                                        : std::to_string(json.get_uint64().value_unsafe()));
  }
  std::string_view text;
  if (json.get_string().get(text) != simdjson::SUCCESS) return WrongType("a string", json);
  if (target.field->type() != FieldDescriptor::TYPE_BYTES) {
    return target.Store(&Reflection::SetString, &Reflection::AddString, std::string(text));
  }
  std::optional<std::string> bytes = DecodeBase64(text);
  if (!bytes) return InvalidArgument("not base64");
  return target.Store(&Reflection::SetString, &Reflection::AddString, *std::move(bytes));
}

Status ReadEnum(element json, const Target& target) {
  std::string_view word;
  if (json.get_string().get(word) != simdjson::SUCCESS) return WrongType("a string", json);
  const EnumValueDescriptor* value = FindEnumWord(target.field->enum_type(), word);
  if (value == nullptr) {
    return InvalidArgument(
        fmt::format("\"{}\" is none of {}", word.substr(0, 100), EnumWords(target.field->enum_type())));
  }
  return target.Store(&Reflection::SetEnum, &Reflection::AddEnum, value);
}

}  // namespace

Status ReadScalar(element json, const FieldDescriptor* field, bool add, Message* message) {
  const Target target{field, add, message};
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return ReadSigned<int32_t>(json, &Reflection::SetInt32, &Reflection::AddInt32, target);
    case FieldDescriptor::CPPTYPE_INT64:
      return ReadSigned<int64_t>(json, &Reflection::SetInt64, &Reflection::AddInt64, target);
    case FieldDescriptor::CPPTYPE_UINT32:
      return ReadUnsigned<uint32_t>(json, &Reflection::SetUInt32, &Reflection::AddUInt32, target);
    case FieldDescriptor::CPPTYPE_UINT64:
      return ReadUnsigned<uint64_t>(json, &Reflection::SetUInt64, &Reflection::AddUInt64, target);
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT: return ReadDouble(json, target);
    case FieldDescriptor::CPPTYPE_BOOL: return ReadBool(json, target);
    case FieldDescriptor::CPPTYPE_STRING: return ReadString(json, target);
    case FieldDescriptor::CPPTYPE_ENUM: return ReadEnum(json, target);
    case FieldDescriptor::CPPTYPE_MESSAGE: break;
  }
  return Internal("a message is no scalar");
}

}  // namespace engram
