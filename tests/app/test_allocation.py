"""Ranks against what SLURM has allotted, by the variables that it sets: refused where each task would be alone."""
import os
import subprocess

import pytest

from studies import command, run_study, trajectories


def started(tmp_path, ranks=None, **variables):
    """`thalweg run --dry-run` with these variables of SLURM and no others."""
    study = tmp_path / "study.toml"
    study.write_text(trajectories())
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
    return subprocess.run(command("run", study, "-o", tmp_path / "out", "--dry-run", ranks=ranks), text=True,
                          capture_output=True, timeout=60, env={**clean, **variables}, check=False)


def batch(tasks, per_node, **more):
    """What a batch script sees."""
    return {"SLURM_JOB_ID": "7", "SLURM_NTASKS": str(tasks), "SLURM_JOB_CPUS_PER_NODE": per_node, **more}


def test_tasks_without_an_mpi_plugin_are_refused(tmp_path):
    result = started(tmp_path, **batch(4, "4", SLURM_STEP_NUM_TASKS="4"))
    assert result.returncode == 2
    assert "srun started 4 tasks" in result.stderr and "srun --mpi=pmix" in result.stderr


def test_tasks_that_an_mpi_plugin_left_alone_are_refused(tmp_path):
    # A plug-in that this MPI does not speak: it starts as a world of one.
    result = started(tmp_path, **batch(4, "4", SLURM_STEP_NUM_TASKS="4", PMI_RANK="0"))
    assert result.returncode == 2
    assert "worlds of 1" in result.stderr and "srun --mpi=pmix" in result.stderr


@pytest.mark.parametrize("ranks,variables", [
    (None, {}),
    (None, batch(1, "1")),
    (2, batch(2, "2")),
    (2, batch(2, "1(x2)")),
    (3, batch(3, "1(x2),1")),
    (2, batch(2, "2(x2),72")),
    (None, batch(1, "2", SLURM_STEP_NUM_TASKS="1")),
    # mpirun's daemons on other nodes are tasks of a step.
    (1, batch(1, "2(x4)", SLURM_STEP_NUM_TASKS="3")),
], ids=["no job", "one task", "mpirun", "two nodes", "nodes in two groups", "threads of one core", "a shell in a step",
        "beside mpirun's daemons"])
def test_what_fits_is_not_mentioned(tmp_path, ranks, variables):
    result = started(tmp_path, ranks, **variables)
    assert result.returncode == 0, result.stderr
    assert "warning" not in result.stderr


def test_more_ranks_than_cpus_are_warned_of(tmp_path):
    result = started(tmp_path, 3, **batch(2, "1(x2)"))
    assert result.returncode == 0, result.stderr
    assert "3 ranks of 1 threads share the 2 CPUs" in result.stderr


def test_fewer_ranks_than_tasks_are_warned_of(tmp_path):
    result = started(tmp_path, **batch(4, "4"))
    assert result.returncode == 0, result.stderr
    assert "1 ranks run, but the job has 4 tasks" in result.stderr


def test_variables_of_slurm_are_recorded(tmp_path):
    h5py = pytest.importorskip("h5py")
    clean = dict(os.environ)
    os.environ.update(batch(1, "1", SLURM_ARRAY_TASK_ID="5"))
    try:
        assert run_study(tmp_path, trajectories(epochs=1), "out").returncode == 0
    finally:
        os.environ.clear()
        os.environ.update(clean)
    for name in ("study.h5", "runs/another.h5"):
        with h5py.File(tmp_path / "out" / name) as file:
            assert file.attrs["SLURM_ARRAY_TASK_ID"] == "5" and file.attrs["SLURM_JOB_ID"] == "7"
