"""Pages for sweeps, tuned rates, many groups and the edge of stability: what is drawn is what is in the file."""

import h5py
import numpy as np
import protocols
import pytest
import thalweg
from thalweg import tables
from thalweg.critical_batch_figure import critical_batch_figure
from thalweg.edge_figure import edge_figure
from thalweg.groups_figure import groups_figure
from thalweg.rows_panel import rows_panel
from thalweg.spectrum_figure import spectrum_figure
from thalweg.trajectory_page import trajectory_page
from thalweg.tune_panel import short_names

GROUPS = [f"group {letter}" for letter in "ABCDEFGH"]


def titles(page):
    return [axes.get_title(loc="left") for axes in page.axes if axes.get_visible()]


def words(thing):
    return " | ".join(text.get_text() for text in thing.texts).replace("\n", " ")


def write_groups(folder, sharpness=lambda row, seed: 10.0 ** (row - 3) * (1 + seed)):
    return protocols.write(folder, GROUPS, lambda row, seed: 100 * (row + 1), accuracy=lambda row, seed: 0.9 - 0.02 * seed,
                           extra=lambda row, seed: {"lambda.lambda_max": sharpness(row, seed)})


def test_the_page_follows_the_record(tmp_path, study_folder):
    kinds = {"objective": protocols.write_objective, "sweep": protocols.write_sweep, "edge": protocols.write_edge, "many": write_groups,
             "spectrum": protocols.write_spectrum}
    first = {name: titles(trajectory_page(thalweg.open_study(write(tmp_path / name))))[:2] for name, write in kinds.items()}
    assert first["objective"] == ["(a) Above the lowest value", "(b) Distance from the start"]
    assert first["sweep"] == ["(a) Steps", "(b) Samples"]
    assert first["edge"] == ["(a) λ$_{max}$ and the threshold", "(b) Their ratio"]
    assert first["spectrum"] == ["(a) Spectrum at the end", "(b) Trace on the way"]
    assert first["many"] == ["(a) Training loss", "(b) Test error at the end, %"]
    assert titles(trajectory_page(thalweg.open_study(study_folder)))[2] == "(c) Loss between the minima"


def test_costs_lie_where_the_file_says(tmp_path):
    page = critical_batch_figure(thalweg.open_study(protocols.write_sweep(tmp_path / "sweep")))
    for axes, samples in ((page.axes[0], False), (page.axes[1], True)):
        runs, means = (marks.get_offsets() for marks in axes.collections[:2])
        batches = np.array(protocols.BATCHES, float)
        steps = protocols.LEAST_STEPS + protocols.LEAST_SAMPLES / batches
        np.testing.assert_allclose(means, np.column_stack([batches, steps * (batches if samples else 1)]))
        assert len(runs) == 6, "runs that did not reach the target cost nothing known"
        fitted = axes.lines[0].get_xydata()
        expected = protocols.LEAST_STEPS + protocols.LEAST_SAMPLES / fitted[:, 0]
        np.testing.assert_allclose(fitted[:, 1], expected * (fitted[:, 0] if samples else 1))
        (upright,) = [line for line in axes.lines if len(line.get_xdata()) == 2]
        assert upright.get_xdata()[0] == 64.0
    assert "Critical batch 64.0 ± 5.0" in words(page) and "E_min 3200 ± 90 samples" in words(page)
    assert "Target not reached: run-batch4096-seed0, run-batch4096-seed1" in words(page)


def test_trials_and_the_rate_taken(tmp_path):
    page = critical_batch_figure(thalweg.open_study(protocols.write_sweep(tmp_path / "sweep")))
    first, taken, second, last = page.axes[2].lines
    assert first.get_xydata().tolist() == [[0.1, 400], [0.2, 200]] and taken.get_xydata().tolist() == [[0.2, 200]]
    assert second.get_xydata().tolist() == [[0.1, 300], [0.2, 150], [0.4, 75]] and last.get_xydata().tolist() == [[0.4, 75]]
    assert [text.get_text() for text in page.axes[2].get_legend().get_texts()] == ["batch16", "batch64"]
    assert "not reach the target, not shown: 1." in words(page)
    assert "at the edge of its grid, a better one may lie beyond: run-batch64." in words(page)


def test_accuracy_of_trials_is_drawn_as_error(tmp_path):
    folder = protocols.write(tmp_path / "s", ["one"], lambda row, seed: 100)
    protocols.write_tune(folder, ["one"], "validation_accuracy")
    page = groups_figure(thalweg.open_study(folder))
    assert page.axes[2].lines[0].get_ydata().tolist() == [100 * (1 - 400.0), 100 * (1 - 200.0)]
    assert page.axes[2].get_ylabel() == "error on held-out samples, %"


def test_edge_curves_and_thresholds(tmp_path):
    page = edge_figure(thalweg.open_study(protocols.write_edge(tmp_path / "edge")))
    sharpness, ratio, loss = page.axes
    for index, (group, eta) in enumerate(protocols.ETA.items()):
        step, value = protocols.edge_curve(group)
        np.testing.assert_array_equal(sharpness.lines[2 * index].get_xydata(), np.column_stack([step, value]))
        assert set(sharpness.lines[2 * index + 1].get_ydata()) == {2 / eta}
        np.testing.assert_allclose(ratio.lines[index].get_ydata(), value * eta / 2)
        assert loss.lines[index].get_ydata()[-1] == pytest.approx(1 / 101)
    assert "20" in words(sharpness) and "10" in words(sharpness)


def test_a_spectrum_is_that_of_the_last_measurement(tmp_path):
    page = spectrum_figure(thalweg.open_study(protocols.write_spectrum(tmp_path / "spectrum")))
    density, trace, extremes = page.axes
    np.testing.assert_array_equal(density.lines[0].get_ydata(), protocols.SPECTRUM[1])
    np.testing.assert_array_equal(trace.lines[0].get_xydata(), [[0.0, 30.0], [10.0, 10.0]])
    bars = trace.containers[0].lines[2][0].get_segments()
    np.testing.assert_array_equal(bars[1][:, 1], [9.0, 11.0])
    assert [line.get_ydata().tolist() for line in extremes.lines[:2]] == [[4.0, 6.0], [4.0, 6.0]]


def test_many_groups_have_a_row_each(tmp_path):
    page = groups_figure(thalweg.open_study(write_groups(tmp_path / "many")))
    assert titles(page) == ["(a) Training loss", "(b) Test error at the end, %", "(c) Steps at the end",
                            "(d) λ$_{max}$ at the end"]
    error, sharpness = page.axes[1], page.axes[3]
    assert [label.get_text() for label in error.get_yticklabels()] == GROUPS
    assert words(error).count("11.0 ± 1.4") == len(GROUPS)
    means = [line.get_xdata()[0] for line in sharpness.lines if line.get_linewidth() > 2]
    np.testing.assert_allclose(means, [1.5 * 10.0 ** (row - 3) for row in range(len(GROUPS))])
    looks = {(line.get_color(), str(line.get_linestyle())) for line in page.axes[0].lines if line.get_linewidth() > 2}
    assert len(looks) == len(GROUPS), "every group has a look of its own"


def test_rows_without_a_logarithm(tmp_path):
    """Negative values of one run are counted where the axis is logarithmic, and stay in the mean."""
    folder = write_groups(tmp_path / "many", lambda row, seed: -1.0 if (row, seed) == (0, 0) else 10.0 ** row * (2 + seed))
    page = groups_figure(thalweg.open_study(folder))
    panel = page.axes[3]
    assert panel.get_xscale() == "log" and "1 ≤ 0, not shown" in words(panel)
    assert [line.get_xdata()[0] for line in panel.lines if line.get_linewidth() > 2][0] == pytest.approx(1.0)


def test_rows_of_nothing_say_so(tmp_path):
    study = thalweg.open_study(write_groups(tmp_path / "many"))
    axes = groups_figure(study).axes[1]
    axes.clear()
    rows_panel(axes, study.summary.assign(empty=np.nan), "empty", GROUPS, dict.fromkeys(GROUPS, "k"))
    assert "no run has a value" in words(axes)


def test_runs_of_no_steps_have_a_page(tmp_path):
    folder = write_groups(tmp_path / "measured")
    with h5py.File(folder / "study.h5", "r+") as file:
        file["summary/step"][...] = 0
        file.copy("summary/test_accuracy", "summary/train_loss")
        file["summary/train_loss"][...] = np.linspace(0.2, 0.6, len(file["summary/step"]))
    page = groups_figure(thalweg.open_study(folder))
    page.savefig(tmp_path / "page.png")
    axes = page.axes[0]
    assert "no step" in axes.get_title(loc="left")
    drawn = [float(x) for line in axes.lines for x in np.atleast_1d(line.get_xdata())]
    drawn += [float(x) for dots in axes.collections for x, _ in np.asarray(dots.get_offsets())]
    assert min(abs(x - 0.2) for x in drawn) < 1e-9


def test_short_names():
    assert short_names(["run-batch16", "run-batch64"]) == {"run-batch16": "batch16", "run-batch64": "batch64"}
    assert short_names(["SGD", "SAM"]) == {"SGD": "SGD", "SAM": "SAM"} and short_names(["a-b"]) == {"a-b": "a-b"}


def test_tables_of_trials_and_of_the_critical_batch(tmp_path):
    text = tables.table(thalweg.open_study(protocols.write_sweep(tmp_path / "sweep")))
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    assert ["run-batch16", "0.2", "200", "0.1 to 0.4", "no"] in rows
    assert ["run-batch64", "0.4", "75", "0.1 to 0.4", "yes"] in rows
    assert ["run", "50.0 ± 2.0", "3200 ± 90", "64.0 ± 5.0", "yes"] in rows
    assert "target not reached: run-batch4096-seed0" in text


def test_a_critical_batch_outside_of_those_tried_is_not_bracketed(tmp_path):
    """Whatever the fit's converged says."""
    folder = protocols.write_sweep(tmp_path / "sweep")
    with h5py.File(folder / "study.h5", "a") as h5:
        h5["critical_batch/batch_size"][0] = 0.3
    rows = [line for line in tables.table(thalweg.open_study(folder)).splitlines() if line.startswith("| run ")]
    assert [cell.strip() for cell in rows[-1].strip("|").split("|")][-2:] == ["0.3 ± 5.0", "no"]


def test_an_objective_is_drawn_above_its_lowest_value(tmp_path):
    page = trajectory_page(thalweg.open_study(protocols.write_objective(tmp_path / "objective")))
    loss, way, gradient = page.axes
    lowest = 4.0**-5 - 1.0
    mean = next(line for line in loss.lines if line.get_label() == "slow")
    step = np.arange(0, 60, 10)
    np.testing.assert_allclose(mean.get_ydata(), 1.5 * 4.0 ** -(step / 10.0) - 1.0 - lowest, rtol=1e-12)
    assert loss.get_yscale() == "log" and loss.get_ylabel() == f"f + {-lowest:.6g}"
    assert "distance" in way.get_title(loc="left").lower() and gradient.get_ylabel() == "‖∇f‖"
