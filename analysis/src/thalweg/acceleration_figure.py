"""Figure of a regression by factorisations: whether depth makes gradient descent faster."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from . import style
from .completion_runs import (caption, completion_groups, completion_runs, distinguish, is_trained, positive,
                              target_loss, write_caption)
from .kernel_figures import page
from .log_axis import log_scale, plain_log_axis
from .records import RecordError, Study
from .tables import usable


def acceleration_figure(study: Study) -> Figure:
    """(a) training loss against steps of every factorisation at the rate that reaches the target first, dashed the
    target; (b) steps to the target against the rate, filled the rate taken in (a)."""
    runs = completion_runs(study)
    groups = completion_groups(study, runs)
    groups = groups[is_trained(groups) & groups["learning_rate"].notna()].reset_index(drop=True)
    if not len(groups):
        raise RecordError(f"{study.folder}: no factorisation was trained with a learning rate; the figure needs steps "
                          "of an optimiser")
    if "steps" not in groups:
        groups["steps"] = np.nan
    groups["label"] = distinguish(groups, ("depth", "scale", "observations"))
    labels = list(dict.fromkeys(groups["label"]))
    looks = _looks(groups, labels)
    taken = {label: fastest(groups[groups["label"] == label], usable(runs)) for label in labels}
    target = target_loss(study)
    with style.styled():
        text = ("Fastest: the rate at which most instances reach the target, of these the one of fewest steps. In (a) a "
                "line an instance. In (b) the median of those that reach it, crossed where not all do; rates at which "
                "none does are not shown.")
        text, room = caption(study, runs, text, 10.5)
        height = 4.2 + room
        figure = page(study, 10.5, height)
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.075, right=0.80, top=1 - 0.75 / height, bottom=(0.55 + room) / height, wspace=0.27)
        for label, group in taken.items():
            loss_curves(left, study, usable(runs), group, looks[label])
            rate_line(right, groups[groups["label"] == label], group, looks[label])
        if target is not None:
            left.axhline(target, color=style.INK, linewidth=1.0, linestyle=(0, (5, 3)))
            left.annotate("target", (0.01, target), xytext=(0, 2), textcoords="offset points", fontsize=8,
                          xycoords=left.get_yaxis_transform(), va="bottom")
        log_scale(left, "x", "y")
        left.set(xlabel="steps", ylabel="training loss")
        left.set_title("(a) At the fastest rate")
        right.set_title("(b) Steps to the target (filled: fastest)")
        if (groups["finished"] > 0).any():
            log_scale(right, "x", "y")
            right.set(xlabel="learning rate", ylabel="steps to the target, median")
        else:
            style.panel_note(right, "no run reached its target")
        for axes in (left, right):
            if axes.get_xscale() == "log":
                plain_log_axis(axes)
                plain_log_axis(axes, which="x")
        handles = [right.plot([], [], **{**looks[label], "markerfacecolor": looks[label]["color"]},
                              label=f"{label}\nrate {group['learning_rate']:g}" + _missed(group))[0]
                   for label, group in taken.items()]
        right.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.03), frameon=False, fontsize=8,
                     handlelength=2.0, borderaxespad=0.4, labelspacing=0.7)
        write_caption(figure, text)
    return figure


def fastest(groups, runs):
    """The group at whose rate most instances reach the target, of these of fewest steps, of these of the smallest rate;
    where none does, the one of least training loss."""
    ordered = groups.sort_values("learning_rate", kind="stable")
    reached = ordered[ordered["finished"] > 0]
    if len(reached):
        return reached.sort_values(["finished", "steps"], ascending=[False, True], kind="stable").iloc[0]
    losses = runs.groupby("group")["train_loss"].median()
    return ordered.assign(loss=ordered["group"].map(losses)).sort_values("loss", kind="stable").iloc[0]


def loss_curves(axes, study: Study, runs, group, look) -> None:
    for run in runs.loc[runs["group"] == group["group"], "run"]:
        data = study.run(run)
        axes.plot(*positive(data["step"], data["train_loss"]), color=look["color"], linestyle=look["linestyle"],
                  linewidth=1.5)


def rate_line(axes, groups, taken, look) -> None:
    """Steps over the rates that reach the target, crossed where only some instances do; the rate that was taken is
    filled."""
    shown = groups[groups["steps"].notna() & (groups["finished"] > 0)].sort_values("learning_rate")
    axes.plot(shown["learning_rate"], shown["steps"], **look, markerfacecolor="white", markersize=5, linewidth=1.5)
    some = shown[shown["finished"] < shown["runs"]]
    axes.plot(some["learning_rate"], some["steps"], color=style.INK, marker="x", markersize=4.5, linestyle="none",
              zorder=5)
    if taken["finished"] > 0:
        axes.plot([taken["learning_rate"]], [taken["steps"]], color=look["color"], marker=look["marker"], markersize=6,
                  linestyle="none", zorder=4)


def _looks(groups, labels) -> dict:
    """Depths by shades from dark to light where nothing else differs, colours otherwise; markers tell all apart."""
    only_depth = groups["name"].nunique() == 1 and groups["label"].nunique() == groups["depth"].nunique()
    shades = [tuple(c) for c in matplotlib.colormaps["viridis"](np.linspace(0.0, 0.85, len(labels)))]
    colors = dict(zip(labels, shades)) if only_depth and len(labels) > 4 else style.colors(labels)
    dashes = style.dashes(labels)
    return {label: {"color": colors[label], "linestyle": dashes[label], "marker": style.MARKERS[i % len(style.MARKERS)]}
            for i, label in enumerate(labels)}


def _missed(group) -> str:
    if group["finished"] == group["runs"]:
        return f", {group['steps']:.0f} steps"
    if group["finished"] == 0:
        return ", target not reached"
    return f", {group['steps']:.0f} steps\n({group['finished']} of {group['runs']} reached)"
