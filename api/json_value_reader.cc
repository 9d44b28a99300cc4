#include <fmt/format.h>

#include "api/json.h"
#include "api/json_reader.h"
#include "api/wire_check.h"

namespace engram {

using simdjson::dom::element;
using simdjson::dom::element_type;

std::string_view JsonTypeName(element json) {
  switch (json.type()) {
    case element_type::ARRAY: return "an array";
    case element_type::OBJECT: return "an object";
    case element_type::INT64:
    case element_type::UINT64: return "an integer";
    case element_type::DOUBLE: return "a number";
    case element_type::STRING: return "a string";
    case element_type::BOOL: return "a boolean";
    case element_type::NULL_VALUE: return "null";
  }
  return "something else";
}

Status WrongType(std::string_view expected, element got) {
  return InvalidArgument(fmt::format("expected {}, got {}", expected, JsonTypeName(got)));
}

Status CheckDepth(int depth) {
  if (depth <= kJsonDepthMax) return Status::Ok();
  return InvalidArgument(fmt::format("nested deeper than {} levels", kJsonDepthMax));
}

Status DuplicateKey(std::string_view key) {
  return InvalidArgument(fmt::format("the key \"{}\" is there twice", key.substr(0, 100))).At(std::string(key));
}

namespace {

Status ReadList(simdjson::dom::array array, int depth, ReadBudget* budget, v1::Value::List* list) {
  size_t i = 0;
  for (const element item : array) {
    Status status = ReadValue(item, depth, budget, list->add_values());
    if (!status.ok()) return std::move(status).Under(fmt::format("[{}]", i));
    ++i;
  }
  return Status::Ok();
}

Status ReadMembers(simdjson::dom::object json, int depth, ReadBudget* budget, v1::Value::Object* object) {
  for (const auto [key, item] : json) {
    const auto [at, inserted] = object->mutable_members()->insert({std::string(key), v1::Value()});
    if (!inserted) return DuplicateKey(key);
    Status status = ReadValue(item, depth, budget, &at->second);
    if (!status.ok()) return std::move(status).Under(key);
  }
  return Status::Ok();
}

}  // namespace

Status ReadBudget::Spend(size_t cost) {
  spent += cost;
  return spent <= kElementBudget ? Status::Ok() : InvalidArgument("more messages and values than one request may hold");
}

Status ReadValue(element json, int depth, ReadBudget* budget, v1::Value* value) {
  RETURN_IF_ERROR(budget->Spend(kValueCost));
  switch (json.type()) {
    case element_type::NULL_VALUE: value->set_null_value(true); return Status::Ok();
    case element_type::BOOL: value->set_bool_value(json.get_bool().value_unsafe()); return Status::Ok();
    case element_type::INT64: value->set_int_value(json.get_int64().value_unsafe()); return Status::Ok();
    case element_type::UINT64:  // the parser uses it only where int64 is too small
      value->set_uint_value(json.get_uint64().value_unsafe());
      return Status::Ok();
    case element_type::DOUBLE: value->set_double_value(json.get_double().value_unsafe()); return Status::Ok();
    case element_type::STRING: {
      const std::string_view text = json.get_string().value_unsafe();
      value->set_string_value(text.data(), text.size());
      return Status::Ok();
    }
    case element_type::ARRAY:
      RETURN_IF_ERROR(CheckDepth(depth + 1));
      return ReadList(json.get_array().value_unsafe(), depth + 1, budget, value->mutable_list_value());
    case element_type::OBJECT:
      RETURN_IF_ERROR(CheckDepth(depth + 1));
      return ReadMembers(json.get_object().value_unsafe(), depth + 1, budget, value->mutable_object_value());
  }
  return InvalidArgument("not a JSON value");
}

}  // namespace engram
