"""Tables of matrix completion: medians over instances, and distances from gradient flow."""

from __future__ import annotations

import numpy as np

from .records import Study


def completion_tables(study: Study) -> list:
    """[(header, rows), …]: a row a group with its medians; where there are some, a row a distance from the flow."""
    tables = [group_rows(study)]
    if study.has_group("flow_gap"):
        tables.append(flow_gap_rows(study))
    return tables


def group_rows(study: Study) -> tuple:
    """(header, rows): a row a group with the runs that reached their target, medians and quartiles over instances, and
    how often it did better than the least nuclear norm."""
    data = study.group("groups")
    header = [study.name, "reached", "test loss", "quartiles", "at least validation loss", "effective rank", "steps",
              "better : worse than nuclear norm", "sign test"]
    rows = []
    for row, name in enumerate(data["group"].values):
        rows.append([str(name), f"{data['finished'].values[row]} of {data['runs'].values[row]}",
                     _cell(data, "test_loss", row), _pair(data, "test_loss_lower", "test_loss_upper", row, " to "),
                     _cell(data, "test_loss_at_best_validation", row), _cell(data, "effective_rank", row),
                     _cell(data, "steps", row, "{:.0f}"), _pair(data, "wins", "losses", row, " : ", "{:.0f}"),
                     _cell(data, "sign_test", row)])
    return _without_empty(header, rows)


def flow_gap_rows(study: Study) -> tuple:
    """(header, rows): a row a run of gradient descent."""
    data = study.group("flow_gap")
    rows = [[str(name), _cell(data, "learning_rate", row), _cell(data, "distance", row)]
            for row, name in enumerate(data["run"].values)]
    return ["gradient descent", "learning rate", "largest distance from the flow, relative"], rows


def _cell(data, name, row, text="{:.4g}") -> str:
    value = float(data[name].values[row]) if name in data else np.nan
    return text.format(value) if np.isfinite(value) else "–"


def _pair(data, first, second, row, between, text="{:.4g}") -> str:
    cells = [_cell(data, name, row, text) for name in (first, second)]
    return "–" if "–" in cells else between.join(cells)


def _without_empty(header, rows) -> tuple:
    """Columns in which some row has a value."""
    kept = [i for i in range(len(header)) if any(row[i] != "–" for row in rows)]
    return [header[i] for i in kept], [[row[i] for i in kept] for row in rows]
