"""python3 -m thalweg: a figure or a table of a study's record."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import __version__
from .records import RecordError, open_study


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m thalweg", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    figure = commands.add_parser("figure", help="a study's results on one page, after its kind")
    figure.add_argument("study", help="folder of a study")
    figure.add_argument("kernel", nargs="?",
                        help="beside trajectories: folder of a kernel study on the same data")
    figure.add_argument("--page",
                        help="what of the record to draw, where it holds several things: surfaces, connections, …")
    figure.add_argument("-o", "--output", default="figure.png", help="file to write: .png, .pdf or .svg")
    table = commands.add_parser("table", help="means and spreads over seeds, as Markdown")
    table.add_argument("study", nargs="+", help="folder of a study")
    options = parser.parse_args(arguments)
    try:
        if options.command == "figure":
            write_figure(options.study, options.kernel, Path(options.output), options.page)
        else:
            write_tables(options.study)
    except RecordError as error:
        print(f"thalweg: {error}", file=sys.stderr)
        return 1
    return 0


def write_figure(study_path, kernel_path, output: Path, page_name=None) -> None:
    page = draw(open_study(study_path), None if kernel_path is None else open_study(kernel_path), page_name)
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        page.savefig(output, dpi=200)
    except ValueError as error:
        raise RecordError(f"{output}: {error}") from error
    print(output)


def draw(study, kernel, page_name=None):
    """The page for the kind of study; only studies of trajectories take a kernel beside them, and only they and those of
    matrix completion have several pages."""
    # matplotlib takes a second to load: only where it is used.
    from . import kernel_figures, uci_figure, width_figure
    from .completion_page import completion_page
    from .trajectory_page import trajectory_page

    by_kind = {
        "kernel": kernel_figures.kernel_figure,
        "small_data": kernel_figures.small_data_figure,
        "uci": uci_figure.uci_figure,
        "width": width_figure.width_figure,
    }
    if study.kind not in by_kind and study.kind != "completion":
        return trajectory_page(study, kernel, page_name)
    if kernel is not None:
        raise RecordError(f"{study.folder}: a study of kind {study.kind!r} has no kernel study beside it")
    if study.kind == "completion":
        return completion_page(study, page_name)
    if page_name is not None:
        raise RecordError(f"{study.folder}: a study of kind {study.kind!r} has one page only, no {page_name!r}")
    return by_kind[study.kind](study)


def write_tables(paths) -> None:
    from .tables import table

    print("\n\n".join(table(open_study(path)) for path in paths))


if __name__ == "__main__":
    sys.exit(main())
