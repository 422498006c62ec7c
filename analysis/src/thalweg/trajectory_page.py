"""Which page a study of trajectories gets: what its record holds decides."""

from __future__ import annotations

from matplotlib.figure import Figure

from .audit_figure import audit_figure
from .connection_figure import connection_figure
from .correlation_figure import correlation_figure
from .critical_batch_figure import critical_batch_figure
from .edge_figure import edge_figure, edge_probe
from .figures import figure
from .groups_figure import groups_figure
from .objective_figure import is_objective, objective_figure
from .records import RecordError, Study
from .spectrum_figure import spectrum_figure, spectrum_probe
from .surface_figure import surface_figure


def _has_runs(study: Study) -> bool:
    return study.kind == "trajectories" and len(study.summary) > 0


# Name, whether a record holds what the page shows, the page; the first that is held is drawn.
PAGES = (
    ("objective", lambda study: _has_runs(study) and is_objective(study), objective_figure),
    ("surfaces", lambda study: study.has_group("surfaces"), surface_figure),
    ("connections", lambda study: study.has_group("connections"), connection_figure),
    ("audits", lambda study: study.has_group("audits"), audit_figure),
    ("correlation", lambda study: study.has_group("correlation"), correlation_figure),
    ("critical_batch", lambda study: _has_runs(study) and study.has_group("critical_batch"), critical_batch_figure),
    ("edge", lambda study: _has_runs(study) and edge_probe(study) is not None, edge_figure),
    ("spectrum", lambda study: _has_runs(study) and spectrum_probe(study) is not None and not study.slices(),
     spectrum_figure),
    ("groups", lambda study: _has_runs(study) and (study.has_group("tune") or not study.slices()), groups_figure),
    ("minima", _has_runs, figure),
)


def trajectory_page(study: Study, kernel: Study = None, name: str = None) -> Figure:
    """The page called `name`, or the first of PAGES that the record holds; with a kernel beside it the minima's."""
    if kernel is not None:
        if name not in (None, "minima"):
            raise RecordError(f"{study.folder}: page {name!r} has no kernel study beside it")
        return figure(study, kernel)
    held = {page: draw for page, holds, draw in PAGES if holds(study)}
    if name is None:
        return next(iter(held.values()), figure)(study)
    if name not in held:
        raise RecordError(f"{study.folder}: has no page {name!r}; there are: {', '.join(held) or 'none'}")
    return held[name](study)
