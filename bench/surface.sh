#!/usr/bin/env bash
# A 51 × 51 surface over two teams of one rank, beside the ideal: half the time that two processes of one rank need for
# one such surface each, at once. Times less what the same study takes with 2 × 2 points; one JSON object a repetition.
#   bash bench/surface.sh [repetitions [points along a side [STUDY.toml RUN]]]
# The surface is one around RUN of a study, by default net-seed1 of jobs/flatness/surface.toml.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source jobs/common.sh
clean_environment
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
thalweg=$PWD/build/src/thalweg
repetitions=${1:-3}
side=${2:-51}
mpirun -n 2 "$thalweg" run "${3:-jobs/flatness/surface.toml}" -o "$work/runs" &>/dev/null
cat >"$work/grid.toml" <<TOML
[study]
name = "grid"
kind = "surface"
[from]
record = "$work/runs"
[[surface]]
run = "${4:-net-seed1}"
TOML

# ranks, points along a side, name of the output
surface() {
  mpirun -n "$1" "$thalweg" run "$work/grid.toml" --force -o "$work/$3" \
    --set surface.0.nx="$2" --set surface.0.ny="$2" &>/dev/null
}
# ranks, points along a side, processes at once: prints milliseconds
took() {
  local began processes=()
  began=$(date +%s%3N)
  for name in $(seq "$3"); do
    surface "$1" "$2" "$name" &
    processes+=($!)
  done
  for process in "${processes[@]}"; do wait "$process"; done
  echo $(($(date +%s%3N) - began))
}
for _ in $(seq "$repetitions"); do
  ideal=$((($(took 1 "$side" 2) - $(took 1 2 2)) / 2))
  teams=$(($(took 2 "$side" 1) - $(took 2 2 1)))
  # Of a few points that take no time there is no share.
  share=null
  if ((teams > 0)); then share=$((100 * ideal / teams)); fi
  printf '{"bench": "surface", "side": %s, "two_teams_ms": %s, "ideal_ms": %s, "share_percent": %s}\n' \
    "$side" "$teams" "$ideal" "$share"
done
