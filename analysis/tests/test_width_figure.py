"""The figure of a width study draws the file's numbers."""

import h5py
import numpy as np
import pytest
import thalweg
from conftest import attributes, column
from thalweg import width_figure
from thalweg.__main__ import main
from thalweg.records import RecordError

WIDTHS = [16, 64, 256]
SEEDS = [1, 2]
STEPS = [0, 1, 10]
QUANTITIES = {"kernel_distance": (3.0, -0.5), "train_distance": (2.0, -0.45), "test_distance": (2.1, -0.5),
              "linear_train_distance": (4.0, -0.75), "linear_test_distance": (4.0, -0.8), "kernel_drift": (8.0, -0.9)}


def value(name, width, seed=1.5):
    """Exactly a power of the width, a tenth up or down by seed."""
    factor, power = QUANTITIES[name]
    return factor * width ** power * (1 + 0.2 * (seed - 1.5))


def write_width(folder, diverged=()):
    folder.mkdir(parents=True)
    rows = [(width, seed) for width in WIDTHS for seed in SEEDS]
    with h5py.File(folder / "study.h5", "w") as h5:
        attributes(h5, schema="thalweg/study", schema_version=1, study="ntk-width", kind="width", data="glyphs")
        column(h5, "/summary/run", [f"width{w}-seed{s}" for w, s in rows], "run_number")
        column(h5, "/summary/group", [f"width {w}" for w, _ in rows], "run_number")
        column(h5, "/summary/seed", [s for _, s in rows], "run_number")
        column(h5, "/summary/width", [w for w, _ in rows], "run_number")
        column(h5, "/summary/status", ["diverged" if row in diverged else "finished" for row in rows], "run_number")
        column(h5, "/widths/width", WIDTHS, "width")
        column(h5, "/curves/width", WIDTHS, "width")
        column(h5, "/curves/step", STEPS, "step")
        column(h5, "/fits/quantity", list(QUANTITIES), "quantity")
        column(h5, "/fits/exponent", [power for _, power in QUANTITIES.values()], "quantity")
        column(h5, "/fits/exponent_error", [0.02] * len(QUANTITIES), "quantity")
        column(h5, "/fits/prefactor", [factor for factor, _ in QUANTITIES.values()], "quantity")
        for name in QUANTITIES:
            column(h5, f"/summary/{name}", [value(name, *row) for row in rows], "run_number")
            column(h5, f"/widths/{name}", [value(name, w) for w in WIDTHS], "width")
            column(h5, f"/widths/{name}_error", [0.1 * value(name, w) for w in WIDTHS], "width")
        for name, scale in (("train_distance", 1.0), ("train_distance_error", 0.1)):
            values = [[scale * value("train_distance", w) * s / 10 for s in STEPS] for w in WIDTHS]
            data = h5.create_dataset(f"/curves/{name}", data=values)
            data.attrs.update(units="1", long_name=name)
            data.dims[0].attach_scale(h5["/curves/width"])
            data.dims[1].attach_scale(h5["/curves/step"])
    return folder


def draw(folder):
    return width_figure.width_figure(thalweg.open_study(folder))


def test_dots_are_runs_and_lines_are_the_fitted_powers(tmp_path):
    axes = draw(write_width(tmp_path / "w")).axes[0]
    assert axes.get_xscale() == axes.get_yscale() == "log"
    lines = [line.get_ydata() for line in axes.lines if line.get_linewidth() == 1.5 and len(line.get_xdata()) == 3]
    dots = [line.get_ydata() for line in axes.lines if line.get_linestyle() == "None" and len(line.get_xdata()) == 6]
    for name in width_figure.SHOWN:
        expected = [value(name, w) for w in WIDTHS]
        assert any(np.allclose(line, expected, rtol=1e-12) for line in lines), name
        runs = [value(name, w, s) for w in WIDTHS for s in SEEDS]
        assert any(np.allclose(dot, runs, rtol=1e-12) for dot in dots), name
    words = " ".join(text.get_text() for text in axes.texts)
    assert "−0.50 ± 0.02" in words and "−0.90 ± 0.02" in words


def test_the_guide_has_slope_one_half(tmp_path):
    axes = draw(write_width(tmp_path / "w")).axes[0]
    (guide,) = [line for line in axes.lines if line.is_dashed()]
    x, y = np.log(guide.get_xdata()), np.log(guide.get_ydata())
    assert np.polyfit(x, y, 1)[0] == pytest.approx(-0.5)


def test_curves_are_the_files_and_labelled_by_width(tmp_path):
    axes = draw(write_width(tmp_path / "w")).axes[1]
    for line, width in zip(axes.lines, WIDTHS):
        np.testing.assert_array_equal(line.get_xdata(), STEPS)
        np.testing.assert_allclose(line.get_ydata(), [value("train_distance", width) * s / 10 for s in STEPS])
    assert {text.get_text() for text in axes.texts} == {str(width) for width in WIDTHS}


def test_diverged_runs_are_left_out_and_said(tmp_path):
    figure = draw(write_width(tmp_path / "w", diverged=[(16, 2)]))
    dots = [line for line in figure.axes[0].lines if line.get_linestyle() == "None" and len(line.get_xdata()) == 5]
    assert len(dots) == len(width_figure.SHOWN)
    assert "diverged: width16-seed2" in " ".join(text.get_text() for text in figure.texts)
    everything = [(width, seed) for width in WIDTHS for seed in SEEDS]
    with pytest.raises(RecordError, match="nothing to draw"):
        draw(write_width(tmp_path / "all", diverged=everything))


def test_the_command_chooses_this_page(tmp_path, capsys, study_folder):
    folder = write_width(tmp_path / "w")
    assert main(["figure", str(folder), "-o", str(tmp_path / "page.png")]) == 0
    assert (tmp_path / "page.png").stat().st_size > 10000
    assert main(["figure", str(folder), str(folder), "-o", str(tmp_path / "x.png")]) == 1
    assert "beside it" in capsys.readouterr().err
    with pytest.raises(RecordError, match="needs a width study"):
        draw(study_folder)
