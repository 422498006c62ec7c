"""Figure of paths between runs: what they cost on the way."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.figure import Figure

from . import style
from .curves import finite
from .figures import origin
from .kernel_figures import page
from .landscape_tables import connection_ends, connection_label
from .levels import WIDE, is_wide
from .log_axis import plain_log_axis
from .records import RecordError, Study

MOST = 4  # rows of a page
NEGLIGIBLE = 1e-5  # of the largest barrier: what is smaller is drawn as nothing, however many decades below it lies
_COLORS = {"line": 1, "line, aligned": 4, "arc": 5, "Bézier": 0, "chain": 2}  # of the palette, on every page the same


def connection_figure(study: Study) -> Figure:
    """A row for every pair of runs, the first four. Training loss and test error (test loss where there is no accuracy)
    along the paths between the two, a colour a path; their barriers, signs kept; and, where bends were trained, their
    mean loss while they were."""
    connections = study.named("connections")
    if not connections:
        raise RecordError(f"{study.folder}: has no /connections to draw")
    pairs = pairs_of(connections)
    shown = dict(list(pairs.items())[:MOST])
    names = list(dict.fromkeys(connection_label(c.attrs) for mine in pairs.values() for c in mine.values()))
    colors = path_colors(names)
    trained = {name: study.group(f"connections/{name}/training") for name in connections
               if study.has_group(f"connections/{name}/training")}
    accuracy = any(np.isfinite(c["test_accuracy"].values).any() for c in connections.values() if "test_accuracy" in c)
    columns = 4 if trained else 3
    with style.styled():
        width, height = 4.0 * columns + 0.6, 1.5 + 3.3 * len(shown)
        figure = page(study, width, height)
        grid = figure.subplots(len(shown), columns, squeeze=False)
        figure.subplots_adjust(left=0.65 / width, right=1 - 0.95 / width, top=1 - 0.95 / height, bottom=1.05 / height,
                               wspace=0.55, hspace=0.5)
        for row, (pair, mine) in enumerate(shown.items()):
            profile_panel(grid[row, 0], mine, "train_loss", lambda v: v, colors)
            grid[row, 0].set(ylabel="training loss")
            grid[row, 0].set_title(f"({'abcd'[row]}) {pair[0]} to {pair[1]}")
            if accuracy:
                profile_panel(grid[row, 1], mine, "test_accuracy", lambda v: 100 - 100 * v, colors)
                grid[row, 1].set(ylabel="test error, %")
            else:
                profile_panel(grid[row, 1], mine, "test_loss", lambda v: v, colors)
                grid[row, 1].set(ylabel="test loss")
            barrier_panel(grid[row, 2], mine, colors)
            if trained:
                training_panel(grid[row, 3], {name: trained[name] for name in mine if name in trained}, mine, colors)
        text = words(study, pairs, shown)
        figure.text(0.02, 0.1 / height, textwrap.fill(text, int(17.5 * width)), fontsize=8, color=style.MUTED, va="bottom")
    return figure


def pairs_of(connections) -> dict:
    """(from, to) → its connections by name, lines first."""
    pairs = {}
    for name, connection in connections.items():
        pair = connection_ends(connection.attrs)
        pairs.setdefault(pair, {})[name] = connection
    return {pair: dict(sorted(mine.items(), key=lambda item: path_place(item[1]))) for pair, mine in pairs.items()}


def path_place(connection) -> tuple:
    """Lines before curves, wherever their names stand in the alphabet."""
    label = connection_label(connection.attrs)
    kind = label.split(" (")[0]
    return (list(_COLORS).index(kind) if kind in _COLORS else len(_COLORS), label)


def path_colors(names) -> dict:
    """A kind of path has one colour on every page; what is aligned or bent otherwise takes a free one."""
    colors = {}
    for name in names:
        kind = name.split(" (")[0]
        wanted = style.PALETTE[_COLORS[kind]] if kind in _COLORS else None
        free = [c for c in style.PALETTE if c not in colors.values()] or list(style.PALETTE)
        colors[name] = wanted if wanted in free else free[0]
    return colors


def profile_panel(axes, connections, column, shown, colors) -> None:
    """One column along the paths; logarithmic where its range is wide."""
    everything = []
    for connection in connections.values():
        if column not in connection:
            continue
        t, values = finite(connection["t"].values, shown(connection[column].values))
        name = connection_label(connection.attrs)
        dashes = (0, (4, 1.6)) if "aligned" in name else "-"  # where nothing moves it lies on what is not aligned
        axes.plot(t, values, color=colors[name], linestyle=dashes, linewidth=1.8, label=name)
        everything.append(values)
    everything = np.concatenate(everything) if everything else np.array([])
    if not len(everything):
        style.panel_note(axes, f"no {column.replace('_', ' ')} recorded")
        return
    if is_wide(everything) and everything.min() > 0:
        axes.set_yscale("log")
        plain_log_axis(axes)
    axes.set(xlabel="t, from the first run (0) to the second (1)", xlim=(0, 1))


def barrier_panel(axes, connections, colors) -> None:
    """A row a path: barrier of the training loss filled, of the test loss open; those of the errors in numbers. Where
    they span more than a factor of eight the axis is logarithmic but near zero."""
    barriers = {"train": [], "test": []}
    for row, connection in enumerate(connections.values()):
        name = connection_label(connection.attrs)
        for kind, face in (("train", colors[name]), ("test", "white")):
            value = _scalar(connection, f"barrier_{kind}_loss")
            barriers[kind].append(value)
            axes.plot([0, value], [row + (-0.12 if kind == "train" else 0.12)] * 2, color=colors[name],
                      linewidth=2.2 if kind == "train" else 1.0, zorder=1)
            axes.plot([value], [row + (-0.12 if kind == "train" else 0.12)], color=colors[name], marker="o", markersize=6,
                      markerfacecolor=face, linestyle="none", zorder=2)
        axes.annotate(_barrier_words(connection), (1.02, row), xycoords=axes.get_yaxis_transform(), va="center",
                      fontsize=7, linespacing=1.1)
    labels = [connection_label(c.attrs) for c in connections.values()]
    axes.set_yticks(range(len(labels)), labels)
    for label, name in zip(axes.get_yticklabels(), labels):
        label.set_color(colors[name])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.axvline(0.0, color=style.MUTED, linewidth=0.8, zorder=0)
    values = np.array([v for kind in barriers.values() for v in kind])
    values = values[np.isfinite(values)]
    low, high = min(0.0, values.min(initial=0.0)), max(0.0, values.max(initial=0.0))
    sizes = np.abs(values[values != 0])
    sizes = sizes[sizes >= NEGLIGIBLE * sizes.max(initial=0.0)]
    if len(sizes) and sizes.max() > WIDE * sizes.min():
        smallest = 10.0 ** np.floor(np.log10(sizes.min()))
        axes.set_xscale("symlog", linthresh=smallest)
        ticks = [*(-decades(smallest, -low)[::-1]), 0.0, *decades(smallest, high)]
        axes.set_xticks(ticks, [f"{tick:g}".replace("-", "−") for tick in ticks])
        axes.minorticks_off()
        axes.set_xlim(min(2 * low, -0.3 * smallest), max(2 * high, 0.3 * smallest))
    else:
        room = 0.08 * (high - low) or 0.1
        axes.set_xlim(low - room, high + room)
    axes.set_xlabel("barrier of the loss")


def decades(smallest, largest) -> np.ndarray:
    """At most three powers of ten from 10 · smallest to largest: nearer to zero there is no room for their numbers."""
    exponents = np.arange(np.log10(smallest) + 1, np.log10(largest) + 1e-9) if largest > 0 else np.array([])
    return 10.0 ** exponents[:: max(1, -(-len(exponents) // 3))]


def _scalar(connection, name) -> float:
    return float(connection[name]) if name in connection else np.nan


def _rounded(connection, name) -> float:
    """Without what a sum's last bits leave of a difference."""
    return round(_scalar(connection, name), 12)


def _barrier_words(connection) -> str:
    numbers = [f"{_rounded(connection, f'barrier_{kind}_loss'):.3g}" for kind in ("train", "test")]
    if "barrier_test_error" in connection:
        numbers.append(f"{100 * _rounded(connection, 'barrier_test_error'):.3g} %")
    return "\n".join(numbers).replace("-", "−")


def training_panel(axes, trained, connections, colors) -> None:
    """The mean loss over a path while its bends were trained."""
    if not trained:
        style.panel_note(axes, "no path was trained")
        return
    for name, training in trained.items():
        step, loss = finite(training["step"].values, training["loss"].values)
        axes.plot(step, loss, color=colors[connection_label(connections[name].attrs)], linewidth=1.0)
    everything = np.concatenate([training["loss"].values for training in trained.values()])
    if is_wide(everything) and np.nanmin(everything) > 0:
        axes.set_yscale("log")
        plain_log_axis(axes)
    axes.set(xlabel="steps", ylabel="loss of a point on the path")
    axes.set_title("Training the bends")


def words(study: Study, pairs, shown) -> str:
    text = ("Barrier: the most by which a path lies above the straight interpolation of its ends' values; filled: of the "
            "training loss, open: of the test loss; in numbers those two and that of the test error. ")
    if len(pairs) > len(shown):
        text += f"Not shown: {', '.join(f'{a} to {b}' for a, b in list(pairs)[len(shown):])}. "
    return text + origin([study])
