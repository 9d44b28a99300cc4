#include "index/attribute/condition_evaluation.h"

#include "base/check.h"
#include "index/attribute/condition.h"
#include "index/attribute/string_match.h"

namespace engram {
namespace {

using Op = Filter::Op;
using Kind = Value::Kind;
using ValueIterator = AttributeValues::const_iterator;

struct ValueRange {
  ValueIterator begin;
  ValueIterator end;
};

ValueRange OfRank(const AttributePath& path, KeyRank rank) {
  const auto next = static_cast<KeyRank>(static_cast<uint8_t>(rank) + 1);
  return {path.values.lower_bound(rank), path.values.lower_bound(next)};
}

SlotSet Union(const ValueRange& range) {
  PostingUnion slots;
  for (auto it = range.begin; it != range.end; ++it) slots.Add(it->second);
  return std::move(slots).Take();
}

SlotSet LongTexts(const AttributePath& path) { return Union(OfRank(path, KeyRank::kLongText)); }
SlotSet Lists(const AttributePath& path) { return Union(OfRank(path, KeyRank::kListSize)); }

// A field whose values are looked at one by one.
struct Scan {
  const AttributeStore& store;
  const std::string& field;
  Pacer* pacer;

  const AttributePath* Path() const { return store.FindPath(field); }
};

// Calls `visit(key, posting)` for what `range_of(path)` gives, until it returns false. After a pause the path and the
// range are looked up anew, and the walk goes on behind the key it came to.
template <class RangeOf, class Visit>
void VisitInPieces(const Scan& scan, RangeOf range_of, Visit visit) {
  const AttributePath* path = scan.Path();
  if (!path) return;
  ValueRange range = range_of(*path);
  while (range.begin != range.end && visit(range.begin->first, range.begin->second)) {
    if (!scan.pacer->Due()) {
      ++range.begin;
      continue;
    }
    KeyView last = range.begin->first.view();
    const std::string text(last.text);
    last.text = text;
    if (!scan.pacer->Pause()) return;
    path = scan.Path();
    if (!path) return;
    range = range_of(*path);
    range.begin = path->values.upper_bound(last);
  }
}

// The union of the postings in the range whose key fits.
template <class RangeOf, class Fits>
SlotSet UnionIf(const Scan& scan, RangeOf range_of, Fits fits) {
  PostingUnion slots;
  VisitInPieces(scan, range_of, [&](const AttributeKey& key, const Posting& posting) {
    if (fits(key)) slots.Add(posting);
    return true;
  });
  return std::move(slots).Take();
}

ValueRange Texts(const AttributePath& path) { return OfRank(path, KeyRank::kText); }

SlotSet Present(const AttributeStore& store, std::string_view field) {
  PostingUnion slots;
  store.ForEachPathFrom(field, [&](const AttributePath& path) { slots.Add(path.present); });
  return std::move(slots).Take();
}

// Equal to one of `operands`. A long text's hash says that it may be equal, not that it is.
Bounds AnyOf(const AttributePath& path, const Value* operands, size_t n) {
  PostingUnion certain;
  PostingUnion unsure;
  for (size_t i = 0; i < n; ++i) {
    const auto key = KeyView::Of(operands[i]);
    const Posting* posting = key ? path.Find(*key) : nullptr;
    if (posting) (key->rank == KeyRank::kLongText ? unsure : certain).Add(*posting);
  }
  return Bounds(std::move(certain).Take(), std::move(unsure).Take());
}

// A text of any length as a place among the short ones.
KeyView TextPlace(std::string_view text) {
  KeyView key;
  key.rank = KeyRank::kText;
  key.text = text;
  return key;
}

bool IsOrder(Op op) { return op == Op::kGt || op == Op::kGte || op == Op::kLt || op == Op::kLte; }

// Where the operand of an order stands. A long text has its place among the short ones.
KeyView OrderPlace(const Value& operand) {
  return operand.is_number() ? *KeyView::Of(operand) : TextPlace(operand.as_string());
}

ValueRange OrderRange(const AttributePath& path, const Filter& order) {
  const KeyView operand = OrderPlace(order.operand);
  ValueRange range = OfRank(path, operand.rank);
  switch (order.op) {
    case Op::kGt: range.begin = path.values.upper_bound(operand); break;
    case Op::kGte: range.begin = path.values.lower_bound(operand); break;
    case Op::kLt: range.end = path.values.lower_bound(operand); break;
    case Op::kLte: range.end = path.values.upper_bound(operand); break;
    default: ENGRAM_CHECK(false);
  }
  return range;
}

// a <= b, as places in one map.
bool NotAfter(const AttributePath& path, ValueIterator a, ValueIterator b) {
  if (b == path.values.end()) return true;
  return a != path.values.end() && CompareKeys(a->first.view(), b->first.view()) <= 0;
}

ValueRange Intersection(const AttributePath& path, const ValueRange& a, const ValueRange& b) {
  const ValueIterator begin = NotAfter(path, a.begin, b.begin) ? b.begin : a.begin;
  const ValueIterator end = NotAfter(path, a.end, b.end) ? a.end : b.end;
  return NotAfter(path, begin, end) ? ValueRange{begin, end} : ValueRange{end, end};
}

Bounds InWindow(const Scan& scan, std::span<const Filter* const> bounds) {
  const auto window = [&](const AttributePath& path) {
    ValueRange range = OrderRange(path, *bounds.front());
    for (const Filter* bound : bounds.subspan(1)) range = Intersection(path, range, OrderRange(path, *bound));
    return range;
  };
  SlotSet within = UnionIf(scan, window, [](const AttributeKey&) { return true; });
  const AttributePath* path = scan.Path();
  const bool of_texts = bounds.front()->operand.kind() == Kind::kString;
  return Bounds(std::move(within), of_texts && path ? LongTexts(*path) : SlotSet());
}

Bounds WithPrefix(const Scan& scan, std::string_view prefix) {
  const auto behind_prefix = [&](const AttributePath& path) {
    return ValueRange{path.values.lower_bound(TextPlace(prefix)), Texts(path).end};
  };
  PostingUnion slots;
  VisitInPieces(scan, behind_prefix, [&](const AttributeKey& key, const Posting& posting) {
    if (!key.view().text.starts_with(prefix)) return false;
    slots.Add(posting);
    return true;
  });
  const AttributePath* path = scan.Path();
  return Bounds(std::move(slots).Take(), path ? LongTexts(*path) : SlotSet());
}

// On a list an element must equal the operand, on a text be part of it; postings don't know which of the
// two a slot has, the sizes of lists do.
Bounds Containing(const Scan& scan, const Value& operand) {
  SlotSet fitting;
  if (operand.kind() == Kind::kString) {
    const std::string& part = operand.as_string();
    fitting = UnionIf(scan, Texts, [&](const AttributeKey& key) { return Contains(key.view().text, part); });
  }
  const AttributePath* path = scan.Path();
  if (!path) return Bounds();
  const SlotSet lists = Lists(*path);
  Bounds elements = AnyOf(*path, &operand, 1);
  elements.And(Bounds(lists));
  if (operand.kind() != Kind::kString) return elements;

  Bounds texts(std::move(fitting), LongTexts(*path));
  texts.AndNot(Bounds(lists));
  texts.Or(elements);
  return texts;
}

Bounds ContainingFolded(const Scan& scan, std::string_view operand) {
  const std::string part = FoldCase(operand);
  PostingUnion containing;
  PostingUnion equal;
  VisitInPieces(scan, Texts, [&](const AttributeKey& key, const Posting& posting) {
    const std::string text = FoldCase(key.view().text);
    if (Contains(text, part)) containing.Add(posting);
    if (text == part) equal.Add(posting);
    return true;
  });
  const AttributePath* path = scan.Path();
  if (!path) return Bounds();
  const SlotSet lists = Lists(*path);
  SlotSet certain = std::move(containing).Take();
  certain -= lists;
  certain |= std::move(equal).Take();
  return Bounds(std::move(certain), LongTexts(*path));
}

Bounds Sized(const Scan& scan, const Value& operand) {
  const auto list_sizes = [](const AttributePath& path) { return OfRank(path, KeyRank::kListSize); };
  SlotSet lists =
      UnionIf(scan, list_sizes, [&](const AttributeKey& key) { return SizeHolds(operand, key.view().bits); });
  SlotSet fitting =
      UnionIf(scan, Texts, [&](const AttributeKey& key) { return SizeHolds(operand, CodePoints(key.view().text)); });
  const AttributePath* path = scan.Path();
  if (!path) return Bounds();
  Bounds texts(std::move(fitting), LongTexts(*path));
  texts.AndNot(Bounds(Lists(*path)));
  texts.Or(Bounds(std::move(lists)));
  return texts;
}

Bounds EvaluateValues(const Scan& scan, const AttributePath& path, const Filter& condition) {
  const Value& operand = condition.operand;
  switch (condition.op) {
    case Op::kEq: return AnyOf(path, &operand, 1);
    case Op::kIn: return AnyOf(path, operand.as_list().data(), operand.as_list().size());
    case Op::kGt:
    case Op::kGte:
    case Op::kLt:
    case Op::kLte: {
      const Filter* const bounds[] = {&condition};
      return InWindow(scan, bounds);
    }
    case Op::kContains: return Containing(scan, operand);
    case Op::kIcontains: return ContainingFolded(scan, operand.as_string());
    case Op::kPrefix: return WithPrefix(scan, operand.as_string());
    case Op::kSize: return Sized(scan, operand);
    case Op::kExists:
    case Op::kIsNull: return Bounds();  // what holds for missing and present fields alike is decided before
  }
  ENGRAM_CHECK(false);
}

// Whether the slot has the path or one below it.
bool Present(const AttributeStore::Cells& cells, std::string_view field) {
  return std::any_of(cells.begin(), cells.end(), [&](const AttributeStore::Cell& cell) {
    const std::string_view name = cell.path->first;
    return name.starts_with(field) && (name.size() == field.size() || name[field.size()] == '.');
  });
}

Truth KnownIf(bool holds) { return holds ? Truth::kTrue : Truth::kFalse; }
Truth UnsureIf(bool possible) { return possible ? Truth::kUnknown : Truth::kFalse; }

bool MayEqual(const KeyView& key, const Value& operand) {
  const auto other = KeyView::Of(operand);
  return other && CompareKeys(key, *other) == 0;
}

Truth ProbeLongText(const Filter& condition, const KeyView& key, bool in_list) {
  const Value& operand = condition.operand;
  const bool text_operand = operand.kind() == Kind::kString;
  switch (condition.op) {
    case Op::kEq: return UnsureIf(MayEqual(key, operand));
    case Op::kIn:
      return UnsureIf(std::any_of(operand.as_list().begin(), operand.as_list().end(),
                                  [&](const Value& item) { return MayEqual(key, item); }));
    case Op::kContains: return UnsureIf(text_operand && (!in_list || MayEqual(key, operand)));
    case Op::kSize: return UnsureIf(!in_list);
    default: return UnsureIf(text_operand);
  }
}

Truth ProbeKey(const Filter& condition, const KeyView& key, bool in_list) {
  if (condition.op == Op::kExists || condition.op == Op::kIsNull) return Truth::kFalse;  // decided before
  if (key.rank == KeyRank::kLongText) return ProbeLongText(condition, key, in_list);
  if (key.rank == KeyRank::kListSize) {
    return KnownIf(condition.op == Op::kSize && SizeHolds(condition.operand, key.bits));
  }
  if (condition.op == Op::kSize) {
    return KnownIf(!in_list && key.rank == KeyRank::kText && SizeHolds(condition.operand, CodePoints(key.text)));
  }
  return KnownIf(ScalarHolds(condition, key.ToValue(), in_list));
}

}  // namespace

Bounds EvaluateCondition(const AttributeStore& store, const Filter& condition, Pacer* pacer) {
  const size_t operands = condition.op == Op::kIn ? condition.operand.as_list().size() : 1;
  if (!pacer->Spend(operands)) return Bounds();
  if (HoldsWheneverPresent(condition)) return Bounds(Present(store, condition.field));
  const AttributePath* path = store.FindPath(condition.field);
  Bounds matches = path ? EvaluateValues({store, condition.field, pacer}, *path, condition) : Bounds();
  if (!HoldsWhenMissing(condition)) return matches;
  Bounds missing(store.slots());
  missing.AndNot(Bounds(Present(store, condition.field)));
  missing.Or(matches);
  return missing;
}

bool AreOneWindow(const AttributeStore& store, const Filter& a, const Filter& b) {
  const bool orders = IsOrder(a.op) && IsOrder(b.op) && a.operand.is_number() == b.operand.is_number();
  if (!orders || a.field != b.field) return false;
  const AttributePath* path = store.FindPath(a.field);
  return path && !path->HasLists();
}

Bounds EvaluateWindow(const AttributeStore& store, std::span<const Filter* const> bounds, Pacer* pacer) {
  if (!pacer->Spend(bounds.size())) return Bounds();
  return InWindow({store, bounds.front()->field, pacer}, bounds);
}

uint64_t EstimateMatches(const AttributeStore& store, const Filter& condition) {
  if (HoldsWhenMissing(condition) || HoldsWheneverPresent(condition)) return store.slots().cardinality();
  const AttributePath* path = store.FindPath(condition.field);
  if (!path) return 0;
  if (condition.op != Op::kEq && condition.op != Op::kIn) return path->present.size();
  const auto matches_of = [&](const Value& operand) {
    const auto key = KeyView::Of(operand);
    const Posting* posting = key ? path->Find(*key) : nullptr;
    return posting ? posting->size() : 0;
  };
  if (condition.op == Op::kEq) return matches_of(condition.operand);
  uint64_t sum = 0;
  for (const Value& operand : condition.operand.as_list()) sum += matches_of(operand);
  return sum;
}

uint64_t EstimateWork(const AttributeStore& store, const Filter& condition) {
  if (HoldsWhenMissing(condition) || HoldsWheneverPresent(condition)) return 1;
  if (condition.op == Op::kEq) return 1;
  if (condition.op == Op::kIn) return condition.operand.as_list().size();
  const AttributePath* path = store.FindPath(condition.field);
  return path ? path->values.size() : 0;
}

Truth ProbeCondition(const AttributeStore& store, const Filter& condition, uint32_t slot) {
  const AttributeStore::Cells& cells = store.CellsOf(slot);
  if (HoldsWhenMissing(condition) && !Present(cells, condition.field)) return Truth::kTrue;
  if (HoldsWheneverPresent(condition)) return KnownIf(Present(cells, condition.field));

  const AttributePath* path = store.FindPath(condition.field);
  const auto here = [&](const AttributeStore::Cell& cell) { return &cell.path->second == path; };
  const bool in_list = std::any_of(cells.begin(), cells.end(), [&](const AttributeStore::Cell& cell) {
    return here(cell) && cell.value->first.rank() == KeyRank::kListSize;
  });
  Truth truth = Truth::kFalse;
  for (const AttributeStore::Cell& cell : cells) {
    if (here(cell)) truth = std::max(truth, ProbeKey(condition, cell.value->first.view(), in_list));
  }
  return truth;
}

}  // namespace engram
