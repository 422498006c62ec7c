#!/usr/bin/env bash
# Builds the fuzz targets and runs each on its seeds and then on what grows from them:
#   bash tests/fuzz/run.sh SECONDS_PER_TARGET [TARGET…]
# Ends in a table and with 1 if any input crashed, leaked, hung or asked for absurd memory; such inputs are kept in
# build-sanitize/fuzz/TARGET/ and replayed by build-sanitize/tests/fuzz/TARGET_fuzz FILE.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source jobs/common.sh
clean_environment
[[ ${1:-} =~ ^[0-9]+$ ]] || fail "expected the seconds for each target, such as: bash tests/fuzz/run.sh 10"
export seconds=$1
shift
targets=("$@")
if ((${#targets[@]} == 0)); then
  for source in tests/fuzz/*_fuzz.cpp; do targets+=("$(basename "$source" _fuzz.cpp)"); done
fi

phase "Fuzz targets (build-sanitize/)"
install_missing "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}" "${FUZZ_PACKAGES[@]}"
cmake --preset sanitize -DTHALWEG_WERROR=OFF >/dev/null
cmake --build build-sanitize -j "$(nproc)" --target "${targets[@]/%/_fuzz}"

phase "Fuzzing, $seconds s a target"
export work=$PWD/build-sanitize/fuzz
# Records are flushed to the disk: in memory that is free.
scratch=$(mktemp -d -p "$([[ -w /dev/shm ]] && echo /dev/shm || echo /tmp)")
trap 'rm -rf "$scratch"' EXIT
export TMPDIR=$scratch
rm -rf "$work"
mkdir -p "$work"
export UBSAN_OPTIONS=print_stacktrace=1 LSAN_OPTIONS="suppressions=$PWD/tests/fuzz/lsan.supp:print_suppressions=0"
export OMPI_MCA_ess_singleton_isolated=1  # no daemon beside a process without mpirun

fuzz() {
  local target=$1 folder=$work/$1
  mkdir -p "$folder/corpus"
  cp tests/fuzz/corpus/"$target"/* "$folder/corpus/"
  # The suite's own studies are seeds too.
  if [[ $target == study ]]; then
    for study in jobs/*/*.toml; do cp "$study" "$folder/corpus/${study//\//-}"; done
  fi
  local options=(-max_total_time="$seconds" -seed=1 -timeout=20 -rss_limit_mb=4096 -malloc_limit_mb=1024
    -artifact_prefix="$folder/" -print_final_stats=1 -entropic=0)
  if [[ -f tests/fuzz/$target.dict ]]; then options+=(-dict="tests/fuzz/$target.dict"); fi
  local code=0
  "build-sanitize/tests/fuzz/${target}_fuzz" "${options[@]}" "$folder/corpus" \
    >"$folder/log" 2>&1 || code=$?
  local executions rate
  executions=$(awk '/^stat::number_of_executed_units:/ { print $2 }' "$folder/log")
  rate=$(awk '/^stat::average_exec_per_sec:/ { print $2 }' "$folder/log")
  printf '%-14s %12s %8s %s\n' "$target" "${executions:-?}" "${rate:-?}" \
    "$( ((code == 0)) && echo - || echo "exit $code: $(grep -m 1 -E 'ERROR|SUMMARY|runtime error' "$folder/log")")" \
    >>"$work/table"
}
export -f fuzz
: >"$work/table"
# shellcheck disable=SC2016
printf '%s\0' "${targets[@]}" | xargs -0 -P "$(nproc)" -n 1 bash -c 'fuzz "$1"' fuzz

printf '%-14s %12s %8s %s\n' target executions exec/s crashes
sort "$work/table"
failed=$(grep -c 'exit' "$work/table" || true)
((failed == 0)) || fail "$failed targets failed: logs and inputs are in $work"
