"""Figure of matrix completion: how the singular values of the matrix grow in training."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from . import style
from .completion_runs import caption, completion_runs, distinguish, is_trained, write_caption
from .curves import finite
from .kernel_figures import page
from .log_axis import log_scale, plain_log_axis
from .records import RecordError, Study
from .tables import usable


def has_theory(study: Study, runs) -> bool:
    """Whether some run has the closed theory beside it."""
    return any(study.run_has(run, "theory") for run in runs.loc[is_trained(runs), "run"])


def singular_values_figure(study: Study) -> Figure:
    """Largest singular values over time, a panel for each depth and, below each other, for each scale of the start.
    Where there is a theory: markers are measured, lines the theory's. Otherwise lines are measured, of one instance of
    one method a panel."""
    runs = completion_runs(study)
    good = usable(runs[is_trained(runs)])
    if not len(good):
        raise RecordError(f"{study.folder}: no run of a factorisation that did not diverge; the figure of singular "
                          "values needs one")
    theory = has_theory(study, good)
    if theory:
        good = good[[study.run_has(run, "theory") for run in good["run"]]]
    first = good["instance"].iloc[0]
    good = good[(good["instance"] == first) & (good["observations"] == good["observations"].max())]
    depths, scales = sorted(good["depth"].unique()), sorted(good["scale"].unique(), reverse=True)
    methods = good.assign(method_label=distinguish(good, ("learning_rate",)))
    markers = {label: style.MARKERS[i % len(style.MARKERS)] for i, label in enumerate(methods["method_label"].unique())}
    with style.styled():
        columns = len(depths) if len(depths) < 5 else -(-len(depths) // 2)
        if len(scales) > 1:
            columns = len(depths)
        cells = [(scale, depth) for scale in scales for depth in depths]
        rows = -(-len(cells) // columns)
        width = max(6.5, 0.9 + (2.5 if theory else 2.75) * columns + 1.6)
        shown = good if theory else good.drop_duplicates(["depth", "scale"])
        names = ", ".join(dict.fromkeys(shown["name"]))
        text = f"Instance {first}, {good['observations'].iloc[0]} observations; {names}."
        if theory:
            text += " Markers: measured; lines: the closed theory of gradient flow from a balanced, aligned start."
        text, room = caption(study, runs.iloc[:0], text.replace("_", " "), width)
        height = 1.25 + room + 2.2 * rows + 0.75 * (rows - 1)
        figure = page(study, width, height)
        panels = np.atleast_1d(figure.subplots(rows, columns, sharey=theory)).ravel()
        figure.subplots_adjust(left=0.65 / width, right=1 - 1.5 / width, top=1 - 0.75 / height,
                               bottom=(0.5 + room) / height, wspace=0.13 if theory else 0.2, hspace=0.75 / 2.2)
        shades, spans = [], []
        for index, (axes, (scale, depth)) in enumerate(zip(panels, cells)):
            mine = methods[(methods["depth"] == depth) & (methods["scale"] == scale)]
            axes.set_title(f"depth {depth:g}" + (f", scale {scale:g}" if len(scales) > 1 else ""))
            if index >= len(cells) - columns:
                axes.set_xlabel("time (learning rate × steps)")
            if not len(mine):
                style.panel_note(axes, "no run")
                continue
            if not theory:
                mine = mine.head(1)
            found, span = growth_panel(axes, study, mine, markers, theory)
            shades = max(shades, found, key=len)
            spans.append(span)
        for axes in panels[:len(cells)]:
            if axes.lines:
                axes.set_xlim(min(low for low, _ in spans), max(high for _, high in spans))
                plain_log_axis(axes, which="x")
        for axes in panels[::columns]:
            axes.set_ylabel("singular value")
        for axes in panels[len(cells):]:
            axes.set_visible(False)
        _legend(panels[columns - 1], shades, markers if theory else {})
        write_caption(figure, text)
    return figure


def growth_panel(axes, study: Study, runs, markers, theory: bool) -> tuple:
    """Singular values of some runs over time, logarithmic; the start, time 0, has no place there. Returns their
    colours, and from when to when they change."""
    curves, spans = [], []
    for _, row in runs.iterrows():
        time = study.run(row["run"])["time"].values
        values = study.run(row["run"], "spectrum")["singular_values"].values
        shades = list(matplotlib.colormaps["viridis"](np.linspace(0.0, 0.88, values.shape[1])))
        spans.append(_span(time, values))
        if theory:
            curves.append((time, study.run(row["run"], "theory")["singular_values"].values))
        for index in reversed(range(values.shape[1])):
            x, y = finite(time, values[:, index])
            # Markers as far apart on the page as to be seen singly, those of one method between those of another.
            place = list(markers).index(row["method_label"]) / len(markers)
            look = {"linestyle": "none", "marker": markers[row["method_label"]], "markersize": 4.2,
                    "markerfacecolor": "white", "markeredgewidth": 0.9,
                    "markevery": (0.06 * place, 0.06)} if theory else {"linewidth": 1.7}
            axes.plot(x[x > 0], y[x > 0], color=tuple(shades[index]), zorder=3, **look)
    if curves:
        # All runs of a panel follow one theory: what one did not measure in time another did.
        time = np.concatenate([time for time, _ in curves])
        values = np.concatenate([values for _, values in curves])
        order = np.argsort(time, kind="stable")
        order = order[time[order] > 0]
        for index in range(values.shape[1]):
            axes.plot(time[order], values[order, index], color=tuple(shades[index]), linewidth=1.1, zorder=4)
    log_scale(axes, "x")
    return shades, (min(low for low, _ in spans), max(high for _, high in spans))


def _span(time, values) -> tuple:
    """From when to when some singular value is more than a hundredth of the largest off where it begins and ends."""
    scale = 0.01 * np.nanmax(values)
    begun = (np.abs(values - values[0]) > scale).any(axis=1) & (time > 0)
    on_the_way = (np.abs(values - values[-1]) > scale).any(axis=1) & (time > 0)
    least = time[time > 0].min()
    low = time[begun].min() if begun.any() else least
    high = time[on_the_way].max() if on_the_way.any() else time.max()
    return max(low / 3.0, least / 1.3), min(max(3.0 * high, low), 1.3 * time.max())


def _legend(axes, shades, markers) -> None:
    """The singular values by their colour, and the methods by their marker."""
    entries = [Line2D([], [], color=tuple(shade), linewidth=1.8, label=f"σ$_{{{index + 1}}}$")
               for index, shade in enumerate(shades)]
    entries += [Line2D([], [], color=style.INK, marker=marker, markersize=4, markerfacecolor="white",
                       linestyle="none", label=label) for label, marker in markers.items()]
    if markers:
        entries.append(Line2D([], [], color=style.INK, linewidth=1.1, label="theory"))
    axes.legend(handles=entries, loc="upper left", bbox_to_anchor=(1.0, 1.03), frameon=False, fontsize=8,
                handlelength=1.8, borderaxespad=0.4)
