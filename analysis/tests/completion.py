"""Records of matrix completion with known numbers."""

import conftest as known
import h5py
import numpy as np

DATA = "low rank: 12 x 20 of rank 2, normal factors, 100 training, 0 validation and 140 test entries, seed 1"


def trajectory(**columns):
    """Ten rows whose steps are powers of two and whose loss falls as 1/step, unless told otherwise."""
    step = 2 ** np.arange(10) - 1
    return {"step": step, "time": 0.5 * step, "train_loss": 1.0 / (1.0 + step), **columns}


def run(group, instance=1, status="finished", method="factorization", test_loss=None, curve=None, spectrum=None,
        theory=None, observations=100, data=DATA, steps=None, **attributes):
    """What `write` needs of one run; baselines have neither depth nor optimiser."""
    if method == "factorization":
        attributes = {"depth": 2, "scale": 0.01, "optimizer": "sgd", "learning_rate": 0.5, **attributes}
        attributes = {key: value for key, value in attributes.items() if value is not None}
    curve = trajectory() if curve is None else curve
    if test_loss is not None:
        curve = {**curve, "test_loss": np.full(len(curve["step"]), test_loss)}
    return {"name": f"{group}-instance{instance}", "group": group, "instance": instance, "status": status,
            "observations": observations, "curve": curve, "spectrum": spectrum, "theory": theory, "steps": steps,
            "attributes": {"method": method, "data": data, **attributes}}


def write(folder, runs, flow_gap=None, resolved=""):
    """A study of these runs, summarised the way the program does: medians over instances that did not diverge."""
    (folder / "runs").mkdir(parents=True)
    for one in runs:
        write_run(folder, one)
    with h5py.File(folder / "study.h5", "w") as h5:
        known.attributes(h5, schema="thalweg/study", schema_version=1, study=folder.name, kind="completion",
                         software_version="0.1.0", config_resolved=resolved)
        known.column(h5, "/summary/run", [one["name"] for one in runs], "run")
        for key in ("group", "status", "instance", "observations"):
            known.column(h5, f"/summary/{key}", [one[key] for one in runs], "run")
        known.column(h5, "/summary/steps", [steps_of(one) for one in runs], "run")
        for key in ("train_loss", "validation_loss", "test_loss"):
            if any(key in one["curve"] for one in runs):
                known.column(h5, f"/summary/{key}", [last(one, key) for one in runs], "run")
        write_groups(h5, runs)
        for name, values in (flow_gap or {}).items():
            known.column(h5, f"/flow_gap/{name}", values, "series" if name.startswith("exponent") else "run")
    return folder


def write_run(folder, one):
    with h5py.File(folder / "runs" / f"{one['name']}.h5", "w") as h5:
        known.attributes(h5, schema="thalweg/run", schema_version=1, seed=one["instance"], name=one["name"],
                         **{key: one[key] for key in ("group", "instance", "status", "observations")}, **one["attributes"])
        for name, values in one["curve"].items():
            known.column(h5, f"/trajectory/{name}", values, "step")
        for part in ("spectrum", "theory"):
            if one[part] is not None:
                known.column(h5, f"/{part}/step", one["curve"]["step"], "step")
                h5[f"/{part}/singular_values"] = one[part]
                h5[f"/{part}/singular_values"].dims[0].attach_scale(h5[f"/{part}/step"])


def write_groups(h5, runs):
    names = list(dict.fromkeys(one["group"] for one in runs))
    members = [[one for one in runs if one["group"] == name] for name in names]
    known.column(h5, "/groups/group", names, "group")
    known.column(h5, "/groups/runs", [len(mine) for mine in members], "group")
    finished = [[one for one in mine if one["status"] == "finished"] for mine in members]
    known.column(h5, "/groups/finished", [len(mine) for mine in finished], "group")
    known.column(h5, "/groups/steps", [middle([steps_of(one) for one in mine]) for mine in finished], "group")
    good = [[last(one, "test_loss") for one in mine if one["status"] != "diverged"] for mine in members]
    if any("test_loss" in one["curve"] for one in runs):
        for name, share in (("test_loss", 0.5), ("test_loss_lower", 0.25), ("test_loss_upper", 0.75)):
            known.column(h5, f"/groups/{name}", [middle(values, share) for values in good], "group")


def middle(values, share=0.5):
    return np.quantile(values, share) if len(values) else np.nan


def steps_of(one):
    return int(one["curve"]["step"][-1]) if one["steps"] is None else one["steps"]


def last(one, key):
    return float(one["curve"][key][-1]) if key in one["curve"] else np.nan
