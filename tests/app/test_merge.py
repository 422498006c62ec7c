"""A study made in parts, by a job array say, and put together: the record of the study in one piece."""
import os
import random
import shutil
import subprocess
import sys
import time

import h5py
import pytest

from kills import Survived, kill_one, wait_for_orphans, words_of
from studies import SOURCE, assert_identical, command, protocol, run_study, thalweg, trajectories

CORRELATED = """
[study]
name = "small"
kind = "trajectories"
seed = 3

[data]
train = 120
test = 60
image_size = 12
preprocess = ["standardize"]

[model]
widths = [12]

[train]
batch = 30
shard = 10
epochs = EPOCHS
snapshot_every_epochs = 2

[sweep]
seeds = [1, 2, 10]
"train.batch" = [15, 30]

[[run]]
name = "a run"

[[probe]]
type = "norms"

[[slice]]
between = ["a run-batch15", "a run-batch30"]
points = 5

[correlation]
bootstrap = 100
"""


def correlated(epochs=3):
    return CORRELATED.replace("EPOCHS", str(epochs))


def part(folder, text, k, n, ranks=1):
    result = run_study(folder, text, f"part{k}", "--set", f"study.part={k}/{n}", ranks=ranks)
    assert result.returncode == 0, result.stderr
    return folder / f"part{k}"


def seed(folder, text, number, *arguments):
    result = run_study(folder, text, f"seed{number}", "--set", f"sweep.seeds=[{number}]", *arguments)
    assert result.returncode == 0, result.stderr
    return folder / f"seed{number}"


def merge(folders, output, *arguments, ranks=None):
    return thalweg("merge", *folders, "-o", output, *arguments, ranks=ranks)


def refused(result, code, *words):
    assert result.returncode == code, result.stdout + result.stderr
    for word in words:
        assert word in result.stderr, result.stderr
    return True


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    assert run_study(folder, correlated(), "out", ranks=2).returncode == 0
    return folder / "out"


@pytest.fixture(scope="module")
def two_parts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    return [part(folder, correlated(), k, 2) for k in (1, 2)]


@pytest.mark.parametrize("text", [trajectories(), protocol()], ids=["probes", "trials"])
def test_merged_parts_are_the_record_of_one_piece(tmp_path, text):
    assert run_study(tmp_path, text, "whole", ranks=2).returncode == 0
    parts = [part(tmp_path, text, k, 2, ranks=k) for k in (1, 2)]
    result = merge(parts, tmp_path / "merged", ranks=2)
    assert result.returncode == 0, result.stderr
    assert_identical(tmp_path / "whole", tmp_path / "merged")
    assert thalweg("verify", tmp_path / "merged").returncode == 0
    assert thalweg("show", tmp_path / "merged").stdout.count("\n") >= 8
    assert not (tmp_path / "merged" / "checkpoints").exists()


def test_runs_keep_their_bytes_and_the_study_says_where_they_come_from(tmp_path):
    parts = [part(tmp_path, correlated(), k, 3) for k in (1, 2, 3)]
    assert merge(parts, tmp_path / "merged").returncode == 0
    copied = 0
    for source in parts:
        for file in [*source.rglob("runs/*.h5"), *source.rglob("snapshots/*/*.h5")]:
            assert (tmp_path / "merged" / file.relative_to(source)).read_bytes() == file.read_bytes()
            copied += 1
    assert copied == 6 + 6 * 3
    with h5py.File(tmp_path / "merged" / "study.h5") as file:
        assert list(file.attrs["merged_from"]) == [str(folder) for folder in parts]
        assert "part = " not in file.attrs["config_resolved"]
    # It can be resumed and measured like any other.
    again = run_study(tmp_path, correlated(), "merged", "--resume")
    assert again.returncode == 0, again.stderr
    later = thalweg("probe", tmp_path / "merged", "--probe", "trace:vectors=2")
    assert later.returncode == 0, later.stderr


def test_merged_record_loads_in_python(tmp_path, two_parts):
    assert merge(two_parts, tmp_path / "merged").returncode == 0
    table = subprocess.run([sys.executable, "-m", "thalweg", "table", tmp_path / "merged"], capture_output=True, text=True,
                           env={**os.environ, "PYTHONPATH": str(SOURCE / "analysis" / "src")}, check=False)
    assert table.returncode == 0, table.stderr
    assert "batch15" in table.stdout and "batch30" in table.stdout


def test_a_part_by_other_blas_kernels_is_warned_of(tmp_path, two_parts, monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    other = part(tmp_path, correlated(), 2, 2)
    cores = []
    for folder in (two_parts[0], other):
        with h5py.File(folder / "study.h5") as file:
            cores.append(file.attrs["blas_core"])
    if cores[0] == cores[1]:
        pytest.skip(f"this OpenBLAS has no other kernels than {cores[0]}")
    result = merge([two_parts[0], other], tmp_path / "merged", ranks=2)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count(f"BLAS core {cores[1]}") == 1 and "bits may depend on it" in result.stderr


def test_a_part_is_a_record_of_its_runs_alone(tmp_path):
    only = part(tmp_path, correlated(), 2, 4)
    assert sorted(file.stem for file in (only / "runs").iterdir()) == ["a_run-batch15-seed2", "a_run-batch30-seed10"]
    assert thalweg("verify", only).returncode == 0
    assert run_study(tmp_path, correlated(), "part2", "--resume", "--set", "study.part=2/4").returncode == 0
    other = run_study(tmp_path, correlated(), "part2", "--resume", "--set", "study.part=3/4")
    assert refused(other, 2, "part")
    later = thalweg("probe", only, "--probe", "trace:vectors=2")
    assert later.returncode == 0, later.stderr


@pytest.mark.parametrize("value,words", [
    ("0/2", ["found \"0/2\"", "\"K/N\""]), ("3/2", ["found \"3/2\""]), ("1", ["\"K/N\""]), ("a/b", ["found \"a/b\""]),
    ("1/7", ["the study has 6 runs"]),
])
def test_a_wrong_part_is_refused(tmp_path, value, words):
    assert refused(run_study(tmp_path, correlated(), "out", "--set", f"study.part=\"{value}\""), 2, "[study] part", *words)
    assert not (tmp_path / "out").exists()


def test_studies_of_single_seeds_become_the_study_of_all(tmp_path):
    # A correlation needs more runs than one seed has.
    text = correlated().replace("[correlation]\nbootstrap = 100\n", "")
    assert run_study(tmp_path, text, "whole").returncode == 0
    # In any order: seeds ascend.
    seeds = [seed(tmp_path, text, number) for number in (10, 1, 2)]
    measured = thalweg("probe", seeds[0], "--probe", "trace:vectors=2")
    assert measured.returncode == 0, measured.stderr
    result = merge(seeds, tmp_path / "merged")
    assert result.returncode == 0, result.stderr
    probes = sorted((tmp_path / "merged" / "probes").iterdir())
    assert [file.name for file in probes] == ["a_run-batch15-seed10-trace.h5", "a_run-batch30-seed10-trace.h5"]
    assert thalweg("verify", tmp_path / "merged").returncode == 0
    shutil.rmtree(tmp_path / "merged" / "probes")
    assert_identical(tmp_path / "whole", tmp_path / "merged")


def test_an_interrupted_merge_is_continued(tmp_path, whole, two_parts):
    out = tmp_path / "merged"
    assert merge(two_parts, out).returncode == 0
    assert_identical(whole, out)
    (out / "study.h5").unlink()
    (out / "runs" / "a_run-batch15-seed2.h5").unlink()
    assert refused(merge(two_parts, out), 2, "is not empty", "--resume")
    assert merge(two_parts, out, "--resume").returncode == 0
    assert_identical(whole, out)
    assert merge(two_parts, out, "--force", ranks=2).returncode == 0
    assert_identical(whole, out)


def test_a_killed_merge_is_continued(tmp_path, whole, two_parts):
    began = time.monotonic()
    assert merge(two_parts, tmp_path / "undisturbed", ranks=2).returncode == 0
    longest_s = time.monotonic() - began
    out = tmp_path / "merged"
    chance = random.Random(3)
    survived = Survived()
    for attempt in range(20):
        if survived.kills == 2:
            break
        ranks = 1 + attempt % 3
        process = subprocess.Popen(command("merge", *two_parts, "-o", out, "--resume", ranks=ranks),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
        try:
            # Sooner each time: how long it takes hangs on what else the machine does.
            process.wait(chance.uniform(0.2, 0.9) * longest_s / (1 + attempt / 4))
            shutil.rmtree(out, ignore_errors=True)
        except subprocess.TimeoutExpired:
            survived.kills += kill_one(process, out, chance) is not None
        words_of(process, out, survived)
        wait_for_orphans(out)
    assert survived.kills > 0
    assert merge(two_parts, out, "--resume").returncode == 0
    assert_identical(whole, out)
    assert not list(out.rglob("*.partial"))


def test_missing_parts_and_runs_that_are_there_twice_are_refused(tmp_path, two_parts):
    out = tmp_path / "out"
    assert refused(merge(two_parts[:1], out), 2, "no folder has the runs", "a_run-batch15-seed2")
    assert refused(merge([*two_parts, two_parts[0]], out), 2, "is both in", "part1")
    assert not out.exists()


def test_parts_of_other_studies_are_refused(tmp_path, two_parts):
    longer = part(tmp_path, correlated(epochs=2), 2, 2)
    assert refused(merge([two_parts[0], longer], tmp_path / "out"), 2, "not of the same study as", "epochs")
    elsewhere = seed(tmp_path, correlated().replace("[correlation]\nbootstrap = 100\n", ""), 7, "--set", "study.seed=7")
    assert refused(merge([two_parts[0], elsewhere], tmp_path / "out"), 2, "not of the same study as")
    assert not (tmp_path / "out").exists()


def test_an_unfinished_part_and_no_study_are_refused(tmp_path, two_parts):
    left = run_study(tmp_path, correlated(), "left", "--set", "study.part=2/2", "--time-limit", "0.0001")
    assert left.returncode == 75
    assert refused(merge([two_parts[0], tmp_path / "left"], tmp_path / "out"), 2, "an unfinished study", "--resume")
    (tmp_path / "empty").mkdir()
    assert refused(merge([two_parts[0], tmp_path / "empty"], tmp_path / "out"), 2, "holds no study.h5")
    assert refused(merge([two_parts[0]], two_parts[0] / "below"), 2, "lies in")
    assert refused(merge(two_parts, two_parts[0], "--force"), 2, "lies in")
    assert thalweg("verify", two_parts[0]).returncode == 0


def test_a_part_that_does_not_verify_is_refused(tmp_path, two_parts):
    broken = tmp_path / "broken"
    shutil.copytree(two_parts[1], broken)
    next((broken / "snapshots").rglob("*.h5")).unlink()
    result = merge([two_parts[0], broken], tmp_path / "out")
    assert refused(result, 3, "snapshot", "is missing")
    run = next((broken / "runs").glob("*.h5"))
    run.write_bytes(run.read_bytes()[:2000])
    assert refused(merge([two_parts[0], broken], tmp_path / "out"), 3, run.name)
    assert not (tmp_path / "out").exists()
