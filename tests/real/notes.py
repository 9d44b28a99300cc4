"""A SQLite file as a Python program keeps it: a table with a full-text index that triggers keep up.

    python notes.py write FOLDER            makes FOLDER/notes.db and the mapping FOLDER/notes.json
    python notes.py change URL              edits, makes and deletes memories of the namespace "notes" over the API
    python notes.py read FOLDER             what the file holds must be that: exits with 1 at the first difference
"""
import json
import sqlite3
import sys
import urllib.request
from pathlib import Path

NOTES = {f"n{i}": (f"note number {i}", "ann" if i % 2 else "bob", i / 2, {"tag": "even" if i % 2 == 0 else "odd"})
         for i in range(1, 41)}


def write(folder):
    database = sqlite3.connect(folder / "notes.db")
    database.executescript("""
        CREATE TABLE notes(id TEXT PRIMARY KEY, body TEXT NOT NULL, owner TEXT, score REAL, extra TEXT);
        CREATE VIRTUAL TABLE words USING fts5(body, content='notes', content_rowid='rowid');
        CREATE TRIGGER added AFTER INSERT ON notes BEGIN
          INSERT INTO words(rowid, body) VALUES(new.rowid, new.body); END;
        CREATE TRIGGER removed AFTER DELETE ON notes BEGIN
          INSERT INTO words(words, rowid, body) VALUES('delete', old.rowid, old.body); END;
        CREATE TRIGGER changed AFTER UPDATE ON notes BEGIN
          INSERT INTO words(words, rowid, body) VALUES('delete', old.rowid, old.body);
          INSERT INTO words(rowid, body) VALUES(new.rowid, new.body); END;
    """)
    database.executemany("INSERT INTO notes VALUES(?,?,?,?,?)",
                         [(key, body, owner, score, json.dumps(extra))
                          for key, (body, owner, score, extra) in NOTES.items()])
    database.commit()
    (folder / "notes.json").write_text(json.dumps(
        {"table": "notes", "id": "id", "text": "body", "user_id": "owner", "metadata": {"score": "score"},
         "metadata_object": "extra"}))


def call(url, method, path, body=None):
    request = urllib.request.Request(url + "/v1/namespaces/notes/" + path, method=method,
                                     data=None if body is None else json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


def change(url):
    call(url, "PATCH", "memories/n1", {"text": "an altered memory 茶"})
    call(url, "POST", "memories", {"memories": [
        {"id": "n41", "text": "a memory that began here", "user_id": "ann",
         "metadata": {"score": 20.5, "tag": "odd"}}]})
    call(url, "DELETE", "memories/n2")


def read(folder):
    database = sqlite3.connect(folder / "notes.db")
    wanted = {key: value for key, value in NOTES.items() if key != "n2"}
    wanted["n1"] = ("an altered memory 茶", *NOTES["n1"][1:])
    wanted["n41"] = ("a memory that began here", "ann", 20.5, {"tag": "odd"})
    found = {key: (body, owner, score, json.loads(extra))
             for key, body, owner, score, extra in database.execute("SELECT * FROM notes")}
    for key in sorted(wanted.keys() | found.keys()):
        if wanted.get(key) != found.get(key):
            sys.exit(f"{key}: wanted {wanted.get(key)}, found {found.get(key)}")
    database.execute("INSERT INTO words(words) VALUES('integrity-check')")
    for word, keys in {"altered": ["n1"], "began": ["n41"]}.items():
        hits = [row[0] for row in database.execute(
            "SELECT notes.id FROM words JOIN notes ON notes.rowid = words.rowid WHERE words MATCH ?", (word,))]
        if hits != keys:
            sys.exit(f"{word}: wanted {keys}, found {hits}")
    if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
        sys.exit("notes.db is damaged")
    print(f"the same: {len(found)} rows after a push-back")


{"write": lambda: write(Path(sys.argv[2])), "change": lambda: change(sys.argv[2]),
 "read": lambda: read(Path(sys.argv[2]))}[sys.argv[1]]()
