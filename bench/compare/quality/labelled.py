"""Labelled sets as they lie on disk, and what a ranking over one is worth. The same definitions as bench/quality."""
import array
import json
import math
import os
import random

DIMENSIONS = 384
# Set, and the field whose values are searched each on its own: a conversation, a chat, a user.
SETS = [("scifact", ""), ("npl", ""), ("cacm", ""), ("cranfield", ""), ("cisi", ""), ("xquad/en", ""),
        ("locomo", "conversation"), ("beam", "chat"), ("madial/en", "user")]
TEXT_FIELDS = ("title", "speaker", "text", "image_caption")
DEPTH = 10


class Broken(Exception):
    """A file isn't what it should be; the message names it."""


def _rows(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_vectors(path, rows):
    """A row of floats for each of `rows`."""
    floats = array.array("f")
    size = os.path.getsize(path)
    if size != rows * DIMENSIONS * 4:
        raise Broken(f"{path} has {size} bytes, not {rows} rows of {DIMENSIONS} floats")
    with open(path, "rb") as file:
        floats.fromfile(file, rows * DIMENSIONS)
    return [floats[i * DIMENSIONS:(i + 1) * DIMENSIONS] for i in range(rows)]


def text_of(document):
    return " ".join(document[field] for field in TEXT_FIELDS if document.get(field))


class LabelledSet:
    """Documents by their place in the file; only judged queries. `vectors` is the folder docs.f32 and queries.f32 are in."""

    def __init__(self, data, name, scope_field, vectors=None):
        folder = os.path.join(data, name)
        vectors = vectors or folder
        documents, queries = _rows(f"{folder}/docs.jsonl"), _rows(f"{folder}/queries.jsonl")
        places = {d["id"]: i for i, d in enumerate(documents)}
        relevant = {}
        with open(f"{folder}/qrels.tsv", encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                try:
                    query, document, grade = line.rstrip("\n").split("\t")
                    if int(grade) > 0:
                        relevant.setdefault(query, set()).add(places[document])
                except (ValueError, KeyError) as error:
                    raise Broken(f"{folder}/qrels.tsv:{number} is no label of this set: {error!r}") from error
        self.name = name
        self.texts = [text_of(d) for d in documents]
        self.vectors = read_vectors(f"{vectors}/docs.f32", len(documents))
        of_queries = read_vectors(f"{vectors}/queries.f32", len(queries))
        self.queries = []  # (scope, text, vector, relevant places)
        for query, vector in zip(queries, of_queries):
            if relevant.get(query["id"]):
                scope = str(query[scope_field]) if scope_field else ""
                self.queries.append((scope, query["text"], vector, relevant[query["id"]]))
        self.scopes = {}  # scope -> places
        for place, document in enumerate(documents):
            self.scopes.setdefault(str(document[scope_field]) if scope_field else "", []).append(place)


def ndcg(ranked, relevant, k=DEPTH):
    """Binary (Järvelin & Kekäläinen 2002): gain 1, discount log2(rank + 1), against the best possible order."""
    gain = sum(1 / math.log2(i + 2) for i, place in enumerate(ranked[:k]) if place in relevant)
    return gain / sum(1 / math.log2(i + 2) for i in range(min(k, len(relevant))))


def recall(ranked, relevant, k=DEPTH):
    return len(set(ranked[:k]) & relevant) / len(relevant)


def mean(values):
    return sum(values) / len(values)


def paired(ours, theirs, rounds=2000, seed=1):
    """Over the same queries: the mean difference, its 95 % interval (bootstrap over queries), and p of a sign-flip test."""
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    chance = random.Random(seed)
    n, observed = len(differences), mean(differences)
    drawn = sorted(sum(chance.choices(differences, k=n)) / n for _ in range(rounds))
    sizes = [abs(d) for d in differences if d]
    larger = sum(abs(sum(s if chance.getrandbits(1) else -s for s in sizes)) >= abs(observed) * n - 1e-12
                 for _ in range(rounds))
    return {"ours_ahead": observed, "ahead_from": drawn[int(0.025 * rounds)], "ahead_to": drawn[int(0.975 * rounds) - 1],
            "p": (larger + 1) / (rounds + 1)}
