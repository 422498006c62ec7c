# shellcheck shell=bash disable=SC2034
# Shared by jobs/quickstart.sh, tests/run.sh and .ci/run (sourced, not run): Debian packages, environment, headings.

BUILD_PACKAGES=(build-essential cmake ninja-build pkg-config git openmpi-bin libopenmpi-dev libhdf5-openmpi-dev
  libscalapack-openmpi-dev libopenblas-dev libcli11-dev libfmt-dev libtomlplusplus-dev nlohmann-json3-dev
  librandom123-dev zlib1g-dev)
PYTHON_PACKAGES=(python3 python3-numpy python3-h5py python3-h5netcdf python3-pandas python3-xarray python3-matplotlib)
TEST_PACKAGES=(libgtest-dev libbenchmark-dev python3-pytest python3-jsonschema)
SLURM_PACKAGES=(slurmd slurmctld slurm-client munge)
DEVELOPER_PACKAGES=(clang-format clang-tidy)
FUZZ_PACKAGES=(clang libclang-rt-dev)  # the sanitizer build and libFuzzer

# A heading with the seconds since the script began. Noted for phase_table where THALWEG_PHASES names a file, which
# scripts started by this one share.
phase() {
  printf '\n== [%4d s] %s\n' "$SECONDS" "$*"
  if [[ -n ${THALWEG_PHASES:-} ]]; then printf '%d\t%s\n' "$(date +%s)" "$*" >>"$THALWEG_PHASES"; fi
}

# The seconds of every phase so far, and of all.
phase_table() {
  printf '\n%7s  %s\n' seconds phase
  awk -F '\t' -v now="$(date +%s)" '
    NR == 1 { first = $1 }
    NR > 1 { printf "%7d  %s\n", $1 - began, name }
    { began = $1; name = $2 }
    END { printf "%7d  %s\n%7d  all\n", now - began, name, now - first }' "$THALWEG_PHASES"
}

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# install_missing PACKAGE…: asks apt only for what is not there, and does not touch apt if nothing is missing.
install_missing() {
  if ! command -v dpkg-query >/dev/null; then
    echo "Not a Debian system: make sure that the equivalents of these are installed: $*"
    return
  fi
  local package missing=() as_root=()
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then
    echo "All $# packages are installed."
    return
  fi
  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      fail "these packages are missing, and there is neither root nor sudo to install them: ${missing[*]}"
    as_root=(sudo)
  fi
  echo "Installing: ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get -q update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
      install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    fail "apt-get could not install the packages above (whole log: $log)"
  fi
  rm -f "$log"
}

# Debian asks this program whether a server may be started when its package is installed.
daemon_policy=/usr/sbin/policy-rc.d

# install_without_daemons PACKAGE…: the same, as root, for servers that a test starts and stops itself.
install_without_daemons() {
  if [[ -e $daemon_policy ]] || ! command -v dpkg-query >/dev/null; then
    install_missing "$@"
    return
  fi
  (
    trap 'rm -f "$daemon_policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$daemon_policy"
    chmod 755 "$daemon_policy"
    install_missing "$@"
  )
}

# What is fixed for one machine, whatever the caller's shell exports: BLAS picks its own kernels for this CPU, one
# thread a rank; ranks may outnumber cores, and then yield while they wait; containers often forbid CMA.
clean_environment() {
  unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE OMP_NUM_THREADS PYTHONPATH
  export OPENBLAS_NUM_THREADS=1
  export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
  export OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_hwloc_base_binding_policy=none
  if ((EUID == 0)); then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
}
