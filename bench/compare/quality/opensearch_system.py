"""OpenSearch over HTTP: an index a scope, text by BM25, vectors by Lucene's HNSW, its hybrid query by search pipelines."""
import json
import os

from system import JsonHttp, Refused, Server, System, Unavailable, free_port, setting

BATCH = 500
CANDIDATES = 100
EF = 512
SCRIPT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "peers", "opensearch.sh")
MEMORY_MIB = 2048


def _normalized(weights):
    return {"phase_results_processors": [{"normalization-processor": {
        "normalization": {"technique": "min_max"},
        "combination": {"technique": "arithmetic_mean", "parameters": {"weights": weights}}}}]}


PIPELINES = {
    "hybrid": _normalized([0.3, 0.7]),
    "hybrid, equal weights": _normalized([0.5, 0.5]),
    "hybrid, rrf": {"phase_results_processors": [{"score-ranker-processor": {"combination": {"technique": "rrf"}}}]},
}


class OpenSearch(System):
    name = "opensearch"
    modes = [*PIPELINES, "text", "vector"]
    settings = [
        setting("text", "analyzer english, BM25 by default", "all texts are English; the default doesn't stem"),
        setting("vector", f"Lucene HNSW m 16, ef_construction 200, ef_search {EF}, innerproduct, fp32",
                "unit vectors; a better graph than by default and a wide walk, so that its approximation costs it little"),
        setting("hybrid", "min_max and arithmetic mean, weights 0.3 (text) and 0.7", "its tutorial's"),
        setting("hybrid, equal weights", "the same with 0.5 each", "its default without weights"),
        setting("hybrid, rrf", "score-ranker-processor, rank_constant 60", "its other documented way"),
        setting("pagination_depth, k", CANDIDATES, "100 to 200 are its advice up to ten million documents"),
        setting("shards, segments", "1, 1", "statistics of all documents; merged after the load"),
        setting("scope", "an index each", "statistics of its own documents, as the others have"),
    ]

    def __init__(self, folder, options):
        del options
        self.port = free_port()
        self.server = Server([SCRIPT, "run", os.path.join(folder, "opensearch"), str(self.port), str(MEMORY_MIB)], folder)
        self.http = JsonHttp(self.port)
        self.server.wait(self._healthy)
        for i, pipeline in enumerate(PIPELINES.values()):
            self.http.call("PUT", f"/_search/pipeline/compare-{i}", pipeline)

    def _healthy(self):
        return self.http.call("GET", "/_cluster/health?wait_for_status=yellow&timeout=5s")["status"] != "red"

    def version(self):
        return self.http.call("GET", "/")["version"]["number"]

    def load(self, scope, places, texts, vectors):
        index = f"/compare-{scope}"
        self.http.call("PUT", index, {
            "settings": {"index": {"knn": True, "number_of_shards": 1, "number_of_replicas": 0}},
            "mappings": {"properties": {"text": {"type": "text", "analyzer": "english"}, "vector": {
                "type": "knn_vector", "dimension": len(vectors[0]), "space_type": "innerproduct",
                "method": {"name": "hnsw", "engine": "lucene", "parameters": {"m": 16, "ef_construction": 200}}}}}})
        for start in range(0, len(places), BATCH):
            batch, lines = slice(start, start + BATCH), []
            for place, text, vector in zip(places[batch], texts[batch], vectors[batch]):
                lines += [json.dumps({"index": {"_id": str(place)}}), json.dumps({"text": text, "vector": list(vector)})]
            reply = self.http.call("POST", index + "/_bulk", "\n".join(lines) + "\n", "application/x-ndjson")
            if reply["errors"]:
                raise Refused(f"items of a bulk request failed: {json.dumps(reply)[:600]}")
        self.http.call("POST", index + "/_refresh")
        self.http.call("POST", index + "/_forcemerge?max_num_segments=1")
        self.http.call("POST", index + "/_refresh")
        stored = self.http.call("GET", index + "/_count")["count"]
        if stored != len(places):
            raise Unavailable(f"it has {stored} documents of {len(places)}")

    def search(self, mode, scope, text, vector, k):
        match = {"match": {"text": text}}
        knn = {"knn": {"vector": {"vector": list(vector), "k": CANDIDATES,
                                  "method_parameters": {"ef_search": EF}}}}
        path = f"/compare-{scope}/_search"
        query = match if mode == "text" else knn
        if mode in PIPELINES:
            path += f"?search_pipeline=compare-{list(PIPELINES).index(mode)}"
            query = {"hybrid": {"pagination_depth": CANDIDATES, "queries": [match, knn]}}
        reply = self.http.call("POST", path, {"size": k, "_source": False, "query": query})
        return [int(hit["_id"]) for hit in reply["hits"]["hits"]]

    def drop(self, scope):
        self.http.call("DELETE", f"/compare-{scope}")

    def close(self):
        self.server.stop()


SYSTEM = OpenSearch
