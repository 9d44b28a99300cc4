#!/usr/bin/env bash
# How long a migration takes: import, verify, and roll back, out of SQLite and out of a folder of qdrant-client's local
# mode, into a data folder. Usage: measure.sh ENGRAM [COUNT [DIMENSIONS [FOLDER]]]
# FOLDER (a new one by default) keeps the sources and the stores.
set -euo pipefail

engram=$(realpath "$1")
count=${2:-100000}
dimensions=${3:-384}
here=$(dirname "$(realpath "$0")")
work=${4:-$(mktemp -d)}
mkdir -p "$work"
cd "$work"
[[ -d sources ]] || { mkdir sources; python3 "$here/write_sources.py" sources "$count" "$dimensions"; }

# Prints the step, its seconds by the clock and of the processor, the most memory that was resident, and what was said.
step() {
  local name=$1
  shift
  local code=0
  python3 - "$name" "$@" <<'PY' || code=$?
import resource, subprocess, sys, time
began = time.monotonic()
done = subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
seconds = time.monotonic() - began
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
resident = usage.ru_maxrss // 1024
processor = usage.ru_utime + usage.ru_stime
print(f"| {sys.argv[1]} | {seconds:.1f} s | {processor:.1f} s | {resident} MiB |", flush=True)
for line in done.stdout.splitlines():
    print("    " + line)
sys.exit(done.returncode)
PY
  return $code
}

migrate() {
  local name=$1
  shift
  local where=(--namespace notes --data "store-$name" --import-id "$name")
  rm -rf "store-$name"
  step "$name import" "$engram" import "$@" "${where[@]}" --batch 1000
  step "$name verify" "$engram" migrate verify "$@" "${where[@]}"
  step "$name run again" "$engram" import "$@" "${where[@]}" --batch 1000
  step "$name rollback" "$engram" migrate rollback --namespace notes --data "store-$name" --import "$name"
}

migrate sqlite sqlite sources/notes.db --map sources/map.json
migrate qdrant qdrant-local sources/qdrant --collection notes --text text --user-id user
