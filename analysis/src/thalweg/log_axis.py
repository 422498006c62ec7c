"""Numbers at a logarithmic axis."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import FuncFormatter, NullFormatter


def plain_log_axis(axes, low=None, which="y") -> None:
    """Numbers such as 0.01, 1, 100 at the decades, powers of ten only where those grow long.

    low: where the logarithm begins, if not at the lower end of the axis; which: "x" or "y".
    """
    axis = axes.yaxis if which == "y" else axes.xaxis

    def write(value, _):
        if value == 0:
            return "0"
        if 1e-3 <= abs(value) < (1e4 if axis.get_view_interval()[1] > 1e5 else 1e5):
            return f"{value:g}"
        return f"$10^{{{np.log10(value):.0f}}}$" if value > 0 else ""

    axis.set_major_formatter(FuncFormatter(write))
    bottom, high = axis.get_view_interval()
    low = bottom if low is None else low
    # Decades alone would leave one or two numbers on the axis.
    decades = np.log10(high / low) if low > 0 else np.inf
    digits = (2, 3, 4, 5, 6, 8) if decades < 0.8 else (2, 5)
    axis.set_minor_formatter(FuncFormatter(lambda value, _: _some(value, digits)) if decades < 2.2 else NullFormatter())
    axis.set_tick_params(which="minor", pad=5)  # as far out as the numbers at the longer ticks


def _some(value, digits):
    digit = value / 10.0 ** np.floor(np.log10(value)) if value > 0 else 0
    return f"{value:g}" if np.isclose(digit, digits).any() else ""
