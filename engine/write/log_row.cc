// log row := 1 log_time:signed #events event*
// event   := kind:u8 …, by kind:
//   content_added      node slot version (0 | 1 replaced_slot)
//   attributes_changed node slot version
//   state_changed      node slot
//   slot_removed       slot                          (in older logs)
//   run_changed        run
//   edges_changed      id:string version
//   edges_erased, config_changed
//   memory_removed     node slot
#include "engine/write/log_row.h"

#include "base/coding.h"

namespace engram {
namespace {

constexpr char kFormat = 1;

class Writer {
 public:
  explicit Writer(std::string* out) : out_(out) {}

  void operator()(const ContentAdded& e) {
    Start(LoggedKind::kContentAdded);
    Row(e.row);
    out_->push_back(e.replaces ? 1 : 0);
    if (e.replaces) AppendVarint(out_, e.replaces->value);
  }
  void operator()(const AttributesChanged& e) {
    Start(LoggedKind::kAttributesChanged);
    Row(e.row);
  }
  void operator()(const StateChanged& e) {
    Start(LoggedKind::kStateChanged);
    AppendVarint(out_, e.node.value);
    AppendVarint(out_, e.slot.value);
  }
  void operator()(const SlotRemoved& e) {
    Start(LoggedKind::kMemoryRemoved);
    AppendVarint(out_, e.node.value);
    AppendVarint(out_, e.slot.value);
  }
  void operator()(const RunChanged& e) {
    Start(LoggedKind::kRunChanged);
    AppendVarint(out_, e.run);
  }
  void operator()(const EdgesChanged& e) {
    Start(LoggedKind::kEdgesChanged);
    AppendString(out_, e.change.added ? e.change.added->id : e.change.retired->id);
    AppendVarint(out_, e.change.added ? e.change.added->version.value : 0);
  }
  void operator()(const EdgesErased&) { Start(LoggedKind::kEdgesErased); }
  void operator()(const ConfigChanged&) { Start(LoggedKind::kConfigChanged); }
  void operator()(const NamespaceDropped&) { ENGRAM_CHECK(false); }  // a dropped namespace has no log

 private:
  void Start(LoggedKind kind) { out_->push_back(static_cast<char>(kind)); }
  void Row(const IndexedRow& row) {
    AppendVarint(out_, row.node.value);
    AppendVarint(out_, row.slot.value);
    AppendVarint(out_, row.version.value);
  }

  std::string* out_;
};

LoggedEvent ReadEvent(ByteReader* in) {
  LoggedEvent event;
  event.kind = static_cast<LoggedKind>(in->Byte());
  const auto node = [&] { event.node = NodeNumber(static_cast<uint32_t>(in->Varint())); };
  const auto slot = [&] { event.slot = Slot(static_cast<uint32_t>(in->Varint())); };
  switch (event.kind) {
    case LoggedKind::kContentAdded:
      node();
      slot();
      event.version = Version(in->Varint());
      if (in->Byte() != 0) event.replaces = Slot(static_cast<uint32_t>(in->Varint()));
      break;
    case LoggedKind::kAttributesChanged:
      node();
      slot();
      event.version = Version(in->Varint());
      break;
    case LoggedKind::kStateChanged:
    case LoggedKind::kMemoryRemoved:
      node();
      slot();
      break;
    case LoggedKind::kSlotRemoved: slot(); break;
    case LoggedKind::kRunChanged: event.run = static_cast<uint32_t>(in->Varint()); break;
    case LoggedKind::kEdgesChanged:
      event.edge_id = in->String();
      event.version = Version(in->Varint());
      break;
    case LoggedKind::kEdgesErased:
    case LoggedKind::kConfigChanged: break;
    default: in->Fail();
  }
  return event;
}

}  // namespace

std::string EncodeLogRow(Timestamp log_time, const std::vector<IndexEvent>& events) {
  std::string out(1, kFormat);
  AppendSignedVarint(&out, log_time.micros);
  AppendVarint(&out, events.size());
  Writer writer(&out);
  for (const IndexEvent& event : events) std::visit(writer, event);
  return out;
}

Result<LogRow> DecodeLogRow(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.Byte() != kFormat) in.Fail();
  LogRow row;
  row.log_time = {in.SignedVarint()};
  for (size_t n = in.Count(1); n > 0 && in.ok(); --n) row.events.push_back(ReadEvent(&in));
  RETURN_IF_ERROR(in.Finish("log row"));
  return row;
}

}  // namespace engram
