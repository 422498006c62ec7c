"""Tables of what was computed around runs: connections between them, audits of measures, correlations."""

from __future__ import annotations

import numpy as np

from .records import RecordError, Study

INVARIANT = 0.01  # a measure that changes by no more than this share does not change


def connection_label(attributes) -> str:
    """line · line, aligned · Bézier · chain (3 bends)."""
    curve = {"bezier": "Bézier"}.get(attributes.get("curve"), str(attributes.get("curve")))
    bends = int(attributes.get("bends", 0))
    label = curve + (", aligned" if attributes.get("alignment", "none") != "none" else "")
    return label + (f" ({bends} bends)" if bends > 1 else "")


def connection_ends(attributes) -> tuple:
    """Names of the two ends; the second may be a copy of the first whose units stand in another order."""
    first = str(attributes.get("from"))
    return first, "its permuted copy" if attributes.get("permuted_copy") else str(attributes.get("to"))


def surface_rows(study: Study) -> tuple:
    """(header, rows): a row a surface with its points, and where along it the training loss is lowest and highest."""
    header = ["surface", "through", "directions", "points", "lowest training loss", "at", "highest", "at"]
    rows = []
    for name, surface in study.named("surfaces").items():
        loss = surface["train_loss"]
        cells = []
        for best in (np.nanargmin, np.nanargmax):
            place = np.unravel_index(best(loss.values), loss.shape)
            at = ", ".join(f"{axis} = {float(surface[axis][i]):.3g}" for axis, i in zip(loss.dims, place))
            cells += [f"{float(loss.values[place]):.4g}", at]
        rows.append([name, surface.attrs["run"], surface.attrs["directions"], " × ".join(map(str, loss.shape)), *cells])
    return header, rows


def connection_rows(study: Study) -> tuple:
    """(header, rows): a row a connection with its highest training loss and its barriers; errors in %."""
    header = ["connection", "from", "to", "path", "highest training loss", "barrier: training loss", "test loss",
              "training error, %", "test error, %"]
    rows = []
    for name, connection in study.named("connections").items():
        barriers = [_cell(connection, f"barrier_{kind}_loss", 1.0) for kind in ("train", "test")]
        barriers += [_cell(connection, f"barrier_{kind}_error", 100.0) for kind in ("train", "test")]
        attrs = connection.attrs
        rows.append([name, *connection_ends(attrs), connection_label(attrs),
                     f"{np.nanmax(connection['train_loss'].values):.4g}", *barriers])
    return header, rows


def _cell(connection, name, scale) -> str:
    # Without what a sum's last bits leave of a difference.
    return f"{round(scale * float(connection[name]), 12):.4g}" if name in connection else "–"


CHECKS = frozenset(
    "converged certified products pairs evaluations value_at_point at_bound allowed_below accuracy_at_point drop sigma "
    "published_evaluations sharpness_mean broadening integral complete multiplet_cut effective_draws next_largest "
    "next_smallest index_at_least rounding".split())


def is_check(scalar: str) -> bool:
    """Whether a probe's scalar says how good another is, what it cost or where it was measured (as in the program)."""
    return scalar.endswith(("_error", "_residual", "_spread", "_bound", "_low", "_high", "_valid")) or scalar in CHECKS


def audited_measures(audit) -> list:
    """The measures of an audit, PROBE.SCALAR; not the checks among them."""
    return [name for name in audit.data_vars if "." in name and not is_check(name.split(".", 1)[1])]


def audit_reference(audit) -> int:
    """The point at which nothing is transformed, α = 1. Raises RecordError where there is none."""
    factor = audit["factor"].values.astype(float)
    nearest = int(np.argmin(np.abs(factor - 1.0)))
    if not np.isclose(factor[nearest], 1.0):
        raise RecordError(f"an audit of {audit.attrs.get('run')} has no point at α = 1, only {factor.tolist()}")
    return nearest


def is_invariant(audit, measure) -> bool:
    values = audit[measure].values.astype(float)
    one = values[audit_reference(audit)]
    return bool(np.all(np.abs(values - one) <= INVARIANT * np.abs(one)))


def audit_tables(study: Study) -> list:
    """[(header, rows)], one an audit: measures by α, as values at 1 and as ratios to them elsewhere; what is invariant."""
    found = []
    for name, audit in study.named("audits").items():
        reference = audit_reference(audit)
        factor = audit["factor"].values.astype(float)
        order = np.argsort(factor)
        header = [name, *(f"α = {factor[i]:g}" for i in order), "invariant"]
        rows = [["outputs change by", *(f"{audit['function_change'].values[i]:.2g}" for i in order), ""]] \
            if "function_change" in audit else []
        for measure in audited_measures(audit):
            values = audit[measure].values.astype(float)
            one = values[reference]
            cells = [f"{values[i]:.4g}" if i == reference or one == 0.0 else f"× {values[i] / one:.4g}" for i in order]
            rows.append([measure, *cells, "yes" if is_invariant(audit, measure) else "no"])
        found.append((header, rows))
    return found


def correlation_gaps(correlation) -> list:
    """The gaps that a record's correlations are with: loss, error, or one of them."""
    return [gap for gap in ("loss", "error") if f"tau_{gap}" in correlation]


def correlation_order(correlation) -> np.ndarray:
    """Rows that have a coefficient, largest τ with the first gap first."""
    tau = correlation[f"tau_{correlation_gaps(correlation)[0]}"].values.astype(float)
    order = np.argsort(-tau, kind="stable")
    return order[np.isfinite(tau[order])]


def correlation_rows(study: Study) -> tuple:
    """(header, rows): measures by τ with its interval, and the granulated coefficient, for every gap."""
    data = study.group("correlation")
    gaps = correlation_gaps(data)
    header = ["measure", "runs"]
    for gap in gaps:
        header += [f"τ, gap of the {gap}", f"{100 * float(data.attrs.get('confidence', 0.95)):g} %"]
        header += ["granulated"] if f"granulated_{gap}" in data else []
    rows = []
    for i in correlation_order(data):
        row = [str(data["measure"].values[i]), str(int(data["runs"].values[i]))]
        for gap in gaps:
            row += [f"{float(data[f'tau_{gap}'].values[i]):.2f}",
                    f"{float(data[f'tau_{gap}_low'].values[i]):.2f} to {float(data[f'tau_{gap}_high'].values[i]):.2f}"]
            row += [f"{float(data[f'granulated_{gap}'].values[i]):.2f}"] if f"granulated_{gap}" in data else []
        rows.append([cell.replace("nan", "–") for cell in row])
    return header, rows
