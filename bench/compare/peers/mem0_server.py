#!/usr/bin/env python3
"""mem0 with its default stores, Qdrant's local mode and SQLite, behind HTTP, as its users run it in one process.

  mem0_server.py fetch                      makes its environment in the build folder
  mem0_server.py run DATA PORT DIMENSIONS   serves on 127.0.0.1:PORT over DATA

  POST /memories/add     {"memories": [{"row", "text", "vector", "u"}]}    each added with infer=False
  POST /memories/search  {"text", "vector", "u_below" (optional)}          {"rows": […]}
  GET /version

The embedder is replaced by the vector that comes with each request: what a model costs is the same for every system.
One request at a time: neither Qdrant's local mode nor mem0 over it is safe from several threads.
"""
import json
import logging
import os
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "data"))

import environments  # noqa: E402

USER = "compare"
TOP = 10


class Given:
    """An embedder that gives the vector it was handed before."""

    def __init__(self, dimensions):
        self.config = type("Config", (), {"embedding_dims": dimensions})()
        self.vector = None

    def embed(self, text, memory_action=None):
        del text, memory_action
        return self.vector

    def embed_batch(self, texts, memory_action=None):
        return [self.embed(text, memory_action) for text in texts]


class Store:
    def __init__(self, folder, dimensions):
        os.environ.update(MEM0_TELEMETRY="False", MEM0_DIR=os.path.join(folder, "mem0"), HF_HUB_OFFLINE="1")
        os.environ.setdefault("OPENAI_API_KEY", "none is used")
        logging.getLogger("mem0").setLevel(logging.ERROR)
        from mem0 import Memory
        from mem0.utils.factory import EmbedderFactory

        self.given = Given(dimensions)
        EmbedderFactory.create = staticmethod(lambda *args, **kwargs: self.given)
        self.memory = Memory.from_config({
            "history_db_path": os.path.join(folder, "history.db"),
            "vector_store": {"provider": "qdrant", "config": {
                "path": os.path.join(folder, "qdrant"), "collection_name": "mem0", "embedding_model_dims": dimensions,
                "on_disk": True}}})

    def add(self, request):
        for memory in request["memories"]:
            self.given.vector = memory["vector"]
            self.memory.add(memory["text"], user_id=USER, infer=False, metadata={"row": memory["row"], "u": memory["u"]})
        return {}

    def search(self, request):
        self.given.vector = request["vector"]
        filters = {"user_id": USER}
        if "u_below" in request:
            filters["u"] = {"lt": request["u_below"]}
        found = self.memory.search(request["text"], filters=filters, top_k=TOP)["results"]
        return {"rows": [hit["metadata"]["row"] for hit in found]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    store, one_at_a_time = None, threading.Lock()

    def do_GET(self):
        from importlib.metadata import version

        self.reply(200, {"version": version("mem0ai")})

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path not in ("/memories/add", "/memories/search"):
            return self.reply(501, {"error": "there is one collection only"})
        if self.path == "/memories/search" and not (request.get("text") and request.get("vector")):
            return self.reply(501, {"error": "mem0 searches by a text and its vector together"})
        with self.one_at_a_time:
            reply = self.store.add(request) if self.path == "/memories/add" else self.store.search(request)
        return self.reply(200, reply)

    def reply(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512


def main():
    if sys.argv[1:] not in (["fetch"],) and (len(sys.argv) != 5 or sys.argv[1] != "run"):
        raise SystemExit(__doc__)
    if sys.argv[1] == "fetch":
        try:
            environments.python_of("mem0", ["mem0ai"])
        except environments.Unavailable as error:
            raise SystemExit(f"mem0 can't be had: {error}") from error
        return
    environments.run_within("mem0", ["mem0ai"])
    Handler.store = Store(sys.argv[2], int(sys.argv[4]))
    Server(("127.0.0.1", int(sys.argv[3])), Handler).serve_forever()


if __name__ == "__main__":
    main()
