"""HDF5 files of samples in the forms that h5py writes, through the program."""
import h5py
import numpy as np
import pytest

from studies import thalweg

STUDY = """
[study]
name = "t"
kind = "kernel"
seed = 1
[data]
source = "hdf5"
path = "{path}"
[kernel]
type = "linear"
"""


def halves():
    rng = np.random.default_rng(1)
    y = np.arange(24) % 2
    x = rng.normal(size=(24, 3)) + y[:, None]
    return x, y


def write_parts(folder):
    x, y = halves()
    for part in range(2):
        with h5py.File(folder / f"part{part}.h5", "w") as file:
            file["x"], file["y"] = x[12 * part:12 * part + 12], y[12 * part:12 * part + 12]


def write_virtual(folder, parts=2):
    x, y = halves()
    with h5py.File(folder / "data.h5", "w") as file:
        for name, whole in (("x", x), ("y", y)):
            layout = h5py.VirtualLayout(shape=whole.shape, dtype=whole.dtype)
            for part in range(parts):
                layout[12 * part:12 * part + 12] = h5py.VirtualSource(
                    f"part{part}.h5", name, shape=(12,) + whole.shape[1:])
            file.create_virtual_dataset("train/" + name, layout)
            file["test/" + name] = whole


def start(folder):
    study = folder / "study.toml"
    study.write_text(STUDY.format(path=folder / "data.h5"))
    result = thalweg("run", study, "-o", folder / "out")
    if result.returncode != 0:
        return result.returncode, result.stderr
    with h5py.File(folder / "out" / "study.h5") as file:
        return 0, file["kernel/predictions"][:]


def test_virtual_datasets_are_read_like_plain_ones(tmp_path):
    plain = tmp_path / "plain"
    plain.mkdir()
    x, y = halves()
    with h5py.File(plain / "data.h5", "w") as file:
        for half in ("train", "test"):
            file[half + "/x"], file[half + "/y"] = x, y
    virtual = tmp_path / "virtual"
    virtual.mkdir()
    write_parts(virtual)
    write_virtual(virtual)
    expected, found = start(plain), start(virtual)
    assert expected[0] == found[0] == 0, (expected, found)
    np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("fault,pieces", [
    ("gone", ["data.h5/train/x", "source part1.h5 is not there"]),
    ("unwritten", ["data.h5/train/x", "part1.h5/x", "was it written"]),
    ("short", ["data.h5/train/x", "cover 36 of its 72 numbers"]),
    ("lzf", ["data.h5/train/x", "needs the filter lzf (32000), which this HDF5 lacks; rewrite with gzip"]),
    ("lzf part", ["data.h5/train/x", "part1.h5/x", "needs the filter lzf (32000)"]),
])
def test_what_hdf5_would_fill_in_or_cannot_read_is_named(tmp_path, fault, pieces):
    x, y = halves()
    write_parts(tmp_path)
    write_virtual(tmp_path, parts=1 if fault == "short" else 2)
    if fault == "gone":
        (tmp_path / "part1.h5").unlink()
    if fault in ("unwritten", "lzf part"):
        with h5py.File(tmp_path / "part1.h5", "a") as file:
            del file["x"]
            if fault == "unwritten":
                file.create_dataset("x", shape=(12, 3), dtype="f8")
            else:
                file.create_dataset("x", data=x[12:], compression="lzf")
    if fault == "lzf":
        with h5py.File(tmp_path / "data.h5", "w") as file:
            for half in ("train", "test"):
                file.create_dataset(half + "/x", data=x, compression="lzf")
                file[half + "/y"] = y
    code, message = start(tmp_path)
    assert code == 2, message
    for piece in pieces:
        assert piece in message, message
