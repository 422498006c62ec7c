"""Reading records: the folder of a study as data frames and labelled arrays."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import xarray as xr

SCHEMA_VERSION = 1
_NO_COORDINATES = "This is a netCDF dimension but not a netCDF variable"


class RecordError(Exception):
    """A file that is missing, broken, of another kind, or newer than this package."""


def open_study(path) -> Study:
    """Opens a study: its folder, or the `study.h5` in it.

    Raises RecordError, which names the file and what is wrong with it.
    """
    return Study(path)


class Study:
    """A study's record. Files are opened when asked for and closed at once.

    folder: where it lies; attributes: root attributes of study.h5 (configuration and provenance);
    name, kind ("trajectories", "kernel", …).
    """

    def __init__(self, path):
        path = Path(path)
        if not path.exists():
            raise RecordError(f"{path}: no such file or folder")
        file = path / "study.h5" if path.is_dir() else path
        if not file.exists():
            raise RecordError(f"{path}: has no study.h5, so it is not the record of a finished study "
                              "(`thalweg show` also reads work in progress)")
        self.folder = file.parent
        self._file = file
        with _open(file, "thalweg/study") as h5:
            self.attributes = {key: _plain(value) for key, value in h5.attrs.items()}
            self._summary = _read_summary(h5, file)
        self.name = self.attributes.get("study", self.attributes.get("name", self.folder.name))
        self.kind = self.attributes.get("kind", "")

    def __repr__(self):
        return f"<thalweg study {self.name!r} ({self.kind}), {len(self._summary)} runs, {self.folder}>"

    @property
    def summary(self) -> pd.DataFrame:
        """One row a run, at its last step. Columns of a probe are named PROBE.value."""
        return self._summary.copy()

    @property
    def probes(self) -> dict:
        """Probe name → its columns in `summary`."""
        found = {}
        for column in self._summary.columns:
            if "." in column:
                found.setdefault(column.split(".", 1)[0], []).append(column)
        return found

    def run(self, name: str, group: str = "trajectory") -> xr.Dataset:
        """One group of a run's file, "trajectory" or such as "probes/lambda_max"; attributes of the run included."""
        file = self._run_file(name)
        with _open(file, "thalweg/run") as h5:
            dataset = read_group(h5, group, file)
            dataset.attrs = {**{key: _plain(value) for key, value in h5.attrs.items()}, **dataset.attrs}
        return dataset

    def run_attributes(self, name: str) -> dict:
        """The attributes of a run's file: configuration and provenance."""
        with _open(self._run_file(name), "thalweg/run") as h5:
            return {key: _plain(value) for key, value in h5.attrs.items()}

    def run_has(self, name: str, group: str) -> bool:
        """Whether a run's file holds the group, such as "theory"."""
        with _open(self._run_file(name), "thalweg/run") as h5:
            return group in h5

    def measured_later(self) -> dict:
        """(run, probe) → Dataset over step of what `thalweg probe` wrote into the folder `probes`."""
        found = {}
        for file in sorted((self.folder / "probes").glob("*.h5")):
            with _open(file, "thalweg/probe") as h5:
                run, probe = _plain(h5.attrs["run"]), _plain(h5.attrs["probe"])
                dataset = read_group(h5, f"probes/{probe}", file)
                dataset.attrs = {**{key: _plain(value) for key, value in h5.attrs.items()}, **dataset.attrs}
            found[run, probe] = dataset
        return found

    def snapshots(self, name: str) -> dict:
        """Step → parameters of the run after it, for all steps of which the run kept a snapshot."""
        with _open(self._run_file(name), "thalweg/run") as h5:
            steps = h5["snapshots/step"][()] if "snapshots" in h5 else []
        points = {}
        for step in steps:
            file = self.folder / "snapshots" / name / f"step-{step:09}.h5"
            with _open(file, "thalweg/snapshot") as h5:
                points[int(step)] = h5["parameters/current"][()]
        return points

    def trajectories(self) -> pd.DataFrame:
        """All runs below each other: columns run, group, seed, status and those of /trajectory."""
        frames = []
        for _, row in self._summary.iterrows():
            table = self.run(row["run"]).reset_coords().to_dataframe().reset_index()
            table = table.drop(columns=[c for c in ("index",) if c in table])
            for position, column in enumerate(("run", "group", "seed", "status")):
                table.insert(position, column, row[column])
            frames.append(table)
        if not frames:
            raise RecordError(f"{self._file}: has no runs")
        return pd.concat(frames, ignore_index=True)

    def slices(self) -> dict:
        """Slice name → Dataset over alpha: 0 is the end of the run in attribute `from`, 1 that of `to`.

        Points that were not computed are NaN.
        """
        return self.named("slices")

    def named(self, path: str) -> dict:
        """Name → Dataset of every group below `path`, such as "surfaces" or "connections"; empty without `path`."""
        with _open(self._file, "thalweg/study") as h5:
            names = [name for name, item in sorted(h5[path].items()) if isinstance(item, h5py.Group)] if path in h5 else []
            return {name: read_group(h5, f"{path}/{name}", self._file) for name in names}

    @property
    def kernel(self):
        """/kernel of a kernel study (test_accuracy, residual, predictions, …), or None if there is none."""
        with _open(self._file, "thalweg/study") as h5:
            return read_group(h5, "kernel", self._file) if "kernel" in h5 else None

    def group(self, path: str) -> xr.Dataset:
        """Any group of study.h5, such as "small_data", labelled by its scales."""
        with _open(self._file, "thalweg/study") as h5:
            return read_group(h5, path, self._file)

    def has_group(self, path: str) -> bool:
        """Whether study.h5 holds the group."""
        with _open(self._file, "thalweg/study") as h5:
            return path in h5

    def _run_file(self, name: str) -> Path:
        known = list(self._summary["run"])
        if name not in known:
            raise RecordError(f"{self._file}: no run {name!r}; there are: {', '.join(known) or 'none'}")
        file = self.folder / "runs" / f"{name}.h5"
        if not file.exists():
            raise RecordError(f"{file}: missing, though {self._file.name} lists the run; "
                              "were only parts of the record copied?")
        return file


def _open(file: Path, schema: str) -> h5py.File:
    try:
        h5 = h5py.File(file, "r")
    except OSError as error:
        raise RecordError(f"{file}: not a readable HDF5 file ({error})") from error
    found = _plain(h5.attrs.get("schema", ""))
    version = int(h5.attrs.get("schema_version", 0))
    if found != schema:
        h5.close()
        raise RecordError(f"{file}: schema is {found!r}, expected {schema!r}")
    if not 1 <= version <= SCHEMA_VERSION:
        h5.close()
        raise RecordError(f"{file}: schema version {version}; this package reads 1 to {SCHEMA_VERSION}"
                          + (": install a newer one" if version > SCHEMA_VERSION else ""))
    return h5


def _plain(value):
    """HDF5 attribute as a Python value."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value.tolist()]
    return value.item() if isinstance(value, np.generic) else value


def _values(dataset: h5py.Dataset) -> np.ndarray:
    text = h5py.check_string_dtype(dataset.dtype)
    return np.asarray(dataset.asstr()[()], dtype=object) if text else np.asarray(dataset[()])


def _read_summary(h5: h5py.File, file: Path) -> pd.DataFrame:
    columns = {}
    for name, dataset in h5.get("summary", {}).items():
        if isinstance(dataset, h5py.Dataset) and not _is_bare_dimension(dataset):
            columns[name] = _values(dataset)
    lengths = {len(np.atleast_1d(values)) for values in columns.values()}
    if len(lengths) > 1:
        raise RecordError(f"{file}: columns of /summary have different lengths: {sorted(lengths)}")
    if not columns:
        return pd.DataFrame(columns=["run", "group", "seed", "status"])
    if "instance" in columns:  # of matrix completion: the seed of matrix, observations and start
        columns.setdefault("seed", columns["instance"])
    for needed in ("run", "group", "seed", "status"):
        if needed not in columns:
            raise RecordError(f"{file}: /summary has no column {needed!r}")
    first = [name for name in ("run", "group", "seed", "status") if name in columns]
    return pd.DataFrame({name: columns[name] for name in first + [n for n in columns if n not in first]})


def _is_bare_dimension(dataset: h5py.Dataset) -> bool:
    return str(_plain(dataset.attrs.get("NAME", ""))).startswith(_NO_COORDINATES)


def read_group(h5: h5py.File, path: str, file: Path) -> xr.Dataset:
    """The datasets of one group, labelled by their dimension scales.

    A boolean dataset `done` beside the values is a mask: where it is 0, floating-point values become NaN.
    """
    if path not in h5:
        raise RecordError(f"{file}: has no group /{path}")
    variables, coordinates = {}, {}
    for name, item in h5[path].items():
        if not isinstance(item, h5py.Dataset) or _is_bare_dimension(item):
            continue
        attributes = {key: _plain(item.attrs[key]) for key in ("units", "long_name") if key in item.attrs}
        dimensions = _dimensions(item, name)
        target = coordinates if dimensions == (name,) else variables
        target[name] = (dimensions, _values(item), attributes)
    if "done" in variables:
        _mask(variables)
    attributes = {key: _plain(value) for key, value in h5[path].attrs.items()}
    try:
        return xr.Dataset(variables, coordinates, attributes)
    except ValueError as error:
        raise RecordError(f"{file}: /{path} does not fit together: {error}") from error


def _mask(variables: dict) -> None:
    dimensions, done, _ = variables["done"]
    for name, (axes, values, attributes) in variables.items():
        if axes == dimensions and np.issubdtype(values.dtype, np.floating):
            variables[name] = (axes, np.where(done.astype(bool), values, np.nan), attributes)


def _dimensions(dataset: h5py.Dataset, name: str) -> tuple:
    if dataset.ndim == 1 and _plain(dataset.attrs.get("CLASS", "")) == "DIMENSION_SCALE":
        return (name,)
    axes = []
    for axis in range(dataset.ndim):
        scales = [scale.name.rsplit("/", 1)[-1] for scale in dataset.dims[axis].values()]
        axes.append(scales[0] if scales else dataset.dims[axis].label or f"{name}_axis_{axis}")
    return tuple(axes)
