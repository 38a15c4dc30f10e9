#!/usr/bin/env bash
# Builds every fuzz target as OSS-Fuzz and ClusterFuzzLite ask for it: with their compiler, flags and engine, into $OUT, each with
# its seeds and options. Honours SRC OUT WORK CC CXX CFLAGS CXXFLAGS LIB_FUZZING_ENGINE SANITIZER FUZZING_ENGINE ARCHITECTURE.
# ci/oss-fuzz/check.py runs this script, and the service's own checks, without the service.
set -euo pipefail
: "${SRC:?}" "${OUT:?}" "${WORK:?}" "${CC:?}" "${CXX:?}" "${LIB_FUZZING_ENGINE:?}" "${SANITIZER:?}" "${FUZZING_ENGINE:?}"
if [ "${ARCHITECTURE:-x86_64}" != x86_64 ]; then
  echo "cupel: the architecture is $ARCHITECTURE; Cupel is for x86_64" >&2
  exit 2
fi
source_folder=$SRC/cupel
build=$WORK/cupel-$FUZZING_ENGINE-$SANITIZER

# Libraries that the machine which runs the targets lacks go with them.
# shellcheck disable=SC2016  # $ORIGIN is the loader's, not the shell's
cmake -S "$source_folder" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_C_COMPILER="$CC" -DCMAKE_CXX_COMPILER="$CXX" \
  -DCMAKE_C_FLAGS="${CFLAGS:-}" -DCMAKE_CXX_FLAGS="${CXXFLAGS:-}" -DBUILD_TESTING=OFF -DCUPEL_LINUX_PLATFORM=OFF \
  -DCUPEL_ENGINE=external -DCUPEL_ENGINE_LIBRARY="$LIB_FUZZING_ENGINE" \
  -DCMAKE_BUILD_RPATH='$ORIGIN/lib' -DCMAKE_BUILD_RPATH_USE_ORIGIN=ON
ninja -C "$build" cupel_targets cupel_corpus

mkdir --parents "$OUT/lib"
for program in "$build"/targets/*; do
  target=$(basename "$program")
  case $target in canary | cupel_*) continue ;; esac
  cp "$program" "$OUT/$target"
  ldd "$program" | sed --quiet --regexp-extended 's/.*=> (.*\/lib(fmt|Zydis|Zycore|mbedcrypto)[^ ]*) .*/\1/p' | xargs --no-run-if-empty cp --dereference --target-directory="$OUT/lib"
  printf '[libfuzzer]\nmax_len = 4096\ntimeout = 30\n' >"$OUT/$target.options"
  # The seeds as the engines' bytes, those of the target and those of its family.
  seeds=$WORK/seeds-$target
  rm --recursive --force "$seeds"
  mkdir --parents "$seeds"
  for folder in "$source_folder/corpus/seeds/$target" "$source_folder/corpus/seeds/${target%%_*}"; do
    [ ! -d "$folder" ] || "$build/targets/cupel_corpus" --encode "$seeds" "$target" "$folder"
  done
  [ -n "$(ls --almost-all "$seeds")" ] || "$build/targets/cupel_corpus" --encode "$seeds" --generated 20 "$target"
  (cd "$seeds" && rm --force "$OUT/${target}_seed_corpus.zip" && zip --quiet --recurse-paths "$OUT/${target}_seed_corpus.zip" .)
done
