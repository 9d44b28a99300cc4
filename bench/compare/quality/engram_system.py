"""Engram over HTTP with JSON: a namespace a scope, everything by default."""
import base64
import os
from urllib.parse import quote

from system import JsonHttp, Server, System, free_port, setting

BATCH = 500


def _dense(vector):
    return {"f32_base64": base64.b64encode(vector.tobytes()).decode()}


class Engram(System):
    name = "engram"
    modes = ["hybrid", "text", "vector"]
    settings = [
        setting("namespace", "as created by default: analyzer english, BM25 k1 1.2, b 0.75; cosine", "what a new one has"),
        setting("hybrid", "relative, text 0.4, vector 0.6, 100 candidates", "its defaults"),
        setting("text_mode", "plain", "questions of people are words, not operators"),
        setting("scope", "a namespace each", "its way to keep users apart"),
    ]

    def __init__(self, folder, options):
        self.port = free_port()
        data = os.path.join(folder, "engram")
        self.server = Server([options["engram"], "serve", "--data", data, "--listen", f"127.0.0.1:{self.port}"], folder)
        self.http = JsonHttp(self.port)
        self.server.wait(lambda: self.http.call("GET", "/v1/status") is not None)

    def version(self):
        return self.http.call("GET", "/v1/status").get("version", "unknown")

    def _path(self, scope):
        return f"/v1/namespaces/{quote(f'scope {scope}')}"

    def load(self, scope, places, texts, vectors):
        self.http.call("PUT", self._path(scope), {"vectors": {"default": {"type": "dense", "dimensions": len(vectors[0]),
                                                                          "metric": "cosine"}}})
        for start in range(0, len(places), BATCH):
            batch = slice(start, start + BATCH)
            self.http.call("POST", self._path(scope) + "/memories?durability=buffered", {"memories": [
                {"id": str(place), "text": text, "vector": _dense(vector)}
                for place, text, vector in zip(places[batch], texts[batch], vectors[batch])]})

    def search(self, mode, scope, text, vector, k):
        request = {"top_k": k, "include": ["kind"]}
        if mode != "vector":
            request |= {"text": text, "text_mode": "plain"}
        if mode != "text":
            request["vector"] = _dense(vector)
        reply = self.http.call("POST", self._path(scope) + "/search", request)
        return [int(hit["id"]) for hit in reply.get("hits", [])]

    def drop(self, scope):
        self.http.call("DELETE", self._path(scope))

    def close(self):
        self.server.stop()


SYSTEM = Engram
