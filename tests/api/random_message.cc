#include "tests/api/random_message.h"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>
#include <string>

#include <google/protobuf/timestamp.pb.h>

#include "api/json_forms.h"
#include "engram/v1/memory.pb.h"
#include "engram/v1/value.pb.h"

namespace engram {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Random = std::mt19937_64;

uint64_t Below(Random& random, uint64_t n) { return random() % n; }

std::string RandomText(Random& random) {
  static const std::string kPieces[] = {"a",      "tea",  "\"",   "\\", "\n", "\t", std::string("\0", 1),
                                        "\x1f",   "\x7f", "é",    "ß",  "漢", "😀",  "/",
                                        "\u2028", "legs", "null", "1"};
  std::string text;
  for (uint64_t n = Below(random, 6); n > 0; --n) text += kPieces[Below(random, std::size(kPieces))];
  return text;
}

double RandomDouble(Random& random) {
  switch (Below(random, 6)) {
    case 0: return 1.0;
    case 1: return -0.0;
    case 2: return std::numeric_limits<double>::denorm_min();
    case 3: return std::numeric_limits<double>::max();
    default: break;
  }
  const auto number = std::bit_cast<double>(random());
  return std::isfinite(number) ? number : 0.1;
}

float RandomFloat(Random& random) {
  const auto number = std::bit_cast<float>(static_cast<uint32_t>(random()));
  return std::isfinite(number) ? number : -0.25F;
}

void FillValue(Random& random, int depth, bool may_be_null, v1::Value* value) {
  switch (Below(random, depth > 0 ? 8 : 6)) {
    case 0:
      if (may_be_null) return value->set_null_value(true);
      [[fallthrough]];
    case 1: return value->set_bool_value(Below(random, 2) == 1);
    case 2: return value->set_int_value(static_cast<int64_t>(random() >> Below(random, 64)));
    case 3: return value->set_uint_value(random() | (uint64_t{1} << 63));
    case 4: return value->set_double_value(RandomDouble(random));
    case 5: return value->set_string_value(RandomText(random));
    case 6: {
      auto* list = value->mutable_list_value();
      for (uint64_t n = Below(random, 4); n > 0; --n) FillValue(random, depth - 1, true, list->add_values());
      return;
    }
    default: {
      auto* object = value->mutable_object_value();
      for (uint64_t n = Below(random, 4); n > 0; --n) {
        v1::Value member;
        FillValue(random, depth - 1, true, &member);
        (*object->mutable_members())[RandomText(random)] = member;
      }
    }
  }
}

void FillFloats(Random& random, v1::Vector::Dense* dense) {
  for (uint64_t n = 1 + Below(random, 8); n > 0; --n) dense->add_values(RandomFloat(random));
}

void FillVector(Random& random, v1::Vector* vector) {
  switch (Below(random, 3)) {
    case 0: return FillFloats(random, vector->mutable_dense());
    case 1:
      for (uint64_t n = 1 + Below(random, 3); n > 0; --n) FillFloats(random, vector->mutable_multi()->add_rows());
      return;
    default:
      auto* sparse = vector->mutable_sparse();
      for (uint64_t n = Below(random, 5); n > 0; --n) {
        sparse->add_indices(static_cast<uint32_t>(random()));
        sparse->add_values(RandomFloat(random));
      }
  }
}

void FillTime(Random& random, google::protobuf::Timestamp* time) {
  time->set_seconds(static_cast<int64_t>(Below(random, 250'000'000'000)) - 62'000'000'000);
  time->set_nanos(static_cast<int32_t>(Below(random, 1'000'000) * 1000));
}

// Calls reflection's Set or Add.
void FillScalar(Random& random, const FieldDescriptor* field, bool add, Message* m) {
  const Reflection* r = m->GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      const auto v = static_cast<int32_t>(random());
      return add ? r->AddInt32(m, field, v) : r->SetInt32(m, field, v);
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      const auto v = static_cast<int64_t>(random());
      return add ? r->AddInt64(m, field, v) : r->SetInt64(m, field, v);
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      const auto v = static_cast<uint32_t>(random());
      return add ? r->AddUInt32(m, field, v) : r->SetUInt32(m, field, v);
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      const uint64_t v = random();
      return add ? r->AddUInt64(m, field, v) : r->SetUInt64(m, field, v);
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const double v = RandomDouble(random);
      return add ? r->AddDouble(m, field, v) : r->SetDouble(m, field, v);
    }
    case FieldDescriptor::CPPTYPE_FLOAT: {
      const float v = RandomFloat(random);
      return add ? r->AddFloat(m, field, v) : r->SetFloat(m, field, v);
    }
    case FieldDescriptor::CPPTYPE_BOOL: {
      const bool v = Below(random, 2) == 1;
      return add ? r->AddBool(m, field, v) : r->SetBool(m, field, v);
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* type = field->enum_type();
      const auto* v = type->value(1 + static_cast<int>(Below(random, static_cast<uint64_t>(type->value_count()) - 1)));
      return add ? r->AddEnum(m, field, v) : r->SetEnum(m, field, v);
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string v = RandomText(random);
      return add ? r->AddString(m, field, v) : r->SetString(m, field, v);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE: return;
  }
}

void FillMap(Random& random, int depth, const FieldDescriptor* field, Message* message) {
  const FieldDescriptor* key = field->message_type()->map_key();
  const FieldDescriptor* value = field->message_type()->map_value();
  std::set<std::string> names;
  for (uint64_t n = Below(random, 4); n > 0; --n) names.insert("k" + RandomText(random));
  for (const std::string& name : names) {
    Message* entry = message->GetReflection()->AddMessage(message, field);
    entry->GetReflection()->SetString(entry, key, name);
    if (value->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Message* child = entry->GetReflection()->MutableMessage(entry, value);
      const bool is_value = FormOf(value->message_type()) == JsonForm::kValue;
      is_value ? FillValue(random, depth, true, static_cast<v1::Value*>(child))
               : FillRandomly(random, depth - 1, child);
    } else {
      FillScalar(random, value, false, entry);
    }
  }
}

}  // namespace

uint64_t TestSeed() {
  const char* seed = std::getenv("ENGRAM_TEST_SEED");
  return seed != nullptr ? std::strtoull(seed, nullptr, 10) : 20260704;
}

void FillRandomly(Random& random, int depth, Message* message) {
  const JsonForm form = FormOf(message->GetDescriptor());
  if (form == JsonForm::kValue) return FillValue(random, depth, false, static_cast<v1::Value*>(message));
  if (form == JsonForm::kVector) return FillVector(random, static_cast<v1::Vector*>(message));
  if (form == JsonForm::kTimestamp) return FillTime(random, static_cast<google::protobuf::Timestamp*>(message));
  const Reflection* reflection = message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message->GetDescriptor()->field(i);
    const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (Below(random, 2) == 0 || (is_message && depth <= 0)) continue;
    if (field->is_map()) {
      FillMap(random, depth, field, message);
    } else if (field->is_repeated()) {
      for (uint64_t n = Below(random, 3); n > 0; --n) {
        is_message ? FillRandomly(random, depth - 1, reflection->AddMessage(message, field))
                   : FillScalar(random, field, true, message);
      }
    } else if (is_message) {
      FillRandomly(random, depth - 1, reflection->MutableMessage(message, field));
    } else {
      FillScalar(random, field, false, message);
    }
  }
  if (form != JsonForm::kUpdate) return;
  auto* update = static_cast<v1::UpdateRequest*>(message);
  if (update->replace_metadata_size() > 0) update->set_has_replace_metadata(true);
}

}  // namespace engram
