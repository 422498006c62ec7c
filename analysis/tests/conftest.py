"""Records with known numbers, written the way `thalweg run` writes them."""

import h5py
import numpy as np
import pytest

TEXT = h5py.string_dtype("utf-8")
GROUPS = ("small batch", "large batch")
FINAL_ACCURACY = {"small batch": (0.96, 0.97, 0.98), "large batch": (0.90, 0.93, 0.94)}
LAMBDA_MAX = {"small batch": (8.0, 10.0, 12.0), "large batch": (90.0, 100.0, 140.0)}
SHARPNESS = {"small batch": (1.0, 1.5, 2.0), "large batch": (40.0, 50.0, 90.0)}


def column(h5, path, values, dimension):
    """A column over one axis, labelled by a dimension scale of the same group."""
    folder, name = path.rsplit("/", 1)
    values = np.asarray(values)
    group = h5.require_group(folder)
    data = group.create_dataset(name, data=values.astype(object) if values.dtype.kind == "U" else values,
                                dtype=TEXT if values.dtype.kind == "U" else values.dtype)
    data.attrs["units"] = "1"
    data.attrs["long_name"] = name
    if name == dimension:
        data.make_scale(dimension)
        return
    if dimension not in group:
        scale = group.create_dataset(dimension, shape=(len(values),), dtype="f4")
        scale.make_scale(f"This is a netCDF dimension but not a netCDF variable. {len(values):9d}")
    data.dims[0].attach_scale(group[dimension])


def attributes(h5, **values):
    for key, value in values.items():
        h5.attrs[key] = value


def run_name(group, seed):
    return f"{group.split()[0]}-{seed}"


def curve(group, seed, epochs=12):
    """Loss and error that fall exponentially, exactly known."""
    epoch = np.arange(epochs + 1, dtype=float)
    rate = 0.55 if group == "small batch" else 0.4
    loss = 2.3 * np.exp(-rate * epoch) * (1 + 0.1 * seed) + 1e-3
    final = FINAL_ACCURACY[group][seed - 1]
    accuracy = final - (final - 0.1) * np.exp(-1.2 * rate * epoch)
    accuracy[-1] = final
    return epoch, loss, accuracy


def write_run(folder, group, seed, status="finished"):
    epoch, loss, accuracy = curve(group, seed)
    if status == "diverged":
        loss[3:], accuracy[3:] = np.nan, np.nan
    (folder / "runs").mkdir(parents=True, exist_ok=True)
    with h5py.File(folder / "runs" / f"{run_name(group, seed)}.h5", "w") as h5:
        attributes(h5, schema="thalweg/run", schema_version=1, group=group, seed=seed, status=status)
        column(h5, "/trajectory/step", (epoch * 40).astype(np.int64), "step")
        for name, values in (("epoch", epoch), ("train_loss", loss), ("test_loss", 1.3 * loss),
                             ("train_accuracy", accuracy), ("test_accuracy", accuracy)):
            column(h5, f"/trajectory/{name}", values, "step")
    return loss[-1], accuracy[-1]


def write_study(folder, diverged=(), probes=True, slices=True, seeds=3):
    folder.mkdir(parents=True, exist_ok=True)
    rows = [(group, seed) for group in GROUPS for seed in range(1, seeds + 1)]
    states = ["diverged" if row in diverged else "finished" for row in rows]
    ends = [write_run(folder, *row, status) for row, status in zip(rows, states)]

    def per_run(values):
        return [np.nan if row in diverged else values[row[0]][row[1] - 1] for row in rows]

    with h5py.File(folder / "study.h5", "w") as h5:
        attributes(h5, schema="thalweg/study", schema_version=1, study="large_batch", kind="trajectories",
                   software_version="0.1.0", git_sha="abc", config="[study]\n")
        column(h5, "/summary/run", [run_name(*row) for row in rows], "run_number")
        column(h5, "/summary/group", [row[0] for row in rows], "run_number")
        column(h5, "/summary/seed", [row[1] for row in rows], "run_number")
        column(h5, "/summary/status", states, "run_number")
        column(h5, "/summary/batch_size", [32 if row[0] == GROUPS[0] else 512 for row in rows], "run_number")
        column(h5, "/summary/train_loss", [end[0] for end in ends], "run_number")
        column(h5, "/summary/test_accuracy", [end[1] for end in ends], "run_number")
        if probes:
            half = {group: tuple(v / 4 for v in values) for group, values in SHARPNESS.items()}
            for name, values in (("lambda_max.lambda_max", LAMBDA_MAX), ("sharpness_full.sharpness", SHARPNESS),
                                 ("sharpness_subspace.sharpness", half)):
                column(h5, f"/summary/{name}", per_run(values), "run_number")
            column(h5, "/summary/sharpness_full.certified", [1] * len(rows), "run_number")
        if slices:
            alpha = np.linspace(-1, 2, 25)
            for seed in range(1, seeds + 1):
                base = f"/slices/seed-{seed}"
                loss = 0.004 + (0.02 + 0.01 * seed) * (alpha * (1 - alpha)) ** 2 * 20 * np.where(alpha > .5, 3, 1)
                column(h5, f"{base}/alpha", alpha, "alpha")
                column(h5, f"{base}/train_loss", loss, "alpha")
                column(h5, f"{base}/test_loss", 2 * loss + 0.05, "alpha")
                done = np.ones(25, np.uint8)
                done[0] = 0
                column(h5, f"{base}/done", done, "alpha")
                attributes(h5[base], **{"from": run_name(GROUPS[0], seed), "to": run_name(GROUPS[1], seed)})
    return folder


def write_kernel(folder, accuracy=0.95):
    folder.mkdir(parents=True, exist_ok=True)
    with h5py.File(folder / "study.h5", "w") as h5:
        attributes(h5, schema="thalweg/study", schema_version=1, study="ntk", kind="kernel")
        h5["/kernel/test_accuracy"] = accuracy
        h5["/kernel/residual"] = 1e-12
        h5["/kernel/predictions"] = np.eye(4, 3)
    return folder


@pytest.fixture
def study_folder(tmp_path):
    return write_study(tmp_path / "large_batch")


@pytest.fixture
def kernel_folder(tmp_path):
    return write_kernel(tmp_path / "ntk")
