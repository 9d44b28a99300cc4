#include "api/json_forms.h"

#include <google/protobuf/timestamp.pb.h>

#include "engram/v1/memory.pb.h"
#include "engram/v1/namespace.pb.h"
#include "engram/v1/search.pb.h"
#include "engram/v1/value.pb.h"

namespace engram {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

JsonForm FormOf(const Descriptor* descriptor) {
  // The commonest first; descriptors are unique, so pointers tell them apart.
  if (descriptor == v1::Value::descriptor()) return JsonForm::kValue;
  if (descriptor == v1::Vector::descriptor()) return JsonForm::kVector;
  if (descriptor == google::protobuf::Timestamp::descriptor()) return JsonForm::kTimestamp;
  if (descriptor == v1::TextConfig::StopWords::descriptor()) return JsonForm::kBareList;
  if (descriptor == v1::NamespacePatch::Aliases::descriptor()) return JsonForm::kBareList;
  if (descriptor == v1::Explanation::descriptor()) return JsonForm::kExplanation;
  if (descriptor == v1::MemoryPatch::descriptor()) return JsonForm::kMemoryPatch;
  if (descriptor == v1::UpdateRequest::descriptor()) return JsonForm::kUpdate;
  return JsonForm::kObject;
}

bool IsHidden(const FieldDescriptor* field) {
  if (field->containing_type() == v1::UpdateRequest::descriptor()) {
    return field->number() == v1::UpdateRequest::kHasReplaceMetadataFieldNumber;
  }
  if (field->containing_type() == v1::Explanation::descriptor()) {
    return field->number() == v1::Explanation::kLegsFieldNumber;
  }
  return false;
}

bool AcceptsInteger(const FieldDescriptor* field) { return field->options().GetExtension(v1::accepts_integer); }
bool AlwaysPrints(const FieldDescriptor* field) { return field->options().GetExtension(v1::always_print); }

namespace {

// "WRITE_MODE_" from "WRITE_MODE_UNSPECIFIED": every enum of ours begins with such a value.
size_t PrefixLength(const EnumDescriptor* type) {
  return type->value(0)->name().size() - std::string_view("UNSPECIFIED").size();
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string EnumWord(const EnumValueDescriptor* value) {
  if (value->number() == 0) return {};
  std::string word = value->name().substr(PrefixLength(value->type()));
  for (char& c : word) c = Lower(c);
  return word;
}

const EnumValueDescriptor* FindEnumWord(const EnumDescriptor* type, std::string_view word) {
  for (int i = 1; i < type->value_count(); ++i) {
    if (EnumWord(type->value(i)) == word) return type->value(i);
  }
  return nullptr;
}

std::string EnumWords(const EnumDescriptor* type) {
  std::string words;
  for (int i = 1; i < type->value_count(); ++i) {
    if (i > 1) words += ", ";
    words += '"' + EnumWord(type->value(i)) + '"';
  }
  return words;
}

}  // namespace engram
