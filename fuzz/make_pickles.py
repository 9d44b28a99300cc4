#!/usr/bin/env python3
"""Writes fuzz/corpus/pickle: what CPython makes of plain data. `fuzz/make_pickles.py` from the repository's root."""

import datetime
import pathlib
import pickle
import uuid


def main() -> None:
    folder = pathlib.Path("fuzz/corpus/pickle")
    folder.mkdir(parents=True, exist_ok=True)
    plain = {"a": [1, -2, 70000, 2**40, 2**63, 2**70, 1.5, None, True, "ü"], "b": (1, 2), "c": {3}, "d": b"x"}
    dates = {"at": datetime.datetime(2025, 3, 1, 12, 30), "on": datetime.date(2025, 3, 1), "id": uuid.UUID(int=7)}
    for protocol in (2, 3, 4, 5):
        (folder / f"plain{protocol}").write_bytes(pickle.dumps(plain, protocol))
        (folder / f"dates{protocol}").write_bytes(pickle.dumps(dates, protocol))
    circle = []
    circle.append(circle)
    (folder / "circle").write_bytes(pickle.dumps(circle, 4))
    (folder / "call").write_bytes(b"cos\nsystem\n(S'true'\ntR.")


main()
