#!/usr/bin/env bash
# The whole test suite: builds with warnings as errors, then pytest for analysis/, then ctest. Data sets are only used
# where THALWEG_DATA names their folder. Exit status 0 only if everything passed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source jobs/common.sh
clean_environment

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
ctest --test-dir build -j "$((2 * $(nproc)))" --output-on-failure --no-tests=error || ctest_status=$?

if ((analysis_status != 0)); then
  fail "pytest analysis failed (status $analysis_status); its output is above ctest's"
fi
exit "$ctest_status"
