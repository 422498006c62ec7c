"""Panel: λ_max and sharpness of every group at the end of its runs."""

from __future__ import annotations

import numpy as np

from . import style
from .log_axis import plain_log_axis
from .records import Study
from .tables import usable

_SHARPNESS = ("lambda_max", "sharpness")


def sharpness_measures(study: Study) -> list:
    """Summary columns to show: every probe's lambda_max first, then every probe's sharpness."""
    columns = [c for c in study.summary.columns if "." in c and c.split(".", 1)[1] in _SHARPNESS]
    return sorted(columns, key=lambda c: _SHARPNESS.index(c.split(".", 1)[1]))


def sharpness_panel(axes, study: Study, names, colors) -> None:
    """Bars are means over a group's runs, markers its runs; filled where the probe could not certify its value."""
    summary = usable(study.summary)
    measures = sharpness_measures(study)
    axes.set_title("(d) Sharpness at the end")
    if not measures:
        style.panel_note(axes, "no sharpness probe recorded")
        return
    finite_values = summary[measures].astype(float).to_numpy()
    positive = finite_values[np.isfinite(finite_values) & (finite_values > 0)]
    if not len(positive):
        style.panel_note(axes, "no positive sharpness")
        return
    floor = 10.0 ** np.floor(np.log10(positive.min()) - 0.15)
    ceiling = 10.0 ** (np.log10(positive.max()) + 0.06 * np.log10(positive.max() / floor))
    width = 0.8 / len(names)
    notes = {"≤ 0, not shown": 0, "filled: not\ncertified": 0}
    for place, measure in enumerate(measures):
        for index, name in enumerate(names):
            mine = summary[(summary["group"] == name) & np.isfinite(summary[measure].astype(float))]
            values = mine[measure].astype(float).to_numpy()
            if not len(values):
                continue
            center = place + (index - (len(names) - 1) / 2) * width
            mean = values.mean()
            if mean > 0:
                axes.bar(center, mean - floor, 0.86 * width, bottom=floor, color=colors[name], alpha=0.35)
                axes.plot([center - 0.43 * width, center + 0.43 * width], [mean, mean], color=colors[name], linewidth=2)
            certificate = measure.split(".", 1)[0] + ".certified"
            doubtful = mine[certificate].to_numpy() == 0 if certificate in mine else np.zeros(len(mine), bool)
            notes["filled: not\ncertified"] += int((doubtful & (values > 0)).sum())
            notes["≤ 0, not shown"] += int((values <= 0).sum())
            step = width * min(0.22, 0.8 / len(values))
            x = center + (np.arange(len(values)) - (len(values) - 1) / 2) * step
            for marks, face in ((~doubtful, "white"), (doubtful, colors[name])):
                marks = marks & (values > 0)
                axes.scatter(x[marks], values[marks], s=20, facecolor=face, edgecolor=colors[name], linewidth=1.1,
                             marker=style.MARKERS[index % len(style.MARKERS)], zorder=3)
    axes.set_yscale("log")
    axes.set_ylim(floor, ceiling)
    axes.set_xticks(range(len(measures)), [measure_label(m) for m in measures])
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel("λ$_{max}$ and sharpness φ" if len(measures) > 1 else measure_label(measures[0]))
    plain_log_axis(axes)
    lines = [(name, colors[name]) for name in names]
    lines += [(f"{count} {text}", style.MUTED) for text, count in notes.items() if count]
    for index, (text, color) in enumerate(lines):
        axes.text(1.02, 0.97 - 0.09 * index, text, color=color, transform=axes.transAxes, va="top")


def measure_label(column: str) -> str:
    """A summary column as a tick label: lambda_max.lambda_max → λ_max, sharpness_full.sharpness → φ full."""
    probe, value = column.split(".", 1)
    if value == "lambda_max":
        rest = probe.removeprefix("lambda_max").removeprefix("lambda").strip("_").replace("_", "\n")
        return "λ$_{max}$" + (f"\n{rest}" if rest else "")
    rest = probe.replace("sharpness", "").strip("_").replace("_", "\n")
    return f"φ\n{rest}" if rest else "φ"
