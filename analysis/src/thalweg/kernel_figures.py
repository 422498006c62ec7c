"""Figures of kernel studies: several kernels side by side, and accuracy on small training sets."""

from __future__ import annotations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator, ScalarFormatter

from . import style
from .records import RecordError, Study


def page(study: Study, width: float, height: float) -> Figure:
    """An empty page with the study's name."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    figure.text(0.02, 1 - 0.12 / height, study.name.replace("_", " "), fontsize=12, fontweight="bold", va="top")
    return figure


def comparison_figure(study: Study) -> Figure:
    """Test error of every kernel of a comparison, least first, with its binomial standard error."""
    summary = study.summary
    if "test_accuracy" not in summary or not len(summary):
        raise RecordError(f"{study.folder}: /summary has no test_accuracy; is it a comparison of kernels?")
    order = summary.sort_values("test_accuracy", ascending=True).reset_index(drop=True)
    with style.styled():
        height = 1.2 + 0.36 * len(order)
        figure = page(study, 7.5, height)
        axes = figure.subplots()
        figure.subplots_adjust(left=0.24, right=0.86, top=1 - 0.5 / height, bottom=0.6 / height)
        error = 100.0 * (1.0 - order["test_accuracy"].astype(float))
        spread = 100.0 * order["test_accuracy_error"].astype(float)
        rows = np.arange(len(order))
        axes.errorbar(error, rows, xerr=spread, fmt="o", color=style.PALETTE[0], capsize=3, markersize=5)
        for row, (value, width) in enumerate(zip(error, spread)):
            axes.annotate(f"{value:.2f} %", (1.02, row), xycoords=axes.get_yaxis_transform(), va="center")
        axes.set_yticks(rows, list(order["run"]))
        axes.set_ylim(-0.6, len(order) - 0.4)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_xlabel("test error, % (bars: binomial standard error)")
    return figure


def small_data_figure(study: Study) -> Figure:
    """Test accuracy against the number of training samples: mean over draws, standard deviation as a band."""
    data = study.group("small_data")
    accuracy = 100.0 * data["test_accuracy"]
    names = [str(name) for name in data["kernel"].values]
    colors = style.colors(names)
    sizes = data["size"].values.astype(float)
    with style.styled():
        figure = page(study, 7.5, 4.6)
        axes = figure.subplots()
        figure.subplots_adjust(left=0.09, right=0.78, top=0.88, bottom=0.12)
        ends = []
        for index, name in enumerate(names):
            values = accuracy.isel(kernel=index)
            mean = values.mean("draw").values
            spread = values.std("draw", ddof=1).values if values.sizes["draw"] > 1 else np.zeros_like(mean)
            axes.fill_between(sizes, mean - spread, mean + spread, color=colors[name], alpha=0.15, linewidth=0)
            axes.plot(sizes, mean, color=colors[name], linewidth=2, marker=style.MARKERS[index % len(style.MARKERS)],
                      markersize=5)
            ends.append((sizes[-1], mean[-1], f"{name}\n{mean[-1]:.1f} %", colors[name]))
        axes.set_xscale("log")
        axes.set_xticks(sizes)
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set(xlabel="training samples", ylabel="test accuracy, %")
        axes.set_title(f"Mean over {accuracy.sizes['draw']} draws, band: standard deviation")
        style.label_ends(axes, ends, gap=0.11)
    return figure
