#!/usr/bin/env python3
"""Retrieval quality of every system over the same documents, queries and vectors: nDCG@10 and R@10.

  bench/compare/quality/quality.py --data FOLDER                                all systems, all sets: build/compare/quality.json
  bench/compare/quality/quality.py --data FOLDER --sets cacm,madial/en --systems engram,chroma
  bench/compare/quality/quality.py --data FOLDER --into results.json            and puts the figures into a comparison's

The folder is the one of `./dev bench quality`. Sets without docs.f32 and queries.f32 are embedded once, into
build/compare/quality/vectors. Systems are fetched by name into the build folder and run one after the other; one that
can't be had is named. --reuse takes what earlier runs ranked, as far as they came, from build/compare/quality: remove a
system's files there to have it ranked anew. Prints Markdown; ends with 1 when a system that could be had failed.
"""
import argparse
import importlib
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "data"))

import environments  # noqa: E402
import labelled  # noqa: E402
import minilm  # noqa: E402

SYSTEMS = ["engram", "opensearch", "pgvector", "qdrant-edge", "chroma", "mem0"]
FETCHED = {"opensearch": "opensearch.sh", "pgvector": "postgres.sh"}
UNAVAILABLE = 3
OURS = ("engram", "hybrid")


def say(line):
    print(f"== {line}", file=sys.stderr, flush=True)


def engram_binary(given):
    for path in [given] if given else [os.path.join(environments.REPOSITORY, "build", p, "engram") for p in ("release", "dev")]:
        if os.access(path, os.X_OK):
            return os.path.abspath(path)
    raise SystemExit(f"no engram{f' at {given}' if given else ' in build/release or build/dev'}; `./dev build release` makes it")


def vectors_of(data, name, folder):
    """The folder of the set's vectors: beside it, or embedded into the build folder."""
    beside = os.path.join(data, name)
    if os.path.exists(f"{beside}/docs.f32") and os.path.exists(f"{beside}/queries.f32"):
        return beside
    made = os.path.join(folder, "vectors", name)
    if not (os.path.exists(f"{made}/docs.f32") and os.path.exists(f"{made}/queries.f32")):
        say(f"{name} has no vectors: embedding it")
        python = environments.python_of(minilm.ENVIRONMENT, minilm.PACKAGES)
        subprocess.run([python, os.path.join(HERE, "embed_set.py"), beside, made], check=True)
    return made


def fetch(name):
    """What the system needs, into the build folder; the interpreter for its adapter. Raises environments.Unavailable."""
    if name in FETCHED:
        script = os.path.join(HERE, "..", "peers", FETCHED[name])
        done = subprocess.run([script, "fetch"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise environments.Unavailable((done.stdout.strip().splitlines() or ["no reason given"])[-1])
    packages = importlib.import_module(name.replace("-", "_") + "_system").SYSTEM.packages
    return environments.python_of(name if name != "pgvector" else "postgres", packages) if packages else sys.executable


def rank(name, options, folder):
    """The system's rankings, or why there are none: (rankings, missing, failed)."""
    try:
        python = fetch(name)
    except environments.Unavailable as error:
        return None, str(error), False
    path = os.path.join(folder, f"{name}.options.json")
    output = os.path.join(folder, f"{name}.rankings.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({**options, "output": output}, file)
    done = subprocess.run([python, os.path.join(HERE, "rank.py"), name, path], check=False)
    if done.returncode == UNAVAILABLE:
        with open(output + ".why", encoding="utf-8") as file:
            return None, json.load(file), False
    if done.returncode:
        return None, f"it failed with {done.returncode}", True
    with open(output, encoding="utf-8") as file:
        return json.load(file), None, False


def judge(rankings, sets):
    """[{"data", "system", "mode", "ndcg_at_10", "recall_at_10", "queries", …}]: ours is paired with each peer's best."""
    rows, each = [], {}
    for system, of_system in rankings.items():
        for name in [name for name in sets if name in of_system["sets"]]:
            modes = of_system["sets"][name]
            queries = sets[name].queries
            for mode, ranked in modes.items():
                gains = [labelled.ndcg(r, q[3]) for r, q in zip(ranked, queries, strict=True)]
                each[name, system, mode] = gains
                rows.append({"data": name, "system": system, "mode": mode, "ndcg_at_10": labelled.mean(gains),
                             "recall_at_10": labelled.mean([labelled.recall(r, q[3]) for r, q in zip(ranked, queries)]),
                             "queries": len(queries)})
    for name in sets:
        ours = each.get((name, *OURS))
        for system in rankings:
            of_system = [r for r in rows if r["data"] == name and r["system"] == system]
            if ours and of_system and system != OURS[0]:
                best = max(of_system, key=lambda r: r["ndcg_at_10"])
                best.update(labelled.paired(ours, each[name, system, best["mode"]]))
    return rows


def table(rows):
    sets = list(dict.fromkeys(r["data"] for r in rows))
    value = {(r["data"], r["system"], r["mode"]): r for r in rows}
    lines = ["| system | mode | " + " | ".join(sets) + " |", "| --- | --- |" + " ---: |" * len(sets)]
    for system, mode in dict.fromkeys((r["system"], r["mode"]) for r in rows):
        cells = [value.get((s, system, mode)) for s in sets]
        lines.append(f"| {system} | {mode} | " + " | ".join(
            f"{c['ndcg_at_10']:.3f} ({c['recall_at_10']:.3f})" if c else "–" for c in cells) + " |")
    return "\n".join(lines)


def merge(path, figures):
    with open(path, encoding="utf-8") as file:
        results = json.load(file)
    results["quality"], results["quality_systems"] = figures["quality"], figures["systems"]
    known = {m["system"] for m in results.setdefault("missing", [])}
    results["missing"] += [m for m in figures["missing"] if m["system"] not in known]
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    os.replace(path + ".part", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("ENGRAM_DATA_DIR"), help="the labelled sets (or ENGRAM_DATA_DIR)")
    parser.add_argument("--sets", help=f"with commas between: {','.join(n for n, _ in labelled.SETS)}")
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="with commas between (%(default)s)")
    parser.add_argument("--engram", help="the program (build/release/engram, else build/dev/engram)")
    parser.add_argument("--out", default=os.path.join(environments.BUILD, "quality.json"), help="build/compare/quality.json")
    parser.add_argument("--reuse", action="store_true", help="what earlier runs ranked")
    parser.add_argument("--into", help="a results.json that gets the figures, too")
    options = parser.parse_args()
    if not options.data or not os.path.isdir(options.data):
        parser.error(f"--data: there is no folder {options.data}")
    chosen = options.sets.split(",") if options.sets else [n for n, _ in labelled.SETS]
    systems = options.systems.split(",")
    for given, all_of_them in ((chosen, [n for n, _ in labelled.SETS]), (systems, SYSTEMS)):
        if unknown := set(given) - set(all_of_them):
            parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(all_of_them)}")
    folder = os.path.join(environments.BUILD, "quality")
    os.makedirs(folder, exist_ok=True)
    missing, triples = [], []
    for name, scope in labelled.SETS:
        if name in chosen and os.path.exists(os.path.join(options.data, name, "qrels.tsv")):
            triples.append((name, scope, vectors_of(options.data, name, folder)))
        elif name in chosen:
            missing.append({"system": f"set {name}", "why": "not in the folder of data"})
    shared = {"data": options.data, "sets": triples, "folder": folder, "dimensions": labelled.DIMENSIONS, "reuse": options.reuse,
              "engram": engram_binary(options.engram) if "engram" in systems else None}
    rankings, described, broken = {}, [], False
    for name in systems:
        ranked, why, failed = rank(name, shared, folder)
        broken |= failed
        if ranked is None:
            say(f"{name} is missing: {why}")
            missing.append({"system": name, "why": why})
            continue
        rankings[name] = ranked
        described.append({"name": name, "version": ranked["version"], "settings": ranked["settings"]})
    sets = {name: labelled.LabelledSet(options.data, name, scope, vectors) for name, scope, vectors in triples}
    figures = {"quality": judge(rankings, sets), "systems": described, "missing": missing}
    with open(options.out, "w", encoding="utf-8") as file:
        json.dump(figures, file, indent=1)
    if options.into:
        merge(options.into, figures)
    print("nDCG@10 (R@10); ", "; ".join(f"{d['name']} {d['version']}" for d in described), "\n\n", table(figures["quality"]), sep="")
    for m in missing:
        print(f"\nNot there: {m['system']} ({m['why']})")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
