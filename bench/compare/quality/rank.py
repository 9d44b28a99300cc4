"""One system's rankings of the labelled sets, in a process and an environment of its own; quality.py starts it.

  rank.py SYSTEM OPTIONS.json     writes {"version", "settings", "sets": {set: {mode: [[place]…]}}} to the named output

After each set what is known stands in output.part, so a stopped run costs one set.
"""
import importlib
import json
import os
import shutil
import signal
import sys
import time

import labelled
from system import Unavailable


def say(line):
    print(f"== {line}", file=sys.stderr, flush=True)


def rank_set(system, data, modes):
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


def earlier(output):
    """What runs before this one ranked, by set: whole runs and one that was stopped. None without any."""
    found = None
    for path in (output, output + ".part"):
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                run = json.load(file)
            found = {**run, "sets": {**(found or {"sets": {}})["sets"], **run["sets"]}}
    return found


def write(path, out):
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(out, file)
    os.replace(path + ".new", path)


def main():
    name, options_path = sys.argv[1:]
    with open(options_path, encoding="utf-8") as file:
        options = json.load(file)
    adapter = importlib.import_module(name.replace("-", "_") + "_system").SYSTEM
    output = options["output"]
    out = earlier(output) if options["reuse"] else None
    wanted = [s for s in options["sets"] if out is None or s[0] not in out["sets"]]
    if wanted:
        folder = os.path.join(options["folder"], name)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        # Servers that refuse root run as somebody else and have to reach their data.
        os.chmod(folder, 0o755)
        try:
            system = adapter(folder, options)
        except (Unavailable, ImportError, OSError) as error:
            write(output + ".why", str(error))
            return 3
        try:
            out = {"sets": {}, **(out or {}), "version": system.version(), "settings": adapter.settings}
            for set_name, scope_field, vectors in wanted:
                data = labelled.LabelledSet(options["data"], set_name, scope_field, vectors)
                out["sets"][set_name] = rank_set(system, data, adapter.modes)
                write(output + ".part", out)
        finally:
            system.close()
        shutil.rmtree(folder, ignore_errors=True)
    write(output, out)
    if os.path.exists(output + ".part"):
        os.remove(output + ".part")
    return 0


if __name__ == "__main__":
    # So that servers are stopped with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
