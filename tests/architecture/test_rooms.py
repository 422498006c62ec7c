"""The rooms of src/: each includes only what it lists, and files stay small."""

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"
KINDS = ("trajectories", "completion", "width", "kernel", "small_data", "uci")
GROUND = ("base", "parallel", "linalg", "settings", "records", "data", "models")  # what nearly all stand on
RUNS = (*GROUND, "objectives", "optimizers", "probes", "runs")
STUDIES = (*RUNS, "landscape", "kernels", "statistics")
# A room, and the rooms that it may include.
ROOMS = {
    "base": (),
    "parallel": ("base",),
    "linalg": ("base", "parallel"),
    "records": ("base", "parallel", "linalg"),
    "settings": ("base",),
    "statistics": ("base",),
    "data": ("base", "parallel", "linalg", "records", "settings"),
    "models": GROUND[:-1],
    "objectives": GROUND,
    "kernels": GROUND,
    "optimizers": (*GROUND, "objectives"),
    "probes": (*GROUND, "objectives", "optimizers"),
    "runs": RUNS[:-1],
    "landscape": RUNS,
    **{f"studies/{kind}": STUDIES for kind in KINDS},
    "studies": (*STUDIES, *(f"studies/{kind}" for kind in KINDS)),
    "planning": (*STUDIES, *(f"studies/{kind}" for kind in KINDS)),
    "app": (*STUDIES, *(f"studies/{kind}" for kind in KINDS), "studies", "planning"),
}
LARGEST_STUDY = 60  # files of a kind of study
LONGEST = 500
GENERATED = {"thalweg_version.hpp"}  # written by the build, included by the program alone
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
# The environment and the command line are read in src/app alone and passed down as values.
OUTSIDE_WORLD = re.compile(r"\b(?:(?:secure_)?getenv|environ|setenv|putenv|argv)\b")


def code(text):
    """The text without comments and string literals, so that words in them are not taken for code."""
    pattern = r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
    return re.sub(pattern, lambda match: "\n" * match.group().count("\n"), text, flags=re.DOTALL)


def complaints(source):
    """What is wrong with a tree of rooms, one sentence each; empty for a good one."""
    found = []
    for file in sorted([*source.rglob("*.hpp"), *source.rglob("*.cpp")]):
        name = file.relative_to(source).as_posix()
        room = room_of(name)
        text = file.read_text(encoding="utf-8")
        if room not in ROOMS:
            found.append(f"{name}: not in one of the rooms {', '.join(ROOMS)}")
            continue
        lines = text.count("\n")
        if lines > LONGEST:
            found.append(f"{name}: {lines} lines, more than {LONGEST}")
        if room != "app" and (match := OUTSIDE_WORLD.search(code(text))):
            found.append(f"{name}: reads {match.group()}, which only src/app may")
        found += [f"{name}: {why}" for included in INCLUDE.findall(text) if (why := wrong_include(room, included))]
    return found


def room_of(name):
    """The room of a file of src/, which may lie in a folder within it."""
    folder = name.rpartition("/")[0]
    return folder if folder.startswith("studies/") else folder.split("/")[0]


def wrong_include(room, included):
    other = room_of(included)
    if not other:
        if included in GENERATED and room == "app":
            return None
        return f'includes "{included}", not written as "room/file.hpp"'
    if other not in ROOMS:
        return f'includes "{included}" of an unknown room'
    if other != room and other not in ROOMS[room]:
        return f'includes "{included}", which is not among what {room} may include'
    return None


def test_source_keeps_to_its_rooms():
    assert not complaints(SOURCE)


PRIVATE = re.compile(r"^namespace \{\n(.*?)^\}  // namespace\n", re.MULTILINE | re.DOTALL)
FUNCTION = re.compile(r"^(?!using|struct|class|enum|template|namespace|return|#)[\w\[][^;{}\n=]*?[ &*>](\w+)\([^;{]*?\)\s*"
                      r"(?:const\s*)?(?:noexcept\s*)?\{", re.MULTILINE)


def shared_names(source):
    """Functions that two files of a room keep to themselves under one name, a sentence each. Files of a room may be compiled
    together, where a call takes the other one's without a word if its parameters suit as well."""
    found = {}
    for file in sorted(source.rglob("*.cpp")):
        room = room_of(file.relative_to(source).as_posix())
        for private in PRIVATE.findall(file.read_text(encoding="utf-8")):
            for name in FUNCTION.findall(private):
                found.setdefault((room, name), set()).add(file.name)
    return [f"{room}: {name} in {', '.join(sorted(files))}" for (room, name), files in found.items() if len(files) > 1]


def test_what_a_file_keeps_to_itself_has_a_name_of_its_own_in_its_room():
    assert not shared_names(SOURCE)


def test_a_shared_name_is_caught(tmp_path):
    (tmp_path / "data").mkdir()
    for file, parameter in (("a.cpp", "int x"), ("b.cpp", "double y")):
        (tmp_path / "data" / file).write_text(f"namespace {{\nvoid refuse({parameter}) {{\n}}\n}}  // namespace\n")
    assert shared_names(tmp_path) == ["data: refuse in a.cpp, b.cpp"]


def test_every_room_is_there():
    assert {room_of(file.relative_to(SOURCE).as_posix()) for file in SOURCE.rglob("*.cpp")} == set(ROOMS)


@pytest.mark.parametrize("kind", KINDS)
def test_studies_stay_small(kind):
    assert len(list((SOURCE / "studies" / kind).iterdir())) <= LARGEST_STUDY


@pytest.mark.parametrize("file, text, complaint", [
    ("base/a.hpp", '#include "parallel/communicator.hpp"\n', "which is not among what base may include"),
    ("probes/a.cpp", '  #  include "runs/study.hpp"\n', "which is not among what probes may include"),
    ("models/a.cpp", '#include "tools/x.hpp"\n', "of an unknown room"),
    ("models/a.cpp", '#include "layer.hpp"\n', 'not written as "room/file.hpp"'),
    ("base/a.cpp", '#include "thalweg_version.hpp"\n', 'not written as "room/file.hpp"'),
    ("extra/a.cpp", "int x;\n", "not in one of the rooms"),
    ("a.cpp", "int x;\n", "not in one of the rooms"),
    ("studies/a.cpp", 'auto x = std::getenv("HOME");\n', "reads getenv"),
    ("data/a.cpp", "int run(int argc, char** argv);\n", "reads argv"),
    ("data/a.cpp", "// a comment\nextern char** environ;\n", "reads environ"),
    ("data/a.cpp", "int x;\n" * 501, "501 lines, more than 500"),
])
def test_planted_violation_is_caught(tmp_path, file, text, complaint):
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    (found,) = complaints(tmp_path)
    assert found.startswith(file) and complaint in found


@pytest.mark.parametrize("file, text", [
    ("app/a.cpp", 'int main(int, char** argv) { return std::getenv("X") != argv[0]; }\n#include "studies/a.hpp"\n'
                  '#include "thalweg_version.hpp"\n'),
    ("data/a.cpp", '// argv is not read here\n/* nor\n getenv */\nauto x = "argv \\" getenv";\n#include <vector>\n'
                   '#include "data/a.hpp"\n#include "base/a.hpp"\n'),
    ("data/a.cpp", "int x;\n" * 500),
])
def test_good_files_pass(tmp_path, file, text):
    path = tmp_path / file
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    assert not complaints(tmp_path)
