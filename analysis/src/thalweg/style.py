"""Colours and small drawing helpers."""

from __future__ import annotations

import matplotlib
from matplotlib.transforms import blended_transform_factory

# Okabe and Ito's palette: told apart with every common form of colour blindness, and in grey.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
INK = "#222222"
MUTED = "#777777"
SEQUENTIAL = "Blues_r"  # dark where a value is low: valleys
MARKERS = ("o", "s", "^", "D", "v", "P")

SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.grid": False,
}


def styled():
    """Context in which figures look alike, whatever the user's own matplotlibrc says."""
    return matplotlib.rc_context({**matplotlib.rcParamsDefault, "backend": "Agg", **SETTINGS})


def colors(names) -> dict:
    return {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(names)}


def dashes(names) -> dict:
    """Line styles that tell apart groups to which the palette gives one colour."""
    kinds = ("-", (0, (4, 1.6)), (0, (1, 1.2)))
    return {name: kinds[i // len(PALETTE) % len(kinds)] for i, name in enumerate(names)}


def label_ends(axes, labels: list, gap: float = 0.075) -> None:
    """Writes [(x, y, text, colour), …] just right of the axes at the heights of the lines' ends, none over another.

    gap is the least distance between two, as a share of the axes' height.
    """
    if not labels:
        return
    axes.figure.canvas.draw()
    heights = [axes.transAxes.inverted().transform(axes.transData.transform((x, y)))[1] for x, y, _, _ in labels]
    placed = {}
    last = None
    for index in sorted(range(len(labels)), key=lambda i: heights[i]):
        height = heights[index] if last is None else max(heights[index], last + gap)
        placed[index] = last = height
    shift = max(0.0, last - 1.02)
    for index, (_, _, text, color) in enumerate(labels):
        axes.text(1.02, placed[index] - shift, text, color=color, va="center", ha="left",
                  transform=axes.transAxes, clip_on=False)


def vertical_label(axes, x: float, text: str, color: str, side: str) -> None:
    """A name beside a vertical line at x, at the top of the axes."""
    offset = (4, 0) if side == "left" else (-4, 0)
    axes.annotate(text, (x, 1.0), xycoords=blended_transform_factory(axes.transData, axes.transAxes),
                  xytext=offset, textcoords="offset points", color=color, ha=side, va="top")


def panel_note(axes, text: str) -> None:
    """A remark in the middle of a panel that has nothing to show."""
    axes.text(0.5, 0.5, text, ha="center", va="center", color=MUTED, transform=axes.transAxes)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def legend_beside(axes) -> None:
    """The names of the lines, right of the axes in the order in which they were drawn."""
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.04), frameon=False, fontsize=8, handlelength=2.0,
                borderaxespad=0.4)
