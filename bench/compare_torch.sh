#!/usr/bin/env bash
# Thalweg's training steps beside PyTorch's on the same cores, by turns: ROUNDS times each, medians and ratios at the
# end, one JSON object a net and batch (images/s). At batch 32 of F1, which is one shard, two jobs of one core each are
# compared. Needs python3-torch.
#
#   bash bench/compare_torch.sh [rounds [repetitions a round]]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source jobs/common.sh
clean_environment
install_missing python3-torch
rounds=${1:-3}
repetitions=${2:-3}
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
torch() { /usr/bin/python3 bench/training_torch.py "$@"; }

for ((round = 0; round < rounds; ++round)); do
  mpirun -n 2 build/bench/bench_training f1 "$repetitions" 256 2048 >>"$lines"
  torch f1 2 "$repetitions" 256 2048 >>"$lines"
  for _ in 1 2; do mpirun -n 1 build/bench/bench_training f1 "$repetitions" 32 >>"$lines" & done; wait
  for _ in 1 2; do torch f1 1 "$repetitions" 32 >>"$lines" & done; wait
  mpirun -n 2 build/bench/bench_training c1 "$repetitions" >>"$lines"
  torch c1 2 "$repetitions" >>"$lines"
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
for (name, batch), by in sorted(rates.items()):
    ours, theirs = statistics.median(by[False]), statistics.median(by[True])
    print(json.dumps({"bench": "compare_torch", "net": name, "batch": batch, "images_per_s": ours,
                      "torch_images_per_s": theirs, "ratio": round(ours / theirs, 3),
                      "share_of_ceiling": statistics.median(shares[name, batch])}))
END
