"""Tables over groups of runs: mean and spread over seeds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .completion_tables import completion_tables
from .landscape_tables import audit_tables, connection_rows, correlation_rows, surface_rows
from .records import Study

# Bookkeeping that a table over groups does not average.
_NOT_MEASURED = {"run", "group", "seed", "status", "elapsed_s"}
_SETTINGS = ("batch_size", "learning_rate")


def usable(summary: pd.DataFrame) -> pd.DataFrame:
    """The runs that count: those that did not diverge."""
    return summary[summary["status"] != "diverged"]


def groups(summary: pd.DataFrame) -> list:
    """Group names in order of their first run."""
    return list(dict.fromkeys(summary["group"]))


def left_out(summary: pd.DataFrame) -> str:
    """A sentence on runs that are not in the means, or did not reach their target; empty if there are none."""
    parts = []
    for status, words in (("diverged", "left out, diverged"), ("target_not_reached", "target not reached")):
        runs = summary.loc[summary["status"] == status, "run"]
        if len(runs):
            parts.append(f"{words}: {', '.join(runs)}")
    return "; ".join(parts)


def group_means(summary: pd.DataFrame) -> pd.DataFrame:
    """Rows (measure), columns (group, "mean" | "spread" | "n").

    Spread is the standard deviation over runs (n − 1), NaN for a single one. NaN values are left out and
    missing from n. Diverged runs do not count.
    """
    good = usable(summary)
    measures = [c for c in good.columns
                if c not in _NOT_MEASURED and not c.endswith("_valid") and pd.api.types.is_numeric_dtype(good[c])]
    parts = {}
    for group in groups(summary):
        values = good.loc[good["group"] == group, measures].astype(float)
        values = values.where(np.isfinite(values))
        parts[group] = pd.DataFrame({"mean": values.mean(), "spread": values.std(ddof=1), "n": values.count()})
    return pd.concat(parts, axis=1) if parts else pd.DataFrame()


def number(mean: float, spread: float) -> str:
    """A mean with its spread to two digits; alone where there is no spread."""
    if not np.isfinite(mean):
        return "–"
    if not np.isfinite(spread):
        return f"{mean:.4g}"
    if spread == 0:
        return f"{mean:.6g} ± 0"
    # The spread with two digits, the mean to the same place.
    places = 1 - int(np.floor(np.log10(spread)))
    if abs(mean) >= 1e5 or max(abs(mean), spread) < 1e-3:
        return f"{mean:.3e} ± {spread:.1e}"
    return f"{mean:.{max(places, 0)}f} ± {spread:.{max(places, 0)}f}"


def markdown(header: list, rows: list) -> str:
    """A table that reads well both as text and as Markdown."""
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    lines = ["| " + " | ".join(str(cell).ljust(width) for cell, width in zip(row, widths)) + " |"
             for row in [header, *rows]]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def table(study: Study) -> str:
    """The study as a table: measures by groups, mean ± spread over seeds, or medians over instances; a kernel's
    scalars; what is left out."""
    parts = []
    summary = study.summary
    if study.kind == "completion":
        medians, *more = completion_tables(study)
        parts += [markdown(*medians), "medians over instances" + _sentence(left_out(summary))]
        parts += [markdown(*rows) for rows in more]
    elif len(summary):
        names = groups(summary)
        means = group_means(summary)
        rows = [["runs (of all)"] + [_counts(summary, name) for name in names]]
        for measure in means.index:
            cells = [means.loc[measure, name] for name in names]
            if measure in _SETTINGS and all(not cell["spread"] > 0 for cell in cells):
                rows.append([measure] + [f"{cell['mean']:.6g}" for cell in cells])
            else:
                rows.append([measure] + [number(cell["mean"], cell["spread"]) for cell in cells])
        parts.append(markdown([study.name, *names], rows))
        parts.append("mean ± standard deviation over runs" + _sentence(left_out(summary)))
    parts += [part(study) for path, part in (("tune", tuned_rates), ("critical_batch", critical_batches))
              if study.has_group(path)]
    parts += [markdown(*rows(study)) for path, rows in (("surfaces", surface_rows), ("connections", connection_rows),
                                                      ("correlation", correlation_rows))
              if study.has_group(path)]
    parts += [markdown(*audit) for audit in audit_tables(study)]
    kernel = study.kernel
    if kernel is not None:
        scalars = [[name, f"{float(value):.6g}"] for name, value in kernel.data_vars.items() if value.ndim == 0]
        parts.append(markdown([study.name, "value"], scalars))
    if study.has_group("small_data"):
        parts.append(_small_data(study))
    if study.has_group("uci"):
        parts.append(_uci(study))
    return "\n\n".join(parts) if parts else f"{study.name}: neither runs nor a kernel"


def tuned_rates(study: Study) -> str:
    """Groups by the learning rate that trials picked, its criterion, and whether it stands at the edge of the grid."""
    tune = study.group("tune")
    criterion = str(tune.attrs.get("criterion", "criterion"))
    rows = []
    for name in dict.fromkeys(tune["group"].values):
        mine = np.flatnonzero(tune["group"].values == name)
        rates = tune["learning_rate"].values[mine]
        taken = mine[tune["chosen"].values[mine] == 1]
        tried = f"{rates.min():g} to {rates.max():g}"
        if len(taken):
            edge = "yes" if tune["at_edge"].values[taken[0]] else "no"
            rows.append([name, f"{tune['learning_rate'].values[taken[0]]:g}",
                         f"{tune['criterion'].values[taken[0]]:.5g}", tried, edge])
        else:
            rows.append([name, "–", "–", tried, "–"])
    return markdown(["tuned group", "rate taken", criterion, "rates tried", "at the edge"], rows)


def critical_batches(study: Study) -> str:
    """Families of runs that differ in their batch size by the fit S(B) = S_min + E_min/B, ± standard errors."""
    fits = study.group("critical_batch")
    rows = [[str(name)] + [number(float(fits[key].values[row]), float(fits[f"{key}_error"].values[row]))
                           for key in ("s_min", "e_min", "batch_size")]
            + ["yes" if is_bracketed(study, row) else "no"]
            for row, name in enumerate(fits["family"].values)]
    return markdown(["family", "S_min, steps", "E_min, samples", "critical batch", "bracketed"],
                    rows) + "\n\n± standard errors of the fit"


def is_bracketed(study: Study, row: int) -> bool:
    """Whether a family's fit converged to a critical batch that lies among the batch sizes it was fitted to."""
    fits, points = study.group("critical_batch"), study.group("critical_batch/points")
    used = (points["family"].values == fits["family"].values[row]) & (points["used"].values == 1)
    batches = points["batch_size"].values[used]
    if not fits["converged"].values[row] or not len(batches):
        return False
    return bool(batches.min() <= float(fits["batch_size"].values[row]) <= batches.max())


def _small_data(study: Study) -> str:
    """Test accuracy in %, kernels by training samples, mean ± standard deviation over draws."""
    data = study.group("small_data")
    accuracy = 100.0 * data["test_accuracy"]
    spread = accuracy.std("draw", ddof=1) if accuracy.sizes["draw"] > 1 else np.nan * accuracy.mean("draw")
    rows = [[str(name)] + [number(float(m), float(s)) for m, s in zip(mean, sd)]
            for name, mean, sd in zip(data["kernel"].values, accuracy.mean("draw").values, spread.values)]
    text = markdown([study.name, *(str(size) for size in data["size"].values)], rows)
    return text + f"\n\ntest accuracy in %, mean ± standard deviation over {accuracy.sizes['draw']} draws"


def _uci(study: Study) -> str:
    """Kernels by their standing over the sets."""
    data = study.group("uci")
    measures = [name for name, values in data.data_vars.items()
                if values.dims == ("kernel",) and np.issubdtype(values.dtype, np.floating)]
    rows = [[str(kernel)] + [f"{float(data[name].values[row]):.4g}" for name in measures]
            for row, kernel in enumerate(data["kernel"].values)]
    return markdown([study.name, *measures], rows)


def _sentence(text: str) -> str:
    return f"; {text}" if text else ""


def _counts(summary: pd.DataFrame, group: str) -> str:
    mine = summary[summary["group"] == group]
    return f"{len(usable(mine))} of {len(mine)}"
