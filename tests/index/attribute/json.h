// Values and filters written as JSON, so that a test reads like a request.
#pragma once

#include <stdexcept>
#include <string>

#include <simdjson.h>

#include "index/attribute/filter.h"

namespace engram {

inline Value FromJson(simdjson::dom::element json) {
  using simdjson::dom::element_type;
  switch (json.type()) {
    case element_type::NULL_VALUE: return Value();
    case element_type::BOOL: return Value(bool{json});
    case element_type::INT64: return Value(int64_t{json});
    case element_type::UINT64: return Value(uint64_t{json});
    case element_type::DOUBLE: return Value(double{json});
    case element_type::STRING: return Value(std::string_view(json));
    case element_type::ARRAY: {
      Value::List list;
      for (const simdjson::dom::element item : simdjson::dom::array(json)) list.push_back(FromJson(item));
      return Value(std::move(list));
    }
    case element_type::OBJECT: {
      Value::Object object;
      for (const auto field : simdjson::dom::object(json)) object[std::string(field.key)] = FromJson(field.value);
      return Value(std::move(object));
    }
  }
  throw std::logic_error("an unknown JSON type");
}

inline Value Json(std::string_view text) {
  simdjson::dom::parser parser;
  return FromJson(parser.parse(simdjson::padded_string(text)));
}

// REQUIRES: the filter is valid.
inline Filter FilterOf(std::string_view json) { return ParseFilter(Json(json)).value(); }

// The fields of a memory with this metadata.
inline AttributeFields MetadataFields(std::string_view json) {
  AttributeFields fields;
  FlattenMetadata(Json(json).as_object(), &fields);
  return fields;
}

}  // namespace engram
