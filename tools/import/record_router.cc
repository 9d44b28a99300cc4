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

}  // namespace

RecordRouter::Routed RecordRouter::Route(SourceRecord record) {
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
    for (SourceRecord& record : std::exchange(thing.waiting, {})) {
      if (!thing.claims.empty()) continue;  // delivered when it was claimed
      auto place = Fallback();
      Status status = place.status();
      if (status.ok() && *place) {
        Deliver(**place, std::move(record), &out);
        continue;
      }
      if (status.ok()) status = NoPlace(route_, record.item);
      settle(std::move(record), std::move(status));
    }
  }
  // By the place in the source, so that a run that goes on finds them in the same order.
  std::stable_sort(out.unplaced.begin(), out.unplaced.end(),
                   [](const SourceRecord& a, const SourceRecord& b) { return a.place < b.place; });
  return out;
}

Status RecordRouter::RouteMemory(SourceRecord* record, const v1::Memory& memory, Routed* out) {
  ASSIGN_OR_RETURN(auto place, OwnPlace(record->item));
  if (!place) {
    ASSIGN_OR_RETURN(place, Fallback());
  }
  if (!place) return NoPlace(route_, record->item);
  if (!memory.id().empty()) homes_[HashBytes64(memory.id())] = *place;
  if (!memory.run_id().empty()) Claim(RunKey(memory), *place, out);
  Deliver(*place, std::move(*record), out);
  return {};
}

Status RecordRouter::RouteEdge(SourceRecord* record, bool last, Routed* out) {
  const auto& edge = std::get<v1::Edge>(record->item);
  ASSIGN_OR_RETURN(auto place, PlaceOfEdge(edge, record->item));
  if (!place && !last) return Wait(record, &edges_);
  if (!place) {
    ASSIGN_OR_RETURN(place, Fallback());
  }
  if (!place) return NoPlace(route_, record->item);
  for (const std::string& end : {edge.source(), edge.target()}) {
    if (homes_.count(HashBytes64(end)) == 0) Claim(NodeKey(end), *place, out);
  }
  Deliver(*place, std::move(*record), out);
  return {};
}

Result<std::optional<RecordRouter::Place>> RecordRouter::PlaceOfEdge(const v1::Edge& edge, const RecordItem& item) {
  std::optional<Place> place;
  for (const std::string& id : {edge.memory_id(), edge.source(), edge.target()}) {
    const auto home = homes_.find(HashBytes64(id));
    if (id.empty() || home == homes_.end()) continue;
    if (place && *place != home->second) {
      return InvalidArgument(
          fmt::format("the edge is between memories of {} and of {}", names_[*place], names_[home->second]));
    }
    place = home->second;
  }
  ASSIGN_OR_RETURN(const auto own, OwnPlace(item));
  if (place && own && *own != *place) {
    return InvalidArgument(
        fmt::format("the edge itself belongs to {} and its memory to {}", names_[*own], names_[*place]));
  }
  return place ? place : own;
}

Status RecordRouter::RouteThing(SourceRecord* record, const std::string& key, Routed* out) {
  ASSIGN_OR_RETURN(const auto own, OwnPlace(record->item));
  if (own) {
    Deliver(*own, std::move(*record), out);
    return {};
  }
  Thing& thing = things_[HashBytes64(key)];
  for (const Place place : thing.claims) Deliver(place, *record, out);
  // Others may refer to it later.
  return Wait(record, &thing.waiting);
}

void RecordRouter::Claim(const std::string& key, Place place, Routed* out) {
  Thing& thing = things_[HashBytes64(key)];
  if (std::find(thing.claims.begin(), thing.claims.end(), place) != thing.claims.end()) return;
  thing.claims.push_back(place);
  for (const SourceRecord& record : thing.waiting) Deliver(place, record, out);
}

Result<RecordRouter::Place> RecordRouter::PlaceOf(const std::string& name) {
  const auto known = places_.find(name);
  if (known != places_.end()) return known->second;
  if (names_.size() >= kNamespacesMax) {
    return InvalidArgument(
        fmt::format("the route leads to more than {} namespaces; the next would be \"{}\"", kNamespacesMax, name));
  }
  const auto place = static_cast<Place>(names_.size());
  names_.push_back(name);
  places_.emplace(name, place);
  return place;
}

Result<std::optional<RecordRouter::Place>> RecordRouter::OwnPlace(const RecordItem& item) {
  const std::optional<std::string> value = RouteValue(route_, item);
  if (!value) return std::optional<Place>();
  ASSIGN_OR_RETURN(const auto name, NamespaceFor(route_, *value));
  if (!name) return std::optional<Place>();
  ASSIGN_OR_RETURN(const Place place, PlaceOf(*name));
  return std::optional<Place>(place);
}

Result<std::optional<RecordRouter::Place>> RecordRouter::Fallback() {
  if (route_.fallback.empty()) return std::optional<Place>();
  ASSIGN_OR_RETURN(const Place place, PlaceOf(route_.fallback));
  return std::optional<Place>(place);
}

Status RecordRouter::Wait(SourceRecord* record, std::vector<SourceRecord>* where) {
  const size_t bytes = record->raw.size() + ItemBytes(record->item) + sizeof(SourceRecord);
  if (waiting_bytes_ + bytes > kWaitingBytes) {
    return InvalidArgument(fmt::format(
        "{} MiB of nodes, runs and edges wait for the memories that they belong to; nothing tells where this one goes",
        kWaitingBytes >> 20));
  }
  waiting_bytes_ += bytes;
  where->push_back(std::move(*record));
  return {};
}

void RecordRouter::Deliver(Place place, SourceRecord record, Routed* out) const {
  out->deliveries.push_back({names_[place], std::move(record)});
}

Status RecordRouter::NoPlace(const NamespaceRoute& route, const RecordItem& item) {
  const std::optional<std::string> value = RouteValue(route, item);
  if (value) {
    return InvalidArgument(fmt::format("{} is \"{}\", and the route has no namespace for that", route.field, *value))
        .At(route.field);
  }
  return InvalidArgument(fmt::format("nothing tells its namespace: it has no {}", route.field)).At(route.field);
}

}  // namespace engram
