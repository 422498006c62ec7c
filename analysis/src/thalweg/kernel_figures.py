"""Figures of kernel studies: several kernels side by side, and accuracy on small training sets."""

from __future__ import annotations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator, ScalarFormatter

from . import style
from .records import RecordError, Study


def page(study: Study, width: float, height: float) -> Figure:
    """An empty page with the study's name."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    figure.text(0.02, 1 - 0.12 / height, study.name.replace("_", " "), fontsize=12, fontweight="bold", va="top")
    return figure


def kernel_figure(study: Study) -> Figure:
    """A comparison of kernels, or what one kernel's record holds: errors by class and, where they were computed,
    eigenvalues, leave-one-out over ridges, and the training that the kernel predicts."""
    if len(study.summary):
        return comparison_figure(study)
    data = study.kernel
    if data is None:
        raise RecordError(f"{study.folder}: neither /kernel nor /summary; is it the record of a kernel study?")
    panels = [class_panel]
    panels += [spectrum_panel] if "eigenvalues" in data else []
    panels += [left_out_panel] if "loo" in data else []
    predicted = study.group("predicted") if study.has_group("predicted") else None
    panels += [predicted_panel] if predicted is not None else []
    with style.styled():
        rows = (len(panels) + 1) // 2
        figure = page(study, 9.5 if len(panels) > 1 else 5.5, 0.5 + 3.2 * rows)
        grid = np.atleast_1d(figure.subplots(rows, 2 if len(panels) > 1 else 1)).ravel()
        left, right = (0.09, 0.88) if len(panels) > 1 else (0.13, 0.78)
        figure.subplots_adjust(left=left, right=right, top=1 - 0.75 / (0.5 + 3.2 * rows),
                               bottom=0.55 / (0.5 + 3.2 * rows), wspace=0.6, hspace=0.45)
        for axes, panel in zip(grid, panels):
            panel(axes, data if panel is not predicted_panel else predicted)
        for axes in grid[len(panels):]:
            axes.set_visible(False)
    return figure


def class_panel(axes, data) -> None:
    """Test error of each class."""
    labels = data["labels"].values
    wrong = data["predictions"].values.argmax(axis=1) != labels
    classes = np.arange(data["predictions"].shape[1])
    counts = np.array([(labels == c).sum() for c in classes])
    shares = np.array([100.0 * wrong[labels == c].mean() if n else np.nan for c, n in zip(classes, counts)])
    axes.bar(classes, shares, color=style.PALETTE[0], alpha=0.6)
    axes.axhline(100.0 * wrong.mean(), color=style.INK, linewidth=1.2, linestyle=(0, (5, 3)))
    axes.text(1.01, 100.0 * wrong.mean(), f"all: {100.0 * wrong.mean():.2f} %", va="center",
              transform=axes.get_yaxis_transform(), fontsize=8)
    if len(classes) <= 20:
        axes.set_xticks(classes)
    axes.set(xlabel="class", ylabel="test error, %", title="Test error by class")


def spectrum_panel(axes, data) -> None:
    """Eigenvalues of K from the largest, with the ridge beside them."""
    values = data["eigenvalues"].values[::-1]
    positive = values > 0
    axes.loglog(np.arange(1, len(values) + 1)[positive], values[positive], color=style.PALETTE[0], linewidth=1.8)
    ridge = float(data["ridge"])
    if ridge > 0:
        axes.axhline(ridge, color=style.INK, linewidth=1.2, linestyle=(0, (5, 3)))
        axes.text(1.01, ridge, "ridge", va="center", transform=axes.get_yaxis_transform())
    left = int((~positive).sum())
    axes.set(xlabel="rank", ylabel="eigenvalue of K",
             title="Spectrum" + (f" ({left} at or below 0 not shown)" if left else ""))


def left_out_panel(axes, data) -> None:
    """Leave-one-out error over the ridges tried; the chosen one is filled."""
    ridges, errors = data["ridge_grid"].values, data["loo"].values
    chosen = ridges == float(data["ridge"])
    axes.plot(ridges, errors, color=style.PALETTE[1], linewidth=1.5, marker="o", markerfacecolor="white")
    axes.plot(ridges[chosen], errors[chosen], color=style.PALETTE[1], marker="o", linestyle="none")
    if (ridges > 0).all():
        axes.set_xscale("log")
    axes.set(xlabel="ridge added to K", ylabel="leave-one-out error", title="Ridge by leaving one out (filled: chosen)")


def predicted_panel(axes, data) -> None:
    """Training and test loss that the kernel predicts, over time."""
    time = data["time"].values.astype(float)
    ends = []
    for name, label, color in (("train_loss", "training", style.INK), ("test_loss", "test", style.PALETTE[2])):
        values = data[name].values
        axes.plot(time, values, color=color, linewidth=1.8, marker="o", markersize=3)
        ends.append((time[-1], values[-1], f"{label}\n{values[-1]:.3g}", color))
    positive = time[time > 0]
    if len(positive) and positive.max() / positive.min() > 50:
        axes.set_xscale("symlog", linthresh=positive.min())
    axes.set(xlabel="training time or steps", ylabel="loss", title="Training predicted by the kernel")
    style.label_ends(axes, ends, gap=0.13)


def comparison_figure(study: Study) -> Figure:
    """Test error of every kernel of a comparison, least first, with its binomial standard error."""
    summary = study.summary
    if "test_accuracy" not in summary or not len(summary):
        raise RecordError(f"{study.folder}: /summary has no test_accuracy; is it a comparison of kernels?")
    if not np.isfinite(summary["test_accuracy"].astype(float)).any():
        raise RecordError(f"{study.folder}: no kernel has a test accuracy")
    order = summary.sort_values("test_accuracy", ascending=True).reset_index(drop=True)
    with style.styled():
        height = 1.2 + 0.36 * len(order)
        figure = page(study, 7.5, height)
        axes = figure.subplots()
        figure.subplots_adjust(left=0.24, right=0.86, top=1 - 0.5 / height, bottom=0.6 / height)
        error = 100.0 * (1.0 - order["test_accuracy"].astype(float))
        spread = 100.0 * order["test_accuracy_error"].astype(float)
        rows = np.arange(len(order))
        axes.errorbar(error, rows, xerr=spread, fmt="o", color=style.PALETTE[0], capsize=3, markersize=5)
        for row, (value, width) in enumerate(zip(error, spread)):
            axes.annotate(f"{value:.2f} %", (1.02, row), xycoords=axes.get_yaxis_transform(), va="center")
        axes.set_yticks(rows, list(order["run"]))
        axes.set_ylim(-0.6, len(order) - 0.4)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_xlabel("test error, % (bars: binomial standard error)")
    return figure


def small_data_figure(study: Study) -> Figure:
    """Test accuracy against the number of training samples: mean over draws, standard deviation as a band."""
    data = study.group("small_data")
    accuracy = 100.0 * data["test_accuracy"]
    names = [str(name) for name in data["kernel"].values]
    colors = style.colors(names)
    sizes = data["size"].values.astype(float)
    with style.styled():
        figure = page(study, 7.5, 4.6)
        axes = figure.subplots()
        figure.subplots_adjust(left=0.09, right=0.78, top=0.88, bottom=0.12)
        ends = []
        for index, name in enumerate(names):
            values = accuracy.isel(kernel=index)
            mean = values.mean("draw").values
            spread = values.std("draw", ddof=1).values if values.sizes["draw"] > 1 else np.zeros_like(mean)
            axes.fill_between(sizes, mean - spread, mean + spread, color=colors[name], alpha=0.15, linewidth=0)
            axes.plot(sizes, mean, color=colors[name], linewidth=2, marker=style.MARKERS[index % len(style.MARKERS)],
                      markersize=5)
            ends.append((sizes[-1], mean[-1], f"{name}\n{mean[-1]:.1f} %", colors[name]))
        axes.set_xscale("log")
        axes.set_xticks(sizes)
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set(xlabel="training samples", ylabel="test accuracy, %")
        axes.set_title(f"Mean over {accuracy.sizes['draw']} draws, band: standard deviation")
        style.label_ends(axes, ends, gap=0.11)
    return figure
