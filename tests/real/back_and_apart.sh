#!/usr/bin/env bash
# What import_real.sh has made, over a running server: a SQLite file of Python's and the folders of qdrant-client and mem0
# are imported, changed here, pushed back and read by their own software again; mem0's memories are routed to a tenant for each user and verified there.
# Usage: back_and_apart.sh ENGRAM FOLDER, a folder of import_real.sh.
set -euo pipefail

engram=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
cd "$2"
python=$PWD/venv/bin/python
rm -rf back apart && mkdir back apart
server=
trap '[[ -z $server ]] || kill "$server"' EXIT

# Starts a server over the folder $1 with further options; sets `url`.
serve() {
  local data=$1
  shift
  rm -f port
  "$engram" serve --data "$data" --listen 127.0.0.1:0 --port-file port "$@" 2>"$data.log" &
  server=$!
  until [[ -s port ]]; do kill -0 "$server" && sleep 0.05; done
  url=http://127.0.0.1:$(cat port)
}
stop() {
  kill "$server" && wait "$server"
  server=
}

"$python" "$here/notes.py" write back
serve back/store
source=(back/notes.db --map back/notes.json --namespace notes --server "$url")
"$engram" import sqlite "${source[@]}"
"$engram" migrate verify sqlite "${source[@]}"
"$python" "$here/notes.py" change "$url"
"$engram" migrate push-back sqlite "${source[@]}" --dry-run
"$engram" migrate push-back sqlite "${source[@]}" --execute --backup back/notes.before
"$python" "$here/notes.py" read back

cp -r written/qdrant written/mem0 back
points=(qdrant-local back/qdrant --collection notes --namespace points --server "$url")
vectors=(qdrant-local back/qdrant --collection mixed --namespace vectors --server "$url")
mem0=(mem0 --vectors back/mem0/qdrant --namespace mem0 --server "$url")
for source in points vectors mem0; do
  declare -n options=$source
  "$engram" import "${options[@]}"
done
"$python" "$here/points.py" change "$url"
for source in points vectors mem0; do
  declare -n options=$source
  "$engram" migrate push-back "${options[@]}" --dry-run
  "$engram" migrate push-back "${options[@]}" --execute --backup "back/$source.before"
done
"$python" "$here/points.py" read back/qdrant written/qdrant.expected.json
"$python" "$here/points.py" mem0 back/mem0
stop

"$engram" keys admin apart/admin.key
serve apart/store --admin-key-file apart/admin.key
export ENGRAM_ADMIN_KEY_FILE=apart/admin.key ENGRAM_SERVER=$url
cat >apart/route.json <<'JSON'
{"route": {"tenant": {"field": "user_id", "template": "user-{value}", "default": "nobody"}}}
JSON
source=(--history written/mem0/history.db --vectors written/mem0/qdrant --map apart/route.json --namespace memories
        --import-id apart)
"$engram" import mem0 "${source[@]}" --create-tenants --dry-run
"$engram" import mem0 "${source[@]}" --create-tenants
"$engram" migrate verify mem0 "${source[@]}"
"$engram" migrate status --map apart/route.json --import apart
for user in ann bob; do
  "$engram" keys create --tenant "user-$user" --verb read --out "apart/$user.key"
  "$engram" export --namespace memories --key-file "apart/$user.key" --out "apart/user-$user.jsonl"
done
"$python" "$here/compare_tenants.py" written/mem0/expected.json apart
"$engram" migrate rollback --all --map apart/route.json --import apart
stop
