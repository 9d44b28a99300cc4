"""mem0's own search over what it stored with infer=False: a user a scope. Its store is Qdrant's local mode.

The embedder is replaced by a table of the vectors that all systems get. Entity linking and its BM25 leg need files that
mem0 fetches from a model hub and from outside the package registries at run time. Where these can't be had it searches
by vectors alone and says so in its log; then the mode measured is what such an installation does.
"""
import logging
import os
import shutil

from system import System, setting


class Table:
    """An embedder that knows the vectors of exactly the texts it will be asked for."""

    def __init__(self, dimensions):
        self.config = type("Config", (), {"embedding_dims": dimensions})()
        self.vectors = {}

    def embed(self, text, memory_action=None):
        del memory_action
        return list(self.vectors[text])

    def embed_batch(self, texts, memory_action=None):
        return [self.embed(text, memory_action) for text in texts]


class Mem0(System):
    name = "mem0"
    packages = ["mem0ai"]
    modes = ["own"]
    settings = [
        setting("add", "infer=False", "the same memories as the others, not a language model's extract"),
        setting("search", "its own, threshold 0.1 and all else by default; vectors only", "its BM25 and entity legs fetch a model's files at run time, which can't be had here"),
        setting("vector store", "Qdrant's local mode with a path", "its default store"),
        setting("scope", "a user_id each, in a store of its own", "user_id is its way; a store each changes no ranking, but its local mode looks at every point"),
    ]

    def __init__(self, folder, options):
        os.environ["MEM0_TELEMETRY"] = "False"
        os.environ["MEM0_DIR"] = os.path.join(folder, "mem0")
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ.setdefault("OPENAI_API_KEY", "none is used")
        logging.getLogger("mem0").setLevel(logging.ERROR)
        import mem0
        from mem0.utils.factory import EmbedderFactory

        self.mem0, self.folder, self.table = mem0, folder, Table(options["dimensions"])
        EmbedderFactory.create = staticmethod(lambda *args, **kwargs: self.table)
        self.memories, self.places = {}, {}

    def _memory(self, scope):
        store = os.path.join(self.folder, f"scope-{scope}")
        return self.mem0.Memory.from_config({
            "history_db_path": os.path.join(store, "history.db"),
            "vector_store": {"provider": "qdrant", "config": {
                "path": os.path.join(store, "qdrant"), "collection_name": "mem0",
                "embedding_model_dims": self.table.config.embedding_dims, "on_disk": True}}})

    def version(self):
        from importlib.metadata import version

        return version("mem0ai")

    def load(self, scope, places, texts, vectors):
        os.makedirs(os.path.join(self.folder, f"scope-{scope}"))
        memory = self.memories[scope] = self._memory(scope)
        for place, text, vector in zip(places, texts, vectors):
            if not text:
                continue  # can't be added; it couldn't be found either
            self.table.vectors[text] = vector
            added = memory.add(text, user_id=f"scope-{scope}", infer=False)["results"]
            self.places[added[0]["id"]] = place

    def search(self, mode, scope, text, vector, k):
        # It trims what it is asked.
        self.table.vectors[text.strip()] = self.table.vectors[text] = vector
        found = self.memories[scope].search(text, filters={"user_id": f"scope-{scope}"}, top_k=k)["results"]
        return [self.places[hit["id"]] for hit in found]

    def drop(self, scope):
        memory = self.memories.pop(scope)
        memory.vector_store.client.close()
        memory.close()
        shutil.rmtree(os.path.join(self.folder, f"scope-{scope}"))


SYSTEM = Mem0
