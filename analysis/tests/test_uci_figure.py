"""The figure of a UCI study shows the file's numbers."""

import h5py
import numpy as np
import pytest
import thalweg
from conftest import attributes, column
from thalweg import uci_figure

ACCURACY = np.array([[0.9, 0.8, 0.7], [0.6, 0.75, 0.5], [1.0, 1.0, 0.4], [0.8, 0.7, 0.9]])
RANK = [1.625, 1.875, 2.5]


def write_uci(folder):
    folder.mkdir()
    with h5py.File(folder / "study.h5", "w") as h5:
        attributes(h5, schema="thalweg/study", schema_version=1, name="uci", kind="uci")
        column(h5, "/uci/kernel", ["NTK", "Gaussian", "linear"], "kernel")
        column(h5, "/uci/set", ["a", "b", "c", "d"], "set")
        column(h5, "/uci/friedman_rank", RANK, "kernel")
        column(h5, "/uci/mean_accuracy", ACCURACY.mean(axis=0), "kernel")
        data = h5.create_dataset("/uci/accuracy", data=ACCURACY)
        data.attrs.update(units="1", long_name="accuracy")
        for axis, name in enumerate(("set", "kernel")):
            data.dims[axis].attach_scale(h5[f"/uci/{name}"])
    return folder


@pytest.fixture
def study(tmp_path):
    return thalweg.open_study(write_uci(tmp_path / "uci"))


def words(axes):
    return " | ".join(text.get_text() for text in axes.texts)


def test_dots_are_the_sets(study):
    left, _ = uci_figure.uci_figure(study).axes
    np.testing.assert_allclose(left.collections[0].get_offsets(), 100 * ACCURACY[:, [1, 0]], rtol=1e-12)
    assert left.get_ylabel() == "NTK, %" and left.get_xlabel() == "Gaussian, %"
    assert "NTK better: 2" in words(left) and "Gaussian better: 1\nequal: 1" in words(left)


def test_other_kernels_can_be_asked_for(study):
    left, _ = uci_figure.uci_figure(study, "linear", "NTK").axes
    np.testing.assert_allclose(left.collections[0].get_offsets(), 100 * ACCURACY[:, [0, 2]], rtol=1e-12)
    with pytest.raises(thalweg.RecordError, match="no kernel 'Laplace'; there are: NTK"):
        uci_figure.uci_figure(study, "Laplace")


def test_ranks_are_ordered_with_the_best_above(study):
    _, right = uci_figure.uci_figure(study).axes
    assert [label.get_text() for label in right.get_yticklabels()] == ["linear", "Gaussian", "NTK"]
    np.testing.assert_allclose(right.collections[1].get_offsets()[:, 0], RANK[::-1])
    assert "82.50 %" in words(right) and "81.25 %" in words(right) and "62.50 %" in words(right)
    assert "4 sets" in right.get_title(loc="left")
