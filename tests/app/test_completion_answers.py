"""Completions whose answer is known beforehand, from the study's file to the record."""
import h5py
import numpy
import pytest

from studies import run_study, thalweg
from test_completion import completion, summary

RAZIN_COHEN = 'source = "razin_cohen"'
FULL = "rows = 12\ncolumns = 8\nrank = RANK"


def made(folder, text, ranks=2):
    """The folder of the record."""
    result = run_study(folder, text, "out", ranks=ranks)
    assert result.returncode == 0, result.stderr
    assert thalweg("verify", folder / "out").returncode == 0
    return folder / "out"


def test_nuclear_norms_are_certified(tmp_path):
    text = completion('[[method]]\ntype = "nuclear_norm"\n', "rows = 20\ncolumns = 16\nrank = 2",
                      "observed = [240]\ninstances = [1, 2, 3]", "max_steps = 20000\nkeep_matrices = true")
    out = made(tmp_path, text)
    columns, rows = summary(out)
    assert set(columns["status"]) == {"finished"}
    assert (columns["gap"] <= 1e-6).all() and (columns["gap"] > -1e-9).all()
    for name, row in rows.items():
        with h5py.File(out / "runs" / f"{name}.h5") as run:
            values = numpy.linalg.svd(run["matrix/product"][-1], compute_uv=False)
            assert columns["nuclear_norm"][row] == pytest.approx(values.sum(), rel=1e-12)
            assert run["trajectory/lower_bound"][-1] <= values.sum()


def test_baselines_of_three_elements(tmp_path):
    """Of [[x, 1], [1, 0]] the nuclear norm is √(x² + 2 + 2·1), least at x = 0; the mean of what is seen is 2/3."""
    methods = '[[method]]\ntype = "nuclear_norm"\n\n[[method]]\ntype = "mean"\nof = "all"\n'
    out = made(tmp_path, completion(methods, RAZIN_COHEN, "", "keep_matrices = true"))
    columns, rows = summary(out)
    row = rows["nuclear_norm-instance3"]
    assert columns["nuclear_norm"][row] == pytest.approx(2, abs=4e-6) and columns["gap"][row] <= 1e-6
    with h5py.File(out / "runs" / "mean-instance3.h5") as run:
        numpy.testing.assert_allclose(run["matrix/product"][-1], 2 / 3, rtol=1e-14)
        assert run["trajectory/train_loss"][-1] == pytest.approx(2 / 9)


def test_norms_go_to_infinity_with_depth(tmp_path):
    """Razin and Cohen (2020): the determinant keeps its sign, so the unobserved element grows as 1/√(2 loss)."""
    method = '[[method]]\nname = "deep"\ndepths = [3]\nscales = [1e-3]\nstart = "identity"\noptimizer.type = "flow"\n'
    out = made(tmp_path, completion(method, RAZIN_COHEN, "", "target_loss = 1e-4", "half_sum"), ranks=1)
    with h5py.File(out / "runs" / "deep-instance3.h5") as run:
        assert run.attrs["status"] == "finished"
        of = {name: column[()] for name, column in run["trajectory"].items()}
    assert (of["determinant_sign"] == 1).all()
    assert of["train_loss"][-1] <= 1e-4
    assert of["largest_unobserved"][-1] * numpy.sqrt(2 * of["train_loss"][-1]) == pytest.approx(1, abs=1e-3)
    assert of["largest_unobserved"][-1] > 70 and of["effective_rank"][-1] < 1.01


def test_flow_keeps_the_balance_that_descent_loses(tmp_path):
    text = completion('[[method]]\nname = "flow"\ndepths = [2, 3]\noptimizer.type = "flow"\n\n'
                      '[[method]]\nname = "descent"\ndepths = [2, 3]\noptimizer.learning_rate = 0.5\n',
                      "rows = 20\ncolumns = 16\nrank = 2", train="max_time = 1000\nmax_steps = 2000")
    columns, rows = summary(made(tmp_path, text))
    for depth in (2, 3):
        assert columns["imbalance"][rows[f"flow-depth{depth}-instance3"]] < 1e-5
        assert columns["imbalance"][rows[f"descent-depth{depth}-instance3"]] > 1e-4


ALIGNED = """
[[method]]
name = "flow"
start = "aligned"
depths = [1, 2, 3, 4]
optimizer.type = "flow"
optimizer.relative_tolerance = 1e-9
optimizer.absolute_tolerance = 1e-13

[[method]]
type = "end_to_end"
start = "aligned"
depths = [2, 3]
optimizer.relative_tolerance = 1e-9
optimizer.absolute_tolerance = 1e-13
"""


@pytest.mark.parametrize("rank", [8, 2])
def test_singular_values_follow_their_theory(tmp_path, rank):
    """At rank 2 six of the matrix's eight values are 0 to rounding: those of the product fall to them."""
    train = "target_loss = 1e-14\ntimes = [0, 0.1, 0.3, 1, 3, 10, 30]"
    out = made(tmp_path, completion(ALIGNED, FULL.replace("RANK", str(rank)), "observed = [96]", train, "half_sum"))
    distances = {}
    for file in (out / "runs").glob("*.h5"):
        with h5py.File(file) as run:
            theory, measured = run["theory/singular_values"][()], run["spectrum/singular_values"][()]
            assert theory.shape == measured.shape and len(measured) >= 5
            assert measured[-1, 0] > 100 * measured[0, 0]  # from the start at 1e-3 to the matrix's value
        # Smaller ones are within the flow's absolute tolerance alone.
        distances[file.stem] = (numpy.abs(theory - measured) / numpy.maximum(measured, 1e-6)).max()
    assert len(distances) == 6
    assert max(distances.values()) < 1e-5, distances


GAP = """
[[method]]
name = "flow"
scales = [1e-1]
optimizer.type = "flow"
optimizer.relative_tolerance = 1e-9

[[method]]
name = "descent"
scales = [1e-1]
optimizer.learning_rates = [0.01, 0.005, 0.0025, 0.00125]
"""


@pytest.mark.parametrize("target_loss", [1e-9, 0.1])
def test_descent_is_as_far_from_the_flow_as_its_rate(tmp_path, target_loss):
    """Also where both reach the target, at times of their own, before the last stated one."""
    train = f"target_loss = {target_loss}\nkeep_matrices = true\ntimes = [0, 0.8, 1.6, 3.2]"
    out = made(tmp_path, completion(GAP, "rows = 20\ncolumns = 16\nrank = 2", train=train, scale="half_sum"))
    assert ("finished" in summary(out)[0]["status"]) == (target_loss == 0.1)
    with h5py.File(out / "study.h5") as study:
        gaps = study["flow_gap"]
        assert gaps["exponent"][()] == pytest.approx([1], abs=0.1)
        slope, _ = numpy.polyfit(numpy.log(gaps["learning_rate"]), numpy.log(gaps["distance"]), 1)
        assert gaps["exponent"][0] == pytest.approx(slope)
        at = gaps["run"].asstr()[()].tolist().index("descent-rate0.01-instance3")
        distance = gaps["distance"][at]
    with h5py.File(out / "runs" / "flow-instance3.h5") as flow, \
            h5py.File(out / "runs" / "descent-rate0.01-instance3.h5") as descent:
        rows = [{round(time, 9): row for row, time in enumerate(run["trajectory/time"])} for run in (flow, descent)]
        far = []
        for time in {0, 0.8, 1.6, 3.2} & rows[0].keys() & rows[1].keys():
            a, b = descent["matrix/product"][rows[1][time]], flow["matrix/product"][rows[0][time]]
            far.append(numpy.linalg.norm(a - b) / numpy.linalg.norm(b))
    assert distance == pytest.approx(max(far), rel=1e-9)
