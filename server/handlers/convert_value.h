// Values, times and vectors between wire and engine: checked on the way in, plain copies on the way out.
#pragma once

#include <string>

#include <google/protobuf/timestamp.pb.h>

#include "base/scopes.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "base/value.h"
#include "engine/memory.h"
#include "engram/v1/value.pb.h"
#include "server/request_limits.h"

namespace engram {

using ProtoObject = google::protobuf::Map<std::string, v1::Value>;

// InvalidArgument when lists and objects are nested deeper than kValueDepthMax; Unprocessable on a number that is
// not finite. `field()` is the path inside the value.
Result<Value> ToValue(const v1::Value& value);
Result<Value::Object> ToObject(const ProtoObject& members);

void FromValue(const Value& value, v1::Value* out);
void FromObject(const Value::Object& object, ProtoObject* out);

// InvalidArgument outside the years 1 to 9999. What is finer than a microsecond is cut.
Result<Timestamp> ToTimestamp(const google::protobuf::Timestamp& time);
void FromTimestamp(Timestamp time, google::protobuf::Timestamp* out);

// Unprocessable on NaN or infinite components, rows of unequal length and more than the limits allow;
// InvalidArgument on a shape that is no vector at all.
Result<VectorValue> ToVector(const v1::Vector& vector, const RequestLimits& limits);
void FromVector(const VectorValue& vector, v1::Vector* out);

// Reads the five scopes that many messages carry. InvalidArgument names the scope.
template <class Message>
Result<Scopes> ToScopes(const Message& message);
template <class Message>
void FromScopes(const Scopes& scopes, Message* out);

// Empty, or what CheckId accepts.
Status CheckScopes(const Scopes& scopes);

// At most `bytes_max` bytes; `field` names the mistake.
Status CheckLabel(const std::string& field, const std::string& value, size_t bytes_max);

template <class Message>
Result<Scopes> ToScopes(const Message& message) {
  Scopes scopes{message.user_id(), message.agent_id(), message.run_id(), message.app_id(), message.actor_id()};
  RETURN_IF_ERROR(CheckScopes(scopes));
  return scopes;
}

template <class Message>
void FromScopes(const Scopes& scopes, Message* out) {
  out->set_user_id(scopes.user_id);
  out->set_agent_id(scopes.agent_id);
  out->set_run_id(scopes.run_id);
  out->set_app_id(scopes.app_id);
  out->set_actor_id(scopes.actor_id);
}

}  // namespace engram
