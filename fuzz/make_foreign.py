#!/usr/bin/env python3
"""Writes the corpora that other programs' formats are for: pickles, SQLite files, a zip. From the repository's root."""

import datetime
import pathlib
import pickle
import sqlite3
import tempfile
import uuid
import zipfile

CORPUS = pathlib.Path("fuzz/corpus")
EXPORT = '{"user": {"user_id": "ann"}, "memories": [{"id": "m1", "content": "tea", "state": "active"}]}'


def put(target: str, name: str, data: bytes) -> None:
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def database(sql: str) -> bytes:
    with tempfile.NamedTemporaryFile(suffix=".db") as file:
        connection = sqlite3.connect(file.name)
        connection.executescript("PRAGMA page_size = 512; VACUUM;" + sql)
        connection.close()
        return pathlib.Path(file.name).read_bytes()


def pickles() -> None:
    plain = {"a": [1, -2, 70000, 2**40, 2**63, 2**70, 1.5, None, True, "ü"], "b": (1, 2), "c": {3}, "d": b"x"}
    dates = {"at": datetime.datetime(2025, 3, 1, 12, 30), "on": datetime.date(2025, 3, 1), "id": uuid.UUID(int=7)}
    for protocol in (2, 3, 4, 5):
        put("pickle", f"plain{protocol}", pickle.dumps(plain, protocol))
        put("pickle", f"dates{protocol}", pickle.dumps(dates, protocol))
    circle: list = []
    circle.append(circle)
    put("pickle", "circle", pickle.dumps(circle, 4))
    put("pickle", "call", b"cos\nsystem\n(S'true'\ntR.")


def files() -> None:
    captures = database(
        "CREATE TABLE captures(id INTEGER PRIMARY KEY, session_id, timestamp, user_text, agent_text, metadata);"
        "INSERT INTO captures VALUES(1, 's', 1740832205.5, 'a question', 'an answer', '{\"a\": [1, 2.0]}');"
        "INSERT INTO captures VALUES(2, NULL, '2025-03-01', x'ff', '', 'no json');"
    )
    put("import_file", "captures", b"\0" + captures)
    put("import_file", "trigger", b"\0" + database(
        "CREATE TABLE captures(id, session_id, timestamp, user_text, agent_text, metadata);"
        "CREATE TRIGGER t AFTER INSERT ON captures BEGIN DELETE FROM captures; END;"
        "CREATE VIEW v AS SELECT * FROM captures;"
    ))
    history = pathlib.Path("tests/fixtures/mem0_2.2.1/history.db").read_bytes()
    put("import_file", "mem0_history", b"\2" + history)
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        with zipfile.ZipFile(file.name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("memories.json"), EXPORT)
        put("import_file", "openmemory_zip", b"\1" + pathlib.Path(file.name).read_bytes())
    page = b'{"count": 1, "results": [{"id": "a", "memory": "tea", "user_id": "ann", "metadata": {"n": 1}}]}'
    put("import_file", "mem0_platform", b"\3" + page)


pickles()
files()
