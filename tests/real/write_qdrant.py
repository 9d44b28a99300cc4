"""Writes a qdrant-client local directory through the real client, and what it should be read as.

    python write_qdrant.py FOLDER [small]     makes FOLDER/qdrant and FOLDER/qdrant.expected.json

The expectation comes from the client's own reader: {collection: {id: {"vector": …, "payload": …}}}.
"""
import datetime
import json
import sys
import uuid
import warnings
from pathlib import Path

from qdrant_client import QdrantClient, models
from qdrant_client.local.persistence import CollectionPersistence

warnings.simplefilter("ignore")


def plain(value):
    """What JSON can say of a value that a payload may hold."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if hasattr(value, "indices"):
        return {"indices": list(value.indices), "values": list(value.values)}
    return value


def write_notes(client, small):
    client.create_collection("notes", vectors_config=models.VectorParams(size=4, distance=models.Distance.COSINE))
    point = models.PointStruct
    client.upsert("notes", [
        point(id=1, vector=[0.1, 0.2, 0.3, 0.4], payload={"text": "Ann drinks green tea", "n": 1}),
        point(id=2**63, vector=[1.0, 2.0, 3.0, 4.0], payload={
            "text": "Ünïcödé 茶 🍵 \u0000 end", "int": -1, "big": 2**63 + 5, "float": 1.0, "tiny": 5e-324,
            "yes": True, "no": False, "none": None, "list": [1, "two", [3.0]], "nested": {"a": {"b": []}},
            "long": "x" * (300 if small else 70000), "many": list(range(1100 if small else 2500)),
            "wide": [{f"k{i}": i for i in range(1100)}]}),
        point(id=str(uuid.UUID(int=7)), vector=[0.0, 0.0, 0.0, 1.0], payload={}),
        point(id=str(uuid.UUID(int=8)), vector=[0.5, 0.5, 0.5, 0.5]),
        point(id=9, vector=[9.0] * 4, payload={"text": "deleted"}),
        point(id=300, vector=[-1.5, 1e-30, 3e30, 0.25], payload={"text": "two-byte id"}),
        point(id=70000, vector=[1.0] * 4, payload={
            "text": "dates", "at": datetime.datetime(2025, 3, 1, 12, 30, 5, 250000),
            "zoned": datetime.datetime(2025, 3, 1, 12, 30, tzinfo=datetime.timezone.utc),
            "day": datetime.date(2025, 3, 1), "uuid": uuid.UUID(int=5), "tuple": (1, 2)}),
    ])
    client.set_payload("notes", {"topic": "tea"}, points=[1])
    client.delete("notes", [9])


def write_mixed(client):
    """Several named vectors of every kind, some of them missing."""
    vectors = {"image": models.VectorParams(size=3, distance=models.Distance.EUCLID),
               "sound": models.VectorParams(size=2, distance=models.Distance.DOT)}
    if hasattr(models, "MultiVectorComparator"):
        vectors["tokens"] = models.VectorParams(
            size=2, distance=models.Distance.DOT,
            multivector_config=models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM))
    client.create_collection("mixed", vectors_config=vectors,
                             sparse_vectors_config={"words": models.SparseVectorParams()})
    sparse = models.SparseVector(indices=[7, 3, 70000], values=[0.5, 0.25, 1.5])
    both = {"image": [1.0, 2.0, 3.0], "words": sparse}
    if "tokens" in vectors:
        both["tokens"] = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
    client.upsert("mixed", [models.PointStruct(id=1, vector=both, payload={"text": "all"}),
                            models.PointStruct(id=2, vector={"sound": [0.5, -0.5]}, payload={"text": "sound alone"}),
                            models.PointStruct(id=3, vector={}, payload={"text": "none"})])


def write_many(client, small):
    """More rows than one batch, by the bulk call."""
    client.create_collection("many", vectors_config=models.VectorParams(size=2, distance=models.Distance.DOT))
    client.upsert("many", [models.PointStruct(id=i, vector=[float(i), 0.5], payload={"text": f"note {i}"})
                           for i in range(20 if small else 250)])


def main(folder, small):
    path = Path(folder) / "qdrant"
    client = QdrantClient(path=str(path))
    write_notes(client, small)
    write_mixed(client)
    write_many(client, small)
    client.create_collection("empty", vectors_config=models.VectorParams(size=2, distance=models.Distance.EUCLID))
    names = [collection.name for collection in client.get_collections().collections]
    client.close()
    expected = {}
    for name in names:
        points = CollectionPersistence(str(path / "collection" / name)).load()
        expected[name] = {str(p.id): {"vector": plain(p.vector), "payload": plain(p.payload)} for p in points}
    (Path(folder) / "qdrant.expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True))


if __name__ == "__main__":
    main(sys.argv[1], "small" in sys.argv[2:])
