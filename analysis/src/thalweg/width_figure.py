"""Figure of a width study: how finite networks approach their infinitely wide kernel."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

from . import style
from .kernel_figures import page
from .log_axis import log_scale
from .records import RecordError, Study

# Quantity → what it is called beside its line.
SHOWN = {
    "kernel_distance": "kernel at the start\nfrom infinite width",
    "train_distance": "trained outputs\nfrom the kernel's",
    "linear_train_distance": "trained outputs from\nthe linearised net's",
    "kernel_drift": "kernel's drift\nin training",
}


def width_figure(study: Study) -> Figure:
    """Two panels: (a) four relative distances at the last step against width, dots runs, diamonds means with standard
    errors, lines the fitted powers, dashed the power -1/2; (b) the outputs' distance from the kernel's prediction
    along training, mean over seeds, a line a width. Diverged runs are left out, and a line below says so."""
    if study.kind != "width":
        raise RecordError(f"{study.folder}: a study of kind {study.kind!r}; the figure needs a width study")
    summary = study.summary
    finished = summary[summary["status"] == "finished"]
    if not len(finished):
        raise RecordError(f"{study.folder}: all {len(summary)} runs diverged: there is nothing to draw")
    with style.styled():
        figure = page(study, 10.5, 4.7)
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.065, right=0.92, top=0.82, bottom=0.2, wspace=0.62)
        width_panel(left, study, finished)
        steps_panel(right, study)
        figure.text(0.02, 0.03, caption(study, summary), fontsize=8, color=style.MUTED, va="bottom")
    return figure


def caption(study: Study, summary) -> str:
    counts = summary[summary["status"] == "finished"].groupby("width").size()
    text = (f"Relative norms, on {study.attributes.get('data', 'the data')}; in (a) after the last step. "
            f"Seeds a width: {counts.min()}" + (f" to {counts.max()}" if counts.max() > counts.min() else "") + ".")
    diverged = summary[summary["status"] != "finished"]["run"]
    return text + (f" Left out, diverged: {', '.join(diverged)}." if len(diverged) else "")


def width_panel(axes, study: Study, finished) -> None:
    means = study.group("widths")
    fits = study.group("fits")
    names = [str(name) for name in fits["quantity"].values]
    widths = means["width"].values.astype(float)
    colors = style.colors(SHOWN)
    ends = []
    for index, (name, words) in enumerate(SHOWN.items()):
        color = colors[name]
        axes.plot(finished["width"], finished[name], linestyle="none", marker=".", markersize=4, color=color, alpha=0.4)
        axes.errorbar(widths, means[name].values, yerr=means[f"{name}_error"].values, fmt=style.MARKERS[index],
                      markersize=5, color=color, capsize=2)
        fit = fits.isel(quantity=names.index(name))
        exponent, error = float(fit["exponent"]), float(fit["exponent_error"])
        line = float(fit["prefactor"]) * widths ** exponent
        axes.plot(widths, line, color=color, linewidth=1.5)
        ends.append((widths[-1], line[-1], f"{words}\n{exponent:.2f} ± {error:.2f}".replace("-", "−"), color))
    first = float(means["kernel_distance"].values[0]) * 0.6
    axes.plot(widths, first * (widths / widths[0]) ** -0.5, color=style.MUTED, linestyle="--", linewidth=1)
    axes.annotate("width$^{−1/2}$", (widths[0], first), xytext=(-4, -20), textcoords="offset points",
                  color=style.MUTED, ha="left", va="top", fontsize=8)
    log_scale(axes, "x", "y")
    axes.xaxis.set_major_locator(FixedLocator(widths))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    if axes.get_yscale() == "log":
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", labelsize=8)
    axes.set(xlabel="width", ylabel="relative distance")
    axes.set_title("(a) Against width, with the exponent")
    style.label_ends(axes, ends, gap=0.19)


def steps_panel(axes, study: Study) -> None:
    curves = study.group("curves")
    steps = curves["step"].values.astype(float)
    shades = matplotlib.colormaps["viridis"](np.linspace(0.0, 0.85, curves.sizes["width"]))
    ends = []
    for index, width in enumerate(curves["width"].values):
        values = curves["train_distance"].values[index]
        error = curves["train_distance_error"].values[index]
        if not np.isfinite(values[-1]):
            continue
        color = tuple(shades[index])
        axes.fill_between(steps, values - error, values + error, color=color, alpha=0.2, linewidth=0)
        axes.plot(steps, values, color=color, linewidth=1.8, marker=".", markersize=5)
        ends.append((steps[-1], values[-1], f"{width}", color))
    axes.set_xscale("symlog", linthresh=1.0, linscale=0.35)
    axes.set_xlim(0, steps[-1])
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set(xlabel="steps of gradient descent", ylabel="outputs' relative distance from the kernel's")
    axes.set_title("(b) Along training, by width")
    style.label_ends(axes, ends, gap=0.055)
