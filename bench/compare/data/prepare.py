#!/usr/bin/env python3
"""Makes the real data of the comparison: sentences of public collections with their all-MiniLM-L6-v2 vectors.

  bench/compare/data/prepare.py --data FOLDER               100,000 sentences into build/compare/data/sentences-100k
  bench/compare/data/prepare.py --data FOLDER --rows 5000   a small one
  bench/compare/data/prepare.py --data FOLDER --rows 0      as many as there are

The folder of collections is the one of `./dev bench quality`. Made are vectors.f32 and queries.f32 (unit vectors, rows
of 384 little-endian floats), texts.jsonl and queries.jsonl (line i belongs to row i) and, last, meta.json. Queries are
half sentences, held out, and half questions that people asked of the collections. A run that was stopped goes on where
it was. Takes 10 to 30 minutes a thread for 100,000. Some collections may be measured with but not passed on: what is
made here stays in the build folder.
"""
import argparse
import hashlib
import json
import os
import sys
from itertools import zip_longest

import environments
import minilm
import sentences


def say(line):
    print(f"== {line}", file=sys.stderr, flush=True)


def write_lines(path, rows):
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    os.replace(path + ".part", path)


def choose(data, rows, queries):
    """The pairs to store, the pairs to ask, and where they come from."""
    pairs, missing = sentences.collect(data)
    if not pairs:
        raise SystemExit(f"{data} has none of the collections {', '.join(c[0] for c in sentences.COLLECTIONS)}")
    if missing:
        say(f"not in {data}: {', '.join(missing)}")
    asked = sentences.questions(data)[:queries // 2]
    held_out = queries - len(asked)
    if len(pairs) <= held_out:
        raise SystemExit(f"{data} yields {len(pairs):,} sentences, not more than the {held_out:,} held out as queries")
    # The one order: what is held out comes first, so it is never among the rows, however many those are.
    # Questions and sentences take turns, so that the first hundred queries are of both kinds, too.
    asked = [pair for turn in zip_longest(asked, pairs[:held_out]) for pair in turn if pair]
    stored = pairs[held_out:held_out + rows] if rows else pairs[held_out:]
    if len(stored) < rows:
        say(f"{data} yields {len(stored):,} distinct sentences, not {rows:,}: these are taken")
    return stored, asked


def digest_of(stored, asked):
    digest = hashlib.sha256()
    for _, text in stored + [("", "")] + asked:
        digest.update(text.encode() + b"\n")
    return digest.hexdigest()


def prepare(folder, stored, asked, threads):
    os.makedirs(folder, exist_ok=True)
    digest, plan = digest_of(stored, asked), os.path.join(folder, "plan.sha256")
    if os.path.exists(plan):
        with open(plan, encoding="utf-8") as file:
            if file.read().strip() != digest:
                raise SystemExit(f"{folder} was begun with other texts; remove it, or name another with --name")
    else:
        write_lines(os.path.join(folder, "texts.jsonl"),
                    ({"id": str(i), "text": text, "attributes": {"collection": collection}}
                     for i, (collection, text) in enumerate(stored)))
        write_lines(os.path.join(folder, "queries.jsonl"), ({"text": text} for _, text in asked))
        with open(plan, "w", encoding="utf-8") as file:
            file.write(digest + "\n")
    say(f"{len(stored):,} sentences: {sentences.counted(stored)}")
    say(f"{len(asked):,} queries")
    model = minilm.load(threads)
    minilm.embed_into(os.path.join(folder, "queries.f32"), [text for _, text in asked], model, say)
    minilm.embed_into(os.path.join(folder, "vectors.f32"), [text for _, text in stored], model, say)
    meta = {"rows": len(stored), "dimensions": minilm.DIMENSIONS, "queries": len(asked), "metric": "cosine",
            "source": f"sentences of {sentences.counted(stored)}; all-MiniLM-L6-v2; texts' SHA-256 {digest[:16]}"}
    with open(os.path.join(folder, "meta.json.part"), "w", encoding="utf-8") as file:
        json.dump(meta, file, indent=1)
    os.replace(os.path.join(folder, "meta.json.part"), os.path.join(folder, "meta.json"))
    say(f"{folder} is complete")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("ENGRAM_DATA_DIR"), help="the collections (or ENGRAM_DATA_DIR)")
    parser.add_argument("--rows", type=int, default=100_000, help="0 takes all (100,000)")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--name", help="of the folder (sentences-100k)")
    parser.add_argument("--out", default=os.path.join(environments.BUILD, "data"), help="build/compare/data")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if not options.data:
        parser.error("--data names no folder of collections")
    if options.rows < 0 or options.queries < 2 or options.threads < 1:
        parser.error("--rows, --queries and --threads take 0, 2 and 1 at least")
    if not os.path.isdir(options.data):
        raise SystemExit(f"there is no folder {options.data}")
    name = options.name or f"sentences-{f'{options.rows // 1000}k' if options.rows % 1000 == 0 else options.rows}"
    if options.rows == 0 and not options.name:
        name = "sentences-all"
    folder = os.path.join(options.out, name)
    if os.path.exists(os.path.join(folder, "meta.json")):
        say(f"{folder} is there already")
        return
    try:
        environments.run_within(minilm.ENVIRONMENT, minilm.PACKAGES)
    except environments.Unavailable as error:
        raise SystemExit(f"the model can't be had: {error}") from error
    prepare(folder, *choose(options.data, options.rows, options.queries), options.threads)


if __name__ == "__main__":
    main()
