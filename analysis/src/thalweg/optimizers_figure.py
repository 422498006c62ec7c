"""Figure of matrix completion: what optimisers reach at the same training loss, and in how many steps."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from . import style
from .completion_runs import (caption, completion_groups, completion_runs, distinguish, is_trained, looks,
                              target_loss, write_caption)
from .kernel_figures import page
from .log_axis import log_scale, plain_log_axis
from .records import RecordError, Study
from .tables import usable


def compared_optimizers(runs) -> set:
    """Optimisers whose steps can be counted against each other; a flow's steps are its integrator's."""
    return set(runs.loc[is_trained(runs), "optimizer"]) - {"flow", ""}


def optimizers_figure(study: Study) -> Figure:
    """(a) test loss and (b) steps of the runs that reached the target loss, a row a group: open markers are instances,
    filled ones their median, bars quartiles; dashed the median of the least nuclear norm; at the right how many
    instances reached the target."""
    runs = completion_runs(study)
    if len(compared_optimizers(runs)) < 2 or "test_loss" not in runs:
        found = ", ".join(sorted(compared_optimizers(runs))) or "none"
        raise RecordError(f"{study.folder}: the figure compares test losses of at least two optimisers; there are: "
                          f"{found}")
    groups = completion_groups(study, runs)
    groups = groups[is_trained(groups)].sort_values(["observations", "depth"], kind="stable").reset_index(drop=True)
    labels = distinguish(groups, ("observations", "depth", "scale", "learning_rate"))
    shades = looks(groups["name"])
    reached = usable(runs)[usable(runs)["status"] == "finished"]
    with style.styled():
        longest = max(map(len, labels))
        left = 0.3 + 0.07 * longest
        width = left + 8.4
        target = target_loss(study)
        text = (f"Of runs that reached {f'the training loss {target:g}' if target else 'their target'}. Open markers: "
                "instances; filled: their median, bars: from the lower to the upper quartile."
                + (" Steps of a flow are its integrator's, not shown." if (groups["optimizer"] == "flow").any() else ""))
        text, room = caption(study, runs, text, width)
        height = 1.35 + room + 0.27 * len(groups)
        figure = page(study, width, height)
        tests, steps = figure.subplots(1, 2, sharey=True)
        figure.subplots_adjust(left=left / width, right=1 - 0.75 / width, top=1 - 0.75 / height,
                               bottom=(0.55 + room) / height, wspace=0.08)
        spread_rows(tests, reached, groups, "test_loss", shades)
        spread_rows(steps, reached[reached["optimizer"] != "flow"], groups, "steps", shades)
        nuclear_lines(tests, _nuclear(study, runs), groups,
                      reached.loc[reached["group"].isin(groups["group"]), "test_loss"].astype(float))
        for row, group in groups.iterrows():
            steps.annotate(f"{group['finished']} of {group['runs']}", (1.02, row), va="center", fontsize=8,
                           xycoords=steps.get_yaxis_transform())
        steps.annotate("reached", (1.02, -0.8), va="bottom", fontsize=8, color=style.MUTED,
                       xycoords=steps.get_yaxis_transform())
        tests.set_yticks(range(len(groups)), labels)
        for axes in (tests, steps):
            axes.set_ylim(len(groups) - 0.4, -0.6)
            axes.tick_params(axis="y", length=0)
            for row in np.flatnonzero(groups[["observations", "depth"]].diff().abs().sum(axis=1) > 0):
                axes.axhline(row - 0.5, color="#dddddd", linewidth=0.8, zorder=0)
            if any(len(marks.get_offsets()) for marks in axes.collections):
                log_scale(axes, "x")
                plain_log_axis(axes, which="x")
            else:
                axes.text(0.5, 0.5, "no run reached its target", color=style.MUTED, ha="center", transform=axes.transAxes)
                axes.set_xticks([])
        tests.set(title="(a) Test loss", xlabel="test loss (mean squared error)")
        steps.set(title="(b) Steps to the target", xlabel="steps")
        write_caption(figure, text)
    return figure


def spread_rows(axes, runs, groups, column, shades) -> None:
    """Instances, median and quartiles of a column, a row a group."""
    for row, group in groups.iterrows():
        color, marker = shades[group["name"]]
        values = runs.loc[runs["group"] == group["group"], column].astype(float)
        values = values[np.isfinite(values) & (values > 0)]
        axes.scatter(values, np.full(len(values), row + 0.2), s=12, facecolor="white", edgecolor=color, linewidth=0.8,
                     marker=marker, zorder=3)
        if len(values):
            lower, median, upper = np.quantile(values, (0.25, 0.5, 0.75))
            axes.plot([lower, upper], [row - 0.12] * 2, color=color, linewidth=2.0, zorder=2, solid_capstyle="butt")
            axes.plot([median], [row - 0.12], color=color, marker=marker, markersize=5.5, zorder=4)


def nuclear_lines(axes, medians, groups, tests) -> None:
    """The median of the least nuclear norm beside the rows of as many observations; one far below all of them, an exact
    recovery, is told and not drawn."""
    shown = tests[tests > 0]
    for count, median in medians.items():
        rows = np.flatnonzero(groups["observations"] == count)
        if not len(rows) or not len(shown):
            continue
        if median > 0.01 * shown.min():
            axes.plot([median] * 2, [rows[0] - 0.5, rows[-1] + 0.5], color=style.INK, linewidth=1.0,
                      linestyle=(0, (5, 3)), zorder=1, label="least nuclear norm, median")
        else:
            axes.plot([], [], linestyle="none", label=f"least nuclear norm, median {median:.1e}, off the axis")
    names = dict(zip(*reversed(axes.get_legend_handles_labels())))
    if names:
        axes.legend(names.values(), names.keys(), loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False,
                    fontsize=8, borderaxespad=0.1)


def _nuclear(study: Study, runs) -> dict:
    """Number of observations → median test loss of the least nuclear norm."""
    groups = completion_groups(study, runs)
    groups = groups[groups["method"] == "nuclear_norm"].drop_duplicates("observations")
    return dict(zip(groups["observations"], groups["test_loss"]))
