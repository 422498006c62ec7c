"""Correlations of measures with the generalisation gap, as a record holds them."""
import h5py
import numpy
import pytest

from studies import assert_identical, run_study, thalweg

STUDY = """
[study]
name = "correlated"
kind = "trajectories"
seed = 3
[data]
train = 120
test = 80
image_size = 12
[model]
batch_norm = "none"
[train]
epochs = 3
[sweep]
seeds = [1, 2]
"train.batch" = [20, 40]
"model.widths" = [[8], [12, 8]]
[correlation]
bootstrap = 200
confidence = 0.9
[[probe]]
name = "lambda"
type = "hessian_extremes"
samples = 60
iterations = 8
[[probe]]
type = "norms"
"""


def tau_b(x, y):
    """Pair by pair."""
    by_x, by_y = (numpy.sign(numpy.subtract.outer(v, v)) for v in (x, y))
    return (by_x * by_y).sum() / numpy.sqrt((by_x**2).sum() * (by_y**2).sum())


def columns(file, group):
    return {name: data.asstr()[()] if h5py.check_string_dtype(data.dtype) else data[()]
            for name, data in file[group].items()}


def test_coefficients_are_those_of_the_summary(tmp_path):
    result = run_study(tmp_path, STUDY, "out")
    assert result.returncode == 0, result.stderr
    assert thalweg("verify", tmp_path / "out").returncode == 0
    with h5py.File(tmp_path / "out" / "study.h5") as file:
        summary, found = columns(file, "summary"), columns(file, "correlation")
        assert file["correlation"].attrs["bootstrap"] == 200 and file["correlation"].attrs["confidence"] == 0.9
        assert file["correlation/granulated_loss_by_axis"].dims[0][0] == file["correlation/measure"]
    gaps = {"loss": summary["test_loss"] - summary["train_loss"],
            "error": summary["train_accuracy"] - summary["test_accuracy"]}
    assert list(found["axis"]) == ["model.widths", "seeds", "train.batch"]
    assert {"train_loss", "gradient_norm", "lambda.lambda_max", "norms.parameter_norm"} <= set(found["measure"])
    assert not any("residual" in name or "converged" in name for name in found["measure"])
    for row, measure in enumerate(found["measure"]):
        x = summary[measure].astype(float)
        assert found["runs"][row] == 8
        for gap, y in gaps.items():
            if len(set(x)) == 1:
                assert numpy.isnan(found[f"tau_{gap}"][row]) and found[f"tau_{gap}_valid"][row] == 0
                continue
            assert found[f"tau_{gap}"][row] == pytest.approx(tau_b(x, y), abs=1e-14)
            low, high = found[f"tau_{gap}_low"][row], found[f"tau_{gap}_high"][row]
            assert -1 <= low <= found[f"tau_{gap}"][row] <= high <= 1
            # Two runs that differ in their batch alone: the signs of their differences agree or not.
            pairs = {}
            for run, name in enumerate(summary["run"]):
                pairs.setdefault(name.replace("batch20", "").replace("batch40", ""), []).append(run)
            signs = [numpy.sign(x[a] - x[b]) * numpy.sign(y[a] - y[b]) for a, b in pairs.values()]
            axis = list(found["axis"]).index("train.batch")
            assert found[f"granulated_{gap}_by_axis"][row][axis] == pytest.approx(numpy.mean(signs), abs=1e-15)
    table = result.stdout.split("correlation with the generalisation gap")[1]
    line = next(line for line in table.splitlines() if line.startswith("norms.parameter_norm"))
    assert f"{found['tau_loss'][list(found['measure']).index('norms.parameter_norm')]:.2f}" in line
    assert "granulated" in table and "90 % bootstrap interval" in table


def test_correlations_are_the_same_on_any_number_of_ranks(tmp_path):
    assert run_study(tmp_path, STUDY, "one").returncode == 0
    for ranks, team in [(2, 1), (3, 1), (4, 2)]:
        result = run_study(tmp_path, STUDY, f"on{ranks}", "--set", f"study.team_size={team}", ranks=ranks)
        assert result.returncode == 0, result.stderr
        assert_identical(tmp_path / "one", tmp_path / f"on{ranks}")


def test_runs_that_diverge_are_left_out_and_counted(tmp_path):
    text = STUDY.replace('"model.widths" = [[8], [12, 8]]', '"optimizer.learning_rate" = [0.1, 1e25]')
    result = run_study(tmp_path, text, "out")
    assert result.returncode == 0, result.stderr
    assert "runs left out: 4 diverged, 0 did not reach the target" in result.stdout
    with h5py.File(tmp_path / "out" / "study.h5") as file:
        assert set(file["correlation/runs"][()]) == {4}
        assert file["correlation"].attrs["diverged"] == 4
        by_axis = file["correlation/granulated_loss_by_axis"][()]
        axis = list(file["correlation/axis"].asstr()[()]).index("optimizer.learning_rate")
        assert numpy.isnan(by_axis[:, axis]).all(), "one rate is left"


def test_too_few_runs_are_refused_before_anything_is_written(tmp_path):
    text = STUDY.replace("seeds = [1, 2]", "").replace('"model.widths" = [[8], [12, 8]]', "")
    result = run_study(tmp_path, text, "out")
    assert result.returncode == 2
    assert "study.toml:" in result.stderr and "correlation: found 2 runs, expected at least 3" in result.stderr
    assert not (tmp_path / "out").exists()
