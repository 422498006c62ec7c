"""A run's points on its way: files of their own, listed in its record."""
import h5py
import numpy as np
import pytest

from studies import assert_identical, run_study, thalweg

STUDY = """
[study]
name = "snapshots"
kind = "trajectories"
seed = 3

[data]
train = 120
test = 40
image_size = 8
preprocess = ["standardize"]

[model]
widths = [8]
batch_norm = "batch"

[train]
batch = 40
shard = 8
epochs = 4
EVERY

[[probe]]
type = "norms"
every_steps = 1
"""


def study(every):
    return STUDY.replace("EVERY", every)


@pytest.mark.parametrize("every, steps", [("snapshot_every_steps = 5", [0, 5, 10, 12]),
                                          ("snapshot_every_steps = 4", [0, 4, 8, 12]),
                                          ("snapshot_every_epochs = 3", [0, 9, 12]), ("", [])])
def test_steps_and_contents(tmp_path, every, steps):
    assert run_study(tmp_path, study(every), "out").returncode == 0
    folder = tmp_path / "out" / "snapshots" / "run"
    assert sorted(file.name for file in folder.glob("*")) == [f"step-{step:09}.h5" for step in steps]
    with h5py.File(tmp_path / "out" / "runs" / "run.h5") as run:
        if not steps:
            assert "snapshots" not in run
            return
        assert list(run["snapshots/step"][()]) == steps
        norms = dict(zip(run["probes/norms/step"][()], run["probes/norms/parameter_norm"][()]))
        for step in steps:
            with h5py.File(folder / f"step-{step:09}.h5") as file:
                assert file.attrs["schema"] == "thalweg/snapshot"
                assert file.attrs["step"] == step and file.attrs["epoch"] == step / 3
                w = file["parameters/current"][()].astype(float)
                assert np.linalg.norm(w) == pytest.approx(norms[step], rel=1e-12)
                if step == steps[-1]:
                    assert np.array_equal(w, run["parameters/final"][()])
                    assert np.array_equal(file["parameters/running_statistics"][()],
                                          run["parameters/running_statistics"][()])
    assert "snapshots/run/" in thalweg("show", tmp_path / "out").stdout
    assert thalweg("verify", tmp_path / "out").returncode == 0
    (folder / f"step-{steps[1]:09}.h5").unlink()
    verified = thalweg("verify", tmp_path / "out")
    assert verified.returncode == 3
    assert f"step-{steps[1]:09}.h5 is missing" in verified.stdout


def test_the_same_on_any_number_of_ranks_and_replaced_by_force(tmp_path):
    text = study("snapshot_every_steps = 5")
    assert run_study(tmp_path, text, "one").returncode == 0
    assert run_study(tmp_path, study("snapshot_every_steps = 1"), "three").returncode == 0
    assert run_study(tmp_path, text, "three", "--force", ranks=3).returncode == 0
    assert_identical(tmp_path / "one", tmp_path / "three")


def test_epochs_and_steps_at_once_are_refused(tmp_path):
    result = run_study(tmp_path, study("snapshot_every_steps = 5\nsnapshot_every_epochs = 1"), "out")
    assert result.returncode == 2
    assert "snapshot_every_steps" in result.stderr and "leave one out" in result.stderr


def test_no_snapshot_of_what_is_no_number(tmp_path):
    text = study("snapshot_every_steps = 1\n\n[optimizer]\nlearning_rate = 1e30").replace('"batch"', '"none"')
    assert run_study(tmp_path, text, "out").returncode == 0
    with h5py.File(tmp_path / "out" / "runs" / "run.h5") as run:
        assert run.attrs["status"] == "diverged"
    assert thalweg("verify", tmp_path / "out").returncode == 0
