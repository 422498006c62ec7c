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
    figure = commands.add_parser("figure", help="training, generalisation, slice and sharpness on one page")
    figure.add_argument("study", help="folder of a study of trajectories")
    figure.add_argument("kernel", nargs="?", help="folder of a kernel study on the same data")
    figure.add_argument("-o", "--output", default="figure.png", help="file to write: .png, .pdf or .svg")
    table = commands.add_parser("table", help="means and spreads over seeds, as Markdown")
    table.add_argument("study", nargs="+", help="folder of a study")
    options = parser.parse_args(arguments)
    try:
        if options.command == "figure":
            write_figure(options.study, options.kernel, Path(options.output))
        else:
            write_tables(options.study)
    except RecordError as error:
        print(f"thalweg: {error}", file=sys.stderr)
        return 1
    return 0


def write_figure(study_path, kernel_path, output: Path) -> None:
    from .figures import figure  # matplotlib takes a second to load: only where it is used

    study = open_study(study_path)
    page = figure(study, None if kernel_path is None else open_study(kernel_path))
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        page.savefig(output, dpi=200)
    except ValueError as error:
        raise RecordError(f"{output}: {error}") from error
    print(output)


def write_tables(paths) -> None:
    from .tables import table

    print("\n\n".join(table(open_study(path)) for path in paths))


if __name__ == "__main__":
    sys.exit(main())
