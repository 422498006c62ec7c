"""Records open in xarray, pandas and h5py with named dimensions and units."""
import h5py
import numpy
import xarray

from studies import kernel, run_study, trajectories


def test_trajectories(tmp_path):
    assert run_study(tmp_path, trajectories(), "out", ranks=2).returncode == 0
    data = xarray.open_dataset(tmp_path / "out/runs/another.h5", group="trajectory", engine="h5netcdf")
    assert set(data.dims) == {"step"}
    assert data.train_loss.dims == ("step",)
    assert data.step.values.tolist() == [0, 5, 10, 15]
    assert data.elapsed_s.attrs["units"] == "s" and data.train_loss.attrs["long_name"]
    frame = data.to_dataframe()
    assert frame.train_loss.iloc[-1] < frame.train_loss.iloc[0]
    assert frame.samples.iloc[-1] == 900
    probe = xarray.open_dataset(tmp_path / "out/runs/another.h5", group="probes/sharpness", engine="h5netcdf")
    assert probe.start_sharpness.dims == ("step", "start")
    summary = xarray.open_dataset(tmp_path / "out/study.h5", group="summary", engine="h5netcdf")
    assert summary["train_loss"].dims == ("run",)
    line = xarray.open_dataset(tmp_path / "out/study.h5", group="slices/line-seed3", engine="h5netcdf")
    assert line.alpha.values.tolist() == [-1.0, -0.25, 0.5, 1.25, 2.0]
    with h5py.File(tmp_path / "out/study.h5") as file:
        assert file.attrs["schema"] == "thalweg/study"
        assert isinstance(file.attrs["command_line"], str)
        linked = file["runs/another/trajectory/train_loss"][()]
        assert numpy.array_equal(linked, data.train_loss.values)


def test_kernel(tmp_path):
    assert run_study(tmp_path, kernel(), "out", ranks=2).returncode == 0
    data = xarray.open_dataset(tmp_path / "out/study.h5", group="kernel", engine="h5netcdf")
    assert len(data.predictions.dims) == 2 and data.predictions.shape == (50, 10)
    assert 0.3 < float(data.test_accuracy) <= 1.0
    with h5py.File(tmp_path / "out/gram.h5") as file:
        gram = numpy.tril(file["gram"][()])
        assert gram.shape == (300, 300)
        full = gram + numpy.tril(gram, -1).T
        assert numpy.linalg.eigvalsh(full).min() > 0
