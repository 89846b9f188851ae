#!/bin/bash
# new_service.sh BUILD: makes a service in a copy of the tree, checks its layout, compiles it with the flags and links it with the libraries of
# BUILD, and runs its unit and its process test.
set -euo pipefail
build=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$root"
cp -r scripts .clang-format "$tree"
mkdir -p "$tree"/{services,tests/unit,tests/integration}
for lists in services tests/unit tests/integration; do cp "$lists/CMakeLists.txt" "$tree/$lists"; done
cd "$tree"
scripts/new_service probe >made
[ "$(grep -c probe made)" -eq 14 ] || { cat made; echo "expected thirteen files and a line on what is next"; exit 1; }
[ "$(grep -l 'worker probe' services/CMakeLists.txt tests/unit/CMakeLists.txt tests/integration/CMakeLists.txt | wc -l)" -eq 3 ]
mapfile -t sources < <(find services/probe tests/unit/probe tests/integration/probe -name '*.?pp' | sort)
clang-format-19 --dry-run --Werror "${sources[@]}"
scripts/check_layout "${sources[@]}"
if grep -rn '@name@\|@Name@' services tests; then exit 1; fi
if scripts/new_service probe >/dev/null 2>&1; then echo "made twice"; exit 1; fi
if scripts/new_service 'Bad Name' >/dev/null 2>&1; then echo "made under a bad name"; exit 1; fi

# Compiled with the flags of that build and linked with its libraries: nothing else has to be built for it.
cd "$build"
trap 'rm -rf "$tree" "$build/bin/convoke-probe"' EXIT
read -r -a flags < <(python3 - <<'PY'
import json, shlex
entry = next(e for e in json.load(open("compile_commands.json")) if e["file"].endswith("services/executor/service.cpp"))
words = shlex.split(entry["command"])
words = words[next(i for i, word in enumerate(words) if "clang++" in word) + 1:]
kept, skip = [], False
for word in words:
    if not skip and word not in ("-MT", "-MF", "-o", "-c", "-MD"):
        kept.append(word)
    skip = word in ("-MT", "-MF", "-o", "-c")
print(" ".join(kept))
PY
)
read -r -a libraries < <(grep -A 4 '^build bin/convoke-executor:' build.ninja | sed -n 's/^  LINK_LIBRARIES = //p')
read -r -a linking < <(grep -A 4 '^build bin/convoke-executor:' build.ninja | sed -n 's/^  LINK_FLAGS = //p')
compile() { clang++-19 "${flags[@]}" -I"$tree/services" -I"$root/tests" -c "$tree/$1" -o "$tree/$2"; }
link() { clang++-19 "${linking[@]}" -o "$1" "${@:2}" "${libraries[@]}"; }
compile services/probe/probe_core.cpp core.o
compile services/probe/service.cpp service.o
compile services/probe/main.cpp main.o
compile tests/unit/probe/core_test.cpp core_test.o
compile tests/integration/probe/process_test.cpp process_test.o
link bin/convoke-probe "$tree"/{main,service,core}.o
link "$tree/test_core" "$tree"/{core_test,core}.o tests/support/libconvoke_test_main.a
link "$tree/test_process" "$tree/process_test.o" tests/support/libconvoke_test_main.a tests/support/libconvoke_test_support.a -lhiredis
"$tree/test_core"
"$tree/test_process"
