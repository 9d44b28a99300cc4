// The values of a pickle as values of ours.
#include <array>

#include <fmt/format.h>

#include "base/utf8.h"
#include "base/value_coding.h"
#include "tools/import/pickle.h"

namespace engram {
namespace {

using Kind = PickleItem::Kind;

constexpr size_t kValuesMax = 1'000'000;

constexpr const char* kDateTime = "datetime.datetime";
constexpr const char* kDate = "datetime.date";
constexpr const char* kTimeZone = "datetime.timezone";
constexpr const char* kTimeDelta = "datetime.timedelta";
constexpr const char* kUuid = "uuid.UUID";

class ValueMaker {
 public:
  explicit ValueMaker(const Pickle& pickle) : pickle_(pickle) {}

  Status Make(const PickleItem& item, uint32_t depth, v1::Value* value) {
    if (depth > kValueDepthMax) {
      return InvalidArgument(fmt::format("lists and objects are nested deeper than {}", kValueDepthMax));
    }
    if (++values_ > kValuesMax) return InvalidArgument(fmt::format("it holds more than {} values", kValuesMax));
    switch (item.kind) {
      case Kind::kNone: value->set_null_value(true); return {};
      case Kind::kBool: value->set_bool_value(item.number != 0); return {};
      case Kind::kInt: value->set_int_value(item.number); return {};
      case Kind::kUint: value->set_uint_value(static_cast<uint64_t>(item.number)); return {};
      case Kind::kFloat: value->set_double_value(item.real); return {};
      case Kind::kText:
        if (!IsUtf8(item.text)) return InvalidArgument("the text is not UTF-8");
        value->set_string_value(item.text);
        return {};
      case Kind::kList:
      case Kind::kTuple:
      case Kind::kSet: return MakeList(item, depth, value);
      case Kind::kDict: return MakeObject(item, depth, value);
      case Kind::kObject: return MakeText(item, value);
      case Kind::kLong: return InvalidArgument("an integer beyond 64 bits");
      case Kind::kBytes: return InvalidArgument("bytes, which no metadata can hold");
      case Kind::kClass: return InvalidArgument(fmt::format("the class {} instead of a value", item.text));
    }
    return Internal("no such kind of value");
  }

 private:
  Status MakeList(const PickleItem& item, uint32_t depth, v1::Value* value) {
    auto* list = value->mutable_list_value();
    for (size_t i = 0; i < item.members.size(); ++i) {
      Status status = Make(pickle_.at(item.members[i]), depth + 1, list->add_values());
      if (!status.ok()) return std::move(status).Under(fmt::format("[{}]", i));
    }
    return {};
  }

  Status MakeObject(const PickleItem& item, uint32_t depth, v1::Value* value) {
    auto& members = *value->mutable_object_value()->mutable_members();
    for (size_t i = 0; i < item.members.size(); i += 2) {
      const PickleItem& key = pickle_.at(item.members[i]);
      if (key.kind != Kind::kText || !IsUtf8(key.text)) return InvalidArgument("a key that is no text");
      Status status = Make(pickle_.at(item.members[i + 1]), depth + 1, &members[key.text]);
      if (!status.ok()) return std::move(status).Under(key.text);
    }
    return {};
  }

  Status MakeText(const PickleItem& item, v1::Value* value) {
    std::string text;
    bool known = false;
    if (item.text == kDateTime) known = DateTime(item, &text);
    if (item.text == kDate) known = Date(item, &text);
    if (item.text == kUuid) known = Uuid(item, &text);
    if (!known) return InvalidArgument(fmt::format("a {} that is no value", item.text));
    value->set_string_value(std::move(text));
    return {};
  }

  const PickleItem* Argument(const PickleItem& object, size_t i, Kind kind) const {
    const PickleItem& arguments = pickle_.at(object.members[0]);
    if (i >= arguments.members.size()) return nullptr;
    const PickleItem& argument = pickle_.at(arguments.members[i]);
    return argument.kind == kind ? &argument : nullptr;
  }

  // year:u16 (big-endian) month:u8 day:u8; what Python's date keeps.
  static bool AppendDate(std::string_view bytes, std::string* text) {
    const auto byte = [&](size_t i) { return static_cast<unsigned>(static_cast<uint8_t>(bytes[i])); };
    const unsigned month = byte(2) & 0x7f;  // the high bit of a datetime's month says that the hour comes twice
    if (month < 1 || month > 12 || byte(3) < 1 || byte(3) > 31) return false;
    *text += fmt::format("{:04}-{:02}-{:02}", byte(0) << 8 | byte(1), month, byte(3));
    return true;
  }

  bool Date(const PickleItem& item, std::string* text) const {
    const PickleItem* bytes = Argument(item, 0, Kind::kBytes);
    return bytes != nullptr && bytes->text.size() == 4 && AppendDate(bytes->text, text);
  }

  // A date, hour:u8 minute:u8 second:u8 microseconds:u24 (big-endian); and a zone.
  bool DateTime(const PickleItem& item, std::string* text) const {
    const PickleItem* argument = Argument(item, 0, Kind::kBytes);
    if (argument == nullptr || argument->text.size() != 10 || !AppendDate(argument->text, text)) return false;
    const auto byte = [&](size_t i) { return static_cast<unsigned>(static_cast<uint8_t>(argument->text[i])); };
    const unsigned micros = byte(7) << 16 | byte(8) << 8 | byte(9);
    if (byte(4) > 23 || byte(5) > 59 || byte(6) > 59 || micros > 999'999) return false;
    *text += fmt::format("T{:02}:{:02}:{:02}", byte(4), byte(5), byte(6));
    if (micros != 0) *text += fmt::format(".{:06}", micros);
    return pickle_.at(item.members[0]).members.size() == 1 || Zone(item, text);
  }

  bool Zone(const PickleItem& item, std::string* text) const {
    const PickleItem* zone = Argument(item, 1, Kind::kObject);
    const PickleItem* delta = zone != nullptr && zone->text == kTimeZone ? Argument(*zone, 0, Kind::kObject) : nullptr;
    if (delta == nullptr || delta->text != kTimeDelta) return false;
    const PickleItem* days = Argument(*delta, 0, Kind::kInt);
    const PickleItem* seconds = Argument(*delta, 1, Kind::kInt);
    constexpr int64_t kDay = 86'400;
    if (days == nullptr || seconds == nullptr || days->number < -1 || days->number > 0) return false;
    if (seconds->number < 0 || seconds->number >= kDay) return false;
    const int64_t minutes = (days->number * kDay + seconds->number) / 60;
    const int64_t size = minutes < 0 ? -minutes : minutes;
    *text += fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+', size / 60, size % 60);
    return true;
  }

  // Its state is {"int": the number}.
  bool Uuid(const PickleItem& item, std::string* text) const {
    if (item.members.size() < 2 || pickle_.at(item.members[1]).kind != Kind::kDict) return false;
    const PickleItem* number = pickle_.Find(pickle_.at(item.members[1]), "int");
    std::array<uint8_t, 16> bytes{};  // least significant first
    if (number == nullptr) return false;
    if (number->kind == Kind::kInt || number->kind == Kind::kUint) {
      if (number->kind == Kind::kInt && number->number < 0) return false;
      for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(static_cast<uint64_t>(number->number) >> (8 * i));
    } else if (number->kind == Kind::kLong) {
      std::string_view digits = number->text;
      if (digits.size() == 17 && digits.back() == '\0') digits.remove_suffix(1);
      if (digits.size() > 16) return false;
      for (size_t i = 0; i < digits.size(); ++i) bytes[i] = static_cast<uint8_t>(digits[i]);
    } else {
      return false;
    }
    for (size_t i = 16; i-- > 0;) {
      *text += fmt::format("{:02x}", bytes[i]);
      if (i == 12 || i == 10 || i == 8 || i == 6) *text += '-';
    }
    return true;
  }

  const Pickle& pickle_;
  size_t values_ = 0;
};

}  // namespace

const std::set<std::string>& PickledPayloadClasses() {
  static const std::set<std::string> classes = {kDateTime, kDate, kTimeZone, kTimeDelta, kUuid};
  return classes;
}

Status ToWireValue(const Pickle& pickle, const PickleItem& item, v1::Value* value) {
  return ValueMaker(pickle).Make(item, 0, value);
}

}  // namespace engram
