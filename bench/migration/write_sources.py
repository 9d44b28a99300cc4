"""Writes the same memories as a SQLite table and as a folder of qdrant-client's local mode; needs Python alone.

    python3 bench/migration/write_sources.py FOLDER [COUNT [DIMENSIONS]]     100,000 and 384 unless said otherwise

Makes FOLDER/notes.db with FOLDER/map.json, spaces.json and tenants.json, and FOLDER/qdrant. Points are pickled as the client pickles them. The same
numbers each time.
"""
import base64
import json
import pickle
import random
import sqlite3
import struct
import sys
import types
from pathlib import Path

MODULE = "qdrant_client.http.models.models"
WORDS = "tea milk garden letter harbour winter music ladder copper window river paper lantern bread violin".split()


class PointStruct:
    """What the client's own class looks like when it is pickled."""

    def __init__(self, **fields):
        self.fields = fields

    def __getstate__(self):
        return {"__dict__": self.fields, "__pydantic_extra__": None,
                "__pydantic_fields_set__": set(self.fields), "__pydantic_private__": None}


def pose_as_client():
    PointStruct.__module__ = MODULE
    parts = MODULE.split(".")
    for i in range(len(parts)):
        sys.modules[".".join(parts[:i + 1])] = types.ModuleType(".".join(parts[:i + 1]))
    sys.modules[MODULE].PointStruct = PointStruct


def memories(count, dimensions):
    rng = random.Random(17)
    for number in range(1, count + 1):
        text = " ".join(rng.choice(WORDS) for _ in range(12)) + f" {number}"
        vector = struct.unpack(f"<{dimensions}f", struct.pack(f"<{dimensions}f", *(
            rng.gauss(0, 1) for _ in range(dimensions))))
        yield number, text, f"user{number % 1000}", vector


def main():
    folder = Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    dimensions = int(sys.argv[3]) if len(sys.argv) > 3 else 384
    pose_as_client()
    collection = folder / "qdrant" / "collection" / "notes"
    collection.mkdir(parents=True)
    (folder / "qdrant" / "meta.json").write_text(json.dumps(
        {"collections": {"notes": {"vectors": {"size": dimensions, "distance": "Cosine"}}}, "aliases": {}}))
    (folder / "map.json").write_text(json.dumps(
        {"table": "notes", "id": "id", "text": "body", "user_id": "owner",
         "vectors": {"default": {"column": "embedding", "metric": "cosine"}}}))
    # The same table with the thousand users in ten namespaces, and these in ten tenants.
    columns = json.loads((folder / "map.json").read_text())
    spaces = {"field": "user_id", "values": {f"user{i}": f"space{i % 10}" for i in range(1000)}}
    tenants = {"field": "user_id", "values": {f"user{i}": f"tenant{i // 10 % 10}" for i in range(1000)}}
    for name, route in {"spaces": {"namespace": spaces}, "tenants": {"tenant": tenants, "namespace": spaces}}.items():
        (folder / f"{name}.json").write_text(json.dumps({**columns, "route": route}))
    table = sqlite3.connect(folder / "notes.db")
    points = sqlite3.connect(collection / "storage.sqlite")
    table.execute("CREATE TABLE notes(id INTEGER PRIMARY KEY, body TEXT, owner TEXT, embedding BLOB)")
    points.execute("CREATE TABLE points (id TEXT PRIMARY KEY, point BLOB)")
    for number, text, user, vector in memories(count, dimensions):
        table.execute("INSERT INTO notes VALUES(?,?,?,?)",
                      (number, text, user, struct.pack(f"<{dimensions}f", *vector)))
        point = PointStruct(id=number, vector=list(vector), payload={"text": text, "user": user})
        key = base64.b64encode(pickle.dumps(number, protocol=4)).decode()
        points.execute("INSERT INTO points VALUES(?,?)", (key, pickle.dumps(point, protocol=4)))
    table.commit()
    points.commit()


if __name__ == "__main__":
    main()
