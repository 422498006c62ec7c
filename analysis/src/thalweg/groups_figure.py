"""Figure of a study with many groups, or with tuned rates: a panel a measure, a row a group."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.figure import Figure

from . import style
from .curves import finite, mean_curve
from .figures import caption, slice_panel
from .kernel_figures import page
from .log_axis import log_scale, plain_log_axis
from .records import RecordError, Study
from .rows_panel import rows_panel
from .sharpness_panel import measure_label, sharpness_measures
from .tables import groups, usable
from .tune_panel import tune_notes, tune_panel


def groups_figure(study: Study) -> Figure:
    """Training loss against steps; then a panel each, a row a group, for test error, steps where they differ, and every
    λ_max and sharpness; then, where there are any, the slices between minima and the picking of learning rates."""
    summary = study.summary
    if study.kind != "trajectories" or not len(usable(summary)):
        raise RecordError(f"{study.folder}: a study of kind {study.kind!r} with {len(usable(summary))} runs that did "
                          "not diverge; the figure needs trajectories")
    names = groups(summary)
    colors, dashes = style.colors(names), style.dashes(names)
    if "step" in summary and not (summary["step"] > 0).any():  # points that were measured as they were
        draw = [lambda axes: _row(axes, summary, "train_loss", names, colors, 1.0, "Training loss, no step taken")]
    else:
        draw = [lambda axes: loss_panel(axes, study, names, colors, dashes)]
    for column, scale, title in measures(summary, study):
        draw.append(lambda axes, c=column, s=scale, t=title: _row(axes, error_of(summary), c, names, colors, s, t))
    if study.slices():
        draw.append(lambda axes: slice_panel(axes, study, colors))
    if study.has_group("tune"):
        draw.append(lambda axes: _tune(axes, study, colors, dashes))
    with style.styled():
        rows = (len(draw) + 1) // 2
        each = max(2.3, 0.75 + 0.24 * len(names))
        height = 0.95 + rows * (each + 0.85)
        figure = page(study, 11, height)
        panels = np.atleast_1d(figure.subplots(rows, 2)).ravel()
        left, gap, right = *margins(names), 0.875
        figure.subplots_adjust(left=left, right=right, top=1 - 0.65 / height, bottom=1.05 / height,
                               wspace=2 * gap / (right - left - gap), hspace=0.85 / each)
        for letter, axes, panel in zip("abcdefghijkl", panels, draw):
            panel(axes)
            title = axes.get_title(loc="left")
            axes.set_title(f"({letter}) {title[4:] if title.startswith('(') else title}")
        for axes in panels[len(draw):]:
            axes.set_visible(False)
        text = caption(study).replace("thick lines and bars", "thick lines")
        text += tune_notes(study) if study.has_group("tune") else ""
        figure.text(0.02, 0.1 / height, textwrap.fill(text, 190), fontsize=8, color=style.MUTED, va="bottom")
    return figure


def margins(names) -> tuple:
    """Room left of a panel for the longest name, and between two panels for it and for numbers or a legend; shares of
    the page's width."""
    longest = max(len(name) for name in names)
    left = 0.03 + 0.0064 * longest
    return left, left + max(0.09, 0.045 + 0.0056 * longest)


def error_of(summary):
    if "test_accuracy" not in summary:
        return summary
    return summary.assign(test_error=1.0 - summary["test_accuracy"].astype(float))


def measures(summary, study: Study) -> list:
    """[(column, factor, title)] of what has values: errors in %, steps where they differ between groups, sharpness."""
    found = []
    if "test_accuracy" in summary and summary["test_accuracy"].notna().any():
        found.append(("test_error", 100.0, "Test error at the end, %"))
    elif "test_loss" in summary:
        found.append(("test_loss", 1.0, "Test loss at the end"))
    if "step" in summary and summary["step"].nunique() > 1:
        found.append(("step", 1.0, "Steps at the end"))
    for column in sharpness_measures(study):
        found.append((column, 1.0, measure_label(column).replace("\n", " ") + " at the end"))
    return found


def _row(axes, summary, column, names, colors, scale, title) -> None:
    rows_panel(axes, summary, column, names, colors, scale)
    axes.set_title(title)


def _tune(axes, study: Study, colors, dashes) -> None:
    tune_panel(axes, study, colors, dashes)
    axes.set_title("Picking the rates (filled: taken)")


def loss_panel(axes, study: Study, names, colors, dashes) -> None:
    """Training loss of runs (thin) and their mean (thick) against steps, both logarithmic: batches of different sizes
    take very different numbers of steps. The start, step 0, has no place on such an axis."""
    trajectories = study.trajectories()
    trajectories = trajectories[trajectories["run"].isin(usable(study.summary)["run"])]
    for name in names:
        curves = []
        for _, run in trajectories[trajectories["group"] == name].groupby("run", sort=False):
            x, y = finite(run["step"], run["train_loss"])
            keep = (x > 0) & (y > 0)
            curves.append((x[keep], y[keep]))
            axes.plot(*curves[-1], color=colors[name], linewidth=0.6, alpha=0.5)
        x, y = mean_curve(curves)
        axes.plot(x, y, color=colors[name], linestyle=dashes[name], linewidth=2.2, label=name)
    log_scale(axes, "x", "y")
    axes.set(xlabel="steps", ylabel="training loss")
    axes.set_title("Training loss")
    plain_log_axis(axes)
    plain_log_axis(axes, which="x")
    style.legend_beside(axes)
