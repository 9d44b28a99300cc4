#!/usr/bin/env bash
# Fetches the sources of faiss through cargo (the crate faiss-sys holds them), compiles them for this machine and prints
# the folder, in which CMake finds the library when it configures the next time:
#   bench/retrieval/faiss.sh && ./dev bench vector -- --peers faiss-sq8
# Debian's libfaiss-dev, which serves without, is an older faiss for any x86-64: 4 to 8 times slower.
# Needs cargo, libblas-dev and liblapack-dev; takes 5 to 10 minutes. FAISS_SYS_VERSION names another version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly version="${FAISS_SYS_VERSION:-0.7.0}" # faiss 1.12.0
readonly folder="$PWD/build/peers/faiss"

if [[ "$(cat "$folder/version" 2>/dev/null)" != "$version" ]]; then
  rm -rf "$folder"
  mkdir -p "$folder/crate/src"
  touch "$folder/crate/src/lib.rs"
  printf '[package]\nname = "peer"\nversion = "0.0.0"\n[dependencies]\nfaiss-sys = "=%s"\n[workspace]\n' "$version" \
    >"$folder/crate/Cargo.toml"
  (cd "$folder/crate" && cargo vendor --quiet >/dev/null)
  cmake -S "$folder/crate/vendor/faiss-sys/faiss" -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_CXX_FLAGS=-march=native -DFAISS_OPT_LEVEL=generic -DFAISS_ENABLE_GPU=OFF -DFAISS_ENABLE_PYTHON=OFF \
    -DFAISS_ENABLE_MKL=OFF -DFAISS_ENABLE_EXTRAS=OFF -DBUILD_TESTING=OFF -DCMAKE_INSTALL_LIBDIR=lib \
    -DCMAKE_INSTALL_PREFIX="$folder" >&2
  cmake --build "$folder/build" --target faiss --parallel "${ENGRAM_JOBS:-$(nproc)}" >&2
  cmake --install "$folder/build" >&2
  rm -rf "$folder/crate" "$folder/build"
  echo "$version" >"$folder/version"
fi
echo "$folder"
