"""Compares exports with what the software that wrote the sources says of them. Exits with 1 at the first difference."""
import json
import struct
import sys
from pathlib import Path

work = Path(sys.argv[1])


def f32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def floats(value):
    return [floats(item) for item in value] if isinstance(value, list) else f32(value)


def vector(value):
    if isinstance(value, dict):
        pairs = sorted(zip(value["indices"], floats(value["values"])))
        return {"indices": [index for index, _ in pairs], "values": [number for _, number in pairs]}
    return floats(value)


def same(what, wanted, found):
    if wanted != found:
        sys.exit(f"{what}: wanted {json.dumps(wanted)[:500]}, found {json.dumps(found)[:500]}")


def exported(name):
    """Memories by id, and the lines of every other kind."""
    memories, others = {}, []
    for line in (work / f"{name}.jsonl").read_text().splitlines():
        record = json.loads(line)
        if "id" in record:
            memories[record["id"]] = record
        else:
            others.append(record)
    return memories, others


def compare_qdrant():
    compared = 0
    for name, points in json.loads((work / "written/qdrant.expected.json").read_text()).items():
        memories, _ = exported(name)
        same(f"ids of {name}", sorted(points), sorted(memories))
        for point_id, point in points.items():
            memory = memories[point_id]
            payload = dict(point["payload"] or {})
            same(f"{name} {point_id} text", payload.pop("text", ""), memory.get("text", ""))
            same(f"{name} {point_id} metadata", payload, memory.get("metadata", {}))
            found = dict(memory.get("vectors", {}))
            if "vector" in memory:
                found["default"] = memory["vector"]
            wanted = point["vector"]
            if not isinstance(wanted, dict):
                wanted = {"default": wanted}
            same(f"{name} {point_id} vectors", {space or "default": vector(value) for space, value in wanted.items()},
                 {space: vector(value) for space, value in found.items()})
            compared += 1
    return compared


def compare_mem0():
    expected = json.loads((work / "written/mem0/expected.json").read_text())
    memories, others = exported("mem0")
    alive = {name: item for name, item in expected["items"].items() if item}
    same("ids of mem0", sorted(item["id"] for item in alive.values()), sorted(memories))
    for name, item in alive.items():
        memory = memories[item["id"]]
        same(f"{name} text", item["memory"], memory["text"])
        for scope in ("user_id", "agent_id", "run_id", "actor_id", "role"):
            same(f"{name} {scope}", item.get(scope) or "", memory.get(scope, ""))
        same(f"{name} metadata", item.get("metadata") or {}, memory.get("metadata", {}))
        texts = [event["new_memory"] for event in expected["history"][name]]
        same(f"{name} history", texts,
             [event["memory"]["text"] for event in memory.get("history", [])] + [memory["text"]])
    same("entities", ["Ann", "green tea"], sorted(o["node"]["name"] for o in others if "node" in o))
    same("links", 3, sum("edge" in o for o in others))
    tombstones = (work / "mem0.archive/tombstones.jsonl").read_text().splitlines()
    gone = json.loads(tombstones[0])["tombstone"]
    same("tombstones", [expected["ids"]["deleted"]], [gone["id"]])
    same("events of the deleted", ["add", "update", "delete"], [event["event"] for event in gone["history"]])
    return len(alive)


print(f"the same: {compare_qdrant()} points of qdrant-client, {compare_mem0()} memories of mem0")
