"""What must hold of the project as a whole: one version, readable scripts, documents where they are expected."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The project speaks of itself: no folders of one machine, no notes of how it was made.
MACHINE_PATH = re.compile(r"(?<![\w.$}/])/(?:home|root|Users)/\w")
WORKSHOP = re.compile(r"\bissue #\d+|\bthis session\b|\b(?:TODO|FIXME|XXX)\b", re.IGNORECASE)
TEXT_ENDINGS = {".cpp", ".hpp", ".py", ".sh", ".md", ".toml", ".txt", ".cmake", ".json", ".cff", ".supp", ".in", ""}
ALLOWED = {Path(__file__).resolve()}  # names what it forbids


def tracked():
    """Files under version control; without it (an unpacked archive) every file that a build does not make."""
    git = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=False)
    if git.returncode == 0:
        return [ROOT / name for name in git.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file()
            and not re.match(r"build|results|\.git/|.*__pycache__", path.relative_to(ROOT).as_posix())]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def version():
    """The version in CMakeLists.txt, the one that all others follow."""
    return re.search(r"project\(thalweg VERSION (\d+\.\d+\.\d+)", read("CMakeLists.txt")).group(1)


def unwanted(text):
    """Words that speak of one machine or of the workshop."""
    return [match.group() for pattern in (MACHINE_PATH, WORKSHOP) for match in pattern.finditer(text)]


def scripts():
    return [path for path in tracked() if path.suffix in {".sh", ".sbatch", ".slurm"}
            or path.read_bytes()[:40].startswith((b"#!/bin/bash", b"#!/usr/bin/env bash"))]


def test_citation_has_the_version():
    assert re.search(r"^version: (\S+)$", read("CITATION.cff"), re.MULTILINE).group(1) == version()


def test_changelog_begins_with_the_version():
    assert re.search(r"^## \[(\d+\.\d+\.\d+)\]", read("CHANGELOG.md"), re.MULTILINE).group(1) == version()


def test_python_package_has_the_version():
    assert re.search(r'^__version__ = "(.*)"$', read("analysis/src/thalweg/_version.py"), re.MULTILINE).group(1) == version()
    assert 'attr = "thalweg._version.__version__"' in read("analysis/pyproject.toml")


def test_licence_is_there_and_the_one_that_is_named():
    assert "Apache License" in read("LICENSE")
    assert "license: Apache-2.0" in read("CITATION.cff")
    assert "Apache-2.0" in read("analysis/pyproject.toml")


@pytest.mark.parametrize("script", scripts(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_shell_script_parses(script):
    result = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_scripts_are_found_and_those_to_be_run_are_executable():
    names = {path.relative_to(ROOT).as_posix() for path in scripts()}
    run = {"jobs/quickstart.sh", "jobs/submit.sh", "tests/run.sh", ".ci/run"}
    assert run <= names
    for name in run:
        assert (ROOT / name).stat().st_mode & 0o100, f"{name} is not executable"


@pytest.mark.parametrize("room", sorted(path.name for path in (ROOT / "src").iterdir() if path.is_dir()))
def test_every_room_says_what_it_holds(room):
    assert (ROOT / "src" / room / "README.md").is_file()


def test_project_speaks_of_itself_alone():
    found = [f"{path.relative_to(ROOT)}: {word!r}" for path in tracked()
             if path.suffix in TEXT_ENDINGS and path not in ALLOWED
             for word in unwanted(path.read_text(encoding="utf-8", errors="replace"))]
    assert not found


@pytest.mark.parametrize("text, words", [
    ("see issue #12", ["issue #12"]), ("data in /home/ann/x", ["/home/a"]), ("// TODO later", ["TODO"]),
    ("path = /root/data", ["/root/d"]), ("a session of an issue, by todos/homes", []), ("$HOME/data ../home/x", []),
    ("https://example.org/home/x", []), ("build/root/x", []), ("#!/usr/bin/env bash", []),
])
def test_unwanted_words_are_recognised(text, words):
    assert unwanted(text) == words
