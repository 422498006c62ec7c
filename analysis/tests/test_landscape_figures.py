"""Surfaces, connections, audits and correlations: what is drawn is what is in the file."""

import h5py
import landscape
import numpy as np
import pytest
import thalweg
from thalweg import tables
from thalweg.__main__ import main
from thalweg.audit_figure import audit_figure
from thalweg.connection_figure import connection_figure
from thalweg.correlation_figure import correlation_figure
from thalweg.levels import contour_levels, is_wide, level_ticks
from thalweg.style import PALETTE
from thalweg.surface_figure import surface_figure
from thalweg.trajectory_page import trajectory_page


def opened(folder):
    return thalweg.open_study(folder)


def words(thing):
    return " | ".join(text.get_text() for text in thing.texts).replace("\n", " ")


def panels(page):
    """Axes with a title, or below one: without colour bars."""
    return [axes for axes in page.axes if axes.get_label() != "<colorbar>"]


def level_lines(axes, dashed):
    """Heights of the contour lines that are dashed, or not: each is checked by the loss at its vertices."""
    found = []
    for collection in axes.collections:
        for path in collection.get_paths():
            is_dashed = bool(collection.get_linestyle()) and collection.get_linestyle()[0][1] is not None
            if len(path.vertices) and is_dashed == dashed:
                found.append(path.vertices)
    return found


def cells(text):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]


def test_levels_are_round_and_enclose_their_values():
    wide = contour_levels([0.0, 2e-3, 5.0, np.nan])
    np.testing.assert_allclose(wide, [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0])
    both = contour_levels([2e-3, 5.0], [1.0, 2.3])
    assert np.sum((both > 1.0) & (both < 2.3)) >= 3 and len(both) <= 42, "the flatter of two is crossed as well"
    np.testing.assert_allclose(level_ticks(both), [0.01, 0.1, 1.0])
    np.testing.assert_allclose(level_ticks(contour_levels([0.03, 4.0], [1.0, 2.3])), [0.05, 0.1, 0.2, 0.5, 1.0, 2.0])
    deep = contour_levels([1e-300, 1e10])
    assert len(deep) <= 43 and deep[-1] == 1e10 and deep[0] <= 1e-300
    flat = contour_levels([1.0, 1.5, np.inf])
    assert flat[0] <= 1.0 and flat[-1] >= 1.5 and np.allclose(np.diff(flat, 2), 0)
    assert contour_levels([-3.0, 500.0])[0] <= -3.0, "what has a sign has no logarithm"
    assert len(contour_levels([2.0, 2.0])) >= 2 and len(contour_levels([np.nan])) == 2
    assert is_wide([0.0, 1.0, 9.0]) and not is_wide([1.0, 7.0]) and not is_wide([-1.0, 900.0]) and not is_wide([0.0])


def test_a_plane_is_drawn_where_the_file_says(tmp_path):
    page = surface_figure(opened(landscape.write_plane(tmp_path / "s", marks=True)))
    loss, error = panels(page)
    assert loss.get_xlim() == (-1, 1) and loss.get_ylim() == (-0.5, 1.5), "rows are y, columns are x"
    # The dashed lines are contours of the test loss: bilinear interpolation of a bowl errs by its curvature.
    dashed = level_lines(loss, dashed=True)
    assert dashed
    for line in dashed:
        heights = 1.5 * landscape.bowl(line[:, 0], line[:, 1]) + 0.02
        assert np.ptp(heights) < 0.12
    (way,) = [line for line in loss.lines if len(line.get_xdata()) == 4]
    np.testing.assert_array_equal(way.get_xydata(), landscape.WAY)
    dots = [line for line in loss.lines if line.get_color() == PALETTE[1] and len(line.get_xdata()) == 1]
    ends = [dot.get_xydata().tolist() for dot in dots]
    assert ends == [landscape.WAY[:1].tolist(), landscape.WAY[-1:].tolist()]
    assert "small" in words(loss) and "large" in words(loss)
    through = surface_figure(opened(landscape.write_plane(tmp_path / "p", directions="points", marks=True))).axes[0]
    assert through.get_xlabel() == "from small (0) toward large (1)"
    names = {text.get_text(): text.xy for text in loss.texts if hasattr(text, "xy")}
    assert names["large"] == (0.6, 0.9)
    bars = [axes.get_ylabel() for axes in page.axes if axes.get_label() == "<colorbar>"]
    assert bars == ["training loss", "test error, %"]
    assert error.get_xlabel() == "principal component 1"


def test_shares_stand_beside_those_of_a_random_walk(tmp_path):
    page = surface_figure(opened(landscape.write_plane(tmp_path / "s")))
    assert "explains 91.3 % + 7.1 %; a random walk: 60.8 % + 15.2 %" in words(page.axes[0])
    assert "the way lies up to 0.4 off what is shown, its end 0.05" in words(page)


def test_eigenvalues_stand_with_their_residuals(tmp_path):
    page = surface_figure(opened(landscape.write_plane(tmp_path / "s", directions="eigenvectors", way=False)))
    assert "λ = 8 (residual 1e-05), 2 (residual 0.0002)" in words(page.axes[0])
    assert "normalised by filter, statistics frozen" in words(page.axes[0])
    assert not page.axes[0].lines, "nothing but contours where there is neither a way nor marks"


def test_planes_of_one_kind_share_their_levels(tmp_path):
    folder = landscape.write_plane(tmp_path / "s", "steep", "random", steep=300.0)
    landscape.write_plane(folder, "gentle", "random")
    landscape.write_plane(folder, "other", "points")
    page = surface_figure(opened(folder))
    ticks = [tuple(axes.get_yticks()) for axes in page.axes if axes.get_ylabel() == "training loss"]
    gentle, other, steep = ticks
    assert gentle == steep != other


def test_a_line_is_a_curve_and_what_is_not_done_is_left_out(tmp_path):
    page = surface_figure(opened(landscape.write_line(tmp_path / "s")))
    loss, error = page.axes
    train, test = loss.lines[:2]
    np.testing.assert_array_equal(train.get_ydata()[1:], landscape.bowl(landscape.X, 0.0)[1:])
    np.testing.assert_array_equal(test.get_ydata()[1:], 2 * landscape.bowl(landscape.X, 0.0)[1:])
    assert np.isnan(train.get_ydata()[0]) and loss.get_yscale() == "log"
    np.testing.assert_allclose(error.lines[0].get_ydata()[1:], 100 - 100 * np.exp(-landscape.bowl(landscape.X, 0.0)[1:]))
    assert "ray: 1 of 21 points have no finite loss" in words(page)
    assert loss.lines[2].get_xdata().tolist() == [-0.9, -0.3, 0.0]


def test_points_that_are_not_finite_stay_white(tmp_path):
    folder = landscape.write_plane(tmp_path / "s", way=False)
    with h5py.File(folder / "study.h5", "a") as h5:
        for column in ("train_loss", "test_loss", "test_accuracy"):
            h5[f"/surfaces/pca/{column}"][8:, 10:] = np.inf if column == "train_loss" else np.nan
    page = surface_figure(opened(folder))
    assert "99 of 357 points have no finite loss" in words(page)
    corner = [path.contains_point((0.7, 1.2)) for c in panels(page)[0].collections[:20] for path in c.get_paths()]
    assert not any(corner)


def test_only_so_many_surfaces_fit(tmp_path):
    for number in range(6):
        folder = landscape.write_plane(tmp_path / "s", f"plane{number}", test=False)
    page = surface_figure(opened(folder))
    assert len(panels(page)) == 4, "without an accuracy there is no row of errors"
    assert "Not shown: plane4, plane5." in words(page)


def test_paths_and_barriers_are_the_files(tmp_path):
    page = connection_figure(opened(landscape.write_connections(tmp_path / "c")))
    loss, error, barriers, training = page.axes
    assert [label.get_text() for label in barriers.get_yticklabels()] == ["line", "line, aligned", "Bézier", "chain"]
    expected = [landscape.CURVES[name][3] for name in ("straight", "aligned", "curve", "bent")]
    hump = 4 * landscape.T * (1 - landscape.T)
    for line, barrier in zip(loss.lines, expected):
        np.testing.assert_array_equal(line.get_xydata(), np.column_stack([landscape.T, 0.05 + barrier * hump]))
    np.testing.assert_allclose(error.lines[0].get_ydata(), 5 + 25 * hump)
    filled_dots = [line.get_xdata()[0] for line in barriers.lines if line.get_marker() == "o"
                   and line.get_markerfacecolor() != "white"]
    assert filled_dots == expected, "signs kept"
    low, high = barriers.get_xlim()
    assert barriers.get_xscale() == "symlog" and low < min(expected) and high > max(expected)
    assert "2.5 2.5 25 %" in words(barriers) and "−0.002 −0.002 0.02 %" in words(barriers)
    assert {line.get_color() for line in loss.lines} == {PALETTE[1], PALETTE[4], PALETTE[0], PALETTE[2]}
    assert [line.get_ydata().tolist() for line in training.lines] == [[1.0, 0.3, 0.1]] * 2


def test_pairs_have_rows_and_no_accuracy_means_losses(tmp_path):
    lines = {name: curve for name, curve in landscape.CURVES.items() if curve[0] == "line"}
    pairs = [("small-1", "large-1"), ("small-1", "small-2")]
    page = connection_figure(opened(landscape.write_connections(tmp_path / "c", pairs, lines, accuracy=False)))
    assert len(page.axes) == 6, "no path was trained: three columns"
    assert [axes.get_title(loc="left") for axes in page.axes[::3]] == ["(a) small-1 to large-1", "(b) small-1 to small-2"]
    assert page.axes[1].get_ylabel() == "test loss"
    assert page.axes[1].lines[0].get_ydata()[5] == pytest.approx(2.65)


def test_what_rounding_leaves_is_no_barrier(tmp_path):
    curves = {"straight": ("line", "none", 0, 0.5), "aligned": ("line", "weights", 0, 1e-16)}
    page = connection_figure(opened(landscape.write_connections(tmp_path / "c", curves=curves)))
    assert page.axes[2].get_xscale() == "linear"
    assert "0.5 0.5 5 %" in words(page.axes[2]) and "0 0 0 %" in words(page.axes[2])
    assert not page.axes[0].lines[0].is_dashed() and page.axes[0].lines[1].is_dashed()


def test_a_permuted_copy_is_an_end_of_its_own(tmp_path):
    folder = landscape.write_connections(tmp_path / "c", [("small-1", "small-1")])
    with h5py.File(folder / "study.h5", "a") as h5:
        for name in ("straight-0", "aligned-0"):
            h5[f"/connections/{name}"].attrs["permuted_copy"] = 1
        h5["/connections/curve-0"].attrs["curve"] = "arc"
    page = connection_figure(opened(folder))
    titles = [axes.get_title(loc="left") for axes in page.axes[::4]]
    assert sorted(titles) == ["(a) small-1 to its permuted copy", "(b) small-1 to small-1"]
    assert "arc" in [label.get_text() for label in page.axes[6].get_yticklabels()]
    assert ["straight-0", "small-1", "its permuted copy", "line", "2.55", "2.5", "2.5", "25", "25"] in cells(
        tables.table(opened(folder)))


def test_table_of_surfaces(tmp_path):
    rows = cells(tables.table(opened(landscape.write_line(landscape.write_plane(tmp_path / "s")))))
    # Lowest at the origin, highest at the corner: 1e-3 + x² + 4 y² of x = ±1, y = 1.5.
    assert ["pca", "small-1", "pca", "17 × 21", "0.001", "y = 0, x = 0", "10", "y = 1.5, x = -1"] in rows
    assert ["ray", "small-1", "random", "21", "0.001", "x = 0", "1.001", "x = 1"] in rows


def test_table_of_connections(tmp_path):
    rows = cells(tables.table(opened(landscape.write_connections(tmp_path / "c"))))
    assert ["straight-0", "small-1", "large-1", "line", "2.55", "2.5", "2.5", "25", "25"] in rows
    assert ["bent-0", "small-1", "large-1", "chain", "0.05", "-0.002", "-0.002", "0.02", "0.02"] in rows


def test_audits_show_ratios_to_what_nothing_transforms(tmp_path):
    page = audit_figure(opened(landscape.write_audit(tmp_path / "a")))
    (axes,) = page.axes
    lines = {line.get_label(): line.get_xydata() for line in axes.lines if not line.get_label().startswith("_")}
    np.testing.assert_allclose(lines["lambda.lambda_max"], np.column_stack([landscape.FACTOR, landscape.FACTOR**2]))
    np.testing.assert_allclose(lines["flat.relative: invariant"][:, 1], [7.0 / 7.01, 1.0, 7.02 / 7.01])
    np.testing.assert_allclose(lines["odd.value"], [[1.0, 1.0], [10.0, 2.0]])
    assert not any("residual" in name or "converged" in name or "error" in name for name in lines)
    (bars,) = axes.containers
    np.testing.assert_allclose(bars.lines[2][0].get_segments()[2][:, 1], [9.0, 11.0])
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert "layers scaled by α and 1/α, outputs change by at most 3.0e-06" in words(axes)
    assert "alpha, not shown: 1 ratios at or below 0" in words(page)


def test_an_audit_without_its_reference_is_refused(tmp_path):
    folder = landscape.write_audit(tmp_path / "a")
    with h5py.File(folder / "study.h5", "a") as h5:
        h5["/audits/alpha/factor"][1] = 2.0
    with pytest.raises(thalweg.RecordError, match=r"no point at α = 1, only \[0.1, 2.0, 10.0\]"):
        audit_figure(opened(folder))


def test_table_of_an_audit(tmp_path):
    rows = cells(tables.table(opened(landscape.write_audit(tmp_path / "a"))))
    assert ["lambda.lambda_max", "× 0.01", "5", "× 100", "no"] in rows
    assert ["flat.relative", "× 0.9986", "7.01", "× 1.001", "yes"] in rows
    assert ["outputs change by", "2e-06", "0", "3e-06", ""] in rows


def test_correlations_are_sorted_and_have_their_intervals(tmp_path):
    page = correlation_figure(opened(landscape.write_correlation(tmp_path / "k")))
    left, right = page.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["sharpness.sharpness", "lambda.lambda_max",
                                                                     "train_loss"]
    loss, granulated, error, _ = [line for line in left.lines if line.get_linestyle() == "None"]
    assert loss.get_xdata().tolist() == [0.7, 0.4, -0.3] and error.get_xdata().tolist() == [0.6, 0.5, -0.2]
    assert granulated.get_xdata().tolist() == [0.35, 0.2, -0.15] and granulated.get_markerfacecolor() == "white"
    assert loss.get_color() == granulated.get_color() != error.get_color()
    spans = [segment[:, 0] for segment in left.collections[0].get_segments()]
    np.testing.assert_allclose(spans, [[0.5, 0.8], [0.2, 0.5], [-0.5, -0.2]])
    batch, seeds = [line for line in right.lines if line.get_linestyle() == "None"]
    assert batch.get_xdata().tolist() == [0.9, 0.2, 0.1] and batch.get_label() == "batch"
    assert np.isnan(seeds.get_xdata()[0]) and seeds.get_xdata()[1:].tolist() == [0.4, -0.5]
    assert "22 to 24 runs; lines: 90 % percentile intervals of 1000" in words(page)
    assert "without a coefficient: constant.value." in words(page)


def test_correlation_with_one_gap_and_nothing_swept(tmp_path):
    folder = landscape.write_correlation(tmp_path / "k", gaps=("error",), granulated=False)
    (axes,) = correlation_figure(opened(folder)).axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["gap of the error"]
    assert ["sharpness.sharpness", "22", "0.60", "0.40 to 0.70"] in cells(tables.table(opened(folder)))


def test_table_of_correlations(tmp_path):
    rows = cells(tables.table(opened(landscape.write_correlation(tmp_path / "k"))))
    assert ["lambda.lambda_max", "24", "0.40", "0.20 to 0.50", "0.20", "0.50", "0.30 to 0.60", "0.25"] in rows
    assert not any("constant.value" in row for row in rows)


def test_the_record_or_the_user_chooses_the_page(tmp_path, study_folder, capsys):
    folder = landscape.write_connections(tmp_path / "c")
    assert len(trajectory_page(opened(folder)).axes) == 4
    landscape.write_line(folder)
    assert len(trajectory_page(opened(folder)).axes) == 2, "surfaces come first"
    output = tmp_path / "page.png"
    assert main(["figure", str(folder), "--page", "connections", "-o", str(output)]) == 0
    assert output.stat().st_size > 10000
    assert main(["figure", str(folder), "--page", "edge", "-o", str(output)]) == 1
    assert "has no page 'edge'; there are: surfaces, connections" in capsys.readouterr().err
    assert main(["figure", str(study_folder), "--page", "surfaces", "-o", str(output)]) == 1
    assert "there are: minima" in capsys.readouterr().err
    for draw in (surface_figure, connection_figure, audit_figure, correlation_figure):
        with pytest.raises(thalweg.RecordError, match="to draw"):
            draw(opened(study_folder))
