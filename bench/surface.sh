#!/usr/bin/env bash
# A 51 × 51 surface over two teams of one rank, beside the ideal: half the time that two processes of one rank need for
# one such surface each, at once. Times less what the same study takes with 2 × 2 points; a line a repetition.
#   bash bench/surface.sh [repetitions]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source jobs/common.sh
clean_environment
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
thalweg=$PWD/build/src/thalweg
mpirun -n 2 "$thalweg" run jobs/flatness/surface.toml -o "$work/runs" &>/dev/null
cat >"$work/grid.toml" <<TOML
[study]
name = "grid"
kind = "surface"
[from]
record = "$work/runs"
[[surface]]
run = "net-seed1"
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
for _ in $(seq "${1:-3}"); do
  ideal=$((($(took 1 51 2) - $(took 1 2 2)) / 2))
  teams=$(($(took 2 51 1) - $(took 2 2 1)))
  echo "two teams $teams ms, ideal $ideal ms, share $((100 * ideal / teams)) %"
done
