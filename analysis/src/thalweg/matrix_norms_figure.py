"""Figure of a matrix of 2 x 2 whose norms have to grow without bound as it is completed."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from . import style
from .completion_runs import (caption, completion_runs, distinguish, is_trained, positive, setting,
                              write_caption)
from .kernel_figures import page
from .log_axis import log_scale, plain_log_axis
from .records import RecordError, Study
from .tables import usable

# Column, title, label of its axis.
PANELS = (
    ("nuclear_norm", "(a) Nuclear norm", "nuclear norm"),
    ("effective_rank", "(b) Effective rank", "effective rank"),
    ("product", "(c) Unobserved entry and loss", "|unobserved entry| · √(2 · training loss)"),
)
GUIDE = (0, (1, 1.4))


def matrix_norms_figure(study: Study) -> Figure:
    """Nuclear norm, effective rank and the unobserved entry times the root of twice the loss against the training
    loss, which falls to the right, a line a run (Razin and Cohen 2020). Solid: the determinant is positive at the end,
    so that of their matrix the norms have to diverge; dashed: negative."""
    runs = completion_runs(study)
    good = usable(runs[is_trained(runs)])
    columns = {run: study.run(run) for run in good["run"]}
    columns = {run: data for run, data in columns.items() if "largest_unobserved" in data}
    good = good[good["run"].isin(columns)]
    if not len(good):
        raise RecordError(f"{study.folder}: no run of a factorisation has largest_unobserved; the figure needs a matrix "
                          "with an entry that was not observed")
    good = good.assign(label=distinguish(good, ("depth", "scale", "learning_rate", "observations")))
    # Lines that lie on each other show as the later, thinner one on the earlier.
    widths = dict(zip(good["label"].unique(), np.linspace(2.0, 1.0, good["label"].nunique())))
    colors, dashes = style.colors(good["label"].unique()), {1: "-", -1: (0, (4, 1.8)), 0: "-"}
    with style.styled():
        theirs = good["data"].str.contains("w22 = 0").all()
        text = "A line a run, training goes to the right. Solid: determinant positive at the end"
        text += (", where norms have to diverge as the loss falls" if theirs else "") + "; dashed: negative."
        text, room = caption(study, runs, text, 12.0)
        height = 3.9 + room
        figure = page(study, 12.0, height)
        panels = figure.subplots(1, 3)
        figure.subplots_adjust(left=0.065, right=0.845, top=1 - 0.75 / height, bottom=(0.5 + room) / height, wspace=0.3)
        signs = set()
        for _, row in good.iterrows():
            data = columns[row["run"]]
            last = float(data["determinant_sign"].values[-1]) if "determinant_sign" in data else 0.0
            sign = int(np.sign(last)) if np.isfinite(last) else 0
            signs.add(sign)
            loss = data["train_loss"].values
            values = {name: data[name].values for name in ("nuclear_norm", "effective_rank")}
            values["product"] = data["largest_unobserved"].values * np.sqrt(2.0 * loss)
            for axes, (name, _, _) in zip(panels, PANELS):
                x, y = positive(loss, values[name])
                axes.plot(x, y, color=colors[row["label"]], linestyle=dashes[sign], 
                          linewidth=widths[row["label"]])
        for axes, (_, title, label) in zip(panels, PANELS):
            log_scale(axes, "x")
            axes.set(xlabel="training loss", ylabel=label)
            axes.set_title(title)
            axes.invert_xaxis()
            plain_log_axis(axes, which="x")
        log_scale(panels[0], "y")
        plain_log_axis(panels[0])
        bounded = theirs and setting(study, "loss", "scale") == "half_sum"
        if bounded:
            least_panel(panels[2])
        _legend(panels[2], colors, dashes, signs, bounded)
        write_caption(figure, text)
    return figure


def least_panel(axes) -> None:
    """The least that the product can be where the determinant is positive: with r = √(2 loss), |w22| ≤ r and
    w12 w21 ≥ (1 − r)² once r < 1, so |w11| r ≥ |w11 w22| > (1 − r)²."""
    largest, least = axes.get_xlim()
    loss = np.geomspace(least, min(largest, 0.5), 200)
    axes.plot(loss, (1.0 - np.sqrt(2.0 * loss)) ** 2, color=style.INK, linestyle=GUIDE, linewidth=1.4)
    axes.set_xlim(largest, least)


def _legend(axes, colors, dashes, signs, bounded) -> None:
    entries = [Line2D([], [], color=color, linewidth=2.0, label=label) for label, color in colors.items()]
    if {1, -1} <= signs:
        entries += [Line2D([], [], color=style.MUTED, linestyle=dashes[sign], label=label)
                    for sign, label in ((1, "determinant > 0"), (-1, "determinant < 0"))]
    if bounded:
        entries.append(Line2D([], [], color=style.INK, linestyle=GUIDE, linewidth=1.4,
                              label="least possible with\ndeterminant > 0"))
    axes.legend(handles=entries, loc="upper left", bbox_to_anchor=(1.0, 1.03), frameon=False, fontsize=8,
                handlelength=2.2, borderaxespad=0.4)
