"""What was pushed back into folders of qdrant-client and mem0, read by the software itself.

    python points.py change URL           edits, makes and deletes memories of the namespaces "points", "vectors" and "mem0"
    python points.py read FOLDER EXPECTED the folder of qdrant-client must hold that; EXPECTED is what it held before
    python points.py mem0 FOLDER          mem0 must find what was written, and go on from there
Exits with 1 at the first difference.
"""
import json
import sys
import urllib.request

MADE = "0192d1c2-0000-7000-8000-000000000001"
SPARSE = {"indices": [2, 70001], "values": [0.5, 0.25]}


def call(url, namespace, method, path, body=None):
    request = urllib.request.Request(f"{url}/v1/namespaces/{namespace}/{path}", method=method,
                                     data=None if body is None else json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


def change(url):
    call(url, "points", "PATCH", "memories/1", {"text": "Ann drinks coffee ☕", "keep_vectors": True})
    call(url, "points", "DELETE", "memories/300")
    call(url, "points", "POST", "memories", {"memories": [
        {"id": MADE, "text": "made elsewhere", "vector": [0.5, -0.5, 0.5, -0.5],
         "metadata": {"big": 2**63 + 5, "deep": [1, {"a": None}], "yes": True, "x": 1.5}}]})
    call(url, "vectors", "PATCH", "memories/1", {"text": "all, rewritten", "keep_vectors": True})
    call(url, "vectors", "POST", "memories", {"memories": [
        {"id": "5", "text": "words alone", "vectors": {"words": SPARSE}}, {"id": "6", "text": "no vector"}]})
    page = call(url, "mem0", "POST", "memories:list", {"limit": 1000})
    tea = next(memory for memory in page["memories"] if memory["text"] == "Ann drinks green tea")
    call(url, "mem0", "PATCH", f"memories/{tea['id']}", {"text": "Ann drinks black tea", "keep_vectors": True})


def same(what, wanted, found):
    if wanted != found:
        sys.exit(f"{what}: wanted {json.dumps(wanted)[:300]}, found {json.dumps(found)[:300]}")


def read(folder, expected):
    from qdrant_client import QdrantClient, models
    from qdrant_client.local.persistence import CollectionPersistence
    from write_qdrant import plain

    wanted = json.loads(open(expected).read())
    notes, mixed = wanted["notes"], wanted["mixed"]
    notes["1"]["payload"]["text"] = "Ann drinks coffee ☕"
    del notes["300"]
    notes[MADE] = {"vector": [0.5, -0.5, 0.5, -0.5],
                   "payload": {"big": 2**63 + 5, "deep": [1, {"a": None}], "yes": True, "x": 1.5,
                               "text": "made elsewhere"}}
    mixed["1"]["payload"]["text"] = "all, rewritten"
    # Sparse indices are in order wherever a point was written anew.
    words = mixed["1"]["vector"]["words"]
    pairs = sorted(zip(words["indices"], words["values"]))
    mixed["1"]["vector"]["words"] = {"indices": [i for i, _ in pairs], "values": [v for _, v in pairs]}
    mixed["5"] = {"vector": {"words": SPARSE}, "payload": {"text": "words alone"}}
    mixed["6"] = {"vector": {}, "payload": {"text": "no vector"}}

    def rounded(value):
        if isinstance(value, dict):
            return {key: rounded(item) for key, item in value.items()}
        if isinstance(value, list):
            return [rounded(item) for item in value]
        return float(f"{value:.6g}") if isinstance(value, float) else value

    for name in wanted:
        points = CollectionPersistence(f"{folder}/collection/{name}").load()
        found = {str(p.id): {"vector": plain(p.vector), "payload": plain(p.payload)} for p in points}
        for key in sorted(wanted[name].keys() | found.keys()):
            same(f"{name} {key}", rounded(wanted[name].get(key)), rounded(found.get(key)))
    # The client works with it, and goes on.
    client = QdrantClient(path=folder)
    same("nearest", MADE, client.query_points("notes", query=[0.5, -0.5, 0.5, -0.5], limit=1).points[0].id)
    hits = client.query_points("mixed", query=models.SparseVector(indices=[70001], values=[1.0]), using="words").points
    same("words", [5], [hit.id for hit in hits])
    client.upsert("notes", [models.PointStruct(id=MADE, vector=[1.0, 0.0, 0.0, 0.0], payload={"text": "theirs"})])
    client.delete("notes", [1])
    client.close()
    rows = [str(p.id) for p in CollectionPersistence(f"{folder}/collection/notes").load()]
    same("rows", sorted(set(notes) - {"1"}), sorted(rows))
    print(f"the same: {sum(map(len, wanted.values()))} points after a push-back")


def mem0(folder):
    sys.argv = [sys.argv[0], folder]
    from write_mem0 import open_memory

    memory = open_memory()
    found = [item for item in memory.get_all(filters={"user_id": "ann"})["results"] if "tea" in item["memory"]]
    same("mem0", ["Ann drinks black tea"], [item["memory"] for item in found])
    same("metadata", {"topic": "drinks", "rating": 4.5, "tags": ["a", 1]}, found[0]["metadata"])
    memory.update(found[0]["id"], "Ann drinks white tea")
    same("mem0 goes on", "Ann drinks white tea", memory.get(found[0]["id"])["memory"])
    memory.vector_store.client.close()
    memory.db.close()
    print("the same: mem0 finds what was pushed back")


{"change": change, "read": read, "mem0": mem0}[sys.argv[1]](*sys.argv[2:])
