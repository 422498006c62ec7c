"""jobs/slurm.sh: what the job scripts do with the command that starts ranks."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A launcher whose ranks end while it waits for ever, as one of Open MPI 4.1.4 now and then does.
HUNG = '"$@"; exec sleep 1000'


def run_ranks(launcher, *command):
    """The status of run_ranks under a launcher in shell."""
    script = f"""source {ROOT}/jobs/slurm.sh
told_to_stop=''
launch=(bash -c '{launcher}' launcher)
run_ranks "$@"
"""
    return subprocess.run(["bash", "-c", script, "job", *command], capture_output=True, text=True, check=False, timeout=60,
                          env={"PATH": "/usr/bin:/bin", "LAUNCHER_PATIENCE_S": "2"})


@pytest.mark.parametrize("status", [0, 1, 75, 137])
def test_the_launchers_status_is_passed_on(status):
    assert run_ranks('"$@"', "bash", "-c", f"sleep 0.1; exit {status}").returncode == status


def test_a_launcher_that_hangs_after_its_ranks_is_ended_and_the_study_goes_on():
    result = run_ranks(HUNG, "true")
    assert result.returncode == 75
    assert "hung" in result.stderr


def test_ranks_that_take_their_time_are_left_alone():
    result = run_ranks('"$@"; exit $?', "sleep", "6")
    assert result.returncode == 0 and "hung" not in result.stderr
