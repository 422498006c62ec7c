"""Studies of matrix completion: what their runs were, how to name them, and what the figures share."""

from __future__ import annotations

import re
import textwrap

import numpy as np
import pandas as pd

from . import style
from .curves import finite
from .figures import origin
from .records import RecordError, Study

FIELDS = ("method", "depth", "scale", "optimizer", "learning_rate", "data")
# Methods that train a factorisation, or the matrix that it stands for; others are baselines.
TRAINED = ("factorization", "end_to_end")
WORDS = {"depth": "depth {:g}", "scale": "scale {:g}", "learning_rate": "rate {:g}", "observations": "{:g} observed"}


def completion_runs(study: Study) -> pd.DataFrame:
    """/summary, a row a run, with the runs' attributes FIELDS (NaN or "" where a run has none) and `name`, what the
    configuration calls the method, without depth, scale, rate and number of observations."""
    if study.kind != "completion" or not len(study.summary):
        raise RecordError(f"{study.folder}: a study of kind {study.kind!r} with {len(study.summary)} runs; the figure "
                          "needs one of kind 'completion'")
    runs = study.summary
    attributes = [study.run_attributes(name) for name in runs["run"]]
    for field in FIELDS:
        missing = "" if field in ("method", "optimizer", "data") else np.nan
        runs[field] = [found.get(field, missing) for found in attributes]
    runs["name"] = [_plain_name(row) for _, row in runs.iterrows()]
    return runs


def completion_groups(study: Study, runs: pd.DataFrame) -> pd.DataFrame:
    """A row a group: what its runs share, and its columns of /groups."""
    shared = runs.drop_duplicates("group").set_index("group")[
        ["name", "method", "depth", "scale", "optimizer", "learning_rate", "observations"]]
    measured = study.group("groups").reset_coords().to_dataframe()
    return shared.join(measured).reset_index()


def _plain_name(row) -> str:
    name = re.sub(r"-observed\d+$", "", row["group"])
    for field, letters in (("learning_rate", "rate"), ("scale", "scale"), ("depth", "depth")):
        if np.isfinite(row[field]):
            name = re.sub(rf"-{letters}{re.escape(format(row[field], 'g'))}$", "", name)
    return name


def distinguish(rows: pd.DataFrame, fields) -> list:
    """A text for each row: of `name` and `fields` those in which the rows differ; rates and the like only where they
    differ under one name."""
    texts = [[] for _ in range(len(rows))]
    several = rows["name"].nunique() > 1
    differ = [field for field in fields if rows.groupby("name")[field].nunique().max() > 1]
    for text, (_, row) in zip(texts, rows.iterrows()):
        if several or not differ:
            text.append(row["name"].replace("_", " "))
        text += [WORDS[field].format(row[field]) for field in differ if np.isfinite(row[field])]
    return [", ".join(text) for text in texts]


def is_trained(runs: pd.DataFrame) -> pd.Series:
    """Rows of trajectories, not of baselines."""
    return runs["method"].isin(TRAINED)


def looks(labels) -> dict:
    """Label → (colour, marker); told apart beyond the six colours by the marker."""
    labels = list(dict.fromkeys(labels))
    count = len(style.PALETTE)
    return {label: (style.PALETTE[i % count], style.MARKERS[(i + i // count) % len(style.MARKERS)])
            for i, label in enumerate(labels)}


def positive(x, y):
    """The points that have a place on two logarithmic axes."""
    x, y = finite(x, y)
    keep = (x > 0) & (y > 0)
    return x[keep], y[keep]


def setting(study: Study, table: str, key: str):
    """A value of the resolved configuration as text without quotes; None where the record has none."""
    lines = iter(str(study.attributes.get("config_resolved", "")).splitlines())
    for line in lines:
        if line.strip() == f"[{table}]":
            break
    for line in lines:
        if line.startswith("["):
            break
        name, _, value = line.partition("=")
        if name.strip() == key:
            return value.strip().strip('"')
    return None


def target_loss(study: Study):
    """Training loss at which runs stop; None where the record does not tell."""
    text = setting(study, "train", "target_loss")
    return None if text is None else float(text)


def caption(study: Study, runs: pd.DataFrame, text: str, inches: float) -> tuple:
    """What is drawn, which of `runs` are missing from it or did not get to their end, and what made the record; in
    lines for a page so many inches wide. Returns (text, its height in inches)."""
    for status, words in (("diverged", "Left out, diverged"), ("target_not_reached", "Target not reached")):
        names = list(runs.loc[runs["status"] == status, "run"])
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 4 else ""
            text += f" {words}: {', '.join(names[:3] if more else names)}{more}."
    lines = textwrap.wrap(f"{text} {origin([study])}", int(16.4 * inches - 6))
    return "\n".join(lines), 0.1 + 0.135 * len(lines)


def write_caption(figure, text: str) -> None:
    """The caption at the foot of the page."""
    figure.text(0.02, 0.08 / figure.get_figheight(), text, fontsize=8, color=style.MUTED, va="bottom")
