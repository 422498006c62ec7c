"""Levels of contours, and axes that are logarithmic where their values ask for it."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator

WIDE = 8.0  # a range of more than this factor is shown by its logarithm
_MANTISSAS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7), (1, 1.2, 1.5, 1.7, 2, 2.5, 3, 4, 5, 6, 7, 8.5))
_ENOUGH, _FEW, _MOST = 8, 3, 42


def is_wide(values) -> bool:
    """Whether finite values, none below 0, span more than a factor of eight; zeros have no logarithm and do not count."""
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    positive = values[values > 0]
    return len(positive) > 0 and values.min() >= 0 and positive.max() > WIDE * positive.min()


def contour_levels(*parts) -> np.ndarray:
    """Ascending levels, at least two, that enclose the finite values of all arrays (the positive ones where the range is
    wide): round numbers, of equal steps or, where the range is wide, of steps that grow with them. So many that each array
    crosses a few, as long as there are not too many in all."""
    parts = [np.asarray(part, float).ravel() for part in parts]
    parts = [part[np.isfinite(part)] for part in parts]
    values = np.concatenate(parts)
    if not len(values):
        return np.array([0.0, 1.0])
    wide = is_wide(values)
    if wide:
        parts = [part[part > 0] for part in parts]
        values = values[values > 0]
    low, high = values.min(), values.max()
    candidates = _growing(low, high) if wide else _equal(low, high if high > low else low + max(abs(low), 1.0) * 1e-3)
    for levels in candidates:
        crossed = [np.sum((levels > part.min()) & (levels < part.max())) for part in parts if len(part) and np.ptp(part) > 0]
        if min(crossed, default=_FEW) >= _FEW:
            return levels
    return candidates[0]


def _equal(low, high) -> list:
    return [MaxNLocator(bins).tick_values(low, high) for bins in (11, 22)]


def _growing(low, high) -> list:
    """From the fewest that are enough to the most that are not too many."""
    decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    found = []
    for mantissas in _MANTISSAS:
        candidates = np.sort(np.outer(decades, mantissas).ravel())
        first = np.searchsorted(candidates, low, side="right") - 1
        last = np.searchsorted(candidates, high, side="left")
        found.append(candidates[max(first, 0):last + 1])
    enough = [levels for levels in found if _ENOUGH <= len(levels) <= _MOST]
    if enough or len(found[0]) <= _MOST:
        return enough or found[-1:]
    return [np.append(found[0][:-1:-(-len(found[0]) // _MOST)], found[0][-1])]


def level_ticks(levels) -> np.ndarray:
    """At most ten of the levels to be written beside them, at least two, round ones where they grow."""
    levels = np.asarray(levels, float)
    ticks = levels
    if is_wide(levels) and levels[0] > 0:
        mantissa = levels / 10.0 ** np.floor(np.log10(levels) + 1e-9)
        for kept in ((1, 2, 5), (1,)):
            rounder = levels[np.isclose(mantissa[:, None], kept).any(axis=1)]
            if len(ticks) > 10 and len(rounder) > 1:  # a range of less than two decades may hold a single power of ten
                ticks = rounder
    return ticks[::1 + (len(ticks) - 1) // 10]
