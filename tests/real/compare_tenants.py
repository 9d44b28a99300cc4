"""Whether each tenant holds the memories of its user and no others.

    python compare_tenants.py EXPECTED EXPORTS     EXPORTS/user-NAME.jsonl, against what mem0's own reader says
"""
import json
import sys
from pathlib import Path

expected = json.loads(Path(sys.argv[1]).read_text())
wanted = {}
for item in expected["items"].values():
    if item:
        wanted.setdefault(item["user_id"], set()).add(item["id"])
for user, ids in sorted(wanted.items()):
    lines = [json.loads(line) for line in (Path(sys.argv[2]) / f"user-{user}.jsonl").read_text().splitlines()]
    found = {line["id"] for line in lines if "id" in line}
    if found != ids:
        sys.exit(f"tenant of {user}: wanted {sorted(ids)}, found {sorted(found)}")
print(f"the same: the memories of {len(wanted)} tenants")
