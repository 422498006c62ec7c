"""Runs on objectives that need no data, against answers that are known."""
import math
import pathlib

import h5py
import numpy
import pytest

from kills import survive_kills
from studies import assert_identical, run_study, thalweg
from test_bad_input import refused

SOURCE = pathlib.Path(__file__).resolve().parents[2]
STUDY = """
[study]
name = "objective"
kind = "trajectories"
seed = 5
[objective]
OBJECTIVE
[train]
TRAIN
[optimizer]
OPTIMIZER
"""


def study(objective, train="steps = 10", optimizer="learning_rate = 0.1", more=""):
    return STUDY.replace("OBJECTIVE", objective).replace("TRAIN", train).replace("OPTIMIZER", optimizer) + more


def made(folder, text, run="run", **options):
    result = run_study(folder, text, "out", **options)
    assert result.returncode == 0, result.stderr
    return h5py.File(folder / "out" / "runs" / f"{run}.h5")


@pytest.mark.parametrize("rotated", ["false", "true"])
def test_descent_on_a_quadratic_is_a_power(tmp_path, rotated):
    """f(x_k) = ½ Σ a (1 − ηa)^2k c², c the start along the axes: of a drawn rotation only the sum over equal a is known."""
    spectrum = [2.0, 2.0, 2.0] if rotated == "true" else [2.0, 0.5, -0.1]
    with made(tmp_path, study(f"spectrum = {spectrum}\nrotated = {rotated}\nstart = [1.0, -2.0, 0.5]",
                              "steps = 30")) as run:
        loss, x = run["trajectory/loss"][:], run["parameters/final"][:]
    a, start = numpy.array(spectrum), numpy.array([1.0, -2.0, 0.5])
    expected = [0.5 * numpy.sum(a * ((1 - 0.1 * a) ** k * start) ** 2) for k in range(31)]
    numpy.testing.assert_allclose(loss, expected, rtol=1e-13)
    numpy.testing.assert_allclose(x, (1 - 0.1 * a) ** 30 * start, rtol=1e-12)


def test_eigenvalues_of_a_rotated_quadratic_are_those_given(tmp_path):
    probe = '[[probe]]\ntype = "eigenpairs"\nlargest = 3\nsmallest = 2\n'
    with made(tmp_path, study("spectrum = [5.0, 5.0, 3.0, 1.0, 0.25, -2.0, -4.0]\nrotated = true\ninstance = 3",
                              more=probe)) as run:
        values = run["probes/eigenpairs/eigenvalue"][0]
    numpy.testing.assert_allclose(sorted(values), [-4, -2, 3, 5, 5], atol=1e-9)


@pytest.mark.parametrize("momentum, variance", [(0.0, 0.0526316), (0.9, 0.5135135)])
def test_noise_leaves_the_stationary_variance(tmp_path, momentum, variance):
    """Var = ησ²(1+β)/(h(1−β)(2(1+β) − ηh)) for v ← βv + g, w ← w − ηv, over 400 coordinates and the last of the steps."""
    text = study(f"spectrum = [{', '.join(['1.0'] * 400)}]\ngradient_noise = 1.0", "steps = 4000\nevaluate_every = 50",
                 f"learning_rate = 0.1\nmomentum = {momentum}")
    with made(tmp_path, text) as run:
        loss = run["trajectory/loss"][:][20:]
    # ½ Σ w²: 61 points nearly apart, each the mean of 400 squares.
    assert 2 * loss.mean() / 400 == pytest.approx(variance, rel=0.03)


def test_escape_from_the_saddle_takes_the_time_of_its_curvature(tmp_path):
    for delta, steps in [(1e-2, 23), (1e-4, 48), (1e-8, 98), (1e-12, 149)]:
        folder = tmp_path / str(delta)
        with made(folder, study(f'type = "double_well"\nstart = [{delta}, 0.0]', "steps = 160",
                                "learning_rate = 0.05")) as run:
            distance = run["trajectory/distance_from_start"][:]
        assert int(numpy.argmax(distance >= 0.5 - delta)) == steps


def test_hessians_of_the_double_well(tmp_path):
    probe = '[[probe]]\ntype = "hessian_extremes"\n'
    for start, expected in [([0.0, 0.0], (2, -4)), ([1.0, 0.0], (8, 2)), ([-1.0, 0.0], (8, 2))]:
        with made(tmp_path / str(start[0]), study(f'type = "double_well"\nstart = {start}', "steps = 0",
                                                  more=probe)) as run:
            found = [run[f"probes/hessian_extremes/{name}"][0] for name in ("lambda_max", "lambda_min")]
        assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("batch", [0, 1, 7])
def test_least_squares_from_zero_tends_to_the_pseudoinverse(tmp_path, batch):
    """Descent moves in the rows' span alone: from s it ends at the pseudoinverse solution plus what of s is orthogonal to
    every row, so that the two parts are orthogonal, whatever the rows."""
    def end(folder, start):
        objective = f'type = "least_squares"\nsamples = 10\nfeatures = 30\nstart = {list(start)}'
        text = study(objective, f"steps = 6000\nevaluate_every = 1000\nbatch = {batch}", "learning_rate = 0.02")
        with made(tmp_path / folder, text) as run:
            assert run["trajectory/loss"][-1] < 1e-25
            return run["parameters/final"][:]
    start = numpy.random.default_rng(1).standard_normal(30)
    least = end("zero", numpy.zeros(30))
    kept = end("drawn", start) - least
    assert numpy.linalg.norm(least) > 0.1 and numpy.linalg.norm(kept) > 1
    assert kept @ least == pytest.approx(0, abs=1e-9)
    assert kept @ (start - kept) == pytest.approx(0, abs=1e-9)


def test_ranks_and_kills_change_nothing(tmp_path):
    text = (SOURCE / "tests/same_as/studies/objectives.toml").read_text()
    for ranks, team in [(1, 1), (2, 2), (3, 3)]:
        result = run_study(tmp_path, text, f"on{ranks}", "--set", f"study.team_size={team}", ranks=ranks)
        assert result.returncode == 0, result.stderr
    assert_identical(tmp_path / "on1", tmp_path / "on2")
    assert_identical(tmp_path / "on1", tmp_path / "on3")
    survive_kills(tmp_path / "kills", text.replace("steps = 400", "steps = 40000"), 2, seed=4)


@pytest.mark.parametrize("objective, train, parts", [
    ('type = "parabola"', "steps = 1", ("[objective] type", "parabola", "quadratic")),
    ("spectrum = []", "steps = 1", ("[objective] spectrum", "at least one")),
    ("start = [1.0, 2.0, 3.0]", "steps = 1", ("[objective] start", "3 numbers", "expected 2")),
    ("curvatures = [1.0]", "steps = 1", ("unknown key", "curvatures")),
    ("", "epochs = 3", ("unknown key", "epochs")),
])
def test_mistakes_are_named(tmp_path, objective, train, parts):
    refused(run_study(tmp_path, study(objective, train), "out", ranks=None), *parts)


def test_what_needs_a_network_says_so(tmp_path):
    made(tmp_path, study("")).close()
    refused(thalweg("probe", tmp_path / "out", "--probe", "norms"), "[objective]", "networks")
    refused(thalweg("plan", tmp_path / "study.toml"), "objective", "network")


def test_a_flow_follows_the_exponential(tmp_path):
    with made(tmp_path, study("spectrum = [2.0, 0.5]\nstart = [1.0, 1.0]", "steps = 20",
                              'type = "flow"\nlearning_rate = 0.1')) as run:
        x = run["parameters/final"][:]
    numpy.testing.assert_allclose(x, [math.exp(-4.0), math.exp(-1.0)], rtol=1e-5)


def test_a_dry_run_counts_the_epochs_of_each_objective(tmp_path):
    runs = """
[[run]]
name = "one"
[[run]]
name = "sum"
objective.type = "least_squares"
objective.samples = 20
train.batch = 5
[[probe]]
type = "norms"
every_epochs = 5
"""
    text = study("", "steps = 40", more=runs)
    told = run_study(tmp_path, text, "dry", "--dry-run", ranks=None).stdout
    assert "norms of one: 9 times, at steps 0, 5, 10" in told and "norms of sum: 3 times, at steps 0, 20, 40" in told
    for run, steps in [("one", range(0, 41, 5)), ("sum", [0, 20, 40])]:
        with made(tmp_path / run, text, run) as record:
            assert list(record["probes/norms/step"][:]) == list(steps)
