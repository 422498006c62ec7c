"""Which page a study of trajectories gets: what its record holds decides."""

from __future__ import annotations

from matplotlib.figure import Figure

from .critical_batch_figure import critical_batch_figure
from .edge_figure import edge_figure, edge_probe
from .figures import figure
from .groups_figure import groups_figure
from .records import Study
from .spectrum_figure import spectrum_figure, spectrum_probe


def trajectory_page(study: Study, kernel: Study = None) -> Figure:
    """A fitted critical batch, a followed edge of stability, a density of the spectrum, minima compared by a slice (also
    with a kernel beside), or groups row by row, in this order."""
    if kernel is None and study.kind == "trajectories" and len(study.summary):
        if study.has_group("critical_batch"):
            return critical_batch_figure(study)
        if edge_probe(study) is not None:
            return edge_figure(study)
        if spectrum_probe(study) is not None and not study.slices():
            return spectrum_figure(study)
        if study.has_group("tune") or not study.slices():
            return groups_figure(study)
    return figure(study, kernel)
