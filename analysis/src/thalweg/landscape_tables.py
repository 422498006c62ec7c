"""Tables of what was computed around runs: connections between them."""

from __future__ import annotations

import numpy as np

from .records import Study


def connection_label(attributes) -> str:
    """line · line, aligned · Bézier · chain (3 bends)."""
    curve = {"bezier": "Bézier"}.get(attributes.get("curve"), str(attributes.get("curve")))
    bends = int(attributes.get("bends", 0))
    label = curve + (", aligned" if attributes.get("alignment", "none") != "none" else "")
    return label + (f" ({bends} bends)" if bends > 1 else "")


def connection_rows(study: Study) -> tuple:
    """(header, rows): a row a connection with its highest training loss and its barriers; errors in %."""
    header = ["connection", "from", "to", "path", "highest training loss", "barrier: training loss", "test loss",
              "training error, %", "test error, %"]
    rows = []
    for name, connection in study.named("connections").items():
        barriers = [_cell(connection, f"barrier_{kind}_loss", 1.0) for kind in ("train", "test")]
        barriers += [_cell(connection, f"barrier_{kind}_error", 100.0) for kind in ("train", "test")]
        attrs = connection.attrs
        rows.append([name, str(attrs.get("from")), str(attrs.get("to")), connection_label(attrs),
                     f"{np.nanmax(connection['train_loss'].values):.4g}", *barriers])
    return header, rows


def _cell(connection, name, scale) -> str:
    return f"{scale * float(connection[name]):.4g}" if name in connection else "–"
