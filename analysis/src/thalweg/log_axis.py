"""Numbers at a logarithmic axis."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import FuncFormatter, NullFormatter


def log_scale(axes, *which) -> None:
    """Makes the axes "x", "y" or both logarithmic; to be called when all is drawn: an axis on which nothing is positive
    has no logarithm and stays as it is."""
    least = {"x": axes.dataLim.minposx, "y": axes.dataLim.minposy}
    for one in which:
        if np.isfinite(least[one]):
            axes.set(**{f"{one}scale": "log"})


def plain_log_axis(axes, low=None, which="y") -> None:
    """Numbers such as 0.01, 1, 100 at the decades, powers of ten only where those grow long.

    low: where the logarithm begins, if not at the lower end of the axis; which: "x" or "y".
    """
    axis = axes.yaxis if which == "y" else axes.xaxis
    if axis.get_scale() == "linear":  # log_scale found nothing positive
        return
    largest = 1e4 if axis.get_view_interval()[1] > 1e5 else 1e5  # all powers on an axis where some have to be

    def write(value, _):
        if value == 0:
            return "0"
        if 1e-3 <= abs(value) < largest:
            return f"{value:g}"
        return _power(value)

    axis.set_major_formatter(FuncFormatter(write))
    bottom, high = sorted(axis.get_view_interval())  # an axis may run from right to left
    low = bottom if low is None else low
    # Decades alone would leave one or two numbers on the axis.
    decades = np.log10(high / low) if low > 0 else np.inf
    digits = (2, 3, 4, 5, 6, 8) if decades < 0.8 else (2, 5)
    axis.set_minor_formatter(FuncFormatter(lambda value, position: write(value, position) if _has(value, digits) else "")
                             if decades < 2.2 else NullFormatter())
    axis.set_tick_params(which="minor", pad=5)  # as far out as the numbers at the longer ticks


def _power(value) -> str:
    if value <= 0:
        return ""
    exponent = np.floor(np.log10(value) + 1e-9)
    digit = value / 10.0**exponent
    return (rf"${digit:.0f}\cdot" if digit > 1.5 else "$") + f"10^{{{exponent:.0f}}}$"


def _has(value, digits) -> bool:
    return value > 0 and np.isclose(value / 10.0 ** np.floor(np.log10(value)), digits).any()
