"""Records of trajectory studies with several protocols and known numbers."""

import conftest as known
import h5py
import numpy as np

BATCHES = (16, 64, 256)
LEAST_STEPS, LEAST_SAMPLES = 50.0, 3200.0  # critical batch 64
RATES = (0.1, 0.2, 0.4)
ETA = {"slow": 0.1, "fast": 0.2}


def write(folder, groups, steps, seeds=2, accuracy=lambda row, seed: 0.9, extra=None, status=None):
    """A study whose runs' loss is 1/step; summary columns and those of `extra`(row, seed) → name: value."""
    (folder / "runs").mkdir(parents=True, exist_ok=True)
    rows = [(row, seed) for row in range(len(groups)) for seed in range(seeds)]
    names = [f"{groups[row].replace(' ', '_')}-seed{seed}" for row, seed in rows]
    columns = {}
    for (row, seed), name in zip(rows, names):
        state = status(row, seed) if status else "finished"
        step = np.arange(0, steps(row, seed) + 1, 10)
        with h5py.File(folder / "runs" / f"{name}.h5", "w") as h5:
            known.attributes(h5, schema="thalweg/run", schema_version=1, group=groups[row], seed=seed, status=state)
            known.column(h5, "/trajectory/step", step, "step")
            known.column(h5, "/trajectory/epoch", step / 10.0, "step")
            known.column(h5, "/trajectory/train_loss", 1.0 / (1.0 + step), "step")
        values = {"seed": seed, "step": int(step[-1]), "test_accuracy": accuracy(row, seed), "status": state,
                  **(extra(row, seed) if extra else {})}
        for key, value in values.items():
            columns.setdefault(key, []).append(value)
    with h5py.File(folder / "study.h5", "w") as h5:
        known.attributes(h5, schema="thalweg/study", schema_version=1, study=folder.name, kind="trajectories",
                         software_version="0.1.0")
        known.column(h5, "/summary/run", names, "run_number")
        known.column(h5, "/summary/group", [groups[row] for row, _ in rows], "run_number")
        for key, values in columns.items():
            known.column(h5, f"/summary/{key}", values, "run_number")
    return folder


def write_objective(folder):
    """Runs on an objective without data: loss 4^-k − 1 in steps of 10, of two groups with two seeds each."""
    groups = ["slow", "fast"]
    (folder / "runs").mkdir(parents=True, exist_ok=True)
    rows = [(row, seed) for row in range(2) for seed in range(2)]
    names = [f"{groups[row]}-seed{seed}" for row, seed in rows]
    for (row, seed), name in zip(rows, names):
        step = np.arange(0, 60, 10)
        with h5py.File(folder / "runs" / f"{name}.h5", "w") as h5:
            known.attributes(h5, schema="thalweg/run", schema_version=1, group=groups[row], seed=seed, status="finished")
            known.column(h5, "/trajectory/step", step, "step")
            known.column(h5, "/trajectory/loss", 4.0 ** -(step / 10.0) * (1 + seed) - 1.0, "step")
            known.column(h5, "/trajectory/distance_from_start", step / 50.0, "step")
            known.column(h5, "/trajectory/gradient_norm", 2.0 ** -(step / 10.0), "step")
    with h5py.File(folder / "study.h5", "w") as h5:
        known.attributes(h5, schema="thalweg/study", schema_version=1, study=folder.name, kind="trajectories",
                         software_version="0.1.0")
        known.column(h5, "/summary/run", names, "run_number")
        known.column(h5, "/summary/group", [groups[row] for row, _ in rows], "run_number")
        known.column(h5, "/summary/status", ["finished"] * 4, "run_number")
        known.column(h5, "/summary/seed", [seed for _, seed in rows], "run_number")
        known.column(h5, "/summary/loss", [4.0**-5 * (1 + seed) - 1.0 for _, seed in rows], "run_number")
    return folder


def write_tune(folder, groups, criterion="steps_to_target"):
    """Every group tries RATES; the values are 400, 200, none for the first, and the last is chosen for the others."""
    trials = [(group, rate) for group in groups for rate in RATES]
    values, chosen = [], []
    for index, group in enumerate(groups):
        values += [400.0, 200.0, np.nan] if index == 0 else [300.0, 150.0, 75.0]
        chosen += [0, 1, 0] if index == 0 else [0, 0, 1]
    with h5py.File(folder / "study.h5", "a") as h5:
        known.column(h5, "/tune/trial", [f"tune-{group}-rate{rate}" for group, rate in trials], "trial")
        known.column(h5, "/tune/group", [group for group, _ in trials], "trial")
        known.column(h5, "/tune/learning_rate", [rate for _, rate in trials], "trial")
        known.column(h5, "/tune/criterion", values, "trial")
        known.column(h5, "/tune/criterion_valid", np.isfinite(values).astype(np.uint8), "trial")
        known.column(h5, "/tune/chosen", np.array(chosen, np.uint8), "trial")
        at_edge = [int(c and rate == RATES[-1]) for c, (_, rate) in zip(chosen, trials)]
        known.column(h5, "/tune/at_edge", np.array(at_edge, np.uint8), "trial")
        known.attributes(h5["tune"], criterion=criterion, validation=0.1, seed=1)
    return folder


def write_sweep(folder):
    """Batch sizes whose steps lie on the curve, ten more or fewer by seed; the last did not reach its target."""
    groups = [f"run-batch{batch}" for batch in (*BATCHES, 4096)]

    def steps(row, seed):
        return 100 if row == 3 else round(LEAST_STEPS + LEAST_SAMPLES / BATCHES[row], -1) + (10 if seed else -10)

    write(folder, groups, steps, extra=lambda row, seed: {"batch_size": (*BATCHES, 4096)[row]},
          status=lambda row, seed: "target_not_reached" if row == 3 else "finished")
    with h5py.File(folder / "study.h5", "a") as h5:
        known.column(h5, "/critical_batch/family", ["run"], "family")
        for name, value in (("s_min", LEAST_STEPS), ("s_min_error", 2.0), ("e_min", LEAST_SAMPLES), ("e_min_error", 90.0),
                            ("batch_size", 64.0), ("batch_size_error", 5.0)):
            known.column(h5, f"/critical_batch/{name}", [value], "family")
        known.column(h5, "/critical_batch/converged", np.array([1], np.uint8), "family")
        mean = [LEAST_STEPS + LEAST_SAMPLES / batch for batch in BATCHES]
        known.column(h5, "/critical_batch/points/family", ["run"] * 4, "point")
        known.column(h5, "/critical_batch/points/batch_size", [*map(float, BATCHES), 4096.0], "point")
        known.column(h5, "/critical_batch/points/steps", [*mean, 100.0], "point")
        known.column(h5, "/critical_batch/points/used", np.array([1, 1, 1, 0], np.uint8), "point")
    return write_tune(folder, groups[:2])


def edge_curve(group):
    """λ_max that rises to 2/η and stays there."""
    step = np.arange(0, 101, 20)
    return step, np.minimum(4.0 + 0.2 * step, 2.0 / ETA[group])


SPECTRUM = np.array([[0.0, 5.0, 1.0], [0.0, 8.0, 0.5]])  # densities at the first and the last measurement


def write_spectrum(folder):
    """One run a group, measured at steps 0 and 100, whose trace falls from 30 ± 2 to 10 ± 1."""
    write(folder, ["small", "large"], lambda row, seed: 100, seeds=1, extra=lambda row, seed: {"density.negative_share": 0.1})
    for group in ("small", "large"):
        with h5py.File(folder / "runs" / f"{group}-seed0.h5", "a") as h5:
            known.column(h5, "/probes/density/step", np.array([0, 100]), "step")
            for name, values in (("trace", [30.0, 10.0]), ("trace_error", [2.0, 1.0]), ("ritz_max", [4.0, 6.0]),
                                 ("ritz_min", [-2.0, -1.0])):
                known.column(h5, f"/probes/density/{name}", np.array(values), "step")
            for name, values in (("eigenvalue", np.tile([-1.0, 0.0, 1.0], (2, 1))), ("density", SPECTRUM),
                                 ("density_error", SPECTRUM / 10)):
                h5[f"/probes/density/{name}"] = values
                h5[f"/probes/density/{name}"].dims[0].attach_scale(h5["/probes/density/step"])
    return folder


def write_edge(folder):
    write(folder, list(ETA), lambda row, seed: 100, seeds=1,
          extra=lambda row, seed: {"edge.lambda_max": 2 / list(ETA.values())[row], "edge.preconditioned": 0.0})
    for group, eta in ETA.items():
        step, value = edge_curve(group)
        with h5py.File(folder / "runs" / f"{group}-seed0.h5", "a") as h5:
            known.column(h5, "/probes/edge/step", step, "step")
            for name, values in (("lambda_max", value), ("threshold", np.full(len(step), 2 / eta)),
                                 ("ratio", value * eta / 2)):
                known.column(h5, f"/probes/edge/{name}", values, "step")
    return folder
