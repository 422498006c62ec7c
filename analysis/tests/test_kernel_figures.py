"""Figures of kernel studies draw the file's numbers."""

import h5py
import numpy as np
import pytest
import thalweg
from conftest import attributes, column
from thalweg import kernel_figures
from thalweg.__main__ import main

ACCURACY = {"ntk": 0.97, "laplace": 0.95, "cntk": 0.985}


def write_comparison(folder):
    folder.mkdir(parents=True)
    with h5py.File(folder / "study.h5", "w") as h5:
        attributes(h5, schema="thalweg/study", schema_version=1, study="comparison", kind="kernel")
        column(h5, "/summary/run", list(ACCURACY), "run_number")
        column(h5, "/summary/group", list(ACCURACY), "run_number")
        column(h5, "/summary/seed", [0, 0, 0], "run_number")
        column(h5, "/summary/status", ["finished"] * 3, "run_number")
        column(h5, "/summary/test_accuracy", list(ACCURACY.values()), "run_number")
        column(h5, "/summary/test_accuracy_error", [0.002, 0.003, 0.001], "run_number")
    return folder


def write_small_data(folder, draws=3):
    folder.mkdir(parents=True)
    accuracy = np.arange(2 * 3 * draws, dtype=float).reshape(2, 3, draws) / 100
    with h5py.File(folder / "study.h5", "w") as h5:
        attributes(h5, schema="thalweg/study", schema_version=1, study="small", kind="small_data")
        column(h5, "/small_data/kernel", ["ntk", "cntk"], "kernel")
        column(h5, "/small_data/size", [10, 20, 40], "size")
        data = h5.create_dataset("/small_data/test_accuracy", data=accuracy)
        data.attrs.update(units="1", long_name="accuracy")
        for axis, name in enumerate(("kernel", "size")):
            data.dims[axis].attach_scale(h5[f"/small_data/{name}"])
        data.dims[2].label = "draw"
    return folder, accuracy


def test_comparison_shows_every_kernel_in_order(tmp_path):
    page = kernel_figures.comparison_figure(thalweg.open_study(write_comparison(tmp_path / "c")))
    (axes,) = page.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["laplace", "ntk", "cntk"]
    points = axes.containers[0].lines[0].get_xdata()
    np.testing.assert_allclose(np.asarray(points, float), [5.0, 3.0, 1.5], rtol=1e-12)
    assert {"5.00 %", "3.00 %", "1.50 %"} <= {text.get_text() for text in axes.texts}


def test_small_data_draws_means_over_draws(tmp_path):
    folder, accuracy = write_small_data(tmp_path / "s")
    (axes,) = kernel_figures.small_data_figure(thalweg.open_study(folder)).axes
    assert len(axes.lines) == 2
    for line, values in zip(axes.lines, accuracy):
        np.testing.assert_allclose(line.get_ydata(), 100 * values.mean(axis=1), rtol=1e-12)
        np.testing.assert_array_equal(line.get_xdata(), [10, 20, 40])


def test_one_draw_has_no_band(tmp_path):
    folder, _ = write_small_data(tmp_path / "s", draws=1)
    (axes,) = kernel_figures.small_data_figure(thalweg.open_study(folder)).axes
    for band in axes.collections:
        low, high = band.get_paths()[0].get_extents().get_points()[:, 1]
        assert np.isfinite([low, high]).all()


@pytest.mark.parametrize("write", [write_comparison, write_small_data])
def test_the_command_chooses_the_page_by_kind(tmp_path, write, capsys):
    write(tmp_path / "study")
    assert main(["figure", str(tmp_path / "study"), "-o", str(tmp_path / "page.png")]) == 0
    assert (tmp_path / "page.png").stat().st_size > 10000
    assert main(["figure", str(tmp_path / "study"), str(tmp_path / "study"), "-o", str(tmp_path / "x.png")]) == 1
    assert "beside it" in capsys.readouterr().err


def write_spectrum(folder):
    folder.mkdir(parents=True)
    with h5py.File(folder / "study.h5", "w") as h5:
        attributes(h5, schema="thalweg/study", schema_version=1, study="spectrum", kind="kernel")
        h5["/kernel/test_accuracy"] = 0.75
        h5["/kernel/ridge"] = 1e-3
        column(h5, "/kernel/labels", [0, 1, 1, 2], "test")
        predictions = h5.create_dataset("/kernel/predictions", data=np.eye(3)[[0, 1, 2, 2]])
        predictions.dims[0].label, predictions.dims[1].label = "test", "class"
        column(h5, "/kernel/eigenvalues", [1e-4, 1.0, 5.0], "eigenvalue")
        column(h5, "/kernel/ridge_grid", [1e-4, 1e-3, 1e-2], "ridge_grid")
        column(h5, "/kernel/loo", [0.3, 0.2, 0.25], "ridge_grid")
        column(h5, "/predicted/time", [0.0, 10.0, 1000.0], "time")
        column(h5, "/predicted/train_loss", [0.5, 0.3, 0.01], "time")
        column(h5, "/predicted/test_loss", [0.5, 0.4, 0.2], "time")
    return folder


def test_one_kernel_shows_what_its_record_holds(tmp_path):
    page = kernel_figures.kernel_figure(thalweg.open_study(write_spectrum(tmp_path / "s")))
    classes, spectrum, left_out, predicted = page.axes
    np.testing.assert_allclose([bar.get_height() for bar in classes.patches], [0, 50, 0])
    np.testing.assert_allclose(spectrum.lines[0].get_ydata(), [5.0, 1.0, 1e-4])
    np.testing.assert_allclose(left_out.lines[0].get_ydata(), [0.3, 0.2, 0.25])
    np.testing.assert_allclose(left_out.lines[1].get_xdata(), [1e-3])
    np.testing.assert_allclose(predicted.lines[1].get_ydata(), [0.5, 0.4, 0.2])


def test_a_plain_regression_has_its_errors_by_class(tmp_path):
    folder = write_spectrum(tmp_path / "s")
    with h5py.File(folder / "study.h5", "a") as h5:
        for name in ("kernel/eigenvalues", "kernel/loo", "kernel/ridge_grid", "predicted"):
            del h5[name]
    assert len(kernel_figures.kernel_figure(thalweg.open_study(folder)).axes) == 1


def test_tables_hold_the_means_over_draws(tmp_path):
    from thalweg.tables import table

    folder, accuracy = write_small_data(tmp_path / "s")
    text = table(thalweg.open_study(folder))
    for line, values in zip(text.splitlines()[2:], accuracy):
        for mean in 100 * values.mean(axis=1):
            assert f"{mean:.1f}" in line, text
