#!/usr/bin/env bash
# OpenSearch with k-NN and neural-search, fetched through Maven into the build folder:
#   opensearch.sh fetch              fetches what is missing; prints the folder
#   opensearch.sh run DATA PORT MEM  serves on 127.0.0.1:PORT over DATA in the foreground, with MEM MiB for all of it:
#                                    half is heap, as its documentation wants, the rest the file cache's
# Needs mvn, unzip and a JDK of at least 21: JAVA_HOME, or the newest beneath /usr/lib/jvm. OPENSEARCH_VERSION names
# another version. It refuses root, so root runs it as nobody.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

readonly version="${OPENSEARCH_VERSION:-3.6.0}"
readonly peers="${ENGRAM_PEERS:-$PWD/build/peers}"
readonly home="$peers/opensearch-$version"
readonly least_java=21

fail() {
  echo "opensearch.sh: $*" >&2
  exit 1
}

# Prints the folder of a JDK that is new enough.
java_home() {
  local folder best='' best_release=0 release
  for folder in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
    [[ -n $folder && -x $folder/bin/java ]] || continue
    release=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$folder/release" 2>/dev/null)
    [[ -n $release ]] || continue
    if ((release > best_release)); then best=$folder best_release=$release; fi
  done
  ((best_release >= least_java)) || fail "needs a JDK of at least $least_java; JAVA_HOME or /usr/lib/jvm have none"
  echo "$best"
}

# artifact GROUP NAME VERSION prints the path of the zip, fetched when Maven hasn't got it.
artifact() {
  local zip="${HOME}/.m2/repository/${1//.//}/$2/$3/$2-$3.zip"
  [[ -f $zip ]] || mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.0:get \
    -Dartifact="$1:$2:$3:zip" -Dtransitive=false >&2 || fail "Maven could not fetch $1:$2:$3"
  echo "$zip"
}

fetch() {
  local plugin zip
  java_home >/dev/null
  if [[ ! -f $home/complete ]]; then
    command -v mvn >/dev/null || fail "needs mvn"
    command -v unzip >/dev/null || fail "needs unzip"
    rm -rf "$home" "$home.part"
    mkdir -p "$home.part"
    zip=$(artifact org.opensearch.distribution.integ-test-zip opensearch "$version")
    unzip -q "$zip" -d "$home.part"
    for plugin in opensearch-knn neural-search; do
      zip=$(artifact org.opensearch.plugin "$plugin" "$version.0")
      unzip -q "$zip" -d "$home.part/opensearch-$version/plugins/$plugin"
    done
    mv "$home.part/opensearch-$version" "$home"
    rmdir "$home.part"
    touch "$home/complete"
  fi
  echo "$home"
}

run() {
  local data=$1 port=$2 heap=$(($3 / 2)) as=()
  [[ -f $home/complete ]] || fail "not fetched"
  OPENSEARCH_JAVA_HOME=$(java_home)
  mkdir -p "$data/config" "$data/data" "$data/logs" "$data/tmp"
  cp -r "$home/config/." "$data/config/"
  # Its launcher goes to its own folder, which nobody but the owner writes.
  sed -i "s|logs/|$data/logs/|g" "$data/config/jvm.options"
  cat >"$data/config/opensearch.yml" <<YAML
cluster.name: compare
node.name: compare
path.data: $data/data
path.logs: $data/logs
network.host: 127.0.0.1
http.port: $port
discovery.type: single-node
cluster.routing.allocation.disk.threshold_enabled: false
YAML
  export OPENSEARCH_JAVA_HOME OPENSEARCH_PATH_CONF="$data/config" OPENSEARCH_TMPDIR="$data/tmp"
  export OPENSEARCH_JAVA_OPTS="-Xms${heap}m -Xmx${heap}m"
  if [[ $EUID -eq 0 ]]; then
    chown -R nobody "$data"
    as=(setpriv --reuid=nobody --regid=nogroup --clear-groups --pdeathsig SIGKILL)
  fi
  cd "$data"
  exec ${as[@]+"${as[@]}"} "$home/bin/opensearch"
}

case ${1:-} in
  fetch) fetch ;;
  run) run "${2:?DATA}" "${3:?PORT}" "${4:?MEM}" ;;
  *) fail "fetch, or run DATA PORT MEM" ;;
esac
