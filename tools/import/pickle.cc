#include "tools/import/pickle.h"

#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace engram {
namespace {

using Kind = PickleItem::Kind;

// Opcodes, as pickletools.py names them.
enum Op : uint8_t {
  kMark = '(',
  kStop = '.',
  kNone = 'N',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kBinFloat = 'G',
  kBinUnicode = 'X',
  kBinBytes = 'B',
  kShortBinBytes = 'C',
  kGlobal = 'c',
  kReduce = 'R',
  kBuild = 'b',
  kEmptyDict = '}',
  kEmptyList = ']',
  kEmptyTuple = ')',
  kAppend = 'a',
  kAppends = 'e',
  kSetItem = 's',
  kSetItems = 'u',
  kTuple = 't',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kProto = 0x80,
  kNewObj = 0x81,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kEmptySet = 0x8f,
  kAddItems = 0x90,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95,
};

constexpr uint8_t kProtocolMax = 5;

}  // namespace

// Runs one pickle. Every method that fails leaves the reason in `status_`.
class PickleMachine {
 public:
  PickleMachine(std::string_view bytes, const std::set<std::string>& classes, const PickleLimits& limits)
      : bytes_(bytes), classes_(classes), limits_(limits) {}

  Result<Pickle> Run() {
    if (bytes_.size() > limits_.bytes) {
      return InvalidArgument(fmt::format("a pickle of {} bytes is longer than {}", bytes_.size(), limits_.bytes));
    }
    while (status_.ok()) {
      op_at_ = at_;
      const uint8_t op = Byte();
      if (!status_.ok()) break;
      if (op == kStop) return Stop();
      Step(op);
    }
    return status_;
  }

 private:
  void Fail(const std::string& what) {
    if (status_.ok()) status_ = InvalidArgument(fmt::format("byte {} of the pickle: {}", op_at_, what));
  }

  // --- Reading.

  std::string_view Take(uint64_t size) {
    if (size > bytes_.size() - at_) {
      Fail(fmt::format("it ends {} bytes too early", size - (bytes_.size() - at_)));
      return {};
    }
    const std::string_view taken = bytes_.substr(at_, size);
    at_ += size;
    return taken;
  }
  uint8_t Byte() {
    const std::string_view taken = Take(1);
    return taken.empty() ? 0 : static_cast<uint8_t>(taken[0]);
  }
  uint64_t Little(size_t size) {
    const std::string_view taken = Take(size);
    uint64_t number = 0;
    for (size_t i = 0; i < taken.size(); ++i) number |= uint64_t{static_cast<uint8_t>(taken[i])} << (8 * i);
    return number;
  }
  std::string_view Line() {
    const size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) {
      Fail("a name has no end");
      return {};
    }
    const std::string_view line = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return line;
  }

  // --- The stack. kMarkRef stands for a mark.

  static constexpr PickleRef kMarkRef = ~PickleRef{0};

  PickleRef New(Kind kind) {
    CountValues(1);
    pickle_.items_.emplace_back().kind = kind;
    return static_cast<PickleRef>(pickle_.items_.size() - 1);
  }
  void CountValues(size_t n) {
    values_ += n;
    if (values_ > limits_.values) Fail(fmt::format("it holds more than {} values", limits_.values));
  }
  PickleItem& Item(PickleRef ref) { return pickle_.items_[ref]; }
  void Push(PickleRef ref) {
    CountValues(1);
    stack_.push_back(ref);
  }
  PickleItem& PushNew(Kind kind) {
    Push(New(kind));
    return Item(stack_.back());
  }
  // A value; nothing, with the status set, when a mark or no value is on top.
  std::optional<PickleRef> Pop() {
    if (stack_.empty() || stack_.back() == kMarkRef) {
      Fail("a value is missing on the stack");
      return std::nullopt;
    }
    const PickleRef ref = stack_.back();
    stack_.pop_back();
    return ref;
  }
  std::optional<std::vector<PickleRef>> PopToMark() {
    size_t begin = stack_.size();
    while (begin > 0 && stack_[begin - 1] != kMarkRef) --begin;
    if (begin == 0) {
      Fail("a mark is missing on the stack");
      return std::nullopt;
    }
    std::vector<PickleRef> taken(stack_.begin() + static_cast<std::ptrdiff_t>(begin), stack_.end());
    stack_.resize(begin - 1);
    return taken;
  }
  PickleItem* Top(Kind kind, const char* what) {
    if (!stack_.empty() && stack_.back() != kMarkRef && Item(stack_.back()).kind == kind) return &Item(stack_.back());
    Fail(fmt::format("{} is missing on the stack", what));
    return nullptr;
  }

  // --- Opcodes.

  void Step(uint8_t op) {
    switch (op) {
      case kProto: return CheckProtocol(Byte());
      case kFrame: static_cast<void>(Little(8)); return;
      case kMark: return Push(kMarkRef);
      case kNone: static_cast<void>(PushNew(Kind::kNone)); return;
      case kNewTrue: PushNew(Kind::kBool).number = 1; return;
      case kNewFalse: static_cast<void>(PushNew(Kind::kBool)); return;
      case kBinInt: PushNew(Kind::kInt).number = static_cast<int32_t>(Little(4)); return;
      case kBinInt1: PushNew(Kind::kInt).number = Byte(); return;
      case kBinInt2: PushNew(Kind::kInt).number = static_cast<int64_t>(Little(2)); return;
      case kLong1: return PushLong(Take(Byte()));
      case kBinFloat: return PushFloat(Take(sizeof(double)));
      case kShortBinUnicode: return PushText(Kind::kText, Take(Byte()));
      case kBinUnicode: return PushText(Kind::kText, Take(Little(4)));
      case kBinUnicode8: return PushText(Kind::kText, Take(Little(8)));
      case kShortBinBytes: return PushText(Kind::kBytes, Take(Byte()));
      case kBinBytes: return PushText(Kind::kBytes, Take(Little(4)));
      case kEmptyList: static_cast<void>(PushNew(Kind::kList)); return;
      case kEmptyDict: static_cast<void>(PushNew(Kind::kDict)); return;
      case kEmptySet: static_cast<void>(PushNew(Kind::kSet)); return;
      case kEmptyTuple: static_cast<void>(PushNew(Kind::kTuple)); return;
      default: return StepOnStack(op);
    }
  }

  void StepOnStack(uint8_t op) {
    switch (op) {
      case kTuple1: return MakeTuple(1);
      case kTuple2: return MakeTuple(2);
      case kTuple3: return MakeTuple(3);
      case kTuple: {
        if (auto members = PopToMark()) PushNew(Kind::kTuple).members = *std::move(members);
        return;
      }
      case kAppend: {
        const auto member = Pop();
        if (member) Extend(Top(Kind::kList, "a list"), {*member});
        return;
      }
      case kAppends: return ExtendToMark(Kind::kList, "a list");
      case kAddItems: return ExtendToMark(Kind::kSet, "a set");
      case kSetItem: {
        const auto value = Pop();
        const auto key = Pop();
        if (value && key) Extend(Top(Kind::kDict, "a dict"), {*key, *value});
        return;
      }
      case kSetItems: return ExtendToMark(Kind::kDict, "a dict");
      case kBinGet: return Get(Byte());
      case kLongBinGet: return Get(Little(4));
      case kBinPut: return Put(Byte());
      case kLongBinPut: return Put(Little(4));
      case kMemoize: return Put(memo_.size());
      case kGlobal: {
        const std::string_view module = Line();
        const std::string_view name = Line();
        return PushClass(module, name);
      }
      case kStackGlobal: return StackGlobal();
      case kNewObj:
      case kReduce: return MakeObject();
      case kBuild: return Build();
      default: return Fail(fmt::format("opcode 0x{:02x} is none that plain data needs; it is not executed", op));
    }
  }

  void CheckProtocol(uint8_t protocol) {
    if (protocol > kProtocolMax) Fail(fmt::format("protocol {} is above {}", protocol, kProtocolMax));
  }

  void PushLong(std::string_view bytes) {
    // Python writes as few bytes as the number and its sign need.
    const bool negative = !bytes.empty() && static_cast<uint8_t>(bytes.back()) >= 0x80;
    const bool fits = bytes.size() <= 8 || (bytes.size() == 9 && bytes.back() == '\0');
    if (!fits) return PushText(Kind::kLong, bytes);
    uint64_t number = negative ? ~uint64_t{0} : 0;
    for (size_t i = 0; i < bytes.size() && i < 8; ++i) {
      number &= ~(uint64_t{0xff} << (8 * i));
      number |= uint64_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
    }
    PushNew(bytes.size() == 9 && number >> 63 != 0 ? Kind::kUint : Kind::kInt).number = static_cast<int64_t>(number);
  }

  void PushFloat(std::string_view bytes) {
    uint64_t bits = 0;
    for (const char c : bytes) bits = bits << 8 | static_cast<uint8_t>(c);  // big-endian
    PushNew(Kind::kFloat).real = std::bit_cast<double>(bits);
  }

  void PushText(Kind kind, std::string_view text) { PushNew(kind).text = text; }

  void MakeTuple(size_t size) {
    std::vector<PickleRef> members(size);
    for (size_t i = size; i-- > 0;) {
      const auto member = Pop();
      if (!member) return;
      members[i] = *member;
    }
    PushNew(Kind::kTuple).members = std::move(members);
  }

  void Extend(PickleItem* item, const std::vector<PickleRef>& members) {
    if (item == nullptr) return;
    CountValues(members.size());
    item->members.insert(item->members.end(), members.begin(), members.end());
  }

  void ExtendToMark(Kind kind, const char* what) {
    const auto members = PopToMark();
    if (!members) return;
    if (kind == Kind::kDict && members->size() % 2 != 0) return Fail("a key has no value");
    Extend(Top(kind, what), *members);
  }

  void Get(uint64_t number) {
    if (number >= memo_.size() || memo_[number] == kMarkRef) return Fail(fmt::format("memo {} is empty", number));
    Push(memo_[number]);
  }
  void Put(uint64_t number) {
    if (stack_.empty() || stack_.back() == kMarkRef) return Fail("a value is missing on the stack");
    if (number > memo_.size()) return Fail(fmt::format("memo {} is set before {}", number, memo_.size()));
    CountValues(1);
    if (number == memo_.size()) memo_.push_back(stack_.back());
    memo_[number] = stack_.back();
  }

  void PushClass(std::string_view module, std::string_view name) {
    if (!status_.ok()) return;
    const std::string whole = fmt::format("{}.{}", module, name);
    if (classes_.count(whole) == 0) {
      constexpr size_t kShown = 200;
      return Fail(fmt::format("\"{}\" is none of the classes that this reader knows; it is not loaded",
                              whole.substr(0, kShown)));
    }
    PushText(Kind::kClass, whole);
  }
  void StackGlobal() {
    const auto name = Pop();
    const auto module = Pop();
    if (!name || !module) return;
    if (Item(*name).kind != Kind::kText || Item(*module).kind != Kind::kText) return Fail("a class's name is no text");
    const std::string module_name = Item(*module).text;
    const std::string class_name = Item(*name).text;
    PushClass(module_name, class_name);
  }

  void MakeObject() {
    const auto arguments = Pop();
    const auto made_of = Pop();
    if (!arguments || !made_of) return;
    if (Item(*made_of).kind != Kind::kClass) return Fail("what should be called is no class");
    if (Item(*arguments).kind != Kind::kTuple) return Fail("arguments are no tuple");
    const std::string name = Item(*made_of).text;
    PickleItem& object = PushNew(Kind::kObject);
    object.text = name;
    object.members = {*arguments};
  }
  void Build() {
    const auto state = Pop();
    PickleItem* object = state ? Top(Kind::kObject, "an object") : nullptr;
    if (object == nullptr) return;
    object->members.resize(1);
    object->members.push_back(*state);
  }

  Result<Pickle> Stop() {
    const auto root = Pop();
    if (root && !stack_.empty()) Fail("more than one value is left");
    if (root && at_ != bytes_.size()) Fail(fmt::format("{} bytes follow its end", bytes_.size() - at_));
    if (!status_.ok()) return status_;
    pickle_.root_ = *root;
    return std::move(pickle_);
  }

  const std::string_view bytes_;
  const std::set<std::string>& classes_;
  const PickleLimits& limits_;
  Status status_;
  size_t at_ = 0;
  size_t op_at_ = 0;
  size_t values_ = 0;
  std::vector<PickleRef> stack_;
  std::vector<PickleRef> memo_;
  Pickle pickle_;
};

Result<Pickle> Pickle::Parse(std::string_view bytes, const std::set<std::string>& classes, const PickleLimits& limits) {
  return PickleMachine(bytes, classes, limits).Run();
}

const PickleItem* Pickle::Find(const PickleItem& dict, std::string_view key) const {
  ENGRAM_CHECK(dict.kind == Kind::kDict);
  for (size_t i = dict.members.size(); i >= 2; i -= 2) {
    const PickleItem& name = at(dict.members[i - 2]);
    if (name.kind == Kind::kText && name.text == key) return &at(dict.members[i - 1]);
  }
  return nullptr;
}

const PickleItem* Pickle::AttributesOf(const PickleItem& object) const {
  if (object.kind != Kind::kObject || object.members.size() < 2) return nullptr;
  const PickleItem& state = at(object.members[1]);
  if (state.kind != Kind::kDict) return nullptr;
  const PickleItem* attributes = Find(state, "__dict__");
  return attributes != nullptr && attributes->kind == Kind::kDict ? attributes : nullptr;
}

}  // namespace engram
