#!/usr/bin/env bash
# Shows that the present tree computes exactly what another revision of it computes:
#   bash tests/same_as/run.sh REV [RANKS…]        # on 1, 2 and 3 ranks unless they are given; then options of compare.py
# Builds both into build-same-as/ (REV once, kept by its commit's hash) and compares every study in studies/, see compare.py.
# A compiler launcher that the environment names (CMAKE_CXX_COMPILER_LAUNCHER=ccache) is used.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source jobs/common.sh
clean_environment
[[ -n ${1:-} ]] || fail "expected the revision to compare with, such as: bash tests/same_as/run.sh HEAD"
revision=$(git rev-parse --verify --quiet "$1^{commit}") || fail "$1: git knows no such commit"
shift
ranks=("$@")
if ((${#ranks[@]} == 0)); then ranks=(1 2 3); fi

# build SOURCE FOLDER: both trees with the same options.
build() {
  (cd "$1" && cmake --preset release -B "$2" -DTHALWEG_TESTS=OFF -DTHALWEG_BENCH=OFF) >"$2.log" 2>&1 &&
    cmake --build "$2" -j "$(nproc)" --target thalweg >>"$2.log" 2>&1 || {
    tail -n 30 "$2.log" >&2
    fail "the build failed (whole log: $2.log)"
  }
}

kept=$PWD/build-same-as
mkdir -p "$kept"
reference=$kept/$revision/thalweg
if [[ ! -x $reference ]]; then
  phase "Building ${revision:0:12}"
  tree=$kept/$revision-tree
  rm -rf "$tree" "$kept/$revision"
  git worktree prune
  git worktree add --quiet --force --detach "$tree" "$revision"
  trap 'git worktree remove --force "$tree"' EXIT  # where the build fails
  build "$tree" "$kept/$revision-build"
  git worktree remove --force "$tree"
  trap - EXIT
  # The program needs nothing else of its build.
  mkdir "$kept/$revision"
  cp "$kept/$revision-build/src/thalweg" "$reference.partial"
  mv "$reference.partial" "$reference"
  rm -rf "$kept/$revision-build"
fi
phase "Building the present tree"
build "$PWD" "$kept/this"

phase "Comparing with ${revision:0:12} on ${ranks[*]} ranks"
/usr/bin/python3 tests/same_as/compare.py "$reference" "$kept/this/src/thalweg" --ranks "${ranks[@]}"
