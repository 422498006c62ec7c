"""Figure of a correlation study: which measures order the runs as their generalisation gap does."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.figure import Figure

from . import style
from .figures import origin
from .kernel_figures import page
from .landscape_tables import correlation_gaps, correlation_order
from .records import RecordError, Study
from .tables import left_out


def correlation_figure(study: Study) -> Figure:
    """(a) Kendall's τ of every measure with every gap, a colour a gap, with bootstrap intervals, the largest above;
    hollow the granulated coefficients. (b) those with the first gap by hyperparameter, where the record has them."""
    if not study.has_group("correlation"):
        raise RecordError(f"{study.folder}: has no /correlation to draw")
    data = study.group("correlation")
    gaps = correlation_gaps(data)
    rows = correlation_order(data)
    by_axis = f"granulated_{gaps[0]}_by_axis" in data
    names = [str(data["measure"].values[i]) for i in rows]
    with style.styled():
        width, height = (13.5 if by_axis else 8.0), 2.1 + 0.3 * max(len(rows), 3)
        figure = page(study, width, height)
        panels = figure.subplots(1, 2 if by_axis else 1, squeeze=False)[0]
        left = 0.4 + 0.078 * max((len(name) for name in names), default=0)
        figure.subplots_adjust(left=left / width, right=1 - 1.4 / width, top=1 - 0.75 / height, bottom=1.2 / height,
                               wspace=0.42)
        tau_panel(panels[0], data, rows, gaps)
        panels[0].set_title("(a) All runs")
        if by_axis:
            axis_panel(panels[1], data, rows, gaps[0])
            panels[1].set_title(f"(b) Gap of the {gaps[0]}, one hyperparameter varies")
        for axes in panels:
            _frame(axes, names if axes is panels[0] else [""] * len(names))
            style.legend_beside(axes)
        figure.text(0.02, 0.1 / height, textwrap.fill(words(study, data, rows), int(17.5 * width)), fontsize=8,
                    color=style.MUTED, va="bottom")
    return figure


def tau_panel(axes, data, rows, gaps) -> None:
    for index, gap in enumerate(gaps):
        color = style.PALETTE[index]
        places = np.arange(len(rows)) + 0.32 * (index - (len(gaps) - 1) / 2)
        low, tau, high = (data[f"tau_{gap}{part}"].values.astype(float)[rows] for part in ("_low", "", "_high"))
        axes.hlines(places, low, high, color=color, linewidth=1.2, zorder=1)
        axes.plot(tau, places, color=color, marker="o", markersize=5, linestyle="none", label=f"gap of the {gap}")
        if f"granulated_{gap}" in data:
            axes.plot(data[f"granulated_{gap}"].values.astype(float)[rows], places, color=color, marker="D", markersize=5,
                      markerfacecolor="white", linestyle="none", label="granulated")


def axis_panel(axes, data, rows, gap) -> None:
    for index, name in enumerate(data["axis"].values):
        values = data[f"granulated_{gap}_by_axis"].values.astype(float)[rows, index]
        axes.plot(values, np.arange(len(rows)), color=style.PALETTE[(index + 2) % len(style.PALETTE)],
                  marker=style.MARKERS[index % len(style.MARKERS)], markersize=5, markerfacecolor="white",
                  linestyle="none", label=str(name).split(".")[-1])


def _frame(axes, names) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set(xlim=(-1.04, 1.04), xticks=(-1, -0.5, 0, 0.5, 1))
    axes.axvline(0.0, color=style.MUTED, linewidth=0.8, zorder=0)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel("Kendall's τ with the generalisation gap")


def words(study: Study, data, rows) -> str:
    """How many runs, which intervals, what is left out, and what a coefficient does not say."""
    counts = data["runs"].values[rows]
    runs = f"{counts.min()} to {counts.max()}" if len(counts) and counts.min() < counts.max() else f"{counts.max(initial=0)}"
    text = (f"{runs} runs; lines: {100 * float(data.attrs.get('confidence', 0.95)):g} % percentile intervals of "
            f"{int(data.attrs.get('bootstrap', 0))} resamples of runs. Granulated: within groups of runs that differ in one "
            "hyperparameter only, averaged (Jiang et al. 2020). ")
    without = [str(name) for i, name in enumerate(data["measure"].values) if i not in rows]
    if without:
        text += f"Not shown, since without a coefficient: {', '.join(without)}. "
    missing = left_out(study.summary) if len(study.summary) else ""
    return text + (f"{missing[0].upper()}{missing[1:]}. " if missing else "") + origin([study])
