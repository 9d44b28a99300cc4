"""What every system of the quality table does. One adapter file a system; each runs in a process of its own."""
import atexit
import http.client
import json
import os
import socket
import subprocess
import time


class Unavailable(Exception):
    """The system can't be had or started here; the message says why."""


class Refused(Exception):
    """An error status came; the message has the request and the server's words."""


class System:
    """Started by __init__(folder, options); confined to one thread.

    A scope is searched on its own: whatever the system keeps apart best stands for it (a namespace, an index, a table).
    """

    name = ""
    packages = []      # from PyPI; an environment below the build folder has them
    modes = []         # the ways to search that are measured
    settings = []      # {"name", "value", "why"}

    def version(self):
        raise NotImplementedError

    def load(self, scope, places, texts, vectors):
        """Stores documents under their places and makes all of them searchable. `scope` is a small number."""
        raise NotImplementedError

    def search(self, mode, scope, text, vector, k):
        """The places of the best k, best first."""
        raise NotImplementedError

    def drop(self, scope):
        """Forgets what was loaded."""
        raise NotImplementedError

    def close(self):
        """Stops what was started."""


def setting(name, value, why):
    return {"name": name, "value": str(value), "why": why}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A server started by a command, ended by stop() or with this process; its output goes to a file beneath `folder`."""

    def __init__(self, command, folder, environment=None):
        os.makedirs(folder, exist_ok=True)
        self.log = os.path.join(folder, "server.log")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                            env={**os.environ, **(environment or {})})
        atexit.register(self.stop)

    def wait(self, ready, seconds=600):
        """Until `ready()` is true; errors of a connection and refusals mean not yet."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Unavailable(f"it ended with {self.process.returncode}: {self.last_words()}")
            try:
                if ready():
                    return
            except (OSError, http.client.HTTPException, Refused):
                pass
            time.sleep(0.2)
        self.stop()
        raise Unavailable(f"it did not answer within {seconds} s: {self.last_words()}")

    def last_words(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return " / ".join(line.strip() for line in log.readlines()[-3:])[:600]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class JsonHttp:
    """One connection that speaks JSON; an error status is raised as Refused."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def call(self, method, path, body=None, kind="application/json"):
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        try:
            self.connection.request(method, path, body.encode() if isinstance(body, str) else body, {"Content-Type": kind})
            reply = self.connection.getresponse()
            content = reply.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise
        if reply.status >= 300:
            raise Refused(f"{method} {path}: {reply.status} {content[:600].decode(errors='replace')}")
        return json.loads(content) if content else None
