#!/usr/bin/env bash
# Fetches Lucene through Maven, compiles the peer and prints the command that runs it:
#   ./dev bench text -- --data FOLDER --peer "$(bench/text/lucene.sh)"
# JAVA_HOME names a JDK of at least 21; LUCENE_VERSION another version. A heap of 1 GB is enough for millions of short
# documents: what it searches is mapped files.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly version="${LUCENE_VERSION:-10.4.0}"
readonly folder="$PWD/build/lucene-$version"
readonly jar="${HOME}/.m2/repository/org/apache/lucene/lucene-core/$version/lucene-core-$version.jar"
readonly bin="${JAVA_HOME:?names no JDK}/bin"

[[ -f $jar ]] || mvn -q org.apache.maven.plugins:maven-dependency-plugin:3.6.0:get \
  -Dartifact="org.apache.lucene:lucene-core:$version" >&2
mkdir -p "$folder"
"$bin/javac" -cp "$jar" -d "$folder" bench/text/LucenePeer.java >&2
echo "exec '$bin/java' -Xmx1g --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED" \
  "-cp '$jar:$folder' LucenePeer"
