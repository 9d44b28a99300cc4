#include "api/wire_check.h"

#include <map>
#include <string>

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format.h>
#include <google/protobuf/wire_format_lite.h>

#include "api/json.h"
#include "base/utf8.h"
#include "engram/v1/value.pb.h"

namespace engram {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormat;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// A JSON level is up to three messages deep: a Value, its Object, the map's entry.
constexpr int kDepthMax = 3 * kJsonDepthMax + 8;

class WireWalk {
 public:
  explicit WireWalk(std::string_view bytes)
      : in_(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size())) {}

  // REQUIRES: `size` is that of the bytes.
  Status Walk(const Descriptor* type, size_t size) {
    in_.PushLimit(static_cast<int>(size));
    RETURN_IF_ERROR(WalkMessage(type, 0));
    return in_.ConsumedEntireMessage() ? Status::Ok() : Broken(type);
  }

 private:
  static Status Broken(const Descriptor* type) {
    return InvalidArgument(fmt::format("broken protobuf: not a {}", type->full_name()));
  }

  // Up to the current limit.
  Status WalkMessage(const Descriptor* type, int depth) {
    if (depth > kDepthMax) return InvalidArgument(fmt::format("nested deeper than {} levels", kJsonDepthMax));
    Counts counts;
    while (const uint32_t tag = in_.ReadTag()) RETURN_IF_ERROR(WalkField(tag, type, depth, &counts));
    return Status::Ok();
  }

  // How often each repeated field of one message has come.
  using Counts = std::map<const FieldDescriptor*, size_t>;

  // "ids[2]", "metadata" (whose entries are in no order), "user_id".
  static std::string Place(const FieldDescriptor& field, size_t count) {
    const bool counts = field.is_repeated() && !field.is_map();
    return counts ? fmt::format("{}[{}]", field.name(), count) : field.name();
  }

  Status WalkField(uint32_t tag, const Descriptor* type, int depth, Counts* counts) {
    const FieldDescriptor* field = type->FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
    if (field == nullptr || !MayBe(*field, WireFormatLite::GetTagWireType(tag))) {
      return InvalidArgument(
          fmt::format("unknown field {} in a {}", WireFormatLite::GetTagFieldNumber(tag), type->full_name()));
    }
    const size_t count = field->is_repeated() ? (*counts)[field]++ : 0;
    if (field->type() == FieldDescriptor::TYPE_STRING) return WalkText(*field, count);
    if (field->type() != FieldDescriptor::TYPE_MESSAGE) {
      return WireFormatLite::SkipField(&in_, tag) ? Status::Ok() : Broken(type);
    }
    RETURN_IF_ERROR(Spend(field->message_type()));
    int size = 0;
    if (!in_.ReadVarintSizeAsInt(&size) || size > in_.BytesUntilLimit()) return Broken(type);
    const CodedInputStream::Limit outer = in_.PushLimit(size);
    Status inside = WalkMessage(field->message_type(), depth + 1);
    if (!inside.ok()) return std::move(inside).Under(Place(*field, count));
    if (!in_.ConsumedEntireMessage() || in_.BytesUntilLimit() != 0) return Broken(type);
    in_.PopLimit(outer);
    return Status::Ok();
  }

  // The parser would refuse bad UTF-8, too, but write a line of its own to stderr for each.
  Status WalkText(const FieldDescriptor& field, size_t count) {
    int size = 0;
    const void* data = nullptr;
    int available = 0;
    if (!in_.ReadVarintSizeAsInt(&size) || size > in_.BytesUntilLimit()) return Broken(field.containing_type());
    if (size == 0) return Status::Ok();
    if (!in_.GetDirectBufferPointer(&data, &available) || available < size) return Broken(field.containing_type());
    const std::string_view text(static_cast<const char*>(data), static_cast<size_t>(size));
    if (!IsUtf8(text)) return InvalidArgument("not valid UTF-8").At(Place(field, count));
    return in_.Skip(size) ? Status::Ok() : Broken(field.containing_type());
  }

  static bool MayBe(const FieldDescriptor& field, WireFormatLite::WireType type) {
    if (type == WireFormat::WireTypeForFieldType(field.type())) return true;
    return field.is_packable() && type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
  }

  Status Spend(const Descriptor* type) {
    spent_ += type == v1::Value::descriptor() || type->options().map_entry() ? kValueCost : kMessageCost;
    return spent_ <= kElementBudget ? Status::Ok()
                                    : InvalidArgument("more messages and values than one request may hold");
  }

  CodedInputStream in_;
  size_t spent_ = 0;
};

}  // namespace

Status CheckWire(std::string_view bytes, const Descriptor* type) { return WireWalk(bytes).Walk(type, bytes.size()); }

}  // namespace engram
