"""Chroma in process: a collection a scope. What is free of it searches vectors only."""
import os

from system import System, setting

BATCH = 1000


class Chroma(System):
    name = "chroma"
    packages = ["chromadb"]
    modes = ["vector"]
    settings = [
        setting("collection", "hnsw, cosine, ef_construction 200, ef_search 512",
                "a better graph than by default and a wide walk, so that its approximation costs it little"),
        setting("hybrid", "none", "its full text filters but does not rank; ranking by both is not in the free version"),
        setting("scope", "a collection each", "its advice for tenants"),
    ]

    def __init__(self, folder, options):
        del options
        os.environ["ANONYMIZED_TELEMETRY"] = "False"
        import chromadb

        self.chromadb = chromadb
        self.client = chromadb.PersistentClient(os.path.join(folder, "chroma"),
                                                chromadb.config.Settings(anonymized_telemetry=False))
        self.collections = {}

    def version(self):
        return self.chromadb.__version__

    def load(self, scope, places, texts, vectors):
        collection = self.client.create_collection(f"scope-{scope}", embedding_function=None, configuration={
            "hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": 512}})
        for start in range(0, len(places), BATCH):
            batch = slice(start, start + BATCH)
            collection.add(ids=[str(p) for p in places[batch]], documents=texts[batch],
                           embeddings=[list(v) for v in vectors[batch]])
        self.collections[scope] = collection

    def search(self, mode, scope, text, vector, k):
        reply = self.collections[scope].query(query_embeddings=[list(vector)], n_results=k, include=[])
        return [int(i) for i in reply["ids"][0]]

    def drop(self, scope):
        del self.collections[scope]
        self.client.delete_collection(f"scope-{scope}")


SYSTEM = Chroma
