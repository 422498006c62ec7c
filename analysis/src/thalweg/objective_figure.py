"""Figure of runs on an objective that needs no data: its value, and the way, along the steps."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.figure import Figure

from . import style
from .curves import finite, mean_curve
from .figures import caption
from .kernel_figures import page
from .log_axis import log_scale, plain_log_axis
from .records import Study
from .tables import groups, usable


def is_objective(study: Study) -> bool:
    """Whether the runs have one loss in place of losses on data."""
    return "loss" in study.summary.columns and "train_loss" not in study.summary.columns


def objective_figure(study: Study) -> Figure:
    """(a) the objective above the lowest value of any run, (b) the distance from the start and (c), where it was measured
    along the way, the gradient's norm. Thin lines are runs, thick ones their mean."""
    summary = usable(study.summary)
    names = groups(summary)
    colors, dashes = style.colors(names), style.dashes(names)
    runs = {name: [study.run(run, "trajectory") for run in summary.loc[summary["group"] == name, "run"]] for name in names}
    lowest = min((np.nanmin(values) for mine in runs.values() for data in mine
                  if np.isfinite(values := np.asarray(data["loss"].values, float)).any()), default=0.0)
    panels = [("loss", lambda values: values - lowest, "(a) Above the lowest value", f"f {'−' if lowest >= 0 else '+'} {abs(lowest):.6g}"),
              ("distance_from_start", lambda values: values, "(b) Distance from the start", "‖x − x₀‖"),
              ("gradient_norm", lambda values: values, "(c) Gradient", "‖∇f‖")]
    panels = [panel for panel in panels if all(panel[0] in data for mine in runs.values() for data in mine)]
    with style.styled():
        figure = page(study, 4.6 * len(panels), 4.4)
        grid = figure.subplots(1, len(panels), squeeze=False)[0]
        figure.subplots_adjust(left=0.07, right=0.86, top=0.82, bottom=0.25, wspace=0.35)
        for axes, (column, of, title, label) in zip(grid, panels):
            for name in names:
                curves = [finite(data["step"], of(np.asarray(data[column].values, float))) for data in runs[name]]
                for x, y in curves if len(curves) > 1 else []:
                    axes.plot(x, y, color=colors[name], linewidth=0.6, alpha=0.5)
                axes.plot(*mean_curve(curves), color=colors[name], linestyle=dashes[name], linewidth=2.0, label=name)
            log_scale(axes, "y")
            plain_log_axis(axes)
            axes.set(xlabel="steps", ylabel=label, xlim=(0, None))
            axes.set_title(title)
        if names:
            style.legend_beside(grid[-1])
        text = caption(study).replace("thick lines and bars", "thick lines").replace("Thin lines and open markers", "Thin lines")
        figure.text(0.02, 0.03, textwrap.fill(text, 50 * len(panels)), fontsize=8, color=style.MUTED, va="bottom")
    return figure
