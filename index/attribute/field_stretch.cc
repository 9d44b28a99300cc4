#include "index/attribute/field_stretch.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "base/check.h"
#include "base/coding.h"
#include "index/attribute/attribute_rep.h"

namespace engram {
namespace {

void AppendKey(const KeyView& key, std::string* out) {
  out->push_back(static_cast<char>(key.rank));
  switch (key.rank) {
    case KeyRank::kBool: out->push_back(static_cast<char>(key.bits)); return;
    case KeyRank::kNumber:
      out->push_back(static_cast<char>(key.number));
      AppendFixed64(out, key.bits);
      return;
    case KeyRank::kText: AppendString(out, key.text); return;
    case KeyRank::kLongText:
      AppendFixed64(out, key.bits);
      AppendFixed64(out, key.low);
      return;
    case KeyRank::kListSize: AppendVarint(out, key.bits); return;
    case KeyRank::kEnd: break;
  }
  ENGRAM_CHECK(false);
}

bool IsNumberKind(Value::Kind kind) {
  return kind == Value::Kind::kInt || kind == Value::Kind::kUint || kind == Value::Kind::kDouble;
}

KeyView ReadKey(ByteReader* in) {
  KeyView key;
  key.rank = static_cast<KeyRank>(in->Byte());
  switch (key.rank) {
    case KeyRank::kBool: key.bits = in->Byte(); break;
    case KeyRank::kNumber:
      key.number = static_cast<Value::Kind>(in->Byte());
      key.bits = in->Fixed64();
      break;
    case KeyRank::kText: key.text = in->String(); break;
    case KeyRank::kLongText:
      key.bits = in->Fixed64();
      key.low = in->Fixed64();
      break;
    case KeyRank::kListSize: key.bits = in->Varint(); break;
    default: in->Fail();
  }
  const bool sound = (key.rank != KeyRank::kBool || key.bits <= 1) && key.text.size() <= kAttributeStringMax &&
                     (key.rank != KeyRank::kNumber || IsNumberKind(key.number));
  if (!sound) in->Fail();
  return key;
}

// Walks a stretch: `begin_path(name)`, then `value(key, places)` for each of its values. Stops at the first bytes that
// no writer wrote.
template <class BeginPath, class Visit>
Status VisitStretch(std::string_view bytes, size_t places_max, BeginPath begin_path, Visit value) {
  ByteReader in(bytes);
  std::string_view path_before;
  std::vector<uint32_t> places;
  const size_t paths = in.Count(3);
  for (size_t path = 0; path < paths && in.ok(); ++path) {
    const std::string_view name = in.String();
    if (path > 0 && name <= path_before) in.Fail();
    path_before = name;
    begin_path(name);
    std::optional<KeyView> key_before;
    for (size_t left = in.Count(3); left > 0 && in.ok(); --left) {
      const KeyView key = ReadKey(&in);
      if (key_before && CompareKeys(*key_before, key) >= 0) in.Fail();
      key_before = key;
      places.resize(in.Count(1));
      uint64_t next = 0;
      for (uint32_t& place : places) {
        next += in.Varint();
        if (next >= places_max) in.Fail();
        place = static_cast<uint32_t>(next++);
      }
      if (places.empty()) in.Fail();
      if (in.ok()) value(key, places);
    }
  }
  return in.Finish("fields of a segment");
}

}  // namespace

class FieldStretchWriter::Rep {
 public:
  explicit Rep(std::vector<std::string> without) : without_(std::move(without)) {}

  void Add(const AttributeStore::Cells& cells) {
    for (const AttributeStore::Cell& cell : cells) {
      const uint32_t path = PathNumber(cell.path->first);
      if (path != kLeftOut) cells_.push_back({path, places_, AttributeKey(cell.value->first.view())});
    }
    ++places_;
  }

  std::string Encode() && {
    std::vector<uint32_t> order(names_.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return names_[a] < names_[b]; });
    std::vector<std::vector<const Cell*>> by_path(names_.size());
    for (const Cell& cell : cells_) by_path[cell.path].push_back(&cell);

    std::string out;
    AppendVarint(&out, names_.size());
    for (const uint32_t path : order) {
      AppendString(&out, names_[path]);
      AppendValues(&by_path[path], &out);
    }
    return out;
  }

 private:
  struct Cell {
    uint32_t path;
    uint32_t place;
    AttributeKey key;
  };
  static constexpr uint32_t kLeftOut = UINT32_MAX;

  uint32_t PathNumber(const std::string& name) {
    const auto [at, is_new] = numbers_.try_emplace(name, kLeftOut);
    const bool wanted = is_new && std::find(without_.begin(), without_.end(), name) == without_.end();
    if (wanted) {
      at->second = static_cast<uint32_t>(names_.size());
      names_.push_back(name);
    }
    return at->second;
  }

  static void AppendValues(std::vector<const Cell*>* cells, std::string* out) {
    // Places ascend, and stay so within a value.
    std::stable_sort(cells->begin(), cells->end(),
                     [](const Cell* a, const Cell* b) { return KeyOrder()(a->key, b->key); });
    std::vector<size_t> begins;
    for (size_t i = 0; i < cells->size(); ++i) {
      if (i == 0 || KeyOrder()((*cells)[i - 1]->key, (*cells)[i]->key)) begins.push_back(i);
    }
    AppendVarint(out, begins.size());
    begins.push_back(cells->size());
    for (size_t value = 0; value + 1 < begins.size(); ++value) {
      AppendKey((*cells)[begins[value]]->key.view(), out);
      AppendVarint(out, begins[value + 1] - begins[value]);
      uint32_t next = 0;
      for (size_t i = begins[value]; i < begins[value + 1]; ++i) {
        AppendVarint(out, (*cells)[i]->place - next);
        next = (*cells)[i]->place + 1;
      }
    }
  }

  const std::vector<std::string> without_;
  std::unordered_map<std::string, uint32_t> numbers_;
  std::vector<std::string> names_;
  std::vector<Cell> cells_;
  uint32_t places_ = 0;
};

FieldStretchWriter::FieldStretchWriter(std::vector<std::string> without)
    : rep_(std::make_unique<Rep>(std::move(without))) {}
FieldStretchWriter::FieldStretchWriter(FieldStretchWriter&&) noexcept = default;
FieldStretchWriter& FieldStretchWriter::operator=(FieldStretchWriter&&) noexcept = default;
FieldStretchWriter::~FieldStretchWriter() = default;

void FieldStretchWriter::Add(const AttributeIndex& index, Slot slot) {
  rep_->Add(index.rep_->store.CellsOf(slot.value));
}
std::string FieldStretchWriter::Encode() && { return std::move(*rep_).Encode(); }

// Fills a store path by path. Each slot's cells are found once.
class AttributeStore::StretchLoader {
 public:
  StretchLoader(AttributeStore* store, std::span<const std::optional<Slot>> slots) : store_(store), slots_(slots) {}

  void AddSlots(const std::vector<uint32_t>& cell_counts, size_t room) {
    std::vector<uint32_t> added;
    cells_.resize(slots_.size());
    for (size_t place = 0; place < slots_.size(); ++place) {
      if (!slots_[place]) continue;
      added.push_back(slots_[place]->value);
      const auto [at, is_new] = store_->cells_.try_emplace(slots_[place]->value);
      ENGRAM_CHECK(is_new);
      at->second.reserve(cell_counts[place] + room);
      store_->bytes_ += CellsBytes(at->second);
      cells_[place] = &at->second;
    }
    store_->slots_.addMany(added.size(), added.data());
  }

  void BeginPath(std::string_view name) {
    EndPath();
    name_ = name;
    has_path_.assign(slots_.size(), false);
  }

  void AddValue(const KeyView& key, const std::vector<uint32_t>& places) {
    found_.clear();
    for (const uint32_t place : places) {
      if (slots_[place]) found_.push_back(slots_[place]->value);
    }
    if (found_.empty()) return;
    if (!path_) {
      path_ = store_->PathNamed(name_);
      hint_ = (*path_)->second.values.begin();
    }
    AttributeValues& values = (*path_)->second.values;
    const size_t before = values.size();
    const auto at = values.try_emplace(hint_, AttributeKey(key));
    if (values.size() == before) store_->bytes_ -= NodeBytes(*at);
    at->second.AddMany(found_);
    store_->bytes_ += NodeBytes(*at);
    hint_ = std::next(at);
    for (const uint32_t place : places) {
      if (!slots_[place]) continue;
      cells_[place]->push_back({&**path_, at});
      has_path_[place] = true;
    }
  }

  void EndPath() {
    if (!path_) return;
    found_.clear();
    for (size_t place = 0; place < slots_.size(); ++place) {
      if (has_path_[place]) found_.push_back(slots_[place]->value);
    }
    Posting& present = (*path_)->second.present;
    store_->bytes_ -= present.MemoryBytes();
    present.AddMany(found_);
    store_->bytes_ += present.MemoryBytes();
    path_.reset();
  }

 private:
  AttributeStore* const store_;
  const std::span<const std::optional<Slot>> slots_;
  std::vector<Cells*> cells_;  // by place
  std::string_view name_;
  std::optional<AttributePaths::iterator> path_;  // nothing until a value of it is wanted
  AttributeValues::iterator hint_;
  std::vector<bool> has_path_;
  std::vector<uint32_t> found_;
};

Status AttributeIndex::LoadStretch(std::string_view fields, std::span<const std::optional<Slot>> slots, size_t room) {
  std::vector<uint32_t> cell_counts(slots.size());
  RETURN_IF_ERROR(VisitStretch(
      fields, slots.size(), [](std::string_view) {},
      [&](const KeyView&, const std::vector<uint32_t>& places) {
        for (const uint32_t place : places) ++cell_counts[place];
      }));
  AttributeStore::StretchLoader loader(&rep_->store, slots);
  loader.AddSlots(cell_counts, room);
  RETURN_IF_ERROR(VisitStretch(
      fields, slots.size(), [&](std::string_view name) { loader.BeginPath(name); },
      [&](const KeyView& key, const std::vector<uint32_t>& places) { loader.AddValue(key, places); }));
  loader.EndPath();
  return {};
}

}  // namespace engram
