"""thalweg plan: what it predicts of memory, disk and counts against what the study then takes; bad input; job scripts.
Predicted times decide no test."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import h5py
import pytest

from kills import catches, wait_until
from studies import BINARY, SOURCE

TRAJECTORIES = """
[study]
name = "planned"
kind = "trajectories"
[data]
train = 3000
test = 1000
[model]
widths = [256, 128]
batch_norm = "batch"
[train]
batch = 500
epochs = 3
snapshot_every_epochs = 2
[optimizer]
type = "adam"
[sweep]
seeds = [1, 2]
[[run]]
name = "net"
[[probe]]
type = "hessian_extremes"
iterations = 20
every_epochs = 2
[[probe]]
type = "trace"
vectors = 10
"""

KERNEL = """
[study]
name = "planned"
kind = "kernel"
[data]
train = 4000
test = 1000
preprocess = ["unit_norm"]
[kernel]
depth = 2
"""

COMPLETION = """
[study]
name = "planned"
kind = "completion"
[matrix]
rows = 20
columns = 16
rank = 2
[sweep]
observed = [150]
instances = [1, 2]
[train]
target_loss = 1e-4
max_steps = 3000
[[method]]
name = "flow"
depths = [1, 2]
optimizer.type = "flow"
[[method]]
name = "slow"
optimizer.learning_rate = 1e-9
[[method]]
type = "nuclear_norm"
"""

WIDTH = """
[study]
name = "planned"
kind = "width"
[data]
train = 40
test = 20
image_size = 8
[sweep]
widths = [16, 32, 64]
seeds = [1, 2]
[train]
steps = [1, 4, 16]
"""

SMALL_DATA = """
[study]
name = "planned"
kind = "small_data"
[data]
train = 400
test = 100
preprocess = ["unit_norm"]
[small_data]
sizes = [20, 40]
draws = 3
[[run]]
name = "ntk"
kernel.type = "ntk"
[[run]]
name = "gaussian"
kernel.type = "gaussian"
"""

# Runs a program and writes down the most memory it had resident.
PEAK = """
import os, resource, subprocess, sys
code = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL).returncode
with open(f"{sys.argv[1]}.{os.environ['OMPI_COMM_WORLD_RANK']}", "w") as out:
    out.write(str(1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""


def write(folder, text):
    path = folder / "study.toml"
    path.write_text(text)
    return path


def thalweg(*arguments, ranks=1):
    return subprocess.run(["mpirun", "-n", str(ranks), BINARY, *map(str, arguments)], capture_output=True, text=True,
                          timeout=300, check=False)


def plan(study, *arguments, ranks=1):
    # Trials end when they are done; a slow machine is given time for them.
    result = thalweg("plan", study, "--calibrate", "60", "--json", *arguments, ranks=ranks)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)[0]


def refused(*arguments):
    result = thalweg("plan", *arguments)
    assert result.returncode == 2, result.stdout + result.stderr
    return result.stderr


def pieces(planned):
    return {piece["name"]: piece for stage in planned["stages"] for piece in stage["pieces"]}


def run_with_peak(folder, study, ranks):
    """Peak resident bytes of the rank that had most."""
    script = folder / "peak.py"
    script.write_text(PEAK)
    result = subprocess.run(["mpirun", "-n", str(ranks), sys.executable, str(script), str(folder / "peak"), BINARY, "run",
                             str(study), "-o", str(folder / "out")], capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr
    return max(int((folder / f"peak.{rank}").read_text()) for rank in range(ranks))


def bytes_of(folder):
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("text", [TRAJECTORIES, KERNEL], ids=["trajectories", "kernel"])
def test_memory_is_within_a_tenth(tmp_path, text, ranks):
    study = write(tmp_path, text)
    planned = plan(study, ranks=ranks)
    measured = run_with_peak(tmp_path, study, ranks)
    assert planned["ranks"] == ranks
    assert planned["memory_bytes"] == pytest.approx(measured, rel=0.1), planned["memory"]
    assert planned["memory_bytes"] == pytest.approx(sum(part["bytes"] for part in planned["memory"]))


def test_disk_and_counts_of_trajectories(tmp_path):
    study = write(tmp_path, TRAJECTORIES)
    planned = plan(study, "--ranks", "2")
    run_with_peak(tmp_path, study, 2)
    disk = {part["name"]: part["bytes"] for part in planned["disk"]}
    found = bytes_of(tmp_path / "out")
    records = sum(size for name, size in found.items() if name.startswith("runs/"))
    snapshots = sum(size for name, size in found.items() if name.startswith("snapshots/"))
    assert disk["records of the runs"] == pytest.approx(records, rel=0.05)
    assert disk["snapshots"] == pytest.approx(snapshots, rel=0.05)
    assert sum(disk.values()) == pytest.approx(sum(found.values()), rel=0.05)

    made = pieces(planned)
    with h5py.File(tmp_path / "out" / "runs" / "net-seed1.h5") as record:
        steps = int(record["trajectory/step"][-1])
        assert made["training steps"]["count"] == 2 * steps == made["training steps"]["most"]
        assert made["evaluation of the training set"]["count"] == 2 * len(record["trajectory/step"])
        assert made["probe hessian_extremes"]["count"] == 2 * len(record["probes/hessian_extremes/step"])
        assert made["probe trace"]["count"] == 2
        assert made["probe trace"]["basis"].startswith("10 products")
        assert made["snapshots"]["count"] == 2 * len(record["snapshots/step"])


def test_disk_of_a_kernel(tmp_path):
    study = write(tmp_path, KERNEL)
    planned = plan(study)
    run_with_peak(tmp_path, study, 1)
    disk = {part["name"]: part["bytes"] for part in planned["disk"]}
    found = bytes_of(tmp_path / "out")
    assert disk["gram.h5"] == pytest.approx(found["gram.h5"], rel=0.01)
    assert disk["study.h5"] == pytest.approx(found["study.h5"], rel=0.05)


def test_widths_are_planned_run_by_run(tmp_path):
    study = write(tmp_path, WIDTH)
    planned = plan(study, "--ranks", "2")
    made = pieces(planned)
    assert {name: piece["count"] for name, piece in made.items() if "width" in name} == {
        "runs of width 16": 2, "runs of width 32": 2, "runs of width 64": 2}
    assert all(piece["basis"] == "measured" for name, piece in made.items() if "width" in name)
    assert next(stage for stage in planned["stages"] if stage["name"] == "runs")["teams"] == 2
    # In no time the two narrowest are measured, the widest follows from their growth.
    hurried = pieces(json.loads(thalweg("plan", study, "--calibrate", "1", "--json", "--set", "train.steps=[100000]").stdout)[0])
    assert hurried["runs of width 64"]["basis"].startswith("from narrower")
    # Where the measured pair shows no growth, which is for the machine to say, none is assumed.
    assert hurried["runs of width 64"]["unit_s"] >= hurried["runs of width 32"]["unit_s"]


def test_completions_are_planned_method_by_method(tmp_path):
    study = write(tmp_path, COMPLETION)
    made = pieces(planned := plan(study))
    assert {name: piece["count"] for name, piece in made.items() if piece["basis"] == "measured"}.items() >= {
        "flow-depth1": 2, "flow-depth2": 2, "slow": 2, "nuclear_norm": 2}.items()
    run_with_peak(tmp_path, study, 1)
    disk = {part["name"]: part["bytes"] for part in planned["disk"]}
    assert disk["records of the runs"] == pytest.approx(
        sum(file.stat().st_size for file in (tmp_path / "out" / "runs").iterdir()), rel=0.25)
    # What does not come to its target in its share of the time is cut off, and has all its steps at most.
    hurried = pieces(json.loads(thalweg("plan", study, "--calibrate", "1", "--json", "--set", "train.max_steps=1000000000",
                                        "--set", "train.target_loss=0.0").stdout)[0])
    assert hurried["slow"]["basis"].startswith("cut off after")
    assert hurried["slow"]["unit_s"] > 1.0


def test_small_data_is_planned_kernel_by_kernel(tmp_path):
    study = write(tmp_path, SMALL_DATA)
    planned = plan(study)
    made = pieces(planned)
    assert made["ntk: regressions"]["count"] == made["gaussian: regressions"]["count"] == 6
    run_with_peak(tmp_path, study, 1)
    found = bytes_of(tmp_path / "out")
    for part, kernel in zip(planned["disk"], ["ntk", "gaussian"]):
        size = found[f"runs/{kernel}/gram.h5"] + found[f"runs/{kernel}/cross.h5"]
        assert part["bytes"] == pytest.approx(size, rel=0.1)


def test_ground_is_planned_with_its_points(tmp_path):
    study = write(tmp_path, TRAJECTORIES.replace("train = 3000", "train = 200") + """
[[slice]]
between = ["net-seed1", "net-seed2"]
points = 7
[[surface]]
name = "plane"
run = "net-seed1"
nx = 5
ny = 3
[[connection]]
name = "curve"
between = ["net-seed1", "net-seed2"]
curve = "bezier"
steps = 11
points = 9
[connection.optimizer]
type = "sgd"
[[audit]]
name = "scaled"
run = "net-seed1"
transformation = "filter"
factors = [1.0, 2.0, 4.0]
""")
    made = pieces(plan(study))
    points = {name: piece["count"] for name, piece in made.items() if name.endswith(": points")}
    assert sorted(points.values()) == [7, 9, 15]
    assert made["path curve: training steps"]["count"] == 11
    assert made["audit scaled: probe trace"]["count"] == 3


def test_one_process_plans_for_many_ranks(tmp_path):
    study = write(tmp_path, TRAJECTORIES)
    planned = plan(study, "--ranks", "8", "--set", "study.team_size=4")
    runs = next(stage for stage in planned["stages"] if stage["name"] == "runs")
    assert (runs["teams"], runs["team_size"]) == (2, 4)
    assert planned["measured_on_ranks"] == 1
    assert [row["ranks"] for row in planned["scaling"]] == [2**k for k in range(13)]
    assert all(row["strong_s"] > 0 and row["weak_s"] > 0 for row in planned["scaling"])


def test_a_target_is_told_with_the_most(tmp_path):
    study = write(tmp_path, TRAJECTORIES)
    planned = plan(study, "--set", "train.target_loss=0.5", "--set", "train.epochs=40", "--set", "probe=[]")
    steps = pieces(planned)["training steps"]
    assert steps["count"] <= steps["most"] == 2 * 240
    assert any("steps expected" in note for note in planned["notes"])


def test_what_run_refuses_is_refused(tmp_path):
    study = write(tmp_path, TRAJECTORIES)
    for arguments in (["--set", "train.bach=4"], ["--set", "model.widths=[-1]"], ["--set", "study.team_size=3"],
                      ["--set", "probe.0.samples=99999"], ["--set", "optimizer.type=newton"]):
        of_plan = refused(study, "--ranks", "2", *arguments)
        of_run = thalweg("run", study, "-o", tmp_path / "none", *arguments, ranks=2)
        assert of_run.returncode == 2
        message = next(line for line in of_run.stderr.splitlines() if "thalweg:" in line).split("thalweg:")[1]
        assert message.split("] ")[-1].strip()[-60:] in of_plan
    assert "cannot be read" in refused(tmp_path / "missing.toml")
    message = refused(write(tmp_path, "[study]\nkind = \"kernels\"\n"))
    assert '"kernels"' in message and "trajectories" in message
    assert "path" in refused(write(tmp_path, "[study]\nkind = \"uci\"\n"))


def test_what_width_and_small_data_refuse_is_refused(tmp_path):
    small = write(tmp_path, SMALL_DATA)
    assert "pool of 400" in refused(small, "--set", "small_data.sizes=[20,401]")
    assert "team_size" in refused(small, "--set", "study.team_size=1")
    assert "8192" in refused(write(tmp_path, WIDTH), "--set", "data.train=2000")
    assert "no such file" in refused(write(tmp_path, KERNEL), "--set", 'kernel.gram="nowhere/gram.h5"')
    assert "--calibrate" in refused(small, "--calibrate", "nan")


def test_a_plan_that_is_told_to_stop_is_none(tmp_path):
    study = write(tmp_path, WIDTH.replace("steps = [1, 4, 16]", "steps = [300000]"))
    process = subprocess.Popen([BINARY, "plan", str(study), "--calibrate", "60"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    wait_until(lambda: catches(process, signal.SIGUSR1), process)
    time.sleep(1)
    process.send_signal(signal.SIGUSR1)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 1 and "no plan" in errors
    assert "wall time" not in out


def test_mistakes_of_the_site_name_their_line(tmp_path):
    study = write(tmp_path, TRAJECTORIES)
    site = tmp_path / "site.conf"
    site.write_text('partition="a"\nnodes=4\n')
    message = refused(study, "--site", site)
    assert f"{site}:2" in message and "nodes" in message
    assert "--site" in refused(study, "--sbatch")


def test_job_script_is_one(tmp_path):
    study = write(tmp_path, TRAJECTORIES)
    site = tmp_path / "site.conf"
    site.write_text('partition="long"\naccount="a1"\ncores_per_node=2\nmax_walltime="00:10:00"\n')
    shutil.copy(pathlib.Path(SOURCE) / "jobs" / "study.sbatch", tmp_path)
    result = thalweg("plan", study, "--ranks", "4", "--calibrate", "1", "--site", site, "--sbatch", "--set", "train.epochs=2")
    assert result.returncode == 0, result.stderr
    job = tmp_path / "job.sh"
    job.write_text(result.stdout)
    assert subprocess.run(["bash", "-n", str(job)], check=False).returncode == 0
    for line in ("#SBATCH --partition=long", "#SBATCH --account=a1", "#SBATCH --nodes=2", "#SBATCH --ntasks-per-node=2",
                 "#SBATCH --signal=B:USR1@120", "#SBATCH --requeue"):
        assert line in result.stdout.splitlines()
    assert f"set -- {study} --set train.epochs=2" in result.stdout
    assert "--qos" not in result.stdout
    # What a shell makes of the arguments.
    shown = subprocess.run(["bash", "-c", next(line for line in result.stdout.splitlines() if line.startswith("set -- ")) +
                            '; printf "%s\\n" "$@"'], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines() == [str(study), "--set", "train.epochs=2"]


def test_tables_name_every_piece(tmp_path):
    study = write(tmp_path, TRAJECTORIES).resolve()
    result = subprocess.run([os.path.abspath(BINARY), "plan", study, "--calibrate", "1"], capture_output=True, text=True,
                            timeout=120, cwd=tmp_path, check=False)
    assert result.returncode == 0, result.stderr
    for part in ("training steps", "probe trace", "memory of the rank", "disk at the end", "scaling", "efficiency",
                 "4096"):
        assert part in result.stdout
    assert not (tmp_path / "results").exists()
