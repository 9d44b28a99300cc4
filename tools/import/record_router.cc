#include "tools/import/record_router.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"

namespace engram {
namespace {

std::string NodeKey(const std::string& id) { return "node\n" + id; }

template <class Item>
std::string RunKey(const Item& item) {
  return fmt::format("run\n{}\n{}\n{}\n{}", item.user_id(), item.agent_id(), item.app_id(), item.run_id());
}

size_t ItemBytes(const RecordItem& item) {
  return std::visit(
      [](const auto& message) -> size_t {
        if constexpr (requires { message.SpaceUsedLong(); }) {
          return message.SpaceUsedLong();
        } else {
          return message.memory.SpaceUsedLong();
        }
      },
      item);
}

// What the route has no name for.
Status NoName(const char* what, const FieldRoute& route, const RecordItem& item) {
  const std::optional<std::string> value = RouteValue(route, item);
  if (value) {
    return InvalidArgument(fmt::format("{} is \"{}\", and the route has no {} for that", route.field, *value, what))
        .At(route.field);
  }
  return InvalidArgument(fmt::format("nothing tells its {}: it has no {}", what, route.field)).At(route.field);
}

Result<std::optional<std::string>> OwnName(const FieldRoute& route, const RecordItem& item) {
  const std::optional<std::string> value = RouteValue(route, item);
  return value ? NameFor(route, *value) : std::optional<std::string>();
}

}  // namespace

RecordRouter::Routed RecordRouter::Take(SourceRecord record) {
  Routed out;
  Status status = record.problem;
  if (status.ok()) {
    if (const auto* memory = std::get_if<v1::Memory>(&record.item)) {
      status = RouteMemory(&record, *memory, &out);
    } else if (const auto* tombstone = std::get_if<Tombstone>(&record.item)) {
      status = RouteMemory(&record, tombstone->memory, &out);
    } else if (const auto* node = std::get_if<v1::Node>(&record.item)) {
      status = RouteThing(&record, NodeKey(node->id()), &out);
    } else if (const auto* run = std::get_if<v1::Run>(&record.item)) {
      status = RouteThing(&record, RunKey(*run), &out);
    } else {
      status = RouteEdge(&record, /*last=*/false, &out);
    }
  }
  if (!status.ok()) {
    record.problem = std::move(status);
    out.unplaced.push_back(std::move(record));
  }
  return out;
}

RecordRouter::Routed RecordRouter::Finish() {
  Routed out;
  const auto settle = [&](SourceRecord record, Status status) {
    if (status.ok()) return;
    record.problem = std::move(status);
    out.unplaced.push_back(std::move(record));
  };
  // Edges first: they may claim nodes that wait.
  for (SourceRecord& record : std::exchange(edges_, {})) {
    Status status = RouteEdge(&record, /*last=*/true, &out);
    settle(std::move(record), std::move(status));
  }
  for (auto& [key, thing] : things_) {
    for (Waiting& one : std::exchange(thing.waiting, {})) {
      const auto fits = [&, &own = one.own](Place place) { return Fits(own, place); };
      // Delivered when it was claimed.
      if (std::any_of(thing.claims.begin(), thing.claims.end(), fits)) continue;
      const OwnNames names = WithFallback(one.own);
      auto place = PlaceOf(names);
      Status status = place.status();
      if (status.ok() && *place) {
        Deliver(**place, std::move(one.record), &out);
        continue;
      }
      if (status.ok()) status = NoPlace(names, one.record.item);
      settle(std::move(one.record), std::move(status));
    }
  }
  // By the place in the source, so that a run that goes on finds them in the same order.
  std::stable_sort(out.unplaced.begin(), out.unplaced.end(),
                   [](const SourceRecord& a, const SourceRecord& b) { return a.place < b.place; });
  return out;
}

Status RecordRouter::RouteMemory(SourceRecord* record, const v1::Memory& memory, Routed* out) {
  ASSIGN_OR_RETURN(OwnNames own, NamesOf(record->item));
  const OwnNames names = WithFallback(std::move(own));
  ASSIGN_OR_RETURN(const auto place, PlaceOf(names));
  if (!place) return NoPlace(names, record->item);
  if (!memory.id().empty()) {
    const auto [home, added] = homes_.emplace(HashBytes64(memory.id()), *place);
    if (!added && home->second != *place) home->second = kSeveral;
  }
  if (!memory.run_id().empty()) Claim(RunKey(memory), *place, out);
  Deliver(*place, std::move(*record), out);
  return {};
}

Status RecordRouter::RouteEdge(SourceRecord* record, bool last, Routed* out) {
  const auto& edge = std::get<v1::Edge>(record->item);
  ASSIGN_OR_RETURN(const OwnNames own, NamesOf(record->item));
  ASSIGN_OR_RETURN(auto place, PlaceOfEdge(edge, own));
  if (!place && !last) {
    RETURN_IF_ERROR(Reserve(*record));
    edges_.push_back(std::move(*record));
    return {};
  }
  const OwnNames names = WithFallback(own);
  if (!place) {
    ASSIGN_OR_RETURN(place, PlaceOf(names));
  }
  if (!place) return NoPlace(names, record->item);
  for (const std::string& end : {edge.source(), edge.target()}) {
    if (homes_.count(HashBytes64(end)) == 0) Claim(NodeKey(end), *place, out);
  }
  Deliver(*place, std::move(*record), out);
  return {};
}

Result<std::optional<RecordRouter::Place>> RecordRouter::PlaceOfEdge(const v1::Edge& edge, const OwnNames& own) {
  std::optional<Place> place;
  const std::string* several = nullptr;  // nothing tells which of the memories with this id is meant
  for (const std::string* id : {&edge.memory_id(), &edge.source(), &edge.target()}) {
    const auto home = homes_.find(HashBytes64(*id));
    if (id->empty() || home == homes_.end()) continue;
    if (home->second == kSeveral) {
      several = id;
      continue;
    }
    if (place && *place != home->second) {
      return InvalidArgument(fmt::format("the edge is between memories of {} and of {}", destinations_[*place].Text(),
                                         destinations_[home->second].Text()));
    }
    place = home->second;
  }
  if (place && !Fits(own, *place)) {
    return InvalidArgument(fmt::format("the edge itself belongs to {} and its memory to {}",
                                       Destination{own.tenant.value_or("?"), own.space.value_or("?")}.Text(),
                                       destinations_[*place].Text()));
  }
  if (place) return place;
  ASSIGN_OR_RETURN(place, PlaceOf(own));
  if (place || several == nullptr) return place;
  return InvalidArgument(
      fmt::format("memories called \"{}\" go to several namespaces, and nothing tells which the edge is of", *several));
}

Status RecordRouter::RouteThing(SourceRecord* record, const std::string& key, Routed* out) {
  ASSIGN_OR_RETURN(OwnNames own, NamesOf(record->item));
  ASSIGN_OR_RETURN(const auto place, PlaceOf(own));
  if (place) {
    Deliver(*place, std::move(*record), out);
    return {};
  }
  Thing& thing = things_[HashBytes64(key)];
  for (const Place claim : thing.claims) {
    if (Fits(own, claim)) Deliver(claim, *record, out);
  }
  // Others may refer to it later.
  RETURN_IF_ERROR(Reserve(*record));
  thing.waiting.push_back({std::move(*record), std::move(own)});
  return {};
}

void RecordRouter::Claim(const std::string& key, Place place, Routed* out) {
  Thing& thing = things_[HashBytes64(key)];
  if (std::find(thing.claims.begin(), thing.claims.end(), place) != thing.claims.end()) return;
  thing.claims.push_back(place);
  for (const Waiting& one : thing.waiting) {
    if (Fits(one.own, place)) Deliver(place, one.record, out);
  }
}

Result<RecordRouter::OwnNames> RecordRouter::NamesOf(const RecordItem& item) const {
  OwnNames own{std::string(), route_.namespace_name};
  if (route_.tenant) {
    ASSIGN_OR_RETURN(own.tenant, OwnName(*route_.tenant, item));
  }
  if (route_.space) {
    ASSIGN_OR_RETURN(own.space, OwnName(*route_.space, item));
  }
  return own;
}

RecordRouter::OwnNames RecordRouter::WithFallback(OwnNames own) const {
  if (!own.tenant && !route_.tenant->fallback.empty()) own.tenant = route_.tenant->fallback;
  if (!own.space && !route_.space->fallback.empty()) own.space = route_.space->fallback;
  return own;
}

bool RecordRouter::Fits(const OwnNames& own, Place place) const {
  const Destination& there = destinations_[place];
  return own.tenant.value_or(there.tenant) == there.tenant &&
         own.space.value_or(there.namespace_name) == there.namespace_name;
}

Result<std::optional<RecordRouter::Place>> RecordRouter::PlaceOf(const OwnNames& names) {
  if (!names.tenant || !names.space) return std::optional<Place>();
  Destination to{*names.tenant, *names.space};
  std::string text = to.Text();
  const auto known = places_.find(text);
  if (known != places_.end()) return std::optional<Place>(known->second);
  if (destinations_.size() >= kNamespacesMax) {
    return InvalidArgument(
        fmt::format("the route leads to more than {} namespaces; the next would be \"{}\"", kNamespacesMax, text));
  }
  const auto place = static_cast<Place>(destinations_.size());
  destinations_.push_back(std::move(to));
  places_.emplace(std::move(text), place);
  return std::optional<Place>(place);
}

Status RecordRouter::Reserve(const SourceRecord& record) {
  const size_t bytes = record.raw.size() + ItemBytes(record.item) + sizeof(Waiting);
  if (waiting_bytes_ + bytes > kWaitingBytes) {
    return InvalidArgument(fmt::format(
        "{} MiB of nodes, runs and edges wait for the memories that they belong to; nothing tells where this one goes",
        kWaitingBytes >> 20));
  }
  waiting_bytes_ += bytes;
  return {};
}

void RecordRouter::Deliver(Place place, SourceRecord record, Routed* out) const {
  out->deliveries.push_back({destinations_[place], std::move(record)});
}

Status RecordRouter::NoPlace(const OwnNames& names, const RecordItem& item) const {
  return names.tenant ? NoName("namespace", *route_.space, item) : NoName("tenant", *route_.tenant, item);
}

}  // namespace engram
