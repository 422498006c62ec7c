"""Every page is drawn from records of random numbers: of many orders of magnitude, tiny, huge, constant, zero, negative,
masked in part or whole. A page either comes out or a RecordError says why not. THALWEG_FIGURES=all draws every page from
every kind of numbers; else each gets the kinds that most pages stumble over, and one of the others in turn."""

import io
import os

import completion
import conftest as known
import h5py
import landscape
import numpy as np
import protocols
import pytest
import test_completion_figures
import test_kernel_figures
import test_protocol_figures
import test_uci_figure
import test_width_figure
import thalweg
from thalweg.__main__ import draw
from thalweg.completion_page import PAGES as COMPLETION_PAGES
from thalweg.levels import contour_levels, level_ticks
from thalweg.trajectory_page import PAGES as TRAJECTORY_PAGES

# What orders or names the numbers, and what is counted: not measured, so not drawn at random.
SETTINGS = {"step", "epoch", "seed", "instance", "x", "y", "t", "alpha", "width", "size", "factor", "batch_size",
            "learning_rate", "runs", "finished", "steps", "draw", "labels", "observations", "ridge_grid", "time", "rate"}
NUMBERS = {
    "wide": lambda random, shape: 10.0 ** random.uniform(-12, 12, shape),
    "narrow": lambda random, shape: random.uniform(8, 89, shape),
    "tiny": lambda random, shape: 1e-300 * random.uniform(1, 9, shape),
    "huge": lambda random, shape: 1e300 * random.uniform(1, 9, shape),
    "constant": lambda random, shape: np.full(shape, random.uniform(1, 9)),
    "nearly constant": lambda random, shape: 7.0 * (1 + 1e-16 * random.integers(0, 9, shape)),
    "zero": lambda random, shape: np.zeros(shape),
    "negative": lambda random, shape: -(10.0 ** random.uniform(-3, 3, shape)),
    "of both signs": lambda random, shape: random.normal(size=shape) * 10.0 ** random.uniform(-6, 6, shape),
    "masked in part": lambda random, shape: np.where(random.random(shape) < 0.5, np.nan, random.uniform(0, 2, shape)),
    "masked": lambda random, shape: np.full(shape, np.nan),
    "overflown in part": lambda random, shape: np.where(random.random(shape) < 0.3, np.inf, random.uniform(0, 2, shape)),
}


def write_planes(folder):
    landscape.write_plane(folder, marks=True)
    return landscape.write_line(landscape.write_plane(folder, "ray", directions="eigenvectors", way=False), "line")


WRITERS = {
    "minima": known.write_study,
    "groups": test_protocol_figures.write_groups,
    "objective": protocols.write_objective,
    "critical_batch": protocols.write_sweep,
    "spectrum": protocols.write_spectrum,
    "edge": protocols.write_edge,
    "surfaces": write_planes,
    "connections": landscape.write_connections,
    "audits": landscape.write_audit,
    "correlation": landscape.write_correlation,
    "comparison of kernels": test_kernel_figures.write_comparison,
    "small data": lambda folder: test_kernel_figures.write_small_data(folder)[0],
    "one kernel": test_kernel_figures.write_spectrum,
    "width": test_width_figure.write_width,
    "uci": test_uci_figure.write_uci,
    "comparison": lambda folder: completion.write(folder, test_completion_figures.comparison_runs()),
    "theory": lambda folder: completion.write(folder, test_completion_figures.theory_runs()),
    "norms": lambda folder: completion.write(folder, test_completion_figures.razin_runs()),
    "flow_gap": test_completion_figures.gap_record,
    "optimizers": lambda folder: completion.write(folder, test_completion_figures.optimizer_runs()),
    "acceleration": lambda folder: completion.write(
        folder, test_completion_figures.regression_runs({(1, 0.1): 100, (2, 0.1): 50, (2, 0.2): None})),
    "ratings": lambda folder: completion.write(folder, test_completion_figures.rating_runs()),
}


def draw_at_random(folder, random, numbers):
    """Replaces what was measured, in place."""
    for file in [folder / "study.h5", *sorted(folder.glob("runs/*.h5"))]:
        with h5py.File(file, "a") as h5:
            measured = []

            def note(name, item):
                if isinstance(item, h5py.Dataset) and item.dtype.kind == "f" and name.split("/")[-1] not in SETTINGS:
                    measured.append(item)

            h5.visititems(note)
            for item in measured:
                if "NAME" in item.attrs:
                    continue
                values = numbers(random, item.shape)
                item[...] = np.abs(values) if item.name.endswith("_error") else values


def kinds_for(name):
    if os.environ.get("THALWEG_FIGURES") == "all":
        return list(NUMBERS)
    others = [kind for kind in NUMBERS if kind not in ("zero", "masked")]
    return ["zero", "masked", others[sorted(WRITERS).index(name) % len(others)]]


def drawn(study, page):
    figure = draw(study, None, page)
    figure.savefig(io.BytesIO(), dpi=20)


@pytest.mark.parametrize("name", WRITERS)
def test_pages_of_random_records(tmp_path, name):
    refused = []
    for kind in kinds_for(name):
        random = np.random.default_rng([list(NUMBERS).index(kind), sorted(WRITERS).index(name)])
        folder = WRITERS[name](tmp_path / kind.replace(" ", "_"))
        draw_at_random(folder, random, NUMBERS[kind])
        study = thalweg.open_study(folder)
        pages = {page for page, *_ in (*TRAJECTORY_PAGES, *COMPLETION_PAGES)}
        try:
            drawn(study, name if name in pages else None)
        except thalweg.RecordError as error:
            refused.append((kind, str(error)))
        except Exception as error:
            raise AssertionError(f"{name}, {kind}: {error!r}") from error
    assert all(kind == "masked" for kind, _ in refused), refused


def test_levels_of_random_ranges():
    # Equal steps whose ends are more than a factor of eight apart, none of them a round number.
    assert list(level_ticks(np.linspace(8.0, 89.0, 19))) == list(np.linspace(8.0, 89.0, 19)[::2])
    random = np.random.default_rng(1)
    for _ in range(1000):
        low = 10.0 ** random.uniform(-300, 290)
        parts = [low * 10.0 ** random.uniform(0, random.choice([0.1, 1, 2, 10]) * random.random(), 5) for _ in range(2)]
        parts = [random.choice([1.0, 1.0, -1.0]) * part for part in parts]
        levels = contour_levels(*parts)
        assert len(levels) >= 2 and (np.diff(levels) > 0).all(), parts
        ticks = level_ticks(levels)
        assert 2 <= len(ticks) <= 10 and np.isin(ticks, levels).all(), parts
