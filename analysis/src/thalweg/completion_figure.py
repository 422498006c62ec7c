"""Figure of matrix completion: the test loss of methods side by side."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from . import style
from .completion_runs import (caption, completion_groups, completion_runs, distinguish, is_trained, looks,
                              write_caption)
from .kernel_figures import page
from .log_axis import log_scale, plain_log_axis
from .records import RecordError, Study
from .tables import usable

BASELINE = (style.MUTED, "o")


def completion_figure(study: Study) -> Figure:
    """Test loss at the end, a panel for each number of observations: open markers instances, filled ones the median,
    bars from the lower to the upper quartile; dashed the median of the least nuclear norm. Factorisations stand at
    their depth if there are several depths, and at their name otherwise. The axis ends below the factorisations: arrows
    stand for what baselines that recover the matrix exactly leave, and a note for their median."""
    runs = completion_runs(study)
    if "test_loss" not in runs or not usable(runs)["test_loss"].notna().any():
        raise RecordError(f"{study.folder}: no run has a test loss; the comparison needs entries that were not trained "
                          "on")
    groups = completion_groups(study, runs)
    by_depth = _place(groups)
    counts = sorted(groups["observations"].unique())
    slots = list(dict.fromkeys(groups.sort_values("order", kind="stable")["slot"]))
    words = [textwrap.fill(slot, 8, break_long_words=False) for slot in slots]
    longest = max(len(line) for text in words for line in text.split("\n"))
    columns = min(len(counts), 3 if len(slots) <= 8 else 2)
    rows = -(-len(counts) // columns)
    shades = looks(groups.loc[is_trained(groups), "series"])
    floor = axis_end(usable(runs), groups)
    with style.styled():
        turned = longest > 9
        foot = 0.055 * min(longest, 30) if turned else 0.16 * max(text.count("\n") for text in words)
        each = max(2.4, 0.5 + (0.34 if turned else 0.58) * len(slots) + 0.09 * len(shades) * by_depth)
        entries = _entries(groups, shades if by_depth else {})
        right = 1.75 if entries else 0.4
        width = max(5.6, columns * each + (columns - 1) * 0.25 + 0.8 + right)
        below = below_floor(usable(runs), floor)
        text = "Open markers: instances; filled ones: their median, bars: from the lower to the upper quartile."
        if below:
            text += f" Arrows: below the axis, {below} run{'s' if below > 1 else ''}."
        text, room = caption(study, runs, text, width)
        height = 1.3 + room + rows * (2.8 + foot) + (rows - 1) * 0.75
        figure = page(study, width, height)
        panels = np.atleast_1d(figure.subplots(rows, columns, sharey=True)).ravel()
        figure.subplots_adjust(left=0.8 / width, right=1 - right / width, top=1 - 0.72 / height,
                               bottom=(0.55 + room + foot) / height, wspace=0.25 / each, hspace=(0.75 + foot) / 2.8)
        for axes, count in zip(panels, counts):
            comparison_panel(axes, usable(runs), groups[groups["observations"] == count], slots, shades, floor)
            axes.set_title(f"{count} observations")
            turn = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if turned else {}
            axes.set_xticks(range(len(slots)), slots if turned else words, **turn)
            axes.set_xlabel("depth of the factorisation" + (", and baselines" if len(slots) > by_depth else "")
                            if by_depth else "method")
        for axes in panels[::columns]:
            axes.set_ylabel("test loss (mean squared error)")
        for axes in panels[len(counts):]:
            axes.set_visible(False)
        log_scale(panels[0], "y")
        if below:
            panels[0].set_ylim(bottom=floor)
        plain_log_axis(panels[0])
        if entries:
            panels[columns - 1].legend(handles=entries, loc="upper left", bbox_to_anchor=(1.0, 1.03), frameon=False,
                                       fontsize=8, handlelength=2.0, borderaxespad=0.4)
        write_caption(figure, text)
    return figure


def _place(groups: pd.DataFrame) -> int:
    """Adds to every group its `slot` on the axis, the slot's `order` and the `series` that is its colour. Returns how
    many of the slots are depths, 0 if names stand there."""
    trained = is_trained(groups)
    groups["series"] = ""
    groups.loc[trained, "series"] = distinguish(groups[trained], ("scale", "learning_rate"))
    depths = groups[trained].groupby("series")["depth"].nunique()
    by_depth = len(depths) > 0 and depths.max() > 1
    groups["slot"] = distinguish(groups.assign(scale=groups["scale"].where(trained)),
                                 ("depth", "scale", "learning_rate"))
    groups["order"] = np.where(trained, 0.0, 1e6) + np.arange(len(groups))
    groups.loc[~trained, "slot"] = groups.loc[~trained, "name"].str.replace("_", " ")
    if not by_depth:
        groups["series"] = np.where(trained, groups["name"].str.replace("_", " "), "")
        return 0
    groups.loc[trained, "slot"] = groups.loc[trained, "depth"].map("{:g}".format)
    groups.loc[trained, "order"] = groups.loc[trained, "depth"]
    return groups.loc[trained, "depth"].nunique()


def axis_end(runs, groups) -> float:
    """Where the axis ends if anything is below: under all instances of factorisations and all medians, except medians
    more than a hundred times below those instances."""
    trained = runs.loc[is_trained(runs), "test_loss"].astype(float).to_numpy()
    medians = groups["test_loss"].to_numpy(float)
    trained, medians = trained[trained > 0], medians[medians > 0]
    if len(trained):
        medians = medians[medians > 0.01 * trained.min()]
    return 0.25 * min([*trained, *medians], default=1e-16)


def below_floor(runs, floor) -> int:
    return int((runs["test_loss"].astype(float) < floor).sum())


def comparison_panel(axes, runs, groups, slots, shades, floor) -> None:
    """The groups of one number of observations."""
    # Series that share a slot stand beside each other, and so do a group's instances and their median.
    largest = groups.groupby("slot")["series"].nunique().max()
    room = min(0.8 / largest, 0.45)
    for _, group in groups.iterrows():
        color, marker = shades.get(group["series"], BASELINE)
        place = list(shades).index(group["series"]) if largest > 1 and group["series"] in shades else (largest - 1) / 2
        x = slots.index(group["slot"]) + (place - (largest - 1) / 2) * room
        values = runs.loc[runs["group"] == group["group"], "test_loss"].astype(float)
        shown = values[values >= floor]
        if (values < floor).any():
            axes.plot([x - 0.2 * room], [0.015], color=color, marker=style.MARKERS[4], markersize=5, linestyle="none",
                      markerfacecolor="white", transform=axes.get_xaxis_transform(), clip_on=False, zorder=4)
        axes.scatter(np.full(len(shown), x - 0.2 * room), shown, s=11, facecolor="white", edgecolor=color,
                     linewidth=0.8, marker=marker, zorder=3)
        median, lower, upper = (float(group.get(name, np.nan))
                                for name in ("test_loss", "test_loss_lower", "test_loss_upper"))
        if upper > floor:
            axes.plot([x + 0.15 * room] * 2, [max(lower, floor), upper], color=color, linewidth=2.0, zorder=2,
                      solid_capstyle="butt")
        if median > floor:
            axes.plot([x + 0.15 * room], [median], color=color, marker=marker, markersize=5.5, zorder=4)
    for median in groups.loc[groups["method"] == "nuclear_norm", "test_loss"].head(1):
        if median > floor:
            axes.axhline(median, color=style.INK, linewidth=1.0, linestyle=(0, (5, 3)), zorder=1)
        else:
            axes.text(0.02, 0.02, f"least nuclear norm: median {median:.1e} ↓", fontsize=8, transform=axes.transAxes)
    axes.set_xlim(-0.6, len(slots) - 0.4)


def _entries(groups, shades) -> list:
    """Of the legend: the series, where there are several, and the line of the least nuclear norm."""
    entries = [Line2D([], [], color=color, marker=marker, markersize=5.5, linestyle="none", label=name)
               for name, (color, marker) in shades.items()] if len(shades) > 1 else []
    if (groups["method"] == "nuclear_norm").any():
        entries.append(Line2D([], [], color=style.INK, linewidth=1.0, linestyle=(0, (5, 3)),
                              label="least nuclear norm,\nmedian"))
    return entries
