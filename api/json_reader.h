// From a parsed JSON document into messages. Private to api/; the promise is api/json.h.
#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/message.h>
#include <simdjson.h>

#include "base/status.h"
#include "engram/v1/value.pb.h"

namespace engram {

// "a string", "an array" …: what stands where something else should.
std::string_view JsonTypeName(simdjson::dom::element json);
Status WrongType(std::string_view expected, simdjson::dom::element got);

// How far a document may go, counted over all of it.
struct ReadBudget {
  size_t spent = 0;
  // InvalidArgument beyond kElementBudget (api/wire_check.h).
  Status Spend(size_t cost);
};

// v1::Value, in json_value_reader.cc. `depth` counts the containers around.
Status ReadValue(simdjson::dom::element json, int depth, ReadBudget* budget, v1::Value* value);
// v1::Vector, in json_vector_reader.cc. Numbers go straight into the packed field.
Status ReadVector(simdjson::dom::element json, v1::Vector* vector);

// Any message, in json_message_reader.cc.
Status ReadMessage(simdjson::dom::element json, int depth, ReadBudget* budget, google::protobuf::Message* message);

// One scalar into a singular or, with `add`, a repeated field, in json_scalar_reader.cc.
Status ReadScalar(simdjson::dom::element json, const google::protobuf::FieldDescriptor* field, bool add,
                  google::protobuf::Message* message);

// Containers within each other, up to kJsonDepthMax.
Status CheckDepth(int depth);
// A key that stands twice in one object.
Status DuplicateKey(std::string_view key);

}  // namespace engram
