"""Figure of a UCI study: two kernels set by set, and all kernels over all sets."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from . import style
from .kernel_figures import page
from .records import RecordError, Study


def uci_figure(study: Study, first: str = None, second: str = None) -> Figure:
    """(a) test accuracy of kernel `first` against `second`, a dot a set; (b) every kernel's mean rank over the sets
    with its mean accuracy beside. By default the first kernel of the study against the best-ranked of the others."""
    data = study.group("uci")
    names = [str(name) for name in data["kernel"].values]
    if len(names) < 2:
        raise RecordError(f"{study.folder}: one kernel; the figure compares at least two")
    rank = data["friedman_rank"].values
    first = names[0] if first is None else first
    if second is None:
        second = min((name for name in names if name != first), key=lambda name: rank[names.index(name)])
    for name in (first, second):
        if name not in names:
            raise RecordError(f"{study.folder}: no kernel {name!r}; there are: {', '.join(names)}")
    with style.styled():
        height = max(4.4, 1.6 + 0.34 * len(names))
        figure = page(study, 9.6, height)
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.075, right=0.88, top=1 - 0.75 / height, bottom=0.6 / height, wspace=0.52)
        pair_panel(left, data, names.index(first), names.index(second), first, second)
        rank_panel(right, data, names)
    return figure


def pair_panel(axes, data, first: int, second: int, first_name: str, second_name: str) -> None:
    """A dot a set; the diagonal is where both are equal."""
    accuracy = 100.0 * data["accuracy"].values
    x, y = accuracy[:, second], accuracy[:, first]
    both = np.concatenate([x, y])
    low = max(0.0, both[np.isfinite(both)].min(initial=100.0) - 4.0)
    axes.plot([low, 101], [low, 101], color=style.MUTED, linewidth=0.8, zorder=1)
    axes.scatter(x, y, s=22, color=style.PALETTE[0], alpha=0.75, linewidths=0, zorder=2)
    axes.set(xlim=(low, 101), ylim=(low, 101), aspect="equal", title="(a) Test accuracy, set by set",
             xlabel=f"{second_name}, %", ylabel=f"{first_name}, %")
    above, below = int((y > x).sum()), int((y < x).sum())
    axes.text(0.03, 0.97, f"{first_name} better: {above}", transform=axes.transAxes, va="top")
    axes.text(0.97, 0.03, f"{second_name} better: {below}\nequal: {len(x) - above - below}",
              transform=axes.transAxes, ha="right", va="bottom")


def rank_panel(axes, data, names) -> None:
    """Mean rank over sets, the best above; mean accuracy as text."""
    rank = data["friedman_rank"].values
    mean = 100.0 * data["mean_accuracy"].values
    order = sorted(range(len(names)), key=lambda k: -rank[k] if np.isfinite(rank[k]) else -np.inf)
    rows = np.arange(len(order))
    axes.hlines(rows, 1, [rank[k] for k in order], color="#dddddd", linewidth=1.2, zorder=1)
    axes.scatter([rank[k] for k in order], rows, s=30, color=style.PALETTE[1], zorder=2)
    axes.set_yticks(rows, [names[k] for k in order])
    axes.set_ylim(-0.6, len(order) - 0.4)
    axes.set_xlim(1, max(len(order), rank[np.isfinite(rank)].max(initial=1.0) + 0.3))
    axes.tick_params(axis="y", length=0)
    for row, k in zip(rows, order):
        axes.annotate(f"{mean[k]:.2f} %", (1.03, row), xycoords=axes.get_yaxis_transform(), va="center")
    axes.annotate("mean accuracy", (1.03, len(order) - 0.4), xycoords=axes.get_yaxis_transform(), va="bottom",
                  color=style.MUTED, fontsize=8)
    axes.set(title=f"(b) Mean rank over {data.sizes['set']} sets", xlabel="mean rank (1 is the best)")
