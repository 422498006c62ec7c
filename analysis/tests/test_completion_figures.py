"""Pages of matrix completion: what is drawn is what is in the file."""

import numpy as np
import pytest
import thalweg
from completion import run, trajectory, write
from thalweg import tables
from thalweg.__main__ import main
from thalweg.acceleration_figure import acceleration_figure
from thalweg.completion_figure import completion_figure
from thalweg.completion_page import completion_page
from thalweg.completion_runs import completion_runs, distinguish, setting
from thalweg.flow_gap_figure import flow_gap_figure
from thalweg.matrix_norms_figure import matrix_norms_figure
from thalweg.optimizers_figure import optimizers_figure
from thalweg.ratings_figure import ratings_figure
from thalweg.records import RecordError
from thalweg.singular_values_figure import singular_values_figure

LOSSES = {(2, 0.1): (0.2, 0.3, 0.7), (2, 0.001): (0.1, 0.15, 0.4), (3, 0.1): (0.02, 0.05, 0.06),
          (3, 0.001): (0.001, 0.004, 0.01)}
NUCLEAR = (0.08, 0.12, 0.3)
RATES = (0.0625, 0.125, 0.25)
RAZIN = "2 x 2 with w12 = w21 = 1, w22 = 0 observed"
REGRESSION = "regression of 50 samples on 5 features, condition 10"
RATINGS = "ratings: 6 users x 9 items, 30 training, 5 validation and 5 test ratings, drawn with seed 1"
THEORY = np.outer(1.0 - np.exp(-trajectory()["time"]), [3.0, 2.0])


def titles(page):
    return [axes.get_title(loc="left") for axes in page.axes if axes.get_visible()]


def words(thing):
    return " | ".join(text.get_text() for text in thing.texts).replace("\n", " ")


def legend(axes):
    return [text.get_text().replace("\n", " ") for text in axes.get_legend().get_texts()]


def lines(axes, style="-"):
    return [line for line in axes.lines if line.get_linestyle() == style]


def dashed(axes):
    return [line for line in axes.lines if line.is_dashed()]


def dots(axes):
    """Places of single markers: the medians, or rates that were taken."""
    return sorted(tuple(line.get_xydata()[0]) for line in axes.lines
                  if line.get_linestyle() in ("None", "-") and len(line.get_xdata()) == 1)


def opened(folder, runs, **more):
    return thalweg.open_study(write(folder, runs, **more))


def comparison_runs(counts=(100, 150), nuclear=NUCLEAR):
    runs = []
    for count in counts:
        for (depth, scale), losses in LOSSES.items():
            runs += [run(f"deep-depth{depth}-scale{scale:g}-observed{count}", i, test_loss=loss, depth=depth, scale=scale,
                         observations=count) for i, loss in enumerate(losses)]
        runs += [run(f"nuclear_norm-observed{count}", i, method="nuclear_norm", test_loss=loss, observations=count)
                 for i, loss in enumerate(nuclear)]
    return runs


def theory_runs():
    runs = []
    for depth in (1, 2, 3):
        for name, optimizer in (("flow", "flow"), ("descent", "sgd")):
            runs.append(run(f"{name}-depth{depth}", depth=depth, optimizer=optimizer, theory=THEORY * depth,
                            spectrum=THEORY * depth + (0.01 if name == "descent" else 0.0),
                            learning_rate=None if name == "flow" else 0.5))
    return runs


def razin_runs():
    runs = []
    for sign in (1.0, -1.0):
        curve = trajectory(nuclear_norm=np.geomspace(1, 100, 10), effective_rank=np.linspace(2, 1, 10),
                           largest_unobserved=np.geomspace(0.1, 90, 10), determinant_sign=np.full(10, sign))
        runs.append(run(f"start{sign:g}", curve=curve, data=RAZIN))
    return runs


def gap_record(folder):
    runs = [run(f"flow-depth{depth}", depth=depth, optimizer="flow", learning_rate=None) for depth in (2, 3)]
    rows = [(depth, rate) for depth in (2, 3) for rate in RATES]
    runs += [run(f"descent-depth{depth}-rate{rate:g}", depth=depth, learning_rate=rate) for depth, rate in rows]
    gap = {"run": [f"descent-depth{depth}-rate{rate:g}-instance1" for depth, rate in rows],
           "learning_rate": [rate for _, rate in rows], "distance": [0.1 * depth * rate for depth, rate in rows],
           "exponent": [0.99, 1.01], "exponent_error": [0.01, 0.01]}
    return write(folder, runs, flow_gap=gap)


def gap_study(folder):
    return thalweg.open_study(gap_record(folder))


def optimizer_runs():
    runs = [run(f"{name}-depth{depth}", i, test_loss=loss * (i + 1), depth=depth, optimizer=name, steps=steps * (i + 1))
            for depth in (2, 3) for name, loss, steps in (("sgd", 0.1, 400), ("adam", 0.3, 100)) for i in range(3)]
    runs[-1]["status"] = "target_not_reached"
    return runs + [run("nuclear_norm", i, method="nuclear_norm", test_loss=loss) for i, loss in enumerate(NUCLEAR)]


def regression_runs(steps):
    """A run for every (depth, rate) → steps, or None where the target was not reached."""
    return [run(f"deep-depth{depth}-rate{rate:g}", depth=depth, learning_rate=rate, data=REGRESSION, steps=count or 1000,
                status="finished" if count else "target_not_reached", test_loss=0.5)
            for (depth, rate), count in steps.items()]


def rating_runs(validation=True):
    runs = []
    for depth in (2, 3):
        curve = trajectory(test_loss=depth + np.array([4, 3, 2, 1, 0, 1, 2, 3, 4, 5.0]))
        if validation:
            curve["validation_loss"] = depth + np.array([4, 3, 2, 0, 1, 1, 2, 3, 4, 5.0])
        runs.append(run(f"deep-depth{depth}", depth=depth, curve=curve, data=RATINGS))
    end = {"test_loss": np.full(1, 1.44), **({"validation_loss": np.full(1, 1.21)} if validation else {})}
    return runs + [run("als", method="als", data=RATINGS, curve={"step": np.zeros(1, int), "train_loss": np.ones(1), **end})]


def test_the_page_follows_the_record(tmp_path):
    theory = theory_runs()
    grown = [run("flow", spectrum=THEORY)]
    studies = {
        "100 observations": opened(tmp_path / "comparison", comparison_runs()),
        "depth 1": opened(tmp_path / "theory", theory),
        "depth 2": opened(tmp_path / "grown", grown),
        "(a) Nuclear norm": opened(tmp_path / "norms", razin_runs()),
        "(a) Test loss": opened(tmp_path / "optimizers", optimizer_runs()),
        "(a) At the fastest rate": opened(tmp_path / "fast", regression_runs({(1, 0.1): 100, (2, 0.1): 50})),
        "(a) Test error": opened(tmp_path / "ratings", rating_runs()),
    }
    assert {name: titles(completion_page(study))[0] for name, study in studies.items()} == {name: name for name in studies}
    assert completion_page(gap_study(tmp_path / "gap")).axes[0].get_xlabel() == "learning rate"
    assert completion_page(studies["(a) Test loss"], "comparison").axes[0].get_ylabel() == "test loss (mean squared error)"
    with pytest.raises(RecordError, match="no page 'norms'; there are: comparison"):
        completion_page(studies["100 observations"], "norms")


def test_a_matrix_of_12_x_20_is_not_one_of_2_x_2(tmp_path):
    study = opened(tmp_path / "s", [run("deep", test_loss=0.1)])
    assert "12 x 20" in completion_runs(study)["data"].iloc[0]
    assert titles(completion_page(study)) == ["100 observations"]


def test_medians_quartiles_and_instances(tmp_path):
    page = completion_figure(opened(tmp_path / "s", comparison_runs()))
    assert titles(page) == ["100 observations", "150 observations"]
    axes = page.axes[1]
    assert axes.get_yscale() == "log"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2", "3", "nuclear\nnorm"]
    assert legend(axes) == ["scale 0.1", "scale 0.001", "least nuclear norm, median"]
    everything = [*LOSSES.values(), NUCLEAR]
    np.testing.assert_allclose(sorted(y for _, y in dots(axes)), sorted(np.median(v) for v in everything))
    bars = [line.get_ydata() for line in lines(axes) if len(line.get_xdata()) == 2]
    np.testing.assert_allclose(sorted(map(tuple, bars)), sorted(tuple(np.quantile(v, (0.25, 0.75))) for v in everything))
    drawn = np.concatenate([marks.get_offsets()[:, 1] for marks in axes.collections])
    np.testing.assert_allclose(sorted(drawn), sorted(np.concatenate(everything)))
    (line,) = dashed(axes)
    assert set(line.get_ydata()) == {np.median(NUCLEAR)}
    at = {round(x): y for x, y in dots(axes)}
    assert at[0] in np.median(list(LOSSES.values())[:2], axis=1) and at[1] in np.median(list(LOSSES.values())[2:], axis=1)


def test_methods_without_depths_stand_at_their_names(tmp_path):
    runs = [run("flow", test_loss=0.1, optimizer="flow", learning_rate=None), run("descent-rate0.5", test_loss=0.2),
            run("descent-rate1", test_loss=0.3, learning_rate=1.0), run("als-rank2", method="als", test_loss=0.4)]
    axes = completion_figure(opened(tmp_path / "s", runs)).axes[0]
    names = [label.get_text().replace("\n", " ") for label in axes.get_xticklabels()]
    assert names == ["flow", "descent, rate 0.5", "descent, rate 1", "als- rank2"]
    assert [y for _, y in dots(axes)] == [0.1, 0.2, 0.3, 0.4] and axes.get_legend() is None


def test_exact_recovery_does_not_squeeze_the_rest(tmp_path):
    page = completion_figure(opened(tmp_path / "s", comparison_runs((100,), (1e-15, 2e-15, 0.0))))
    axes = page.axes[0]
    assert 1e-5 < axes.get_ylim()[0] < 1e-3 and not dashed(axes)
    assert "median 1.0e-15 ↓" in words(axes) and "below the axis, 3 runs" in words(page)


def test_diverged_runs_are_left_out_and_said(tmp_path):
    runs = [run("deep", 1, test_loss=0.1), run("deep", 2, test_loss=1e200, status="diverged"),
            run("deep", 3, test_loss=0.3, status="target_not_reached")]
    page = completion_figure(opened(tmp_path / "s", runs))
    assert len(page.axes[0].collections[0].get_offsets()) == 2 and [y for _, y in dots(page.axes[0])] == [0.2]
    assert "Left out, diverged: deep-instance2. Target not reached: deep-instance3." in words(page)
    for one in runs:
        one["status"] = "diverged"
    study = opened(tmp_path / "all", runs)
    with pytest.raises(RecordError, match="no run has a test loss"):
        completion_figure(study)
    with pytest.raises(RecordError, match="did not diverge"):
        singular_values_figure(study)


def test_theory_lies_over_what_was_measured(tmp_path):
    page = singular_values_figure(opened(tmp_path / "s", theory_runs()))
    assert titles(page) == ["depth 1", "depth 2", "depth 3"]
    assert legend(page.axes[2]) == ["σ$_{1}$", "σ$_{2}$", "flow", "descent", "theory"]
    time = trajectory()["time"]
    for depth, axes in enumerate(page.axes, 1):
        assert axes.get_xscale() == "log"
        curves = lines(axes)
        assert len(curves) == 2
        for index, curve in enumerate(curves):
            np.testing.assert_array_equal(np.unique(curve.get_xdata()), time[1:])
            np.testing.assert_allclose(np.interp(time[1:], *curve.get_xydata().T), depth * THEORY[1:, index])
        measured = [line.get_ydata()[-1] for line in lines(axes, "None")]
        np.testing.assert_allclose(sorted(measured), sorted(depth * THEORY[-1, k] + d for k in (0, 1) for d in (0, 0.01)))


def test_singular_values_of_one_instance_without_a_theory(tmp_path):
    runs = [run(f"flow-depth{depth}-scale{scale:g}", i, depth=depth, scale=scale, spectrum=THEORY * (depth + i))
            for depth in (2, 3) for scale in (0.1, 0.01) for i in (4, 5)]
    page = singular_values_figure(opened(tmp_path / "s", runs))
    assert titles(page) == ["depth 2, scale 0.1", "depth 3, scale 0.1", "depth 2, scale 0.01", "depth 3, scale 0.01"]
    for axes, depth in zip(page.axes, (2, 3, 2, 3)):
        ends = sorted(line.get_ydata()[-1] for line in axes.lines)
        np.testing.assert_allclose(ends, sorted(THEORY[-1] * (depth + 4)))
    assert "Instance 4" in words(page)


def test_norms_against_a_loss_that_falls_to_the_right(tmp_path):
    runs = razin_runs()
    page = matrix_norms_figure(opened(tmp_path / "s", runs, resolved='[loss]\nscale = "half_sum"\n'))
    assert titles(page) == ["(a) Nuclear norm", "(b) Effective rank", "(c) Unobserved entry and loss"]
    curve = runs[0]["curve"]
    expected = (curve["nuclear_norm"], curve["effective_rank"],
                curve["largest_unobserved"] * np.sqrt(2 * curve["train_loss"]))
    for axes, values in zip(page.axes, expected):
        left, right = axes.get_xlim()
        assert axes.get_xscale() == "log" and left > right
        for line in axes.lines[:2]:
            np.testing.assert_allclose(line.get_xydata(), np.column_stack([curve["train_loss"], values]))
        assert not axes.lines[0].is_dashed() and axes.lines[1].is_dashed()
    loss, least = page.axes[2].lines[2].get_data()
    np.testing.assert_allclose(least, (1 - np.sqrt(2 * loss)) ** 2)
    assert legend(page.axes[2])[-1] == "least possible with determinant > 0"
    assert "norms have to diverge" in words(page)
    assert len(matrix_norms_figure(opened(tmp_path / "mean", runs)).axes[2].lines) == 2, "a bound of another loss"


def test_distances_from_the_flow_and_slope_one(tmp_path):
    page = flow_gap_figure(gap_study(tmp_path / "s"))
    (axes,) = page.axes
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert legend(axes) == ["depth 2", "depth 3", "slope 1"]
    for depth, line in zip((2, 3), lines(axes)):
        np.testing.assert_allclose(line.get_xydata(), [[rate, 0.1 * depth * rate] for rate in RATES])
    (guide,) = dashed(axes)
    assert np.polyfit(*np.log(guide.get_xydata().T), 1)[0] == pytest.approx(1.0)
    assert "0.990 to 1.010" in words(page)


def test_optimisers_at_one_loss(tmp_path):
    page = optimizers_figure(opened(tmp_path / "s", optimizer_runs(), resolved="[train]\ntarget_loss = 1e-06\n"))
    tests, steps = page.axes
    names = [label.get_text() for label in tests.get_yticklabels()]
    assert names == ["sgd, depth 2", "adam, depth 2", "sgd, depth 3", "adam, depth 3"]
    in_rows = sorted((y, x) for x, y in dots(tests))
    np.testing.assert_allclose([x for _, x in in_rows], [0.2, 0.6, 0.2, 0.45])  # the last by two that reached the target
    np.testing.assert_allclose([x for _, x in sorted((y, x) for x, y in dots(steps))], [800, 200, 800, 150])
    assert "3 of 3" in words(steps) and "2 of 3" in words(steps) and "training loss 1e-06" in words(page)
    (line,) = dashed(tests)
    assert set(line.get_xdata()) == {np.median(NUCLEAR)}


def test_an_exact_recovery_is_off_the_axis_of_optimisers(tmp_path):
    runs = optimizer_runs()[:-3] + [run("nuclear_norm", method="nuclear_norm", test_loss=2e-15)]
    tests = optimizers_figure(opened(tmp_path / "s", runs)).axes[0]
    assert legend(tests) == ["least nuclear norm, median 2.0e-15, off the axis"] and tests.get_xlim()[0] > 1e-2


def test_the_rate_that_reaches_the_target_first(tmp_path):
    steps = {(1, 0.1): 900, (1, 0.2): 500, (1, 0.4): None, (2, 0.1): 300, (2, 0.2): 300, (3, 0.1): None, (3, 0.2): None}
    runs = regression_runs(steps)
    runs[-1]["curve"] = {**trajectory(), "train_loss": trajectory()["train_loss"] / 7, "test_loss": np.ones(10)}
    page = acceleration_figure(opened(tmp_path / "s", runs, resolved="[train]\ntarget_loss = 0.002\n"))
    left, right = page.axes
    assert titles(page) == ["(a) At the fastest rate", "(b) Steps to the target (filled: fastest)"]
    assert legend(right) == ["depth 1 rate 0.2, 500 steps", "depth 2 rate 0.1, 300 steps",
                             "depth 3 rate 0.2, target not reached"]
    assert [line.get_ydata()[-1] * 512 for line in left.lines[:3]] == pytest.approx([1, 1, 1 / 7])
    assert set(left.lines[3].get_ydata()) == {0.002}
    curves = [line.get_xydata().tolist() for line in right.lines if len(line.get_xdata()) == 2]
    assert curves == [[[0.1, 900], [0.2, 500]], [[0.1, 300], [0.2, 300]]]
    assert dots(right) == [(0.1, 300), (0.2, 500)]


def test_a_rate_that_some_instances_do_not_survive_is_not_the_fastest(tmp_path):
    runs = [run(f"deep-rate{rate:g}", i, learning_rate=rate, data=REGRESSION, steps=count, status=status)
            for i, (slow, fast) in enumerate((("finished", "finished"), ("finished", "diverged")))
            for rate, count, status in ((0.1, 500, slow), (0.2, 200, fast))]
    right = acceleration_figure(opened(tmp_path / "s", runs)).axes[1]
    assert legend(right) == ["deep rate 0.1, 500 steps"]
    crossed = [line for line in right.lines if line.get_marker() == "x" and len(line.get_xdata())]
    assert [line.get_xydata().tolist() for line in crossed] == [[[0.2, 200]]]


def test_ratings_beside_their_baselines(tmp_path):
    page = ratings_figure(opened(tmp_path / "s", rating_runs()))
    assert titles(page) == ["(a) Test error", "(b) Validation error"]
    test, validation = page.axes
    curves = [line for line in lines(test) if line.get_linewidth() == 2.0]
    for depth, curve in zip((2, 3), curves):
        np.testing.assert_allclose(curve.get_ydata(), np.sqrt(depth + np.array([3, 2, 1, 0, 1, 2, 3, 4, 5])))
    # Where the validation error is least, step 7, not where the test error is.
    assert dots(test) == pytest.approx([(7, np.sqrt(3)), (7, 2)])
    assert [dashed(axes)[0].get_ydata()[0] for axes in page.axes] == pytest.approx([1.2, 1.1])
    assert "als  1.200" in words(test) and "depth 2  best 1.732" in words(test) and "best 1.414" in words(validation)
    only = ratings_figure(opened(tmp_path / "test", rating_runs(validation=False)))
    assert titles(only) == ["Test error"] and "depth 2  2.646" in words(only.axes[0])


@pytest.mark.parametrize("draw, runs, message", [
    (completion_figure, [run("deep")], "no run has a test loss"),
    (singular_values_figure, [run("mean", method="mean")], "figure of singular values needs one"),
    (matrix_norms_figure, [run("deep")], "largest_unobserved"),
    (flow_gap_figure, [run("deep")], "no /flow_gap"),
    (optimizers_figure, [run("deep", test_loss=0.1)], "at least two optimisers; there are: sgd"),
    (acceleration_figure, [run("flow", optimizer="flow", learning_rate=None)], "learning rate"),
    (ratings_figure, [run("mean", method="mean", test_loss=0.1)], "needs a factorisation and test entries"),
])
def test_a_record_that_lacks_what_is_drawn_says_so(tmp_path, draw, runs, message):
    with pytest.raises(RecordError, match=message):
        draw(opened(tmp_path / "s", runs))


def test_other_kinds_are_refused(study_folder):
    with pytest.raises(RecordError, match="needs one of kind 'completion'"):
        completion_figure(thalweg.open_study(study_folder))


def test_a_study_of_baselines_alone(tmp_path):
    runs = [run("mean", method="mean", test_loss=0.1), run("nuclear_norm", method="nuclear_norm", test_loss=0.2)]
    study = opened(tmp_path / "s", runs)
    assert [y for _, y in dots(completion_page(study).axes[0])] == [0.1, 0.2]


def test_names_without_what_is_told_beside_them(tmp_path):
    study = opened(tmp_path / "s", [
        run("deep-depth2-scale1e-05-rate0.1-observed90", depth=2, scale=1e-5, learning_rate=0.1),
        run("deep-depth3-scale1e-05-rate0.1-observed90", depth=3, scale=1e-5, learning_rate=0.1),
        run("my-depth9", depth=2)])
    runs = completion_runs(study)
    assert list(runs["name"]) == ["deep", "deep", "my-depth9"]
    assert distinguish(runs, ("depth", "scale")) == ["deep, depth 2", "deep, depth 3", "my-depth9, depth 2"]
    assert distinguish(runs.head(2), ("depth", "scale")) == ["depth 2", "depth 3"]
    assert distinguish(runs.head(1), ("depth", "scale")) == ["deep"]


def test_settings_are_those_of_their_table(tmp_path):
    study = opened(tmp_path / "s", [run("deep")], resolved='\n[loss]\nscale = "mean"\n\n[train]\ntarget_loss = 1e-05\n')
    assert setting(study, "train", "target_loss") == "1e-05" and setting(study, "loss", "scale") == "mean"
    assert setting(study, "loss", "target_loss") is None and setting(study, "sweep", "scale") is None


def test_instances_are_the_seeds_of_a_summary(tmp_path):
    study = opened(tmp_path / "s", [run("deep", 4), run("deep", 7)])
    assert list(study.summary["seed"]) == [4, 7] and set(study.trajectories()["seed"]) == {4, 7}
    assert study.run_attributes("deep-instance4")["depth"] == 2 and not study.run_has("deep-instance4", "theory")


def test_tables_of_groups_and_of_distances(tmp_path):
    text = tables.table(opened(tmp_path / "s", comparison_runs((100,))))
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    assert rows[0] == ["s", "reached", "test loss", "quartiles", "steps"]
    assert ["deep-depth3-scale0.1-observed100", "3 of 3", "0.05", "0.035 to 0.055", "511"] in rows
    text = tables.table(gap_study(tmp_path / "gap"))
    assert "| descent-depth3-rate0.25-instance1 " in text and "| 0.075 " in text


def test_the_command_writes_any_page(tmp_path, capsys):
    folder = write(tmp_path / "s", comparison_runs())
    out = tmp_path / "page.png"
    assert main(["figure", str(folder), "-o", str(out)]) == 0 and out.stat().st_size > 10000
    assert main(["figure", str(folder), str(folder), "-o", str(out)]) == 1
    assert "beside it" in capsys.readouterr().err
    assert main(["figure", str(folder), "--page", "theory", "-o", str(out)]) == 1
    assert "there are: comparison, singular_values" in capsys.readouterr().err
    assert main(["table", str(folder)]) == 0
    assert "medians over instances" in capsys.readouterr().out


@pytest.mark.parametrize("runs", [optimizer_runs(), regression_runs({(1, 0.1): None, (2, 0.1): None})])
def test_pages_on_which_no_run_reached_its_target(tmp_path, runs):
    for one in runs:
        one["status"] = "target_not_reached"
    page = completion_page(opened(tmp_path / "s", runs))
    page.savefig(tmp_path / "page.png")  # an axis without a point has no logarithm to draw
    assert "no run reached its target" in words(page.axes[1])
