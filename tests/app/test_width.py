"""Width studies: the same on any number of ranks and after a kill, and their numbers are what they say."""
import h5py
import numpy as np
import pytest

from kills import survive_kills
from studies import assert_identical, run_study, thalweg

WIDTH = """
[study]
name = "width"
kind = "width"
seed = 3

[data]
train = 40
test = 20
image_size = 8
preprocess = ["standardize"]

[model]
depth = 2
bias_std = 0.1

[sweep]
widths = [16, 48, 144]
seeds = [1, 2, 5]

[train]
steps = [1, 4, STEPS]
checkpoint_every_s = 0.05
"""


def width(steps=12):
    return WIDTH.replace("STEPS", str(steps))


def test_identical_on_any_number_of_ranks_and_teams(tmp_path):
    for ranks, team in [(1, 1), (2, 1), (3, 1), (2, 2), (6, 3)]:
        result = run_study(tmp_path, width(), f"{ranks}in{team}", "--set", f"study.team_size={team}", ranks=ranks)
        assert result.returncode == 0, result.stderr
        assert_identical(tmp_path / "1in1", tmp_path / f"{ranks}in{team}")
    assert thalweg("verify", tmp_path / "1in1").returncode == 0


def test_killed_and_resumed_is_identical(tmp_path):
    text = width(steps=2000)
    survive_kills(tmp_path, text, kills=3, seed=11)


def test_distance_from_a_linearised_net_that_diverges_is_one(tmp_path):
    """At width 16 the linearised net's largest eigenvalue is above 2 over the learning rate, the net itself settles."""
    result = run_study(tmp_path, width(steps=2000), "long")
    assert result.returncode == 0, result.stderr
    assert thalweg("verify", tmp_path / "long").returncode == 0
    with h5py.File(tmp_path / "long" / "runs" / "width16-seed1.h5") as run:
        assert run["trajectory/train_loss"][-1] < run["trajectory/train_loss"][0]
        assert run["trajectory/linear_train_distance"][-1] == 1.0


def test_time_limit_stops_inside_a_run_and_resumes(tmp_path):
    text = width(steps=8000)
    stopped = run_study(tmp_path, text, "limited", "--time-limit", "1.0")
    assert stopped.returncode == 75, stopped.stderr
    assert list((tmp_path / "limited" / "checkpoints").glob("*.h5"))
    result = run_study(tmp_path, text, "limited", "--resume", ranks=2, timeout=300)
    assert result.returncode == 0, result.stderr
    assert "resumed from" in result.stderr and "at step" in result.stderr
    assert run_study(tmp_path, text, "whole", ranks=2, timeout=300).returncode == 0
    assert_identical(tmp_path / "whole", tmp_path / "limited")


def test_record_holds_what_the_runs_say(tmp_path):
    result = run_study(tmp_path, width(), "out", ranks=2)
    assert result.returncode == 0, result.stderr
    assert "kernel_distance" in result.stdout and "agrees" in result.stdout
    with h5py.File(tmp_path / "out" / "study.h5") as study:
        widths = study["summary/width"][()]
        distances = study["summary/train_distance"][()]
        assert study["widths/width"][()].tolist() == [16, 48, 144]
        assert study["curves/step"][()].tolist() == [0, 1, 4, 12]
        assert study["curves/train_distance"].shape == (3, 4)
        for row, w in enumerate([16, 48, 144]):
            chosen = distances[widths == w]
            assert study["widths/train_distance"][row] == pytest.approx(chosen.mean())
            assert study["widths/train_distance_error"][row] == pytest.approx(chosen.std(ddof=1) / np.sqrt(3))
        # The same line by another hand, and the fall with width is there.
        x, y = np.log(widths), np.log(study["summary/kernel_distance"][()])
        (slope, _), covariance = np.polyfit(x, y, 1, cov=True)
        names = [name.decode() for name in study["fits/quantity"][()]]
        at = names.index("kernel_distance")
        assert study["fits/exponent"][at] == pytest.approx(slope)
        assert study["fits/exponent_error"][at] == pytest.approx(np.sqrt(covariance[0, 0]))
        assert -0.7 < slope < -0.3
        assert study["limit/learning_rate"][()] == pytest.approx(
            0.5 * 2 * 40 / study["limit/largest_eigenvalue"][()])
        name = study["summary/run"][0].decode()
        with h5py.File(tmp_path / "out" / "runs" / f"{name}.h5") as run:
            # At the start the net is its own prediction, to rounding, and has not moved.
            assert run["trajectory/train_distance"][0] < 1e-6
            assert run["trajectory/linear_test_distance"][0] == 0
            assert run["trajectory/kernel_drift"][0] == 0
            assert run["trajectory/kernel_drift"][3] > 0
            # The first step of descent is linear in its size: both predictions are close, and the
            # linearised net's is closer.
            assert run["trajectory/linear_train_distance"][1] < run["trajectory/train_distance"][1]


@pytest.mark.parametrize("change,words", [
    ("sweep.widths=[16]", "at least two widths"),
    ("sweep.widths=[16,16]", "stands there twice"),
    ("sweep.seeds=[-1]", "expected at least 0"),
    ("train.steps=[4,2]", "ascending"),
    ("train.steps=[0]", "at least one step"),
    ("train.relative_rate=1.5", "below 1"),
    ("model.parametrization=standard", "parametrization"),
    ("model.batch_norm=batch", "batch_norm"),
    ("data.placement=sharded", "placement"),
    ("data.train=1000", "expected at most 8192"),
    ("study.team_size=4", "ranks"),
])
def test_bad_settings_are_named(tmp_path, change, words):
    result = run_study(tmp_path, width(), "out", "--set", change)
    assert result.returncode == 2, result.stdout + result.stderr
    assert words in result.stderr


@pytest.mark.parametrize("changes,words", [
    (["model.parametrization=ntk"], "batch_norm"),
    (["model.weight_std=1.5"], "weight_std"),
    (["model.batch_norm=none", "model.parametrization=ntk", "model.bias_std=-1.0"], "bias_std"),
    (["probe.0.type=kernel_drift"], "do not depend on the other samples"),
])
def test_bad_parametrization_and_drift_are_named(tmp_path, changes, words):
    from studies import trajectories
    settings = [argument for change in changes for argument in ("--set", change)]
    text = trajectories().replace('iterations = 10\n', '')
    result = run_study(tmp_path, text, "out", *settings)
    assert result.returncode == 2, result.stdout + result.stderr
    assert words in result.stderr


def test_ntk_parametrization_trains_and_is_recorded(tmp_path):
    from studies import trajectories
    result = run_study(tmp_path, trajectories(norm="none"), "out", "--set", "model.parametrization=ntk",
                       "--set", "model.bias_std=0.2", ranks=2)
    assert result.returncode == 0, result.stderr
    with h5py.File(tmp_path / "out" / "study.h5") as study:
        assert 'parametrization = "ntk"' in study.attrs["config_resolved"]
        assert "bias_std = 0.2" in study.attrs["config_resolved"]
        assert "weight_std = 1.414" in study.attrs["config_resolved"]
    with h5py.File(tmp_path / "out" / "runs" / "another.h5") as run:
        drift = run["probes/kernel_drift"]
        assert drift["step"][0] == 0 and drift["drift"][0] == 0
        assert drift["alignment_with_start"][0] == pytest.approx(1)
        assert (drift["drift"][1:] > 0).all()
        assert (np.abs(drift["alignment_with_targets"][()]) < 1).all()
