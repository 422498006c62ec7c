"""Figure of ratings completed by factorisations: their errors along training beside those of baselines."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from . import style
from .completion_runs import (caption, completion_groups, completion_runs, distinguish, is_trained, looks,
                              write_caption)
from .curves import finite, mean_curve
from .kernel_figures import page
from .log_axis import log_scale, plain_log_axis
from .records import RecordError, Study
from .tables import usable

KINDS = {"test": "Test error", "validation": "Validation error"}


def ratings_figure(study: Study) -> Figure:
    """Root mean squared error of every factorisation against steps, on test entries and, where there are some, on
    validation entries: thin lines instances, thick ones their mean, filled the step of least validation error; dashed
    the baselines at their end."""
    runs = completion_runs(study)
    good = usable(runs)
    groups = completion_groups(study, runs)
    trained = groups[is_trained(groups)]
    kinds = [kind for kind in KINDS if f"{kind}_loss" in good and good[f"{kind}_loss"].notna().any()]
    if not len(trained) or "test" not in kinds:
        raise RecordError(f"{study.folder}: the figure of ratings needs a factorisation and test entries")
    names = dict(zip(trained["group"], distinguish(trained, ("depth", "scale", "learning_rate", "observations"))))
    baselines = groups[~is_trained(groups)]
    names.update(zip(baselines["group"], baselines["group"].str.replace("_", " ")))
    shades = {group: color for group, (color, _) in looks(trained["group"]).items()}
    with style.styled():
        width = 6.4 if len(kinds) == 1 else 11.5
        text = ("Root of the mean squared error. Thin lines: instances; thick: their mean; dashed: baselines at their "
                "end, mean." + (" Dots: where an instance's validation error is least; best: the mean at these dots."
                                if len(kinds) > 1 else " Numbers: at the end."))
        text, room = caption(study, runs, text, width)
        height = 4.4 + room
        figure = page(study, width, height)
        panels = np.atleast_1d(figure.subplots(1, len(kinds), sharey=True))
        figure.subplots_adjust(left=0.8 / width, right=1 - 2.0 / width, top=1 - 0.75 / height,
                               bottom=(0.55 + room) / height, wspace=0.78)
        for letter, axes, kind in zip("ab", panels, kinds):
            error_panel(axes, study, good, names, shades, kind)
            axes.set_title(f"({letter}) {KINDS[kind]}" if len(kinds) > 1 else KINDS[kind])
        write_caption(figure, text)
    return figure


def error_panel(axes, study: Study, runs, names, shades, kind: str) -> None:
    """One kind of error of all groups, their names and numbers at the right."""
    ends, most = [], 1.0
    has_validation = "validation_loss" in runs and runs["validation_loss"].notna().any()
    for group, label in names.items():
        mine = [study.run(run) for run in runs.loc[runs["group"] == group, "run"]]
        mine = [data for data in mine if f"{kind}_loss" in data]
        if group not in shades:
            error = np.mean([np.sqrt(data[f"{kind}_loss"].values[-1]) for data in mine]) if mine else np.nan
            if np.isfinite(error):
                axes.axhline(error, color=style.INK, linewidth=1.0, linestyle=(0, (5, 3)), zorder=1)
                ends.append((None, error, f"{label}  {error:.3f}", style.INK))
            continue
        color, curves, told = shades[group], [], []
        for data in mine:
            error = np.sqrt(data[f"{kind}_loss"].values)
            steps = data["step"].values
            best = len(error) - 1
            if "validation_loss" in data:
                best = int(np.nanargmin(data["validation_loss"].values))
                axes.plot([max(steps[best], 1)], [error[best]], color=color, marker="o", markersize=5, zorder=4)
            told.append(error[best])
            x, y = finite(steps, error)
            curves.append((x[x > 0], y[x > 0]))
            axes.plot(*curves[-1], color=color, linewidth=0.7, alpha=0.6)
        x, y = mean_curve(curves)
        if len(x):
            axes.plot(x, y, color=color, linewidth=2.0)
            most = max(most, x[-1])
            number = f"{'best ' if has_validation else ''}{np.mean(told):.3f}"
            ends.append((x[-1], y[-1], f"{label}  {number}", color))
    axes.margins(y=0.08)
    log_scale(axes, "x")
    axes.set_xlim(1, most)
    plain_log_axis(axes, which="x")
    axes.set(xlabel="steps", ylabel="error (root mean square), stars")
    axes.tick_params(labelleft=True)
    style.label_ends(axes, [(most if x is None else x, y, text, color) for x, y, text, color in ends], gap=0.055)
