"""Panel: one measure at the end of the runs, a row a group."""

from __future__ import annotations

import numpy as np

from . import style
from .log_axis import plain_log_axis
from .tables import number, usable


def rows_panel(axes, summary, column, names, colors, scale=1.0) -> None:
    """Open markers are runs, the thick stroke their mean, the line through it ± the standard deviation (n − 1); the
    numbers stand at the right. Logarithmic where the means span more than a factor of eight; what is not positive
    then is left out and counted."""
    good = usable(summary)
    values = {name: scale * good.loc[good["group"] == name, column].astype(float).to_numpy() for name in names}
    values = {name: mine[np.isfinite(mine)] for name, mine in values.items()}
    means = np.array([mine.mean() for mine in values.values() if len(mine)])
    if not len(means):
        style.panel_note(axes, "no run has a value")
        return
    positive = means[means > 0]
    log = len(positive) > 0 and positive.max() > 8 * positive.min()
    hidden, to_zero = 0, []
    for row, (name, mine) in enumerate(values.items()):
        color = colors[name]
        spread = mine.std(ddof=1) if len(mine) > 1 else np.nan
        if len(mine):
            mean = mine.mean()
            axes.annotate(number(mean, spread), (1.02, row), xycoords=axes.get_yaxis_transform(), va="center",
                          fontsize=8)
            if mean > 0 or not log:
                axes.plot([mean, mean], [row - 0.3, row + 0.3], color=color, linewidth=2.4, zorder=2)
        if np.isfinite(spread):
            if log and mean - spread <= 0:
                to_zero.append((row, mean + spread, color))
            else:
                axes.plot([mean - spread, mean + spread], [row, row], color=color, linewidth=1.2, zorder=1)
        shown = mine > 0 if log else np.ones(len(mine), bool)
        hidden += int((~shown).sum())
        axes.scatter(mine[shown], np.full(shown.sum(), row), s=16, facecolor="white", edgecolor=color, linewidth=1.0,
                     marker=style.MARKERS[row % len(style.MARKERS)], zorder=3)
    axes.set_yticks(range(len(names)), names)
    for label, name in zip(axes.get_yticklabels(), names):
        label.set_color(colors[name])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.4, -0.6)
    if log:
        axes.set_xscale("log")
        left, right = axes.get_xlim()
        for row, high, color in to_zero:  # a logarithm has no zero: the line leaves the panel
            axes.plot([left, high], [row, row], color=color, linewidth=1.2, zorder=1)
        axes.set_xlim(left, max([right, *(1.1 * high for _, high, _ in to_zero)]))
        plain_log_axis(axes, which="x")
    if hidden:
        axes.text(0.99, 0.01, f"{hidden} ≤ 0, not shown", color=style.MUTED, fontsize=8, transform=axes.transAxes,
                  ha="right", va="bottom")
