#!/usr/bin/env bash
# A first look at Engram: starts a server on the sample, shows a hybrid search and keeps serving until Ctrl-C.
#
# usage: sample/tour.sh ENGRAM_BINARY
#   ENGRAM_PORT       another port than 7700
#   ENGRAM_TOUR_ONCE  1: stop after the search, as also happens when the output is no terminal
set -euo pipefail

readonly sample="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
readonly root="$(dirname "$sample")"
readonly data="$root/build/run/data"
readonly log="$root/build/run/server.log"
readonly port_file="$root/build/run/port"
readonly port="${ENGRAM_PORT:-7700}"
readonly url="http://127.0.0.1:$port"

say() { printf '\033[1m==\033[0m %s\n' "$*"; }
fail() {
  printf 'tour: %s\n' "$*" >&2
  exit 1
}

[[ $# -eq 1 && -x $1 ]] || fail "usage: sample/tour.sh ENGRAM_BINARY (./dev run builds one and calls this)"
readonly engram="$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"
command -v curl >/dev/null || fail "this needs curl: apt-get install curl"

server=
stop_server() {
  [[ -n $server ]] || return 0
  kill -TERM "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=
}
trap stop_server EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start_server() {
  mkdir -p "$(dirname "$data")"
  rm -f "$port_file"
  "$engram" serve --data "$data" --listen "127.0.0.1:$port" --port-file "$port_file" 2>"$log" >/dev/null &
  server=$!
  until [[ -s $port_file ]]; do
    kill -0 "$server" 2>/dev/null || explain_death
    sleep 0.05
  done
  curl -fsS "$url/readyz" >/dev/null
}

explain_death() {
  server=
  if grep -q 'in use' "$log"; then
    fail "port $port is taken. Another engram, perhaps? Stop it, or choose another port: ENGRAM_PORT=7701 ./dev run"
  fi
  fail "the server did not start:
$(tail -n 5 "$log")"
}

say "starting a server on $url, data in build/run/data, log in build/run/server.log"
start_server

say "creating the namespace \"sample\": 384-dimensional vectors by all-MiniLM-L6-v2, English text"
curl -fsS -o /dev/null -X PUT "$url/v1/namespaces/sample" -H 'Content-Type: application/json' \
  --data "@$sample/namespace.json" || fail "build/run/data holds another \"sample\"; remove build/run/data and run this again"

say "importing sample/memories.jsonl: four made-up people over a year, with who and what belongs together"
"$engram" import jsonl "$sample/memories.jsonl" --namespace sample --server "$url"

say "a hybrid search, by words and by meaning: \"What does Ann drink in the morning?\" (sample/question-1.json)"
"$engram" search --namespace sample --request "$sample/question-1.json" --server "$url"

cat <<TEXT

Each hit's score is what the legs add: words found (text) and nearness of meaning (vector). Go on with

  curl -s $url/v1/namespaces/sample/search --json '{"text":"bakery prize","top_k":3}'
  curl -s $url/v1/namespaces/sample/search --json @sample/question-5.json
  curl -s $url/v1/namespaces/sample/memories:facet --json '{"field":"metadata.topic"}'
  curl -s $url/v1/namespaces/sample/graph:expand --json '{"seeds":["person:ann"],"hops":2}'
  curl -s $url/v1/namespaces/sample/memories --json '{"memories":[{"text":"Ann tried matcha","user_id":"ann"}]}'

or build/release/engram search --namespace sample "who has a pet". README.md has more.
TEXT

if [[ ! -t 1 || ${ENGRAM_TOUR_ONCE:-} == 1 ]]; then
  say "done; the server stops"
  exit 0
fi
say "the server runs until Ctrl-C"
wait "$server" || true
