"""Levels of contours, and axes that are logarithmic where their values ask for it."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator

WIDE = 8.0  # a range of more than this factor is shown by its logarithm
_MANTISSAS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7), (1, 1.2, 1.5, 1.8, 2.2, 2.7, 3.3, 4, 5, 6, 7, 8.5))
_ENOUGH = 8


def is_wide(values) -> bool:
    """Whether finite values, none below 0, span more than a factor of eight; zeros have no logarithm and do not count."""
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    positive = values[values > 0]
    return len(positive) > 0 and values.min() >= 0 and positive.max() > WIDE * positive.min()


def contour_levels(values) -> np.ndarray:
    """Ascending levels, at least two, that enclose the finite values (the positive ones where the range is wide): round
    numbers, of equal steps or, where the range is wide, of steps that grow with them."""
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    if not len(values):
        return np.array([0.0, 1.0])
    if not is_wide(values):
        low, high = values.min(), values.max()
        return MaxNLocator(11).tick_values(low, high if high > low else low + max(abs(low), 1.0) * 1e-3)
    low, high = values[values > 0].min(), values.max()
    decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    for mantissas in _MANTISSAS:
        candidates = np.sort(np.outer(decades, mantissas).ravel())
        first = np.searchsorted(candidates, low, side="right") - 1
        last = np.searchsorted(candidates, high, side="left")
        levels = candidates[max(first, 0):last + 1]
        if len(levels) >= _ENOUGH:
            break
    return levels
