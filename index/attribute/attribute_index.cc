#include "index/attribute/attribute_index.h"

#include <string>

#include "index/attribute/attribute_rep.h"

namespace engram {

AttributeIndex::AttributeIndex() : rep_(std::make_unique<Rep>()) {}
AttributeIndex::~AttributeIndex() = default;

void AttributeIndex::Set(Slot slot, const AttributeFields& fields) {
  rep_->NoteChange(slot);
  rep_->store.Set(slot, fields);
}
void AttributeIndex::SetField(Slot slot, std::string_view field, const Value& value) {
  rep_->NoteChange(slot);
  rep_->store.SetField(slot, field, value);
}
void AttributeIndex::Remove(Slot slot) {
  rep_->NoteChange(slot);
  rep_->store.Remove(slot);
}

const SlotSet& AttributeIndex::slots() const { return rep_->store.slots(); }
size_t AttributeIndex::paths() const { return rep_->store.paths().size(); }
size_t AttributeIndex::MemoryBytes() const { return sizeof(*this) + rep_->store.MemoryBytes(); }

Hash128 AttributeIndex::Fingerprint(Slot slot) const { return rep_->store.Fingerprint(slot.value); }

Value AttributeIndex::SortValue(Slot slot, std::string_view field) const {
  return rep_->store.SortValue(slot.value, rep_->store.FindPath(field));
}

}  // namespace engram
