"""Figure of audits: how measures of flatness change where the function does not."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.figure import Figure

from . import style
from .figures import origin
from .kernel_figures import page
from .landscape_tables import INVARIANT, audit_reference, audited_measures, is_invariant
from .log_axis import log_scale, plain_log_axis
from .records import RecordError, Study

MOST = 4  # panels of a page


def audit_figure(study: Study) -> Figure:
    """A panel an audit, the first four by name: every measure over its value at α = 1 against α, both logarithmic, with
    standard errors where the record has them. What stays within a hundredth of 1 is drawn grey and named invariant."""
    audits = study.named("audits")
    if not audits:
        raise RecordError(f"{study.folder}: has no /audits to draw")
    shown = dict(list(audits.items())[:MOST])
    measures = list(dict.fromkeys(measure for audit in shown.values() for measure in audited_measures(audit)))
    moving = [m for m in measures if any(m in a and not is_invariant(a, m) for a in shown.values())]
    colors, dashes = style.colors(moving), style.dashes(moving)
    with style.styled():
        columns = min(2, len(shown))
        rows = -(-len(shown) // columns)
        width, height = 0.8 + 6.6 * columns, 1.7 + 3.6 * rows
        figure = page(study, width, height)
        panels = np.atleast_1d(figure.subplots(rows, columns)).ravel()
        figure.subplots_adjust(left=0.75 / width, right=1 - 2.5 / width, top=1 - 1.1 / height, bottom=1.05 / height,
                               wspace=0.95, hspace=0.55)
        for letter, axes, (name, audit) in zip("abcd", panels, shown.items()):
            audit_panel(axes, audit, colors, dashes)
            axes.set_title(f"({letter}) {name}", pad=18)
        for axes in panels[len(shown):]:
            axes.set_visible(False)
        figure.text(0.02, 0.1 / height, textwrap.fill(words(study, audits, shown), int(17.5 * width)), fontsize=8,
                    color=style.MUTED, va="bottom")
    return figure


def audit_panel(axes, audit, colors, dashes) -> None:
    factor = audit["factor"].values.astype(float)
    order = np.argsort(factor)
    reference = audit_reference(audit)
    for measure in audited_measures(audit):
        ratio, error = ratios(audit, measure, reference)
        keep = order[np.isfinite(ratio[order]) & (ratio[order] > 0)]
        if is_invariant(audit, measure):
            axes.plot(factor[keep], ratio[keep], color=style.MUTED, linewidth=3.0, alpha=0.5, zorder=1,
                      label=f"{measure}: invariant")
            continue
        axes.plot(factor[keep], ratio[keep], color=colors[measure], linestyle=dashes[measure], linewidth=1.6, marker="o",
                  markersize=3, label=measure)
        if error is not None:
            axes.errorbar(factor[keep], ratio[keep], error[keep], color=colors[measure], linestyle="none", linewidth=0.9)
    log_scale(axes, "x", "y")
    axes.set(xlabel="α", ylabel="measure(α) / measure(1)")
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.5), max(high, 2.0))  # invariance looks flat
    plain_log_axis(axes)
    plain_log_axis(axes, which="x")
    axes.text(0, 1.015, facts(audit), transform=axes.transAxes, fontsize=7.5, color=style.MUTED, va="bottom")
    style.legend_beside(axes)


def ratios(audit, measure, reference) -> tuple:
    """(ratio, its standard error or None) of every point; that of the reference's own value is not in it."""
    values = audit[measure].values.astype(float)
    error = None
    with np.errstate(divide="ignore", invalid="ignore"):  # a measure that is 0 at α = 1 has no ratio: not drawn, counted
        if f"{measure}_error" in audit:
            error = np.abs(audit[f"{measure}_error"].values.astype(float) / values[reference])
        return values / values[reference], error


def facts(audit) -> str:
    """Run, transformation, and by how much the function changes at most."""
    kind = {"alpha": "layers scaled by α and 1/α", "filter": "filters scaled by α"}.get(
        audit.attrs.get("transformation"), str(audit.attrs.get("transformation", "")))
    parts = [str(audit.attrs["run"])] if "run" in audit.attrs else []
    parts += [kind] if kind else []
    if "function_change" in audit:
        parts.append(f"outputs change by at most {np.nanmax(audit['function_change'].values):.1e}")
    return ", ".join(parts)


def words(study: Study, audits, shown) -> str:
    text = f"Invariant (grey): within {100 * INVARIANT:g} % of the value at α = 1 everywhere; bars: standard errors. "
    for name, audit in shown.items():
        reference = audit_reference(audit)
        hidden = sum(int((~(ratios(audit, measure, reference)[0] > 0)).sum()) for measure in audited_measures(audit))
        if hidden:
            text += f"{name}, not shown: {hidden} ratios at or below 0 or without a value. "
    if len(audits) > len(shown):
        text += f"Not shown: {', '.join(list(audits)[len(shown):])}. "
    return text + origin([study])
