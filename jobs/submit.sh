#!/usr/bin/env bash
# Submits a job with what jobs/site.conf says of the cluster: jobs/submit.sh JOB [--sbatch=options…] STUDY.toml [arguments]
# JOB is study, array or kernel. Options of sbatch come after the site's and win; each is one word. Prints the job's number.
# THALWEG_SITE names another site file, THALWEG the program, THALWEG_OUT the output folder; see the job scripts.
set -euo pipefail
THALWEG_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export THALWEG_HOME
source "$THALWEG_HOME/jobs/slurm.sh"
job=${1:-}
[[ $job =~ ^(study|array|kernel)$ ]] || stop "usage: jobs/submit.sh study|array|kernel [--sbatch=options…] STUDY.toml […]"
shift
options=()
while [[ ${1:-} == -* ]]; do
  options+=("$1")
  shift
done
study=${1:-}
[[ -r $study ]] || stop "no study file: found '$study' behind the options of sbatch"
read_site
[[ -n ${max_walltime:-} && -n ${signal_before_end_s:-} && -n ${cores_per_node:-} ]] ||
  stop "$thalweg_site: submitting needs max_walltime, signal_before_end_s and cores_per_node"
command -v sbatch >/dev/null || stop "no sbatch: SLURM is not installed here, see README for runs without it"
site=("--time=$max_walltime" "--signal=B:USR1@$signal_before_end_s")
for name in partition account qos constraint; do
  [[ -z ${!name:-} ]] || site+=("--$name=${!name}")
done
# A task of an array is small; the others take whole nodes.
[[ $job == array ]] || site+=("--ntasks-per-node=$cores_per_node")
submit() {
  sbatch --parsable --export=ALL "${site[@]}" "$@" ||
    stop "sbatch did not take the job, for the reason above; whether SLURM answers: scontrol ping"
}

if [[ $job != array ]]; then
  submit "${options[@]}" "$THALWEG_HOME/jobs/$job.sbatch" "$@"
  exit
fi
# Parts are numbered from 1 to the last task, unless THALWEG_PARTS says how many there are.
[[ -n ${THALWEG_PARTS:-} || " ${options[*]} " =~ \ --array=1-[0-9]+(%[0-9]+)?\  ]] ||
  stop "an array needs --array=1-N for N parts of the study's runs (--array=1-N%M: M at a time)"
id=$(submit "${options[@]}" "$THALWEG_HOME/jobs/array.sbatch" "$@")
id=${id%%;*}
out=${THALWEG_OUT:-results/$(study_name "$study")-$id}
merging=()
for option in "${options[@]}"; do
  [[ $option == --array=* || $option == -a* ]] || merging+=("$option")
done
# If a task fails there is nothing to merge.
submit "${merging[@]}" "--dependency=afterok:$id" --kill-on-invalid-dep=yes "$THALWEG_HOME/jobs/merge.sbatch" "$out" >/dev/null
printf '%s\n' "$id"
