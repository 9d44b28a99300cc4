#include "tools/import/pickle_writer.h"

#include <bit>
#include <limits>
#include <map>
#include <utility>

namespace engram {
namespace {

constexpr size_t kFrameMin = 4;  // bytes; Python frames nothing shorter

}  // namespace

PickleWriter::PickleWriter() = default;

void PickleWriter::Little(uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) body_.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

void PickleWriter::Int(int64_t value) {
  if (value >= 0 && value <= 0xff) {
    Op('K');
    Little(static_cast<uint64_t>(value), 1);
  } else if (value >= 0 && value <= 0xffff) {
    Op('M');
    Little(static_cast<uint64_t>(value), 2);
  } else if (value >= std::numeric_limits<int32_t>::min() && value <= std::numeric_limits<int32_t>::max()) {
    Op('J');
    Little(static_cast<uint64_t>(value), 4);
  } else {
    // As few bytes as the number and its sign need.
    int bytes = 8;
    while (bytes > 1 && (value >> (8 * bytes - 9) == 0 || value >> (8 * bytes - 9) == -1)) --bytes;
    Op('\x8a');
    Little(static_cast<uint64_t>(bytes), 1);
    Little(static_cast<uint64_t>(value), bytes);
  }
}

void PickleWriter::Uint(uint64_t value) {
  if (value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return Int(static_cast<int64_t>(value));
  Op('\x8a');
  Little(9, 1);
  Little(value, 8);
  Little(0, 1);
}

void PickleWriter::Float(double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  Op('G');
  for (int i = 7; i >= 0; --i) body_.push_back(static_cast<char>(bits >> (8 * i) & 0xff));
}

void PickleWriter::Text(std::string_view utf8) {
  if (utf8.size() <= 0xff) {
    Op('\x8c');
    Little(utf8.size(), 1);
  } else if (utf8.size() <= 0xffff'ffff) {
    Op('X');
    Little(utf8.size(), 4);
  } else {
    Op('\x8d');
    Little(utf8.size(), 8);
  }
  body_ += utf8;
  Op('\x94');  // memoized, as Python does
}

void PickleWriter::Wire(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kBoolValue: return Bool(value.bool_value());
    case v1::Value::kIntValue: return Int(value.int_value());
    case v1::Value::kUintValue: return Uint(value.uint_value());
    case v1::Value::kDoubleValue: return Float(value.double_value());
    case v1::Value::kStringValue: return Text(value.string_value());
    case v1::Value::kListValue:
      BeginList();
      for (const v1::Value& member : value.list_value().values()) Wire(member);
      return EndList();
    case v1::Value::kObjectValue: {
      BeginDict();
      const auto& members = value.object_value().members();
      const std::map<std::string_view, const v1::Value*> sorted = [&] {
        std::map<std::string_view, const v1::Value*> all;
        for (const auto& [key, member] : members) all[key] = &member;
        return all;
      }();
      for (const auto& [key, member] : sorted) {
        Text(key);
        Wire(*member);
      }
      return EndDict();
    }
    case v1::Value::kNullValue:
    case v1::Value::KIND_NOT_SET: return None();
  }
}

void PickleWriter::BeginObject(std::string_view module, std::string_view name) {
  Text(module);
  Text(name);
  Op('\x93');  // the class of this name
  Op(')');     // no arguments
  Op('\x81');  // made of them
}

std::string PickleWriter::Finish() && {
  Op('.');
  std::string body = std::exchange(body_, {});
  body_ = "\x80\x04";
  if (body.size() >= kFrameMin) {
    Op('\x95');
    Little(body.size(), 8);
  }
  return std::exchange(body_, {}) + body;
}

}  // namespace engram
