"""One figure for a study of trajectories: how the groups train, generalise and where they end."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from . import style
from .curves import finite, mean_curve
from .log_axis import log_scale, plain_log_axis
from .records import RecordError, Study
from .sharpness_panel import sharpness_panel
from .tables import groups, left_out, usable


def figure(study: Study, kernel: Study = None) -> Figure:
    """Four panels: (a) training loss, (b) test error with the kernel's beside it, (c) the slice between the
    minima, (d) sharpness. Thin lines and dots are runs, thick lines and bars are means; diverged runs are
    left out, and a line below says so. Panels without data say so too."""
    if study.kind != "trajectories" or not len(study.summary):
        raise RecordError(f"{study.folder}: a study of kind {study.kind!r} with {len(study.summary)} runs; "
                          "the figure needs trajectories")
    summary = study.summary
    names = groups(summary)
    colors = style.colors(names)
    trajectories = study.trajectories()
    trajectories = trajectories[trajectories["run"].isin(usable(summary)["run"])]
    with style.styled():
        page = Figure(figsize=(10, 7.6))
        FigureCanvasAgg(page)
        panels = page.subplots(2, 2)
        page.subplots_adjust(left=0.075, right=0.855, top=0.9, bottom=0.13, wspace=0.74, hspace=0.42)
        curves_panel(panels[0, 0], trajectories, "train_loss", 1.0, names, colors)
        panels[0, 0].set(title="(a) Training loss", ylabel="training loss")
        test_panel(panels[0, 1], trajectories, names, colors, kernel)
        slice_panel(panels[1, 0], study, colors)
        sharpness_panel(panels[1, 1], study, names, colors)
        page.text(0.075, 0.965, study.name.replace("_", " "), fontsize=13, fontweight="bold", va="center")
        page.text(0.075, 0.02, textwrap.fill(caption(study, kernel), 140), fontsize=8, color=style.MUTED, va="bottom")
    return page


def caption(study: Study, kernel: Study = None) -> str:
    """What the lines are, which runs are missing from them, and where the numbers come from."""
    counts = usable(study.summary).groupby("group", sort=False).size()
    runs = ", ".join(f"{name}: {counts.get(name, 0)}" for name in groups(study.summary))
    missing = left_out(study.summary)
    return (f"Thin lines and open markers: single runs ({runs}); thick lines and bars: their mean."
            + (f" {missing[0].upper()}{missing[1:]}." if missing else "")
            + " " + origin([study] if kernel is None else [study, kernel]))


def origin(sources: list) -> str:
    """Which records are shown, and what made the first."""
    version = sources[0].attributes.get("software_version")
    return f"Records: {', '.join(s.name for s in sources)}" + (f", Thalweg {version}." if version else ".")


def kernel_line(kernel: Study):
    """(test error in [0, 1], label) of a kernel study."""
    dataset = kernel.kernel
    if dataset is None or "test_accuracy" not in dataset:
        raise RecordError(f"{kernel.folder}: has no /kernel/test_accuracy; is it the record of a kernel study?")
    error = 1.0 - float(dataset["test_accuracy"])
    return error, f"kernel: {kernel.name.replace('_', ' ')}"


def test_panel(axes, trajectories, names, colors, kernel: Study = None) -> None:
    """Test error, the kernel's beside it; the test loss for objectives without an accuracy."""
    if "test_accuracy" in trajectories and trajectories["test_accuracy"].notna().any():
        error = trajectories.assign(test_error=1.0 - trajectories["test_accuracy"])
        lines = [] if kernel is None else [kernel_line(kernel)]
        curves_panel(axes, error, "test_error", 100.0, names, colors, lines, "{:.2f} %")
        axes.set(title="(b) Test error", ylabel="test error, %")
    else:
        curves_panel(axes, trajectories, "test_loss", 1.0, names, colors)
        axes.set(title="(b) Test loss", ylabel="test loss")


def curves_panel(axes, trajectories, column, scale, names, colors, lines=(), number="{:.2g}") -> None:
    """Runs (thin) and group means (thick) of one column against epochs, logarithmic; dashed lines (value, label).

    The number beside a group is the mean over its runs' ends.
    """
    ends, smallest, any_zero = [], np.inf, False
    for name in names if column in trajectories else []:
        mine = trajectories[trajectories["group"] == name]
        curves = [finite(run["epoch"], scale * run[column]) for _, run in mine.groupby("run", sort=False)]
        curves = [(x, y) for x, y in curves if len(x)]
        for x, y in curves:
            axes.plot(x, y, color=colors[name], linewidth=0.7, alpha=0.55)
            any_zero |= bool((y <= 0).any())
            smallest = min(smallest, y[y > 0].min(initial=np.inf))
        x, y = mean_curve(curves)
        if len(x):
            axes.plot(x, y, color=colors[name], linewidth=2.2)
            final = np.mean([values[-1] for _, values in curves])  # runs may end at different steps
            ends.append((x[-1], y[-1], f"{name}\n" + number.format(final), colors[name]))
    if not ends:
        style.panel_note(axes, f"no run has {column.replace('_', ' ')}")
        return
    for value, label in lines:
        axes.axhline(scale * value, color=style.INK, linewidth=1.2, linestyle=(0, (5, 3)))
        ends.append((0.0, scale * value, label + "\n" + number.format(scale * value), style.INK))
        any_zero |= value <= 0
    # A logarithm has no zero: below the smallest positive value the axis is linear and shows it.
    if any_zero and np.isfinite(smallest):
        axes.set_yscale("symlog", linthresh=smallest, subs=[2, 5])
        axes.set_ylim(bottom=0)
    elif not any_zero:
        axes.set_yscale("log")
    plain_log_axis(axes, smallest if any_zero else None)
    axes.set_xlabel("epochs")
    axes.set_xlim(0, max(x for x, *_ in ends) or None)
    style.label_ends(axes, ends, gap=0.16)


def slice_panel(axes, study: Study, colors) -> None:
    """Loss on the straight lines between pairs of minima, training solid and test dashed."""
    group_of = dict(zip(study.summary["run"], study.summary["group"]))
    bad = set(study.summary["run"]) - set(usable(study.summary)["run"])
    kept = [s for s in study.slices().values() if not {s.attrs.get("from"), s.attrs.get("to")} & bad]
    axes.set_title("(c) Loss between the minima")
    if not kept:
        style.panel_note(axes, "no slice between two runs recorded")
        return
    ends = []
    for column, label, color, dashes in (("train_loss", "training", style.INK, "-"),
                                         ("test_loss", "test", style.MUTED, (0, (4, 2)))):
        curves = [finite(s["alpha"], s[column]) for s in kept if column in s]
        for x, y in curves:
            axes.plot(x, y, color=color, linewidth=0.7, alpha=0.55, linestyle=dashes)
        x, y = mean_curve(curves)
        if len(x):
            axes.plot(x, y, color=color, linewidth=2.2, linestyle=dashes)
            ends.append((x[-1], y[-1], f"{label} loss", color))
    log_scale(axes, "y")
    to, back = (np.log10, lambda at: 10**at) if axes.get_yscale() == "log" else (np.asarray, lambda at: at)
    low, high = to(axes.get_ylim())
    axes.set_ylim(back(low), back(high + 0.1 * (high - low)))  # room for the names of the minima
    for position, key, side in ((0.0, "from", "right"), (1.0, "to", "left")):
        names = {group_of.get(s.attrs.get(key), s.attrs.get(key)) for s in kept}
        name = names.pop() if len(names) == 1 else f"α = {position:g}"
        color = colors.get(name, style.MUTED)
        axes.axvline(position, color=color, linewidth=1.2, zorder=0)
        style.vertical_label(axes, position, name, color, side)
    plain_log_axis(axes)
    axes.set(xlabel="α, from one minimum (0) to the other (1)", ylabel="loss")
    style.label_ends(axes, ends)
