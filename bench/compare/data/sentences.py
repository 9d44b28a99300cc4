"""The sentences of a folder of public text collections, each once, in an order that does not depend on how many are
taken: that of a hash. So the first 10,000 of 100,000 are the 10,000 that a run with fewer rows would have taken."""
import hashlib
import json
import os
import re
from collections import Counter

# Folder, file, and the fields whose sentences are taken. English only.
COLLECTIONS = [
    ("locomo", "docs.jsonl", ["text"]),
    ("madial/en", "docs.jsonl", ["text"]),
    ("beam", "docs.jsonl", ["text"]),
    ("scifact", "docs.jsonl", ["title", "text"]),
    ("npl", "docs.jsonl", ["text"]),
    ("cacm", "docs.jsonl", ["title", "text"]),
    ("cranfield", "docs.jsonl", ["title", "text"]),
    ("cisi", "docs.jsonl", ["title", "text"]),
    ("xquad/en", "docs.jsonl", ["text"]),
    ("reuters", "docs.jsonl", ["title", "text"]),
    ("wiki_1000", "wiki.jsonl", ["body"]),
]
# What people ask of these collections.
QUESTIONS = [
    ("locomo", "queries.jsonl"),
    ("scifact", "queries.jsonl"),
    ("scifact", "queries_train.jsonl"),
    ("npl", "queries.jsonl"),
    ("cacm", "queries.jsonl"),
    ("cranfield", "queries.jsonl"),
    ("xquad/en", "queries.jsonl"),
]

CHARACTERS = range(20, 401)  # longer ones are tables and listings
WORDS_LEAST = 4
LETTERS_LEAST = 0.6  # of all characters: rows of figures are no sentences

_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[A-Z0-9\"'(])")
_PARAGRAPH = re.compile(r"\n\s*\n")


def split(text):
    """The sentences of a text, white space made one blank."""
    for paragraph in _PARAGRAPH.split(text):
        for sentence in _END.split(" ".join(paragraph.split())):
            if _counts(sentence):
                yield sentence


def _counts(sentence):
    letters = sum(c.isalpha() or c.isspace() for c in sentence)
    return (len(sentence) in CHARACTERS and len(sentence.split()) >= WORDS_LEAST
            and letters >= LETTERS_LEAST * len(sentence))


def _rows(path):
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise SystemExit(f"{path}:{number} is no JSON object: {error}") from error


def _shuffled(pairs):
    return sorted(pairs, key=lambda pair: hashlib.sha256(pair[1].encode()).digest())


def collect(data):
    """(collection, sentence) of every distinct sentence, shuffled; and which collections aren't there."""
    seen, pairs, missing = set(), [], []
    for folder, name, fields in COLLECTIONS:
        path = os.path.join(data, folder, name)
        if not os.path.exists(path):
            missing.append(folder)
            continue
        for row in _rows(path):
            for sentence in (s for field in fields for s in split(row.get(field) or "")):
                if sentence not in seen:
                    seen.add(sentence)
                    pairs.append((folder, sentence))
    return _shuffled(pairs), missing


def questions(data):
    """(collection, question) of every distinct question, shuffled."""
    seen, pairs = set(), []
    for folder, name in QUESTIONS:
        path = os.path.join(data, folder, name)
        for row in _rows(path) if os.path.exists(path) else ():
            text = " ".join(row["text"].split())
            if text not in seen and len(text) in CHARACTERS:
                seen.add(text)
                pairs.append((folder, text))
    return _shuffled(pairs)


def counted(pairs):
    """"scifact 12,345, npl 678": how many come from where."""
    return ", ".join(f"{name} {count:,}" for name, count in Counter(folder for folder, _ in pairs).most_common())
