"""Embeds one labelled set: embed_set.py FOLDER OUT writes OUT/docs.f32 and OUT/queries.f32. Runs in minilm's environment."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "data"))

import minilm  # noqa: E402


def spoken(document):
    """What a document's vector is of: title, or the speaker with a colon, then text and caption."""
    head = document["speaker"] + ":" if document.get("speaker") else document.get("title") or ""
    return " ".join(part for part in (head, document.get("text", ""), document.get("image_caption", "")) if part)


def main():
    folder, out = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    model = minilm.load(threads=1)
    for side in ("docs", "queries"):
        with open(os.path.join(folder, f"{side}.jsonl"), encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        minilm.embed_into(os.path.join(out, f"{side}.f32"), [spoken(r) if side == "docs" else r["text"] for r in rows],
                          model, lambda line: print(f"== {line}", file=sys.stderr, flush=True))


if __name__ == "__main__":
    main()
