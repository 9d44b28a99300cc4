"""Qdrant's engine in this process (its server has no package): a shard a scope. BM25 over a text index, vectors by HNSW or
in full, both joined by its fusions. In process means without its HTTP or gRPC, which changes no ranking."""
import os
import shutil

from system import System, setting

BATCH = 500
CANDIDATES = 100


class QdrantEdge(System):
    name = "qdrant-edge"
    packages = ["qdrant-edge-py"]
    modes = ["hybrid", "hybrid, dbsf", "text", "vector"]
    settings = [
        setting("text", "text index with scoring, english stop words, Snowball stemmer; TextQuery (BM25 k 1.2, b 0.75)",
                "its BM25 by the statistics of the shard itself"),
        setting("hybrid", f"reciprocal ranks, k 2, {CANDIDATES} of each", "its default k"),
        setting("hybrid, dbsf", "distribution-based score fusion", "its other documented fusion"),
        setting("vector", "cosine, fp32, exact", "its best recall"),
        setting("scope", "a shard each", "statistics of its own documents, as the others have"),
    ]

    def __init__(self, folder, options):
        del options
        import qdrant_edge

        self.q, self.folder, self.shards = qdrant_edge, folder, {}

    def version(self):
        from importlib.metadata import version

        return version("qdrant-edge-py")

    def _path(self, scope):
        return os.path.join(self.folder, f"shard-{scope}")

    def load(self, scope, places, texts, vectors):
        q = self.q
        os.makedirs(self._path(scope))
        shard = q.EdgeShard.create(self._path(scope), q.EdgeConfig(
            vectors=q.EdgeVectorParams(size=len(vectors[0]), distance=q.Distance.Cosine)))
        shard.update(q.UpdateOperation.create_field_index("text", q.TextIndexParams(
            scoring=True, lowercase=True, stopwords=q.Language.English, stemmer=q.SnowballParams(q.SnowballLanguage.English))))
        for start in range(0, len(places), BATCH):
            batch = slice(start, start + BATCH)
            shard.update(q.UpdateOperation.upsert_points([
                q.Point(place, list(vector), {"text": text})
                for place, text, vector in zip(places[batch], texts[batch], vectors[batch])]))
        shard.optimize()
        self.shards[scope] = shard

    def search(self, mode, scope, text, vector, k):
        q = self.q
        by_text = q.TextQuery("text", text)
        by_vector, exact = q.Query.Nearest(list(vector)), q.SearchParams(exact=True)
        if mode == "text":
            request = q.QueryRequest(limit=k, query=by_text)
        elif mode == "vector":
            request = q.QueryRequest(limit=k, query=by_vector, params=exact)
        else:
            request = q.QueryRequest(
                limit=k, query=q.Fusion.Rrf(k=2) if mode == "hybrid" else q.Fusion.Dbsf(),
                prefetches=[q.Prefetch(limit=CANDIDATES, query=by_text),
                            q.Prefetch(limit=CANDIDATES, query=by_vector, params=exact)])
        return [point.id for point in self.shards[scope].query(request)]

    def drop(self, scope):
        self.shards.pop(scope).close()
        shutil.rmtree(self._path(scope))


SYSTEM = QdrantEdge
