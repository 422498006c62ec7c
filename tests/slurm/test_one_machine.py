"""Job scripts under a real SLURM of two nodes: records are those of a direct run, whatever is done to the jobs."""
import os
import pathlib
import subprocess

import h5py
import pytest

from cluster import Cluster, what_is_missing

missing = what_is_missing()
pytestmark = pytest.mark.skipif(bool(missing), reason=missing)

SOURCE = pathlib.Path(os.environ.get("THALWEG_SOURCE", pathlib.Path(__file__).parents[2])).resolve()
BINARY = pathlib.Path(os.environ.get("THALWEG_BINARY", SOURCE / "build/src/thalweg")).resolve()

RUNS = """
[study]
name = "runs"
kind = "trajectories"
seed = 3
[data]
train = 300
test = 100
image_size = 12
[model]
widths = [24, 16]
batch_norm = "batch"
[train]
batch = 60
shard = 10
epochs = 1200
checkpoint_every_s = 0.2
[sweep]
seeds = [1, 2]
[[run]]
name = "plain"
[[run]]
name = "momentum"
optimizer.momentum = 0.5
[[slice]]
between = ["plain", "momentum"]
points = 5
"""

GRAM = """
[study]
name = "gram"
kind = "kernel"
seed = 3
[data]
train = 700
test = 50
image_size = 12
preprocess = ["unit_norm"]
[kernel]
type = "ntk"
depth = 2
"""


def thalweg(*arguments, ranks=1):
    return subprocess.run(["mpirun", "-n", str(ranks), str(BINARY), *map(str, arguments)], capture_output=True, text=True,
                          timeout=120, check=False)


def assert_identical(a, b):
    result = thalweg("diff", a, b)
    assert result.returncode == 0, result.stdout + result.stderr


class Site:
    """The cluster with the studies in the folder that jobs are submitted from, and how to submit them."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.folder = cluster.folder / "jobs"
        (self.folder / "runs.toml").write_text(RUNS, encoding="utf-8")
        (self.folder / "gram.toml").write_text(GRAM, encoding="utf-8")

    def submit(self, job, study, out, *options, launcher="auto"):
        """The job's number; `out` is its folder, its log beside it."""
        site = self.folder / f"site-{launcher}.conf"
        site.write_text(f'partition="test" account="" qos="" constraint=""\nsetup="echo the site is set up"\n'
                        f'launcher="{launcher}"\ncores_per_node=1\nmax_walltime="00:10:00"\nsignal_before_end_s=60\n',
                        encoding="utf-8")
        environment = {**self.cluster.environment, "THALWEG": str(BINARY), "THALWEG_SITE": str(site),
                       "THALWEG_OUT": out}
        result = self.cluster.run(SOURCE / "jobs/submit.sh", job, f"--output={out}-%a.log" if job == "array" else
                                  f"--output={out}.log", *options, f"{study}.toml", env=environment)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    def wait_for_file(self, pattern):
        self.cluster.wait(pattern, lambda: list(self.folder.glob(pattern)))

    def finished(self, job):
        """What SLURM says of a job after its end."""
        self.cluster.wait(f"the end of job {job}", lambda: job not in self.cluster.jobs(), 120)
        return self.cluster.describe(job)

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def assert_completed(self, job, log, restarts):
        said = self.finished(job)
        assert (said["JobState"], said["ExitCode"]) == ("COMPLETED", "0:0"), self.log(log)
        assert said["Restarts"] == str(restarts), self.log(log)


@pytest.fixture(scope="module")
def site():
    with Cluster() as cluster:
        yield Site(cluster)


@pytest.fixture(scope="module")
def direct(site):
    """The records of both studies without SLURM."""
    for study, ranks in (("runs", 2), ("gram", 2)):
        result = thalweg("run", site.folder / f"{study}.toml", "-o", site.folder / f"direct-{study}", ranks=ranks)
        assert result.returncode == 0, result.stderr
    return {study: site.folder / f"direct-{study}" for study in ("runs", "gram")}


def test_a_submitted_study_leaves_the_record_of_a_direct_run(site, direct):
    job = site.submit("study", "runs", "study", "--ntasks-per-node=2")
    site.assert_completed(job, "study", restarts=0)
    assert_identical(direct["runs"], site.folder / "study")
    assert "the site is set up" in site.log("study")
    assert "warning" not in site.log("study")
    with h5py.File(site.folder / "study" / "study.h5") as file:
        assert file.attrs["SLURM_JOB_ID"] == job and file.attrs["mpi_size"] == 2
        assert list(file.attrs["hostnames"]) == ["n1"]


def test_an_array_is_merged_and_one_of_its_tasks_requeues_alone(site, direct):
    job = site.submit("array", "runs", "array", "--array=1-3")
    site.wait_for_file("array-parts/3/checkpoints/*.h5")
    # The last task has the number of the whole array.
    assert site.cluster.run("scancel", "--signal=USR1", "--batch", f"{job}_3").returncode == 0
    for task, restarts in (("1", 0), ("2", 0), ("3", 1)):
        site.assert_completed(f"{job}_{task}", f"array-{task}", restarts)
    site.cluster.wait("merging", lambda: not site.cluster.jobs())
    assert (site.folder / "array" / "study.h5").exists(), site.log("array-4294967294")
    assert_identical(direct["runs"], site.folder / "array")
    assert thalweg("verify", site.folder / "array").returncode == 0
    with h5py.File(site.folder / "array" / "study.h5") as file:
        assert list(file.attrs["merged_from"]) == [f"array-parts/{task}" for task in (1, 2, 3)]


def test_signalled_and_requeued_jobs_end_in_the_same_record(site, direct):
    jobs = {}
    for act, launcher, nodes in (("signal", "srun", 2), ("signal", "mpirun", 1), ("requeue", "srun", 1),
                                 ("requeue", "mpirun", 2)):
        name = f"{act}-{launcher}"
        jobs[name] = site.submit("study", "runs", name, f"--nodes={nodes}", launcher=launcher)
    for name, job in jobs.items():
        site.wait_for_file(f"{name}/checkpoints/*.h5")
        if name.startswith("signal"):
            command = ("scancel", "--signal=USR1", "--batch", job)
        else:
            command = ("scontrol", "requeue", job)
        assert site.cluster.run(*command).returncode == 0
    for name, job in jobs.items():
        site.assert_completed(job, name, restarts=1)
        assert_identical(direct["runs"], site.folder / name)
        if name.startswith("signal"):
            assert "run again with --resume" in site.log(name) and "resumed from" in site.log(name)


def test_a_cancelled_job_does_not_requeue_itself(site):
    job = site.submit("study", "runs", "cancelled", "--ntasks-per-node=2")
    site.wait_for_file("cancelled/checkpoints/*.h5")
    site.cluster.ask("scancel", job)
    said = site.finished(job)
    assert (said["JobState"], said["Restarts"]) == ("CANCELLED", "0")
    assert list((site.folder / "cancelled" / "checkpoints").glob("*.h5"))


@pytest.mark.parametrize("launcher", ["srun", "mpirun"])
def test_a_kernel_study_spreads_over_two_nodes(site, direct, launcher):
    job = site.submit("kernel", "gram", f"gram-{launcher}", "--nodes=2", "--ntasks-per-node=2", launcher=launcher)
    site.assert_completed(job, f"gram-{launcher}", restarts=0)
    out = site.folder / f"gram-{launcher}"
    assert_identical(direct["gram"] / "gram.h5", out / "gram.h5")
    with h5py.File(out / "study.h5") as file, h5py.File(direct["gram"] / "study.h5") as one_node:
        assert file.attrs["mpi_size"] == 4 and list(file.attrs["hostnames"]) == ["n1", "n2"]
        assert file["/kernel/test_accuracy"][()] == one_node["/kernel/test_accuracy"][()]
    assert "warning" not in site.log(f"gram-{launcher}")


def test_tasks_of_srun_without_mpi_are_refused(site):
    result = site.cluster.run("srun", "--mpi=none", "--ntasks=2", BINARY, "run", "runs.toml", "-o", "alone")
    assert result.returncode == 2
    assert "srun started 2 tasks" in result.stderr and "srun --mpi=pmix" in result.stderr
    assert not (site.folder / "alone").exists()


def test_a_rank_for_each_task_is_asked_for(site):
    result = site.cluster.run("salloc", "--ntasks=2", BINARY, "run", "runs.toml", "-o", "dry", "--dry-run")
    assert result.returncode == 0
    assert "1 ranks run, but the job has 2 tasks" in result.stderr


def test_a_job_without_a_program_or_with_a_wrong_site_says_so(site):
    environment = {**site.cluster.environment, "THALWEG": str(site.folder / "none")}
    result = site.cluster.run(SOURCE / "jobs/submit.sh", "study", "--output=nothing.log", "runs.toml", env=environment)
    said = site.finished(result.stdout.strip())
    assert (said["JobState"], said["ExitCode"]) == ("FAILED", "2:0")
    assert "no program" in site.log("nothing")
    job = site.submit("study", "runs", "launcher", launcher="slurmrun")
    assert site.finished(job)["ExitCode"] == "2:0"
    assert 'launcher is "slurmrun", expected auto, srun or mpirun' in site.log("launcher")
