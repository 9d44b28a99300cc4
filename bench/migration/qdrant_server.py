"""Answers an import's questions as a Qdrant server would, each page after a wait, out of the points that
write_sources.py has written: what a network and another machine add, and nothing of what Qdrant itself does.

    python3 bench/migration/qdrant_server.py FOLDER PORT_FILE [WAIT_MS]     20 ms unless said otherwise
"""
import bisect
import json
import pickle
import sqlite3
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from write_sources import pose_as_client

folder = Path(sys.argv[1])
wait = (float(sys.argv[3]) if len(sys.argv) > 3 else 20) / 1000
pose_as_client()


def points_of(path):
    """By id: what a page says of each."""
    points = {}
    for (pickled,) in sqlite3.connect(path).execute("SELECT point FROM points"):
        fields = pickle.loads(pickled).__dict__["__dict__"]
        points[fields["id"]] = json.dumps(fields)
    return points


points = points_of(folder / "qdrant" / "collection" / "notes" / "storage.sqlite")
ids = sorted(points)
size = len(json.loads(points[ids[0]])["vector"])


def scroll(body):
    offset = body.get("offset", 0)
    at = len(ids) if isinstance(offset, str) else bisect.bisect_left(ids, offset)
    page = ids[at:at + body["limit"]]
    behind = ids[at + len(page)] if at + len(page) < len(ids) else None
    whole = body.get("with_vector")
    texts = (points[i] if whole else json.dumps({"id": i}) for i in page)
    return '{"points":[%s],"next_page_offset":%s}' % (",".join(texts), json.dumps(behind))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, result):
        text = ('{"result":%s,"status":"ok","time":0.0}' % result).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        if self.path == "/collections":
            return self.answer('{"collections":[{"name":"notes"}]}')
        if self.path == "/aliases":
            return self.answer('{"aliases":[]}')
        vectors = {"size": size, "distance": "Cosine"}
        return self.answer(json.dumps({"status": "green", "config": {"params": {"vectors": vectors}}}))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/count"):
            return self.answer('{"count":%d}' % len(ids))
        if self.path.endswith("/scroll"):
            time.sleep(wait)
            return self.answer(scroll(body))
        return self.answer(json.dumps([{"id": i} for i in body["ids"] if i in points]))

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
Path(sys.argv[2]).write_text(str(server.server_address[1]))
server.serve_forever()
