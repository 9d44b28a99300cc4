// Which messages and fields have a JSON form of their own; shared by reader and writer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <google/protobuf/descriptor.h>

namespace engram {

enum class JsonForm : uint8_t {
  kObject,       // protobuf's mapping with our scalar rules
  kValue,        // v1::Value: any JSON value
  kVector,       // v1::Vector
  kTimestamp,    // RFC 3339
  kBareList,     // a message of one repeated field, written as that array
  kExplanation,  // v1::Explanation: unknown keys are legs
  kMemoryPatch,  // null notes the path in `clear`
  kUpdate,       // v1::UpdateRequest: has_replace_metadata instead of an empty map
};
JsonForm FormOf(const google::protobuf::Descriptor* descriptor);

// Not to be seen in JSON: it exists for protobuf's sake only.
bool IsHidden(const google::protobuf::FieldDescriptor* field);
bool AcceptsInteger(const google::protobuf::FieldDescriptor* field);
bool AlwaysPrints(const google::protobuf::FieldDescriptor* field);

// "upsert" for WRITE_MODE_UPSERT; empty for the unspecified value.
std::string EnumWord(const google::protobuf::EnumValueDescriptor* value);
// Null when no value has this word.
const google::protobuf::EnumValueDescriptor* FindEnumWord(const google::protobuf::EnumDescriptor* type,
                                                          std::string_view word);
// "\"upsert\", \"insert\"", for messages.
std::string EnumWords(const google::protobuf::EnumDescriptor* type);

}  // namespace engram
