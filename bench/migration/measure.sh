#!/usr/bin/env bash
# How long a migration takes: import, verify, and roll back, out of SQLite and out of a folder of qdrant-client's local
# mode, into a data folder; out of SQLite into ten namespaces and into a hundred of ten tenants; and the import alone out
# of what answers as a Qdrant server does, each page after WAIT milliseconds, by one scan and by four.
# Usage: [WAIT=20] [STEPS="sqlite qdrant spaces tenants scan"] measure.sh ENGRAM [COUNT [DIMENSIONS [FOLDER]]]
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
lines = done.stdout.splitlines()
for line in lines[:5]:
    print("    " + line)
if len(lines) > 5:
    print(f"    and {len(lines) - 5} lines more")
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

# The same with a route; the mapping is the first argument.
route() {
  local name=$1
  local from=(sqlite sources/notes.db --map "sources/$name.json" --data "store-$name" --import-id "$name")
  rm -rf "store-$name"
  step "$name import" "$engram" import "${from[@]}" --batch 1000 "${@:2}"
  step "$name verify" "$engram" migrate verify "${from[@]}"
  step "$name run again" "$engram" import "${from[@]}" --batch 1000
  step "$name rollback" "$engram" migrate rollback --all --map "sources/$name.json" --data "store-$name" --import "$name"
}

serve_points() {
  rm -f port
  PYTHONPATH=$here python3 "$here/qdrant_server.py" sources port "${WAIT:-20}" &
  trap 'kill %1' EXIT
  until [[ -s port ]]; do sleep 0.1; done
}

scan() {
  rm -rf "store-scan-$1"
  step "scan by $1" "$engram" import qdrant "http://127.0.0.1:$(cat port)" --collection notes --text text --user-id user \
    --namespace notes --data "store-scan-$1" --batch 1000 --parallel "$1"
}

for name in ${STEPS:-sqlite qdrant spaces tenants scan}; do
  case $name in
    sqlite) migrate sqlite sqlite sources/notes.db --map sources/map.json ;;
    qdrant) migrate qdrant qdrant-local sources/qdrant --collection notes --text text --user-id user ;;
    spaces) route spaces ;;
    tenants) route tenants --create-tenants ;;
    scan) serve_points && scan 1 && scan 4 ;;
    *) echo "there is no step $name" >&2 && exit 2 ;;
  esac
done
