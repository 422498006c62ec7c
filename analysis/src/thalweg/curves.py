"""Curves of several runs and their mean."""

from __future__ import annotations

import numpy as np


def finite(x, y):
    """The points at which both are finite."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    keep = np.isfinite(x) & np.isfinite(y)
    return x[keep], y[keep]


def mean_curve(curves: list):
    """Mean of curves [(x, y), …] over the range that all of them cover.

    Where all share their x it is the plain mean; otherwise each is interpolated linearly at the union of the x.
    Returns (x, y), empty if there is no common range.
    """
    curves = [finite(x, y) for x, y in curves]
    curves = [(x, y) for x, y in curves if len(x)]
    if not curves:
        return np.array([]), np.array([])
    low = max(x[0] for x, _ in curves)
    high = min(x[-1] for x, _ in curves)
    grid = np.unique(np.concatenate([x for x, _ in curves]))
    grid = grid[(grid >= low) & (grid <= high)]
    return grid, np.mean([np.interp(grid, x, y) for x, y in curves], axis=0) if len(grid) else grid
