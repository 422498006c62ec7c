#!/usr/bin/env bash
# Thalweg's training steps beside PyTorch's on the same cores, by turns: ROUNDS times each, medians and ratios at the
# end. At batch 32 of F1, which is one shard, two jobs of one core each are compared. Needs python3-torch.
#
#   bash bench/compare_torch.sh [rounds]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source jobs/common.sh
clean_environment
install_missing python3-torch
rounds=${1:-3}
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
torch() { /usr/bin/python3 bench/training_torch.py "$@"; }

for ((round = 0; round < rounds; ++round)); do
  mpirun -n 2 build/bench/bench_training f1 3 256 2048 >>"$lines"
  torch f1 2 3 256 2048 >>"$lines"
  for _ in 1 2; do mpirun -n 1 build/bench/bench_training f1 3 32 >>"$lines" & done; wait
  for _ in 1 2; do torch f1 1 3 32 >>"$lines" & done; wait
  mpirun -n 2 build/bench/bench_training c1 3 >>"$lines"
  torch c1 2 3 >>"$lines"
done

/usr/bin/python3 - "$lines" <<'END'
import json
import statistics
import sys

rates, shares = {}, {}
for line in open(sys.argv[1], encoding="utf-8"):
    row = json.loads(line)
    name, batch = row["bench"].split("_")[0], row["batch"]
    rates.setdefault((name, batch), {}).setdefault(row["bench"].endswith("torch"), []).append(row["images_per_s"])
    if "share_of_ceiling" in row:
        shares.setdefault((name, batch), []).append(row["share_of_ceiling"])
print("net  batch  thalweg  PyTorch  ratio  share of sgemm   (images/s; f1 at 32: each of two jobs of one core)")
for (name, batch), by in sorted(rates.items()):
    ours, theirs = statistics.median(by[False]), statistics.median(by[True])
    share = statistics.median(shares[name, batch])
    print(f"{name:4} {batch:5}  {ours:7.0f}  {theirs:7.0f}  {ours / theirs:5.2f}  {share:14.2f}")
END
