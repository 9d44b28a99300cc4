#!/usr/bin/env bash
# Imports what real software writes: installs it by name into a virtual environment, lets it write, imports that, and
# compares what arrived with what the software's own reader says. Usage: import_real.sh ENGRAM [FOLDER]
# FOLDER (a new one by default) keeps the environment and what was written; it needs a network the first time.
# Exits with 75 where the software can't be installed: nothing has been checked then.
set -euo pipefail

engram=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
work=${2:-$(mktemp -d)}
mkdir -p "$work"
cd "$work"

if [[ ! -x venv/bin/python ]]; then
  if ! { python3 -m venv venv && venv/bin/pip install --quiet -r "$here/requirements.txt"; }; then
    rm -rf venv
    echo "the software of tests/real/requirements.txt can't be installed here: nothing was checked against it" >&2
    exit 75
  fi
fi
venv/bin/pip list 2>/dev/null | grep -E '^(mem0ai|qdrant-client|pydantic) '

rm -rf written store
mkdir written
venv/bin/python "$here/write_qdrant.py" written
venv/bin/python "$here/write_mem0.py" written/mem0 2>written/mem0.log

# What the sources hold must not change by being read.
before=$(cd written && find . -type f -print0 | sort -z | xargs -0 sha256sum)

for collection in notes mixed many empty; do
  "$engram" import qdrant-local written/qdrant --collection "$collection" --dry-run
  "$engram" import qdrant-local written/qdrant --collection "$collection" --namespace "$collection" --data store
  "$engram" migrate verify qdrant-local written/qdrant --collection "$collection" --namespace "$collection" --data store
  "$engram" export --namespace "$collection" --data store --out "$collection.jsonl"
done
"$engram" import mem0 --history written/mem0/history.db --vectors written/mem0/qdrant --dry-run
"$engram" import mem0 --history written/mem0/history.db --vectors written/mem0/qdrant --namespace mem0 --data store
"$engram" migrate verify mem0 --history written/mem0/history.db --vectors written/mem0/qdrant --namespace mem0 --data store
"$engram" export --namespace mem0 --data store --out mem0.jsonl
rm -rf mem0.archive
"$engram" import mem0 --history written/mem0/history.db --vectors written/mem0/qdrant --archive mem0.archive

after=$(cd written && find . -type f -print0 | sort -z | xargs -0 sha256sum)
[[ $before == "$after" ]] || { echo "a source was changed by reading it" >&2 && exit 1; }
venv/bin/python "$here/compare.py" "$work"
"$here/back_and_apart.sh" "$engram" "$work"
