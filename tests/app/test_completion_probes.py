"""Probes of the loss of factors, beside what is known of deep linear nets."""
import h5py
import numpy
import pytest

from kills import survive_kills
from studies import assert_identical, run_study, thalweg
from test_bad_input import refused
from test_completion import completion

# Every element is observed, ½‖W − M‖²: at its minima the Hessian's spectrum is known.
ALL_OF_IT = {"matrix": "rows = 8\ncolumns = 8\nrank = 3", "sweep": "observed = [64]", "scale": "half_sum",
             "train": "target_loss = 1e-9\nmax_time = 1e6"}
FLOWS = """
[[method]]
name = "flow"
depths = [2, 3]
scales = [1e-3]
start = "aligned"
optimizer.type = "flow"
optimizer.relative_tolerance = 1e-9
"""
DESCENTS = """
[[method]]
name = "descent"
scales = [1e-3]
optimizer.learning_rate = 0.02
[[method]]
name = "adam"
scales = [1e-3]
optimizer.type = "adam"
[[method]]
type = "nuclear_norm"
[[method]]
type = "end_to_end"
depths = [2]
scales = [1e-3]
start = "aligned"
"""
EXTREMES = """
[[probe]]
type = "hessian_extremes"
tolerance = 1e-8
every_points = 7
"""
OTHERS = """
[[probe]]
type = "edge_of_stability"
every_points = 1000
[[probe]]
type = "trace"
vectors = 200
[[probe]]
name = "first"
type = "trace"
block = "factor1"
vectors = 200
[[probe]]
type = "sharpness"
starts = 2
[[probe]]
type = "eigenpairs"
largest = 4
[[probe]]
type = "perturbation"
[[probe]]
type = "local_entropy"
[[probe]]
type = "critical_point"
[[probe]]
type = "norms"
[[probe]]
type = "spectral_density"
"""


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probes")
    result = run_study(folder, completion(FLOWS + DESCENTS + EXTREMES + OTHERS, **ALL_OF_IT), "out", ranks=2)
    assert result.returncode == 0, result.stderr
    return folder / "out"


def run_of(record, name):
    return h5py.File(record / "runs" / f"{name}-instance3.h5")


def singular_values(file):
    return file["spectrum/singular_values"][-1]


# Balanced factors of depth N have σ^{1/N} each; λ_max = N σ₁^{2 − 2/N}.
@pytest.mark.parametrize("depth", [2, 3])
def test_largest_eigenvalue_at_a_balanced_minimum(record, depth):
    with run_of(record, f"flow-depth{depth}") as file:
        sigma = singular_values(file)[0]
        found = file["probes/hessian_extremes/lambda_max"][-1]
        assert found == pytest.approx(depth * sigma ** (2 - 2 / depth), rel=1e-4)
        assert file["probes/hessian_extremes/lambda_max_residual"][-1] < 1e-6 * found
        assert file["probes/critical_point/lambda_max"][-1] == pytest.approx(found, rel=1e-6)
        assert file["probes/eigenpairs/eigenvalue"][-1][0] == pytest.approx(found, rel=1e-6)


# σ_i(W₂)² + σ_j(W₁)² over all pairs: the trace is n(‖W₁‖² + ‖W₂‖²) = 2n Σσ, a factor's half of it.
def test_traces_at_a_balanced_minimum(record):
    with run_of(record, "flow-depth2") as file:
        whole = 2 * 8 * singular_values(file).sum()
        for name, expected in (("trace", whole), ("first", whole / 2)):
            probe = file[f"probes/{name}"]
            assert abs(probe["trace"][-1] - expected) < 5 * probe["trace_error"][-1] + 1e-3 * whole, name
        assert file["probes/first"].attrs["block"] == "factor1"
        sums = numpy.add.outer(singular_values(file), singular_values(file))
        pairs = numpy.sort(sums.ravel())[::-1]  # all but those of i = j twice
        assert file["probes/eigenpairs/eigenvalue"][-1] == pytest.approx(pairs[:4], rel=1e-3)
        assert file["probes/eigenpairs/complete"][-1] == 1
        assert file["probes/eigenpairs/next_largest"][-1] == pytest.approx(pairs[4], rel=1e-3)


def test_thresholds_are_those_of_the_optimizer(record):
    with run_of(record, "descent") as file:
        probe = file["probes/edge_of_stability"]
        assert probe["threshold"][-1] == 2 / 0.02 and probe["preconditioned"][-1] == 0
    with run_of(record, "adam") as file:
        assert file["probes/edge_of_stability/preconditioned"][-1] == 1
    with run_of(record, "flow-depth2") as file:
        assert "threshold" not in file["probes/edge_of_stability"]


def test_cadence_counts_points_of_the_trajectory(record):
    for name in ("flow-depth2", "descent"):
        with run_of(record, name) as file:
            points = len(file["trajectory/step"])
            expected = list(range(0, points, 7))
            if expected[-1] != points - 1:
                expected.append(points - 1)
            probe = file["probes/hessian_extremes"]
            assert probe["step"][:].tolist() == file["trajectory/step"][:][expected].tolist()
            assert probe["time"][:].tolist() == file["trajectory/time"][:][expected].tolist()
            assert probe["lambda_min"][0] < 0 < probe["lambda_max"][0]  # the start is a saddle
            assert len(file["probes/edge_of_stability/step"]) == 2  # the first point and the last
            assert len(file["probes/trace/step"]) == 1


def test_other_methods_have_none_and_the_summary_has_the_last_values(record):
    for name in ("nuclear_norm", "end_to_end"):
        with run_of(record, name) as file:
            assert "probes" not in file
    with h5py.File(record / "study.h5") as study:
        runs = study["summary/run"].asstr()[:].tolist()
        valid = study["summary/hessian_extremes.lambda_max_valid"][:]
        values = study["summary/hessian_extremes.lambda_max"][:]
        assert [bool(v) for v in valid] == [not name.startswith(("nuclear", "end")) for name in runs]
        with run_of(record, "adam") as file:
            assert values[runs.index("adam-instance3")] == file["probes/hessian_extremes/lambda_max"][-1]


def test_every_number_of_ranks_gives_the_same_bits(tmp_path):
    matrix = "rows = 300\ncolumns = 16\nrank = 2"
    text = completion(FLOWS + DESCENTS + EXTREMES + OTHERS, matrix=matrix, sweep="observed = [2000]",
                      train="target_loss = 1e-2\nmax_steps = 60\nmax_time = 1e3")
    for ranks in (1, 3):
        result = run_study(tmp_path, text, f"out{ranks}", "--set", f"study.team_size={ranks}", ranks=ranks)
        assert result.returncode == 0, result.stderr
    assert_identical(tmp_path / "out1" / "runs", tmp_path / "out3" / "runs")


def test_float32_is_measured_too(tmp_path):
    options = {**ALL_OF_IT, "train": 'precision = "float32"\ntarget_loss = 1e-6'}
    result = run_study(tmp_path, completion(DESCENTS.split("[[method]]\ntype")[0] + EXTREMES, **options), "out")
    assert result.returncode == 0, result.stderr
    with run_of(tmp_path / "out", "descent") as file:
        assert file["probes/hessian_extremes/lambda_max"][-1] == pytest.approx(2 * singular_values(file)[0], rel=1e-2)


def test_killed_and_resumed_is_identical(tmp_path):
    train = "target_loss = 1e-30\nmax_steps = 400\nmax_time = 1e6\ncheckpoint_every_s = 0.02"
    text = completion(FLOWS + DESCENTS + EXTREMES + OTHERS, matrix="rows = 40\ncolumns = 40\nrank = 3",
                      sweep="observed = [600]", train=train)
    survive_kills(tmp_path, text, kills=3, seed=4)


METHOD = "\n[[method]]\n"


@pytest.mark.parametrize("methods,parts", [
    (METHOD + '[[probe]]\ntype = "kernel_drift"\n', ["[probe.0] type", "kernel_drift", "hessian_extremes"]),
    (METHOD + '[[probe]]\ntype = "pac_bayes"\n', ["[probe.0] type", "pac_bayes"]),
    (METHOD + '[[probe]]\ntype = "trace"\nmatrix = "gauss_newton"\n', ["[probe.0] matrix", "gauss_newton", "hessian"]),
    (METHOD + '[[probe]]\ntype = "trace"\nblock = "dense1"\n', ["study.toml: [[probe]] 'trace' at depth 2", "dense1", "factor1"]),
    (METHOD + "[[probe]]\nevery_steps = 3\n", ["unknown key", "every_steps"]),
    (METHOD + '[[probe]]\ndata = "test"\n', ["unknown key", "data"]),
    (METHOD + "[[probe]]\nevery_points = -1\n", ["every_points", "found -1"]),
    (METHOD + '[[probe]]\n[[probe]]\n', ["two probes are called 'hessian_extremes'"]),
    (METHOD + 'type = "mean"\n[[probe]]\n', ["[[probe]]", "factorization"]),
])
def test_what_cannot_be_measured_is_refused(tmp_path, methods, parts):
    refused(run_study(tmp_path, completion(methods, **ALL_OF_IT), "out", ranks=2), *parts)
    assert not list((tmp_path / "out").glob("runs/*.h5"))


def test_plan_refuses_them_too(tmp_path):
    (tmp_path / "study.toml").write_text(completion(METHOD + '[[probe]]\ntype = "trace"\nblock = "dense1"\n', **ALL_OF_IT))
    refused(thalweg("plan", tmp_path / "study.toml", "--ranks", "2"), "[[probe]] 'trace' at depth 2", "dense1")
