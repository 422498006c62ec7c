"""Which page a study of matrix completion gets: what its record holds decides."""

from __future__ import annotations

from matplotlib.figure import Figure

from .acceleration_figure import acceleration_figure
from .completion_figure import completion_figure
from .completion_runs import completion_runs
from .flow_gap_figure import flow_gap_figure
from .matrix_norms_figure import matrix_norms_figure
from .optimizers_figure import compared_optimizers, optimizers_figure
from .ratings_figure import ratings_figure
from .records import RecordError, Study
from .singular_values_figure import has_theory, singular_values_figure


def _data(pattern):
    return lambda study, runs: runs["data"].str.contains(pattern, regex=True).any()


def _has_test(study, runs) -> bool:
    return "test_loss" in runs and runs["test_loss"].notna().any()


def _has_rates(runs) -> bool:
    return "learning_rate" in runs and runs["learning_rate"].notna().any()


# Name, whether a record holds what the page shows, the page; the first that is held is drawn.
PAGES = (
    ("ratings", _data(r"ratings"), ratings_figure),
    ("acceleration", lambda study, runs: _data(r"regression")(study, runs) and _has_rates(runs), acceleration_figure),
    ("norms", _data(r"(?<!\d)2 x 2(?!\d)"), matrix_norms_figure),
    ("flow_gap", lambda study, runs: study.has_group("flow_gap"), flow_gap_figure),
    ("theory", has_theory, singular_values_figure),
    ("optimizers", lambda study, runs: _has_test(study, runs) and len(compared_optimizers(runs)) > 1,
     optimizers_figure),
    ("comparison", _has_test, completion_figure),
    ("singular_values", lambda study, runs: runs["depth"].notna().any(), singular_values_figure),
)


def completion_page(study: Study, name: str = None) -> Figure:
    """The page called `name`, or the first of PAGES that the record holds."""
    runs = completion_runs(study)
    held = {page: draw for page, holds, draw in PAGES if holds(study, runs)}
    if name is None and held:
        return next(iter(held.values()))(study)
    if name not in held:
        asked = f"no page {name!r}" if name is not None else "nothing to draw"
        raise RecordError(f"{study.folder}: has {asked}; there are: {', '.join(held) or 'none'}")
    return held[name](study)
