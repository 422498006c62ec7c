"""Figure of loss surfaces: planes and lines through a point, by their loss and by their error."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.colors import BoundaryNorm, LogNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from . import style
from .figures import origin
from .kernel_figures import page
from .levels import contour_levels, is_wide, level_ticks
from .log_axis import plain_log_axis
from .records import RecordError, Study

MOST = 4  # columns of a page
_AXES = {"pca": "principal component {}", "eigenvectors": "along eigenvector {}", "random": "along direction {}"}


def surface_figure(study: Study) -> Figure:
    """A column a surface, the first four by name. Above its loss: training filled, test dashed; below the test error.
    Planes are contours, lines are curves. The run's way, with its start and end, and the points that a plane goes
    through lie on them. Planes of one kind of directions share their levels, so that colours compare."""
    surfaces = study.named("surfaces")
    if not surfaces:
        raise RecordError(f"{study.folder}: has no /surfaces to draw")
    shown = dict(list(surfaces.items())[:MOST])
    panels = [loss_panel] + ([error_panel] if any(has_values(s, "test_accuracy") for s in shown.values()) else [])
    with style.styled():
        width, height = 1.0 + 4.6 * len(shown), 2.0 + 3.6 * len(panels)
        figure = page(study, width, height)
        grid = np.array(figure.subplots(len(panels), len(shown), squeeze=False))
        figure.subplots_adjust(left=0.75 / width, right=1 - 0.75 / width, top=1 - 1.35 / height, bottom=1.1 / height,
                               wspace=0.42, hspace=0.34)
        for column, (name, surface) in enumerate(shown.items()):
            alike = [s for s in shown.values() if s.attrs.get("directions") == surface.attrs.get("directions")]
            for axes, panel in zip(grid[:, column], panels):
                panel(axes, surface, alike)
            grid[0, column].set_title(f"({'abcd'[column]}) {name}", pad=42)
            grid[0, column].text(0, 1.015, facts(surface), transform=grid[0, column].transAxes, fontsize=7.5,
                                 color=style.MUTED, va="bottom", linespacing=1.25)
        figure.text(0.02, 0.12 / height, textwrap.fill(words(study, surfaces, shown), int(17.5 * width)), fontsize=8,
                    color=style.MUTED, va="bottom")
    return figure


def has_values(surface, column) -> bool:
    return column in surface and bool(np.isfinite(surface[column].values.astype(float)).any())


def is_plane(surface) -> bool:
    return surface["train_loss"].ndim == 2


def facts(surface) -> str:
    """What was computed, a line each: run and directions; settings; shares of components, or eigenvalues."""
    attrs = surface.attrs
    kind = {"random": "random directions", "pca": "principal components", "eigenvectors": "eigenvectors",
            "points": "through given points"}.get(attrs.get("directions"), str(attrs.get("directions", "")))
    norm = attrs.get("norm", "none")
    settings = [f"normalised by {norm}"] if norm not in ("none", "") else []
    settings += [f"statistics {attrs['statistics']}"] if attrs.get("statistics") else []
    settings += [f"{attrs['samples']:g} samples"] if attrs.get("samples") else []
    first = ", ".join(part for part in (str(attrs.get("run", "")), kind) if part)
    return "\n".join(part for part in (first, ", ".join(settings), components(surface)) if part)


def components(surface) -> str:
    """Shares of the way's variance beside those of a random walk, or eigenvalues with their residuals."""
    if "explained" in surface:
        text = "explains " + _shares(surface["explained"])
        return text + (f"; a random walk: {_shares(surface['explained_null'])}" if "explained_null" in surface else "")
    if "eigenvalue" in surface:
        residuals = surface["eigenvalue_residual"].values if "eigenvalue_residual" in surface else None
        values = [f"{value:.4g}" + (f" (residual {residuals[i]:.1g})" if residuals is not None else "")
                  for i, value in enumerate(surface["eigenvalue"].values)]
        return "λ = " + ", ".join(values)
    return ""


def _shares(values) -> str:
    return " + ".join(f"{100 * share:.1f} %" for share in values.values[:2])


def axis_label(surface, number: int) -> str:
    if surface.attrs.get("directions") == "points" and surface.sizes.get("mark", 0) > number:
        return f"from {surface['mark_name'].values[0]} (0) toward {surface['mark_name'].values[number]} (1)"
    return _AXES.get(surface.attrs.get("directions"), "xy"[number - 1]).format(number)


def loss_panel(axes, surface, alike) -> None:
    """Training loss, filled or solid, and test loss, dashed."""
    if is_plane(surface):
        levels = contour_levels(*(s["train_loss"].values for s in alike if is_plane(s)))
        contours(axes, surface, surface["train_loss"].values, levels, "training loss")
        if has_values(surface, "test_loss"):
            dashed = surface["test_loss"].values
            low, high = np.nanmin(dashed), np.nanmax(dashed)
            inside = levels[(levels > low) & (levels < high)]
            inside = inside[::1 + len(inside) // 9]
            if len(inside):
                axes.contour(surface["x"].values, surface["y"].values, np.ma.masked_invalid(dashed), levels=inside,
                             colors=style.INK, linewidths=0.8, linestyles=[(0, (4, 2))])
        return
    lines(axes, surface, (("train_loss", "training", "-"), ("test_loss", "test", (0, (4, 2)))), lambda v: v)
    axes.set_ylabel("loss")


def error_panel(axes, surface, alike) -> None:
    """Error in %: of the test set on a plane; of training and test set on a line."""
    if not has_values(surface, "test_accuracy"):
        style.panel_note(axes, "no accuracy recorded")
    elif is_plane(surface):
        levels = contour_levels(*(100 - 100 * s["test_accuracy"].values for s in alike
                                  if is_plane(s) and has_values(s, "test_accuracy")))
        contours(axes, surface, 100 - 100 * surface["test_accuracy"].values, levels, "test error, %")
    else:
        lines(axes, surface, (("train_accuracy", "training", "-"), ("test_accuracy", "test", (0, (4, 2)))),
              lambda v: 100 - 100 * v)
        axes.set_ylabel("error, %")


def contours(axes, surface, values, levels, label) -> None:
    """Filled contours, dark where low, with the way and the marks; what is not finite stays white."""
    x, y = surface["x"].values, surface["y"].values
    wide = is_wide(levels) and levels[0] > 0
    norm = LogNorm(levels[0], levels[-1]) if wide else BoundaryNorm(levels, 256)
    shown = np.ma.masked_invalid(np.maximum(values, levels[0]) if wide else values)  # below the lowest: its colour
    filled = axes.contourf(x, y, shown, levels=levels, cmap=style.SEQUENTIAL, norm=norm)
    axes.contour(x, y, shown, levels=levels, colors="white", linewidths=0.4)
    bar = axes.figure.colorbar(filled, ax=axes, pad=0.02, fraction=0.05, ticks=level_ticks(levels))
    bar.ax.set_yticklabels([_number(tick) for tick in bar.get_ticks()])
    bar.ax.minorticks_off()
    bar.outline.set_linewidth(0.4)
    bar.set_label(label)
    axes.set(xlabel=axis_label(surface, 1), ylabel=axis_label(surface, 2), xlim=(x.min(), x.max()), ylim=(y.min(), y.max()))
    way_and_marks(axes, surface)


def _number(value) -> str:
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return rf"${float(mantissa):g}\cdot10^{{{int(exponent)}}}$"


def way_and_marks(axes, surface) -> None:
    """The run's way on a plane, open at its start and filled at its end, and the points the plane goes through."""
    if "trajectory_y" in surface:
        x, y = surface["trajectory_x"].values, surface["trajectory_y"].values
        axes.plot(x, y, color=style.PALETTE[1], linewidth=1.4, marker=".", markersize=3)
        axes.plot(x[:1], y[:1], color=style.PALETTE[1], marker="o", markerfacecolor="white", markersize=6, linestyle="none")
        axes.plot(x[-1:], y[-1:], color=style.PALETTE[1], marker="o", markersize=6, linestyle="none")
    if "mark_name" in surface:
        outline = [withStroke(linewidth=2, foreground="white")]
        for name, x, y in zip(surface["mark_name"].values, surface["mark_x"].values, surface["mark_y"].values):
            axes.plot([x], [y], color="white", markeredgecolor=style.INK, marker="D", markersize=5, linestyle="none")
            right = x > np.mean(axes.get_xlim())
            axes.annotate(str(name), (x, y), xytext=(-6 if right else 6, 4), textcoords="offset points", fontsize=8,
                          ha="right" if right else "left", path_effects=outline)


def lines(axes, surface, columns, shown) -> None:
    """Curves over a line, named at their ends, logarithmic where wide; the way as ticks below, marks upright."""
    x = surface["x"].values
    ends, everything = [], []
    for index, (column, label, dashes) in enumerate(columns):
        if not has_values(surface, column):
            continue
        values = shown(surface[column].values)
        color = (style.PALETTE[0], style.PALETTE[1])[index]
        axes.plot(x, values, color=color, linestyle=dashes, linewidth=1.8)
        there = np.flatnonzero(np.isfinite(values))
        ends.append((x[there[-1]], values[there[-1]], label, color))
        everything.append(values)
    if not everything:
        style.panel_note(axes, "no point has a finite value")
        return
    everything = np.concatenate(everything)
    if is_wide(everything) and np.nanmin(everything) > 0:
        axes.set_yscale("log")
        plain_log_axis(axes)
    axes.set(xlabel=axis_label(surface, 1), xlim=(x.min(), x.max()))
    style.label_ends(axes, ends)
    if "trajectory_x" in surface:
        way = surface["trajectory_x"].values
        at_axis = axes.get_xaxis_transform()
        axes.plot(way, np.full(len(way), 0.02), color=style.MUTED, marker="|", linestyle="none", transform=at_axis)
        for at, face in ((way[0], "white"), (way[-1], style.MUTED)):
            axes.plot([at], [0.02], color=style.MUTED, marker="o", markersize=5, markerfacecolor=face, linestyle="none",
                      transform=at_axis)
    for name, at in zip(surface["mark_name"].values, surface["mark_x"].values) if "mark_name" in surface else ():
        axes.axvline(at, color=style.MUTED, linewidth=1.0, zorder=0)
        style.vertical_label(axes, at, str(name), style.MUTED, "right" if at > np.mean(axes.get_xlim()) else "left")


def words(study: Study, surfaces, shown) -> str:
    """What the marks mean, how far the ways lie off their planes, and what is not shown."""
    text = "Above: training loss filled (curves: solid), test loss dashed; below: error. "
    if any("trajectory_x" in s for s in shown.values()):
        text += "Dots: the run's way, open at its start and filled at its end, projected. "
    for name, surface in shown.items():
        if "trajectory_distance" in surface:
            distance = surface["trajectory_distance"].values
            text += f"{name}: the way lies up to {np.nanmax(distance):.3g} off what is shown, its end {distance[-1]:.3g}. "
        missing = int((~np.isfinite(surface["train_loss"].values)).sum())
        if missing:
            text += f"{name}: {missing} of {surface['train_loss'].size} points have no finite loss and are left blank. "
    if len(surfaces) > len(shown):
        text += f"Not shown: {', '.join(list(surfaces)[len(shown):])}. "
    return text + origin([study])
