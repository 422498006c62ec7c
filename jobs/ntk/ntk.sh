#!/bin/sh
# Kernel regression on this machine: jobs/ntk/ntk.sh [RANKS [STUDY.toml [thalweg's further arguments]]]
# From the project's folder, or anywhere with THALWEG naming the program.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
ranks=${1:-2}
study=${2:-$here/study.toml}
[ $# -ge 2 ] && shift 2 || shift $#
# An inherited core type below the CPU's halves the speed of BLAS.
unset OPENBLAS_CORETYPE
export OPENBLAS_NUM_THREADS=1
exec mpirun -n "$ranks" "${THALWEG:-$here/../../build/src/thalweg}" run "$study" "$@"
