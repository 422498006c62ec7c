"""Records with surfaces, connections, audits and correlations of known numbers."""

import conftest as known
import h5py
import numpy as np


def start(folder, kind="trajectories"):
    """A study without runs of its own, to which groups are added."""
    folder.mkdir(parents=True, exist_ok=True)
    with h5py.File(folder / "study.h5", "a") as h5:
        known.attributes(h5, schema="thalweg/study", schema_version=1, study=folder.name, kind=kind,
                         software_version="0.1.0")
    return folder


def over(h5, path, values, *scales):
    """An array over several axes whose scales are there."""
    data = h5.create_dataset(path, data=values)
    data.attrs.update(units="1", long_name=path.rsplit("/", 1)[1])
    for axis, scale in enumerate(scales):
        data.dims[axis].attach_scale(h5[f"{path.rsplit('/', 1)[0]}/{scale}"])


X = np.linspace(-1.0, 1.0, 21)
Y = np.linspace(-0.5, 1.5, 17)
WAY = np.array([[-0.8, 1.3], [-0.5, 0.9], [-0.2, 0.3], [0.0, 0.0]])


def bowl(x, y, steep=1.0):
    """A loss that spans four decades, least at the origin."""
    return 1e-3 + steep * (x**2 + 4.0 * y**2)


def write_plane(folder, name="pca", directions="pca", steep=1.0, way=True, marks=False, test=True, **attributes):
    start(folder)
    base = f"/surfaces/{name}"
    with h5py.File(folder / "study.h5", "a") as h5:
        known.column(h5, f"{base}/x", X, "x")
        known.column(h5, f"{base}/y", Y, "y")
        loss = bowl(X[None, :], Y[:, None], steep)
        values = {"train_loss": loss, "train_accuracy": np.exp(-loss)}
        if test:
            values |= {"test_loss": 1.5 * loss + 0.02, "test_accuracy": 0.95 * np.exp(-0.5 * loss)}
        for column, array in values.items():
            over(h5, f"{base}/{column}", array, "y", "x")
        if way:
            for column, array in (("step", np.array([0, 10, 20, 30])), ("x", WAY[:, 0]), ("y", WAY[:, 1]),
                                  ("distance", np.array([0.4, 0.3, 0.2, 0.05]))):
                known.column(h5, f"{base}/trajectory_{column}", array, "point")
        if marks:
            for column, array in (("name", ["small", "large"]), ("x", [0.0, 0.6]), ("y", [0.0, 0.9])):
                known.column(h5, f"{base}/mark_{column}", array, "mark")
        if directions == "pca":
            known.column(h5, f"{base}/explained", np.array([0.913, 0.0712]), "component")
            known.column(h5, f"{base}/explained_null", np.array([0.608, 0.152]), "component")
        if directions == "eigenvectors":
            known.column(h5, f"{base}/eigenvalue", np.array([8.0, 2.0]), "component")
            known.column(h5, f"{base}/eigenvalue_residual", np.array([1e-5, 2e-4]), "component")
        known.attributes(h5[base], **{"run": "small-1", "directions": directions, "norm": "filter",
                                      "statistics": "frozen", "samples": 500, "seed": 1, **attributes})
    return folder


def write_line(folder, name="ray"):
    start(folder)
    base = f"/surfaces/{name}"
    with h5py.File(folder / "study.h5", "a") as h5:
        known.column(h5, f"{base}/x", X, "x")
        loss = bowl(X, 0.0)
        for column, array in (("train_loss", loss), ("test_loss", 2 * loss), ("train_accuracy", np.exp(-loss)),
                              ("test_accuracy", 0.9 * np.exp(-loss)), ("done", np.arange(21) > 0)):
            known.column(h5, f"{base}/{column}", array, "x")
        known.column(h5, f"{base}/trajectory_x", np.array([-0.9, -0.3, 0.0]), "point")
        known.attributes(h5[base], run="small-1", directions="random", norm="layer", statistics="re-estimated", seed=1)
    return folder


T = np.linspace(0.0, 1.0, 11)
CURVES = {"straight": ("line", "none", 0, 2.5), "aligned": ("line", "weights", 0, 0.4), "curve": ("bezier", "none", 1, 0.01),
          "bent": ("chain", "none", 1, -0.002)}


def write_connections(folder, pairs=(("small-1", "large-1"),), curves=CURVES, accuracy=True):
    start(folder, "connection")
    with h5py.File(folder / "study.h5", "a") as h5:
        for number, (first, last) in enumerate(pairs):
            for name, (curve, alignment, bends, barrier) in curves.items():
                base = f"/connections/{name}-{number}"
                hump = 4 * T * (1 - T)
                train = 0.05 + barrier * hump
                known.column(h5, f"{base}/t", T, "t")
                columns = {"train_loss": train, "test_loss": train + 0.1}
                if accuracy:
                    wrong = 0.1 * abs(barrier) * hump
                    columns |= {"train_accuracy": 1 - wrong, "test_accuracy": 0.95 - wrong}
                for column, values in columns.items():
                    known.column(h5, f"{base}/{column}", values, "t")
                for kind in ("train", "test"):
                    h5[f"{base}/barrier_{kind}_loss"] = barrier
                    if accuracy:
                        h5[f"{base}/barrier_{kind}_error"] = 0.1 * abs(barrier)
                if bends:
                    known.column(h5, f"{base}/training/step", np.array([0, 10, 20]), "step")
                    known.column(h5, f"{base}/training/loss", np.array([1.0, 0.3, 0.1]), "step")
                known.attributes(h5[base], **{"from": first, "to": last, "curve": curve, "bends": bends,
                                              "alignment": alignment})
    return folder


FACTOR = np.array([0.1, 1.0, 10.0])


def write_audit(folder, name="alpha", transformation="alpha"):
    """λ_max grows as α², the norm as α, the trace has errors, one measure does not change and one turns negative."""
    start(folder)
    base = f"/audits/{name}"
    with h5py.File(folder / "study.h5", "a") as h5:
        columns = {"factor": FACTOR, "function_change": np.array([2e-6, 0.0, 3e-6]), "train_loss": np.full(3, 0.1),
                   "lambda.lambda_max": 5.0 * FACTOR**2, "lambda.lambda_max_residual": np.full(3, 1e-6),
                   "lambda.converged": np.ones(3), "trace.trace": 40.0 * FACTOR, "trace.trace_error": 4.0 * FACTOR,
                   "flat.relative": np.array([7.0, 7.01, 7.02]), "odd.value": np.array([-1.0, 2.0, 4.0])}
        for column, values in columns.items():
            known.column(h5, f"{base}/{column}", values, "point")
        known.attributes(h5[base], run="small-1", transformation=transformation)
    return folder


MEASURES = ("train_loss", "lambda.lambda_max", "sharpness.sharpness", "constant.value")
TAU = {"loss": np.array([-0.3, 0.4, 0.7, np.nan]), "error": np.array([-0.2, 0.5, 0.6, np.nan])}
BY_AXIS = np.array([[0.1, -0.5], [0.2, 0.4], [0.9, np.nan], [np.nan, np.nan]])


def write_correlation(folder, gaps=("loss", "error"), granulated=True):
    start(folder)
    with h5py.File(folder / "study.h5", "a") as h5:
        known.column(h5, "/correlation/measure", list(MEASURES), "measure")
        known.column(h5, "/correlation/runs", np.array([24, 24, 22, 24]), "measure")
        for gap in gaps:
            known.column(h5, f"/correlation/tau_{gap}", TAU[gap], "measure")
            known.column(h5, f"/correlation/tau_{gap}_low", TAU[gap] - 0.2, "measure")
            known.column(h5, f"/correlation/tau_{gap}_high", TAU[gap] + 0.1, "measure")
            if granulated:
                known.column(h5, f"/correlation/granulated_{gap}", TAU[gap] / 2, "measure")
        if granulated:
            known.column(h5, "/correlation/axis", ["train.batch", "seeds"], "axis")
            over(h5, "/correlation/granulated_loss_by_axis", BY_AXIS, "measure", "axis")
        known.attributes(h5["correlation"], bootstrap=1000, confidence=0.9, seed=1)
    return folder
