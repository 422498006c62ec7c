#!/usr/bin/env bash
# The whole test suite: builds with warnings as errors, then pytest for analysis/, then ctest. Data sets are only used
# where THALWEG_DATA names their folder. THALWEG_SOAK=10 kills ten times as many jobs. Exit status 0 only if everything
# passed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source jobs/common.sh
clean_environment
log=$(mktemp)
export THALWEG_PHASES=${THALWEG_PHASES:-$log.phases}
trap 'rm -f "$log" "$log.phases"' EXIT

phase "Packages for the tests"
install_missing "${BUILD_PACKAGES[@]}" "${PYTHON_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
# Without root no node could have a name of its own, and the tests with a real SLURM are skipped.
if ((EUID == 0)); then install_without_daemons "${SLURM_PACKAGES[@]}"; fi

phase "Build (preset ci)"
cmake --preset ci -DTHALWEG_TESTS=ON -DTHALWEG_BENCH=ON
cmake --build build -j "$(nproc)"

phase "pytest analysis"
analysis_status=0
/usr/bin/python3 -m pytest -q -p no:cacheprovider analysis || analysis_status=$?

phase "ctest"
ctest_status=0
# Tests that start thalweg wait for launchers three quarters of their time.
ctest --test-dir build -j "$((2 * $(nproc)))" --output-on-failure --no-tests=error 2>&1 | tee "$log" || ctest_status=$?

# ctest's verdict comes last, whatever else is told.
phase_table
echo
sed -n '/^[0-9]*% tests passed/,$p' "$log"
if ((analysis_status != 0)); then
  fail "pytest analysis failed (status $analysis_status); its output is above ctest's"
fi
exit "$ctest_status"
