#!/usr/bin/env bash
# Fetches USearch's headers and NumKong, its kernels, through npm, compiles the kernels for every CPU that the compiler
# knows and prints the folder, in which CMake finds them when it configures the next time:
#   bench/retrieval/usearch.sh && ./dev bench vector -- --peers usearch-i8
# Needs npm, node and a C compiler. USEARCH_VERSION names another version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly version="${USEARCH_VERSION:-2.26.2}"
readonly folder="$PWD/build/peers/usearch"

if [[ "$(cat "$folder/version" 2>/dev/null)" != "$version" ]]; then
  rm -rf "$folder"
  mkdir -p "$folder/package"
  (cd "$folder" && npm pack --silent "usearch@$version" >&2 && tar xzf usearch-*.tgz && rm usearch-*.tgz)
  kernels="$folder/package/numkong"
  (cd "$kernels" && CC="${CC:-cc}" node probes/probe.js >&2)
  find "$kernels/c" -name 'dispatch_*.c' -o -name numkong.c -path "$kernels/c/*" |
    xargs -P "${ENGRAM_JOBS:-$(nproc)}" -I{} sh -c '"${CC:-cc}" -std=c11 -O3 -w -include "$1/nk_probes.h" -I"$1/include" \
      -I"$1/c" -DNK_NATIVE_F16=0 -DNK_NATIVE_BF16=0 -DNK_DYNAMIC_DISPATCH=1 -c "$2" -o "$2.o"' sh "$kernels" {} >&2
  ar rcs "$folder/libnumkong.a" "$kernels"/c/*.o
  mkdir -p "$folder/include"
  cp -r "$folder/package/include/usearch" "$kernels/include/numkong" "$folder/include/"
  rm -rf "$folder/package"
  echo "$version" >"$folder/version"
fi
echo "$folder"
