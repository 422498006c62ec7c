"""Figure of matrix completion: how far gradient descent is from gradient flow."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from . import style
from .completion_runs import caption, completion_runs, distinguish, looks, positive, write_caption
from .kernel_figures import page
from .log_axis import log_scale, plain_log_axis
from .records import RecordError, Study


def flow_gap_figure(study: Study) -> Figure:
    """Largest relative distance of the matrix from that of the flow against the learning rate, both logarithmic: a
    colour for each depth and scale, a line an instance; dashed, the first power of the rate."""
    runs = completion_runs(study)
    if not study.has_group("flow_gap"):
        raise RecordError(f"{study.folder}: has no /flow_gap; the figure needs gradient descent and a flow from the "
                          "same start, with [train] times and keep_matrices")
    data = study.group("flow_gap")
    gaps = runs.set_index("run").loc[list(data["run"].values)].reset_index()
    gaps = gaps.assign(rate=data["learning_rate"].values, distance=data["distance"].values)
    gaps["label"] = distinguish(gaps, ("depth", "scale", "observations"))
    shades = looks(gaps["label"])
    with style.styled():
        text = ("‖W − W$_{flow}$‖/‖W$_{flow}$‖ in Frobenius' norm, the largest over the stated times; a line an "
                f"instance.{_exponents(data)}")
        text, room = caption(study, runs[runs["status"] == "diverged"], text, 7.2)
        height = 4.5 + room
        figure = page(study, 7.2, height)
        axes = figure.subplots()
        figure.subplots_adjust(left=0.125, right=0.745, top=1 - 0.55 / height, bottom=(0.55 + room) / height)
        for (label, _), mine in gaps.groupby(["label", "instance"], sort=False):
            mine = mine.sort_values("rate")
            color, marker = shades[label]
            axes.plot(*positive(mine["rate"], mine["distance"]), color=color, marker=marker, markersize=5,
                      markerfacecolor="white", linewidth=1.3, label=label)
        log_scale(axes, "x", "y")
        axes.set(xlabel="learning rate", ylabel="largest relative distance from the flow")
        guide(axes, gaps)
        plain_log_axis(axes)
        plain_log_axis(axes, which="x")
        entries = dict(zip(*reversed(axes.get_legend_handles_labels())))
        axes.legend(entries.values(), entries.keys(), loc="upper left", bbox_to_anchor=(1.0, 1.02), frameon=False,
                    fontsize=8, borderaxespad=0.4)
        write_caption(figure, text)
    return figure


def guide(axes, gaps) -> None:
    """The first power of the rate, below all points."""
    shown = gaps[(gaps["distance"] > 0) & (gaps["rate"] > 0)]
    if not len(shown):
        return
    rates = np.array([shown["rate"].min(), shown["rate"].max()])
    line = 0.6 * (shown["distance"] / shown["rate"]).min() * rates
    axes.plot(rates, line, color=style.MUTED, linestyle="--", linewidth=1.1, label="slope 1")


def _exponents(data) -> str:
    """The fitted powers, as the range over series."""
    if "exponent" not in data:
        return ""
    values = data["exponent"].values
    if len(values) == 1:
        return f" Fitted power: {values[0]:.3f} ± {float(data['exponent_error'].values[0]):.3f}."
    return f" Fitted powers of {len(values)} series: {values.min():.3f} to {values.max():.3f}."
