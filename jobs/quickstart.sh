#!/usr/bin/env bash
# From a fresh Debian 12 to two records and one figure: installs what is missing, builds, runs jobs/large_batch and
# jobs/ntk on two ranks, prints their tables and draws results/figure.png. Run it again whenever you like: it replaces
# results/large_batch, results/ntk and results/figure.png, nothing else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source jobs/common.sh
clean_environment

phase "Packages"
install_missing "${BUILD_PACKAGES[@]}" "${PYTHON_PACKAGES[@]}"

phase "Build (build/)"
log=$(mktemp)
cmake --preset release -DTHALWEG_TESTS=OFF -DTHALWEG_BENCH=OFF >"$log" 2>&1 ||
  { cat "$log" >&2; fail "configuring failed; its output is above"; }
rm -f "$log"
cmake --build build --target thalweg

for study in large_batch ntk; do
  phase "Study jobs/$study/study.toml on 2 ranks"
  mpirun -n 2 build/src/thalweg run "jobs/$study/study.toml" -o "results/$study" --force
done

phase "Records"
for study in large_batch ntk; do
  build/src/thalweg show "results/$study"
done

phase "Figure"
PYTHONPATH=analysis/src /usr/bin/python3 -m thalweg figure results/large_batch results/ntk -o results/figure.png
PYTHONPATH=analysis/src /usr/bin/python3 -m thalweg table results/large_batch

phase "Done in $SECONDS s"
cat <<END
Records   results/large_batch/study.h5 and results/ntk/study.h5 (HDF5; one file a run beside them)
Figure    results/figure.png
Next      build/src/thalweg show results/large_batch          what is in a record
          build/src/thalweg list                              what can be studied
          edit a copy of jobs/large_batch/study.toml          a new experiment is a new file
          jobs/submit.sh study FILE                           the same on a cluster (jobs/README.md)
          analysis/README.md                                  the records in Python
END
