#include "engine/live_rows.h"

#include <fmt/format.h>

#include "engine/keys.h"

namespace engram {
namespace {

using keys::Key;

Status Missing(std::string_view what, const MemoryRef& ref) {
  return Corruption(fmt::format("{} of slot {} version {} is missing", what, ref.slot.value, ref.version.value));
}

Result<std::shared_ptr<const Content>> WholeContent(std::string_view bytes) {
  Include all;
  all.vectors = true;
  auto content = std::make_shared<Content>();
  NodeNumber node;
  RETURN_IF_ERROR(DecodeContent(bytes, all, &node, content.get()));
  return std::shared_ptr<const Content>(std::move(content));
}

}  // namespace

LiveRows::LiveRows(const KvReader& ns)
    : attributes_(ns, keys::kAttributes),
      states_(ns, keys::kState),
      ids_(ns, keys::kNode),
      contents_(ns, keys::kContent) {}

Result<ContentAdded> LiveRows::Read(const MemoryRef& ref, bool with_content) {
  ASSIGN_OR_RETURN(const auto attributes, attributes_.At(Key(keys::kAttributes).Add(ref.slot).Add(ref.version)));
  if (!attributes) return Missing("the attribute row", ref);
  ASSIGN_OR_RETURN(AttributeRow row, DecodeAttributes(*attributes));
  ASSIGN_OR_RETURN(const auto id, ids_.At(Key(keys::kNode).Add(ref.node)));
  if (!id) return Missing("the node row", ref);
  ContentAdded added;
  added.row = {ref.slot, ref.node, std::string(*id), ref.version, row.run, {}};
  added.row.order = {EventTime(row.attributes), row.position, row.place};
  added.attributes = std::move(row.attributes);
  ASSIGN_OR_RETURN(added.state, ReadState(ref.node));
  if (!with_content) return added;
  ASSIGN_OR_RETURN(const auto content, contents_.At(Key(keys::kContent).Add(ref.slot)));
  if (!content) return Missing("the content row", ref);
  ASSIGN_OR_RETURN(added.content, WholeContent(*content));
  return added;
}

Result<StateRecord> LiveRows::ReadState(NodeNumber node) {
  ASSIGN_OR_RETURN(const auto state, states_.At(Key(keys::kState).Add(node)));
  if (!state) return StateRecord();
  return DecodeState(*state);
}

}  // namespace engram
