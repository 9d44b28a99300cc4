"""Writes what mem0 keeps on a disk (history.db and a Qdrant folder) through the real mem0, without a model or a network.

    python write_mem0.py FOLDER     makes FOLDER/history.db, FOLDER/qdrant and FOLDER/expected.json

The embedder is replaced by hashes of the words; everything that is stored goes through mem0's own code. Entities are
linked by the call that extraction makes, since extraction itself wants a language model's files.
"""
import hashlib
import json
import os
import sys
from pathlib import Path

os.environ["MEM0_TELEMETRY"] = "False"
os.environ.setdefault("OPENAI_API_KEY", "none is used")
folder = Path(sys.argv[1]).absolute()
os.environ["MEM0_DIR"] = str(folder / "mem0")

from mem0 import Memory  # noqa: E402
from mem0.utils.factory import EmbedderFactory  # noqa: E402

DIMENSIONS = 8


class WordHashes:
    """An embedding that is the same everywhere."""

    def __init__(self):
        self.config = type("Config", (), {"embedding_dims": DIMENSIONS})()

    def embed(self, text, memory_action=None):
        digest = hashlib.sha256(text.encode()).digest()
        return [round((byte - 127.5) / 127.5, 6) for byte in digest[:DIMENSIONS]]

    def embed_batch(self, texts, memory_action=None):
        return [self.embed(text) for text in texts]


EmbedderFactory.create = staticmethod(lambda *args, **kwargs: WordHashes())


def open_memory():
    return Memory.from_config({
        "history_db_path": str(folder / "history.db"),
        "vector_store": {"provider": "qdrant", "config": {
            "path": str(folder / "qdrant"), "collection_name": "mem0", "embedding_model_dims": DIMENSIONS,
            "on_disk": True}},
    })


def main():
    memory = open_memory()

    def add(text, **options):
        return memory.add(text, infer=False, **options)["results"][0]["id"]

    ids = {}
    ids["tea"] = add("Ann drinks green tea", user_id="ann", metadata={"topic": "drinks", "rating": 4.5, "tags": ["a", 1]})
    ids["updated"] = add("Ann lives in Berlin", user_id="ann", agent_id="helper", run_id="r1")
    memory.update(ids["updated"], "Ann lives in Hamburg")
    memory.update(ids["updated"], "Ann lives in Munich", metadata={"moved": True})
    ids["deleted"] = add("Ann has a cat", user_id="ann")
    memory.update(ids["deleted"], "Ann has two cats")
    memory.delete(ids["deleted"])
    ids["expired"] = add("The offer ends", user_id="bob", expiration_date="2999-12-31")
    ids["unicode"] = add("Ünïcödé 茶 🍵", user_id="bob")
    results = memory.add([{"role": "user", "content": "Hello", "name": "bob"}, {"role": "assistant", "content": "Hi"}],
                         user_id="bob", infer=False)["results"]
    ids["said"], ids["answered"] = (result["id"] for result in results)
    # mem0 lets nothing expire in the past: as if the day had come.
    point = memory.vector_store.get(ids["expired"])
    memory.vector_store.update(ids["expired"], payload={**point.payload, "expiration_date": "2025-03-01"})
    memory._upsert_entity("Ann", "PROPER", ids["tea"], {"user_id": "ann"})
    memory._upsert_entity("Ann", "PROPER", ids["updated"], {"user_id": "ann"})
    memory._upsert_entity("green tea", "TOPIC", ids["tea"], {"user_id": "ann"})

    expected = {"ids": ids, "items": {}, "history": {}}
    for name, memory_id in ids.items():
        expected["items"][name] = memory.get(memory_id)
        expected["history"][name] = memory.history(memory_id)
    (folder / "expected.json").write_text(json.dumps(expected, sort_keys=True, separators=(",", ":"), default=str))
    memory.vector_store.client.close()
    memory.db.close()


if __name__ == "__main__":
    folder.mkdir(parents=True, exist_ok=True)
    main()
