"""Gradient flow of networks, beside the descent that tends to it."""
import re

import h5py
import numpy
import pytest

from kills import survive_kills
from studies import assert_identical, run_study, thalweg
from test_bad_input import refused

STUDY = """
[study]
name = "flow"
kind = "trajectories"
seed = 3
[data]
train = 200
test = 100
image_size = 8
preprocess = ["standardize"]
[model]
widths = [24, 16]
activation = "tanh"
batch_norm = "NORM"
[train]
batch = 200
shard = 25
steps = 20
evaluate_every = 5
precision = "PRECISION"
loss = "squared"
checkpoint_every_s = 0.02
[optimizer]
learning_rate = 0.5
"""
FLOW = """
[[run]]
name = "flow"
optimizer.type = "flow"
"""


def study(runs, norm="none", precision="float64"):
    return STUDY.replace("NORM", norm).replace("PRECISION", precision) + runs


def descent(halvings):
    return (f'\n[[run]]\nname = "descent{halvings}"\noptimizer.learning_rate = {0.5 / 2**halvings}\n'
            f"train.steps = {20 * 2**halvings}\n")


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flow")
    result = run_study(folder, study(FLOW + descent(3) + descent(4)), "out", ranks=2)
    assert result.returncode == 0, result.stderr
    return folder


def final(record, name):
    with h5py.File(record / "out" / "runs" / f"{name}.h5") as file:
        return file["parameters/final"][:]


def test_gap_of_descent_halves_with_the_rate(record):
    coarse, fine = (numpy.linalg.norm(final(record, f"descent{n}") - final(record, "flow")) for n in (3, 4))
    assert 1.85 < coarse / fine < 2.15, (coarse, fine)
    assert fine > 1e-4


def test_record_has_the_time_and_what_the_integrator_met_with(record):
    with h5py.File(record / "out" / "runs" / "flow.h5") as file:
        trajectory = file["trajectory"]
        assert trajectory["time"][:].tolist() == [0, 2.5, 5, 7.5, 10]
        assert (numpy.diff(trajectory["train_loss"][:]) < 0).all()
        assert (numpy.diff(trajectory["integrator_steps"][:]) >= 5).all()
        assert trajectory["flow_evaluations"][-1] == file["flow/evaluations"][()]
        assert trajectory["flow_evaluations"][-1] >= 6 * trajectory["integrator_steps"][-1]
        assert 0 < trajectory["stiffness"][-1] < 3.25
    with h5py.File(record / "out" / "runs" / "descent3.h5") as file:
        assert "flow" not in file and "time" not in file["trajectory"]


def test_every_number_of_ranks_gives_the_same_bits(record):
    text = study(FLOW + descent(3) + descent(4))
    for ranks in (1, 3):
        result = run_study(record, text, f"out{ranks}", "--set", f"study.team_size={ranks}", ranks=ranks)
        assert result.returncode == 0, result.stderr
        assert_identical(record / "out" / "runs", record / f"out{ranks}" / "runs")


# A tolerance that the flow meets does not matter; a time that is cut otherwise does neither.
def test_flows_of_other_tolerances_and_rates_end_nearby(record, tmp_path):
    runs = ('\n[[run]]\nname = "tight"\noptimizer.type = "flow"\noptimizer.relative_tolerance = 1e-10\n'
            'optimizer.absolute_tolerance = 1e-12\n'
            '\n[[run]]\nname = "cut"\noptimizer.type = "flow"\noptimizer.learning_rate = 0.25\ntrain.steps = 40\n')
    result = run_study(tmp_path, study(runs), "out")
    assert result.returncode == 0, result.stderr
    for name in ("tight", "cut"):
        assert 0 < numpy.linalg.norm(final(tmp_path, name) - final(record, "flow")) < 1e-4, name


# Batches, running statistics, decay and a schedule: each step is the flow of its own loss.
BATCHES = FLOW + ("train.batch = 50\ntrain.steps = 200\ntrain.evaluate_every = 20\noptimizer.weight_decay = 1e-3\n"
                  'schedule.type = "cosine"\n')


def test_killed_and_resumed_is_identical(tmp_path):
    survive_kills(tmp_path, study(BATCHES, norm="batch"), kills=3, seed=2)


# A step of this rate would take for ever; it is given up in the middle.
def test_time_limits_and_plans_do_not_wait_for_a_step(tmp_path):
    text = study(FLOW + "optimizer.learning_rate = 1e300\n")
    limited = run_study(tmp_path, text, "out", "--time-limit", "1", ranks=2)
    assert limited.returncode == 75 and "--resume" in limited.stderr, limited.stderr
    assert thalweg("verify", tmp_path / "out").returncode == 3
    planned = thalweg("plan", tmp_path / "study.toml", "--ranks", "2", "--calibrate", "3")
    assert planned.returncode == 0, planned.stderr
    assert "flow: a step did not end in its share of --calibrate" in planned.stdout


def test_resumes_after_limits_within_steps_are_identical(tmp_path):
    text = study(BATCHES.replace("train.steps = 200", "train.steps = 40"), norm="batch").replace('"tanh"', '"relu"')
    assert run_study(tmp_path, text, "whole").returncode == 0
    for ranks in (1, 2, 1):
        assert run_study(tmp_path, text, "out", "--resume", "--time-limit", "0.4", ranks=ranks).returncode in (0, 75)
    assert run_study(tmp_path, text, "out", "--resume").returncode == 0
    assert_identical(tmp_path / "whole", tmp_path / "out")


def test_time_is_the_sum_of_a_schedules_rates(tmp_path):
    result = run_study(tmp_path, study(BATCHES, norm="batch"), "out")
    assert result.returncode == 0, result.stderr
    with h5py.File(tmp_path / "out" / "runs" / "flow.h5") as file:
        assert file["trajectory/time"][-1] == pytest.approx(0.5 * 200 / 2, rel=0.02)
        assert (numpy.diff(file["trajectory/time"][:]) > 0).all()
        assert numpy.isfinite(file["trajectory/train_loss"][:]).all()


@pytest.mark.parametrize("runs,options,parts", [
    (FLOW, {"precision": "float32"}, ["run flow", "[optimizer] type", "float64"]),
    (FLOW + "optimizer.clip_norm = 1.0\n", {}, ["unknown key", "clip_norm"]),
    (FLOW + 'optimizer.sam = "sam"\n', {}, ["unknown key", "sam"]),
    (FLOW + "optimizer.relative_tolerance = 0\n", {}, ["relative_tolerance", "found 0"]),
    (FLOW + "optimizer.relative_tolerance = 1e-17\n", {}, ["relative_tolerance", "at least 1e-14"]),
    (descent(0) + "optimizer.relative_tolerance = 1e-3\n", {}, ["unknown key", "relative_tolerance"]),
    (FLOW + descent(0) + '[[connection]]\nfrom = "flow"\nto = "descent0"\ncurve = "bezier"\n'
     'optimizer.type = "flow"\n', {}, ["[connection.0.optimizer] type", "flow", "drawn anew"]),
])
def test_what_a_flow_is_not_is_refused(tmp_path, runs, options, parts):
    refused(run_study(tmp_path, study(runs, **options), "out", ranks=2), *parts)
    assert not (tmp_path / "out" / "runs").exists()


def planned_flops(folder, runs):
    (folder / "s.toml").write_text(study(runs))
    result = thalweg("plan", folder / "s.toml", "--ranks", "2", "--calibrate", "3")
    assert result.returncode == 0, result.stderr
    return float(re.search(r"training steps[\s\S]*?(\S+) flop", result.stdout)[1])


def test_plan_counts_the_integrators_gradients(record, tmp_path):
    with h5py.File(record / "out" / "runs" / "flow.h5") as file:
        evaluations = file["flow/evaluations"][()]
    ratio = planned_flops(tmp_path, FLOW) / planned_flops(tmp_path, descent(0))
    assert 0.5 < ratio / (evaluations / 20) < 2.0  # the trial sees the first steps alone where time is short
