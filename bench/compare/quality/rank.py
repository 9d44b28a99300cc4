"""One system's rankings of the labelled sets, in a process and an environment of its own; quality.py starts it.

  rank.py SYSTEM OPTIONS.json     writes {"version", "settings", "sets": {set: {mode: [[place]…]}}} to the named output
"""
import importlib
import json
import os
import shutil
import sys
import time

import labelled
from system import Unavailable


def rank_set(system, data, modes, say):
    """mode -> for every query the places of the best, in the order of the queries."""
    numbers = {scope: i for i, scope in enumerate(data.scopes)}
    began = time.monotonic()
    for scope, places in data.scopes.items():
        system.load(numbers[scope], places, [data.texts[p] for p in places], [data.vectors[p] for p in places])
    say(f"{system.name}: {data.name} loaded, {len(data.texts):,} documents in {time.monotonic() - began:.1f} s")
    rankings = {}
    for mode in modes:
        began = time.monotonic()
        rankings[mode] = [system.search(mode, numbers[scope], text, vector, labelled.DEPTH)
                          for scope, text, vector, _ in data.queries]
        say(f"{system.name}: {data.name}, {mode}: {len(data.queries):,} queries in {time.monotonic() - began:.1f} s")
    for number in numbers.values():
        system.drop(number)
    return rankings


def main():
    name, options_path = sys.argv[1:]
    with open(options_path, encoding="utf-8") as file:
        options = json.load(file)
    adapter = importlib.import_module(name.replace("-", "_") + "_system").SYSTEM
    folder = os.path.join(options["folder"], name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    # Servers that refuse root run as somebody else and have to reach their data.
    os.chmod(folder, 0o755)
    say = lambda line: print(f"== {line}", file=sys.stderr, flush=True)  # noqa: E731
    try:
        system = adapter(folder, options)
    except (Unavailable, ImportError, OSError) as error:
        print(f"{name} can't be had: {error}", file=sys.stderr)
        return 3
    try:
        out = {"version": system.version(), "settings": adapter.settings, "sets": {}}
        for set_name, scope_field, vectors in options["sets"]:
            data = labelled.LabelledSet(options["data"], set_name, scope_field, vectors)
            out["sets"][set_name] = rank_set(system, data, adapter.modes, say)
            with open(options["output"] + ".part", "w", encoding="utf-8") as file:
                json.dump(out, file)
    finally:
        system.close()
    os.replace(options["output"] + ".part", options["output"])
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
