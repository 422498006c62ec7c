"""Panel: how learning rates were picked."""

from __future__ import annotations

import os

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from . import style
from .log_axis import log_scale, plain_log_axis
from .records import Study

_CRITERIA = {
    "validation_accuracy": "error on held-out samples, %",
    "validation_loss": "loss on held-out samples",
    "train_loss": "training loss",
    "steps_to_target": "steps to the target",
}


def short_names(names) -> dict:
    """Group → its name without what all begin with, up to a hyphen."""
    names = list(names)
    start = os.path.commonprefix(names) if len(names) > 1 else ""
    start = start[:start.rfind("-") + 1]
    return {name: name[len(start):] for name in names}


def tune_panel(axes, study: Study, colors, dashes) -> None:
    """The criterion of every trial against its learning rate, a line a group; filled: the rate that the group's runs
    took. Trials without a value are left out: see tune_notes."""
    tune = study.group("tune")
    criterion = tune.attrs.get("criterion", "criterion")
    names = list(dict.fromkeys(tune["group"].values))
    label = short_names(names)
    rates, values = tune["learning_rate"].values.astype(float), tune["criterion"].values.astype(float)
    if criterion == "validation_accuracy":
        values = 100.0 * (1.0 - values)
    valid = tune["criterion_valid"].values == 1
    chosen = tune["chosen"].values == 1
    for name in names:
        mine = (tune["group"].values == name) & valid
        axes.plot(rates[mine], values[mine], color=colors[name], linestyle=dashes[name], linewidth=1.4, marker="o",
                  markersize=4, markerfacecolor="white", label=label[name])
        taken = mine & chosen
        axes.plot(rates[taken], values[taken], color=colors[name], linestyle="none", marker="o", markersize=8)
    log_scale(axes, "x")
    if np.any(valid) and np.all(values[valid] > 0):
        axes.set_yscale("log")
        plain_log_axis(axes)
    tried = np.unique(rates)
    if len(tried) <= 8:  # one grid for all groups
        axes.xaxis.set_major_locator(FixedLocator(tried))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    else:
        plain_log_axis(axes, which="x")
    axes.set(xlabel="learning rate", ylabel=_CRITERIA.get(criterion, criterion))
    style.legend_beside(axes)


def tune_notes(study: Study) -> str:
    """Sentences on what the panel cannot show; empty if there is nothing to say."""
    tune = study.group("tune")
    missing = int((tune["criterion_valid"].values != 1).sum())
    edge = list(dict.fromkeys(tune["group"].values[tune["at_edge"].values == 1]))
    text = f" Trials that diverged or did not reach the target, not shown: {missing}." if missing else ""
    return text + (f" Rate at the edge of its grid, a better one may lie beyond: {', '.join(edge)}." if edge else "")
