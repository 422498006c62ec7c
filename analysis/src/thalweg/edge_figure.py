"""Figure of a study that follows the edge of stability: sharpness beside the optimiser's threshold, and the loss."""

from __future__ import annotations

import textwrap

from matplotlib.figure import Figure

from . import style
from .curves import finite, mean_curve
from .figures import caption
from .kernel_figures import page
from .log_axis import log_scale, plain_log_axis
from .records import Study
from .tables import groups, usable


def edge_probe(study: Study):
    """The name of the first edge_of_stability probe that measured along the way, None if there is none."""
    names = [column.split(".", 1)[0] for column in study.summary.columns if column.endswith(".preconditioned")]
    runs = usable(study.summary)["run"]
    followed = (name for name in names for run in runs[:1] if study.run(run, f"probes/{name}").sizes["step"] > 1)
    return next(followed, None)


def edge_figure(study: Study) -> Figure:
    """(a) λ_max along training, dashed in the group's colour the threshold above which a quadratic would diverge;
    (b) λ_max over the threshold; (c) training loss. Thin lines are runs, thick ones their mean."""
    probe = edge_probe(study)
    summary = usable(study.summary)
    names = groups(summary)
    colors, dashes = style.colors(names), style.dashes(names)
    runs = {name: list(summary.loc[summary["group"] == name, "run"]) for name in names}
    measured = {name: [study.run(run, f"probes/{probe}") for run in mine] for name, mine in runs.items()}
    with style.styled():
        figure = page(study, 13, 4.6)
        left, middle, right = figure.subplots(1, 3)
        figure.subplots_adjust(left=0.05, right=0.9, top=0.82, bottom=0.25, wspace=0.42)
        sharpness_panel(left, measured, names, colors, dashes)
        ratio_panel(middle, measured, names, colors, dashes)
        for name in names:
            _curves(right, [finite(data["step"], data["train_loss"]) for data in map(study.run, runs[name])],
                    colors[name], dashes[name], name)
        log_scale(right, "y")
        right.set(xlabel="steps", ylabel="training loss", xlim=(0, None))
        right.set_title("(c) Training loss")
        plain_log_axis(right)
        style.legend_beside(right)
        text = ("In (a) dashed: the threshold of the optimiser at its learning rate, such as 2/η; adaptive optimisers: "
                "of the preconditioned Hessian. " + caption(study).replace("thick lines and bars", "thick lines"))
        figure.text(0.02, 0.03, textwrap.fill(text, 190), fontsize=8, color=style.MUTED, va="bottom")
    return figure


def _curves(axes, curves, color, line, label=None) -> None:
    for x, y in curves if len(curves) > 1 else []:
        axes.plot(x, y, color=color, linewidth=0.6, alpha=0.5)
    axes.plot(*mean_curve(curves), color=color, linestyle=line, linewidth=2.0, label=label)


def sharpness_panel(axes, measured, names, colors, dashes) -> None:
    ends = []
    for name in names:
        _curves(axes, [finite(data["step"], data["lambda_max"]) for data in measured[name]], colors[name], dashes[name])
        if "threshold" not in measured[name][0]:
            continue
        x, y = finite(measured[name][0]["step"], measured[name][0]["threshold"])
        axes.plot(x, y, color=colors[name], linestyle=(0, (5, 3)), linewidth=1.0)
        if len(x):
            ends.append((x[-1], y[-1], f"{y[-1]:.4g}", colors[name]))
    log_scale(axes, "y")
    axes.set(xlabel="steps", ylabel="λ$_{max}$", xlim=(0, None))
    axes.set_title("(a) λ$_{max}$ and the threshold")
    plain_log_axis(axes)
    style.label_ends(axes, ends, gap=0.06)


def ratio_panel(axes, measured, names, colors, dashes) -> None:
    for name in names:
        if "ratio" in measured[name][0]:
            _curves(axes, [finite(data["step"], data["ratio"]) for data in measured[name]], colors[name], dashes[name])
    axes.axhline(1.0, color=style.INK, linewidth=1.0, linestyle=(0, (5, 3)))
    axes.set(xlabel="steps", ylabel="λ$_{max}$ over the threshold", xlim=(0, None))
    high = axes.get_ylim()[1]
    axes.set_ylim(0, min(high, 3.0))
    axes.set_title("(b) Their ratio" + (f" (to {high:.2g} at first)" if high > 3.0 else ""))
