"""Figure of a sweep over batch sizes: what a target costs, and the critical batch."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from . import style
from .figures import caption
from .kernel_figures import page
from .log_axis import plain_log_axis
from .records import Study
from .tables import groups, is_bracketed, number, usable
from .tune_panel import tune_notes, tune_panel


def critical_batch_figure(study: Study) -> Figure:
    """(a) steps and (b) samples to the target against batch size: open markers are runs, filled ones the means that
    were fitted, lines S(B) = S_min + E_min/B, dashed its two limits, upright the critical batch with its standard
    error; (c) the picking of learning rates, if there was any."""
    tuned = study.has_group("tune")
    with style.styled():
        figure = page(study, 13.5 if tuned else 9.5, 4.9)
        panels = figure.subplots(1, 3 if tuned else 2)
        figure.subplots_adjust(left=0.06, right=0.92, top=0.84, bottom=0.25, wspace=0.32 if tuned else 0.28)
        cost_panel(panels[0], study, per_step=1.0)
        panels[0].set(ylabel="steps to the target")
        panels[0].set_title("(a) Steps")
        cost_panel(panels[1], study, per_step=None)
        panels[1].set(ylabel="samples to the target")
        panels[1].set_title("(b) Samples")
        if tuned:
            names = groups(study.summary)
            tune_panel(panels[2], study, style.colors(names), style.dashes(names))
            panels[2].set_title("(c) Picking the rates (filled: taken)")
        text = words(study) + (tune_notes(study) if tuned else "")
        figure.text(0.02, 0.03, textwrap.fill(text, 205), fontsize=8, color=style.MUTED, va="bottom")
    return figure


def words(study: Study) -> str:
    """The fit of every family, and what the marks are."""
    fits = study.group("critical_batch")
    several = fits.sizes["family"] > 1
    parts = []
    for row, name in enumerate(fits["family"].values):
        fit = {key: float(fits[key].values[row]) for key in ("batch_size", "s_min", "e_min")}
        error = {key: float(fits[f"{key}_error"].values[row]) for key in fit}
        text = (f"critical batch {number(fit['batch_size'], error['batch_size'])}, "
                f"S_min {number(fit['s_min'], error['s_min'])} steps, "
                f"E_min {number(fit['e_min'], error['e_min'])} samples")
        if not is_bracketed(study, row):
            text += " (not bracketed by the batch sizes)"
        parts.append(f"{name}: {text}" if several else text)
    text = "; ".join(parts)
    return (f"{text[0].upper()}{text[1:]} (± standard error of the fit S(B) = S_min + E_min/B). Open markers: single "
            "runs; filled: means that were fitted. " + caption(study).split("their mean. ", 1)[-1])


def apart(values, factor=3.0) -> list:
    """Of ascending numbers those that stand apart by a factor, so that their labels do too."""
    kept = []
    for value in values:
        if not kept or value >= factor * kept[-1]:
            kept.append(float(value))
    return kept


def cost_panel(axes, study: Study, per_step) -> None:
    """per_step: factor from steps to what is drawn; None: the batch size, so samples."""
    fits = study.group("critical_batch")
    points = study.group("critical_batch/points")
    summary = usable(study.summary)
    reached = summary[summary["status"] == "finished"]
    families = list(fits["family"].values)
    colors = style.colors(families)
    batches = points["batch_size"].values.astype(float)
    grid = np.geomspace(batches.min() / 1.3, batches.max() * 1.3, 200)

    def cost(batch, steps):
        return steps * (batch if per_step is None else per_step)

    axes.scatter(reached["batch_size"], cost(reached["batch_size"], reached["step"]), s=20, facecolor="white",
                 edgecolor=style.MUTED, linewidth=0.9, zorder=2)
    for row, name in enumerate(families):
        mine = points["family"].values == name
        used = mine & (points["used"].values == 1)
        steps = points["steps"].values.astype(float)
        axes.scatter(batches[used], cost(batches[used], steps[used]), s=34, color=colors[name], zorder=3,
                     marker=style.MARKERS[row % len(style.MARKERS)], label=name)
        least, samples = float(fits["s_min"].values[row]), float(fits["e_min"].values[row])
        if not np.isfinite(least):
            continue
        axes.plot(grid, cost(grid, least + samples / grid), color=colors[name], linewidth=1.8)
        for limit in (np.full_like(grid, least), samples / grid):
            axes.plot(grid, cost(grid, limit), color=colors[name], linewidth=0.8, linestyle=(0, (5, 3)))
        center, error = float(fits["batch_size"].values[row]), float(fits["batch_size_error"].values[row])
        if grid[0] < center < grid[-1]:
            axes.axvline(center, color=colors[name], linewidth=1.0)
            if np.isfinite(error):
                axes.axvspan(max(center - error, grid[0]), center + error, color=colors[name], alpha=0.12, linewidth=0)
    axes.set(xscale="log", yscale="log", xlabel="batch size")
    shown = cost(batches, points["steps"].values.astype(float))
    axes.set_ylim(shown.min() / 1.8, shown.max() * 1.8)
    axes.set_xlim(grid[0], grid[-1])
    axes.xaxis.set_major_locator(FixedLocator(apart(np.unique(batches))))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    plain_log_axis(axes)
    if len(families) > 1:
        axes.legend(frameon=False, fontsize=8)
