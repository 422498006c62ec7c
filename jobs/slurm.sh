# shellcheck shell=bash
# Shared by the job scripts and submit.sh (sourced, not run). In a job, the script itself is a copy in SLURM's spool:
# what it needs is found by THALWEG_HOME, the repository, which submit.sh exports; else the job was submitted in it.

thalweg_home=${THALWEG_HOME:-${SLURM_SUBMIT_DIR:-$PWD}}
thalweg_site=${THALWEG_SITE:-$thalweg_home/jobs/site.conf}
thalweg_program=${THALWEG:-$thalweg_home/build/src/thalweg}

stop() {
  printf '%s: %s\n' "${SLURM_JOB_NAME:-$(basename "$0")}" "$*" >&2
  exit 2
}

# read_site: the variables of the site file.
read_site() {
  [[ -r $thalweg_site ]] || stop "no site file $thalweg_site: submit in the repository, or by jobs/submit.sh"
  # shellcheck source=jobs/site.conf
  source "$thalweg_site"
}

# study_name FILE: jobs/large_batch/study.toml is known by its folder, others by their file.
study_name() {
  local name
  name=$(basename "$1" .toml)
  [[ $name == study ]] && name=$(basename "$(dirname "$(realpath "$1")")")
  printf '%s\n' "$name"
}

# prepare_job: the site's setup, an environment that does not slow BLAS down, and `launch`, the words that start ranks.
prepare_job() {
  told_to_stop='' ranks_pid=''
  # From now on: the batch shell alone gets the signal of --signal=B:USR1@…, and all that a cancelled job gets.
  trap 'told_to_stop=1; [[ -z $ranks_pid ]] || kill -USR1 "$ranks_pid"' USR1
  # Told SIGTERM, mpirun would kill its ranks after two seconds; SIGUSR1 it passes on, and waits for their checkpoints.
  trap '[[ -z $ranks_pid ]] || kill -USR1 "$ranks_pid"' TERM
  read_site
  eval "${setup:-}"
  [[ -x $thalweg_program ]] || stop "no program $thalweg_program: build it, or name one in THALWEG"
  # An inherited core type below the CPU's halves the speed of BLAS; a rank computes with one thread.
  unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
  export OPENBLAS_NUM_THREADS=1
  # srun no longer takes this from sbatch.
  export SRUN_CPUS_PER_TASK=${SLURM_CPUS_PER_TASK:-1}
  case ${launcher:-auto} in
    srun) launch=(srun --mpi=pmix --kill-on-bad-exit=1) ;;
    mpirun) launch=(mpirun) ;;
    auto)
      launch=(mpirun)
      srun --mpi=list 2>&1 | grep -qw pmix && launch=(srun --mpi=pmix --kill-on-bad-exit=1)
      ;;
    *) stop "$thalweg_site: launcher is \"$launcher\", expected auto, srun or mpirun" ;;
  esac
}

# end_hung_launcher PID: kills mpirun and returns 1 when it has had no process below it for a while. That of Open MPI 4.1.4
# with PMIx 4.2.2 sometimes waits for ever for itself after a rank was killed; the job would sit there to the end of its time.
end_hung_launcher() {
  local patience_s=${LAUNCHER_PATIENCE_S:-60} alone_s=0
  local pause_s=$((patience_s > 6 ? patience_s / 6 : 1))
  while sleep "$pause_s" && kill -0 "$1" 2>/dev/null; do
    ((alone_s += pause_s))
    # shellcheck disable=SC2009
    ps -o stat= --ppid "$1" | grep -qv '^Z' && alone_s=0
    ((alone_s <= patience_s)) && continue
    echo "the launcher has hung for ${alone_s} s without ranks: ended" >&2
    # From here on it says so, however soon run_ranks wants it to end.
    trap '' TERM
    kill -KILL "$1"
    return 1
  done
}

# run_ranks COMMAND…: on all ranks; passes the job's signals on and returns the command's exit status.
run_ranks() {
  # Queued again it would only be told again.
  [[ -z $told_to_stop ]] || stop "told to end before anything began: it needs more time than signal_before_end_s"
  "${launch[@]}" "$@" &
  ranks_pid=$!
  local watch_pid='' status
  if [[ ${launch[0]} != srun ]]; then
    end_hung_launcher "$ranks_pid" &
    watch_pid=$!
  fi
  wait "$ranks_pid"
  status=$?
  # A trapped signal ends a wait early.
  while kill -0 "$ranks_pid" 2>/dev/null; do
    wait "$ranks_pid"
    status=$?
  done
  # What a hung launcher would have said is unknown: going on finds out, and leaves a whole record alone.
  if [[ -n $watch_pid ]]; then
    kill "$watch_pid" 2>/dev/null
    wait "$watch_pid"
    [[ $? -eq 1 ]] && status=75
  fi
  # A launcher that had not begun to listen dies of the signal; so early there is nothing to save.
  [[ -n $told_to_stop && $status -eq $((128 + $(kill -l USR1))) ]] && status=75
  return "$status"
}

# end_job STATUS: after a checkpoint (75) the job queues itself again, unless it is being cancelled or requeued already.
end_job() {
  local job=$SLURM_JOB_ID
  # The number of an array's last task means the whole array.
  [[ -z ${SLURM_ARRAY_JOB_ID:-} ]] || job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
  if [[ $1 -eq 75 && $(squeue -h -j "$job" -o %T) =~ ^(RUNNING|SIGNALING)$ ]]; then
    scontrol requeue "$job" || echo "job $job could not queue itself again: submit it with the same output folder" >&2
  fi
  exit "$1"
}

# run_study FILE OUTPUT [ARGUMENTS…]: computes or continues the study, and ends the job.
run_study() {
  run_ranks "$thalweg_program" run "$1" -o "$2" --resume "${@:3}"
  end_job $?
}
