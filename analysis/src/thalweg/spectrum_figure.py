"""Figure of a study that follows the Hessian's spectrum: its density at the end, its trace and extremes on the way."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.figure import Figure

from . import style
from .curves import finite, mean_curve
from .figures import caption
from .kernel_figures import page
from .records import Study
from .tables import groups, usable

FLOOR = 1e-5  # of the density's own top: below it the Gaussians' tails say nothing


def spectrum_probe(study: Study):
    """The name of the first spectral_density probe, None if there is none."""
    names = [column.split(".", 1)[0] for column in study.summary.columns if column.endswith(".negative_share")]
    return names[0] if names else None


def spectrum_figure(study: Study) -> Figure:
    """(a) density of the spectrum at each run's end with its standard error, logarithmic; (b) the trace along
    training, with its standard errors; (c) largest and smallest Ritz value. Thin lines are runs, thick ones means."""
    probe = spectrum_probe(study)
    summary = usable(study.summary)
    names = groups(summary)
    colors = style.colors(names)
    measured = {name: [in_epochs(study, run, probe) for run in summary.loc[summary["group"] == name, "run"]]
                for name in names}
    with style.styled():
        figure = page(study, 13, 4.6)
        left, middle, right = figure.subplots(1, 3, width_ratios=(1.5, 1, 1))
        figure.subplots_adjust(left=0.06, right=0.9, top=0.82, bottom=0.25, wspace=0.35)
        density_panel(left, measured, names, colors)
        way_panel(middle, measured, names, colors, "trace", "trace_error")
        middle.set(xlabel="epochs", ylabel="tr H")
        middle.set_title("(b) Trace on the way")
        way_panel(right, measured, names, colors, "ritz_max", None, labels=True)
        way_panel(right, measured, names, colors, "ritz_min", None)
        right.axhline(0.0, color=style.MUTED, linewidth=0.8)
        right.set(xlabel="epochs", ylabel="eigenvalue")
        right.set_title("(c) Largest and smallest")
        style.legend_beside(right)
        text = ("Stochastic Lanczos quadrature; bands and bars: standard errors over its starts. In (c) the extreme Ritz "
                "values of all starts. " + caption(study).replace("thick lines and bars", "thick lines"))
        figure.text(0.02, 0.03, textwrap.fill(text, 190), fontsize=8, color=style.MUTED, va="bottom")
    return figure


def in_epochs(study: Study, run: str, probe: str):
    """A probe's rows with their epochs beside the steps."""
    rows, way = study.run(run, f"probes/{probe}"), study.run(run)
    return rows.assign(epoch=("step", np.interp(rows["step"], way["step"], way["epoch"])))


def density_panel(axes, measured, names, colors) -> None:
    top = 0.0
    for name in names:
        for data in measured[name]:
            at, value, error = (np.asarray(data[column], float)[-1] for column in ("eigenvalue", "density", "density_error"))
            top = max(top, value[np.isfinite(value)].max(initial=0.0))
            axes.fill_between(at, np.maximum(value - error, 0.0), value + error, color=colors[name], alpha=0.25, linewidth=0)
            axes.plot(at, value, color=colors[name], linewidth=1.4)
    axes.set(xlabel="eigenvalue of the Hessian", ylabel="density")
    if top > 0:
        axes.set(yscale="log", ylim=(FLOOR * top, 2.0 * top))
    axes.set_title("(a) Spectrum at the end")


def way_panel(axes, measured, names, colors, column, error, labels=False) -> None:
    for name in names:
        curves = [finite(data["epoch"], data[column]) for data in measured[name]]
        for x, y in curves if len(curves) > 1 else []:
            axes.plot(x, y, color=colors[name], linewidth=0.6, alpha=0.5)
        x, y = mean_curve(curves)
        axes.plot(x, y, color=colors[name], linewidth=2.0, marker="o", markersize=3, label=name if labels else None)
        for data in measured[name] if error else []:
            axes.errorbar(data["epoch"], data[column], data[error], color=colors[name], linestyle="none", linewidth=1.0)
