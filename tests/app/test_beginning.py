"""A study goes on with what it began with: data, points, runs of other studies, and the machine; else it is refused."""
import os
import shutil
import subprocess

import h5py
import numpy
import pytest

from studies import BINARY, command, run_study, thalweg
from test_completion import completion, ratings
from test_uci import STUDY as UCI, sets  # noqa: F401 (a fixture)

AT_ONCE = ("--time-limit", "0.0001")

DATA = """
[data]
source = "csv"
path = "FOLDER/train.csv"
test_path = "FOLDER/test.csv"
"""

TRAJECTORIES = """
[study]
kind = "trajectories"
""" + DATA + """
[model]
widths = [4]
[train]
epochs = 3
batch = 10
INITIAL
[optimizer]
learning_rate = 0.1
[[run]]
name = "one"
[[run]]
name = "two"
optimizer.learning_rate = 0.2
"""

CURVE = '[[connection]]\nbetween = ["one", "two"]\ncurve = "bezier"\nepochs = 2\npoints = 5\n'

KINDS = {
    "trajectories": TRAJECTORIES,
    "connection": TRAJECTORIES.replace('"trajectories"', '"connection"') + CURVE,
    "width": '[study]\nkind = "width"\n' + DATA + '[model]\ndepth = 1\n[sweep]\nwidths = [8, 16]\nseeds = [1, 2]\n'
             '[train]\nsteps = [2]\n',
    "kernel": '[study]\nkind = "kernel"\n' + DATA + '[kernel]\ntype = "ntk"\nkeep_gram = false\n',
    "mixed": '[study]\nkind = "kernel"\n' + DATA + '[kernel]\ntype = "ntk"\nprecision = "mixed"\n',
    "comparison": '[study]\nkind = "kernel"\n' + DATA + '[[run]]\nname = "a"\n[[run]]\nname = "b"\nkernel.type = "nngp"\n',
    "small_data": '[study]\nkind = "small_data"\n' + DATA + '[small_data]\nsizes = [6]\ndraws = 2\n'
                  '[[run]]\nname = "a"\n',
}


def write_table(path, samples, seed):
    generator = numpy.random.default_rng(seed)
    labels = numpy.arange(samples) % 2
    rows = generator.normal(size=(samples, 3)) + labels[:, None]
    path.write_text("a,b,c,label\n" + "".join(
        ",".join([*map(repr, row), f"class{label}"]) + "\n" for row, label in zip(rows.tolist(), labels)))


@pytest.fixture
def tables(tmp_path):
    write_table(tmp_path / "train.csv", 40, 1)
    write_table(tmp_path / "test.csv", 12, 2)
    return tmp_path


def begin(folder, text):
    """A study that has read what it is made from, and stopped."""
    result = run_study(folder, text, "out", *AT_ONCE, ranks=None)
    assert result.returncode == 75, result.stderr
    assert "--resume" in result.stderr.splitlines()[-1], result.stderr


def assert_refused(folder, text, *words):
    before = sorted((folder / "out").rglob("*"))
    result = run_study(folder, text, "out", "--resume", ranks=None)
    assert result.returncode == 2, (result.returncode, result.stdout, result.stderr)
    for word in [*words, "found", "expected", "--resume"]:
        assert word in result.stderr, (word, result.stderr)
    assert sorted((folder / "out").rglob("*")) == before


def assert_goes_on(folder, text):
    result = run_study(folder, text, "out", "--resume", ranks=None)
    assert result.returncode == 0, result.stderr
    assert thalweg("verify", folder / "out").returncode == 0


@pytest.mark.parametrize("kind", KINDS)
def test_changed_data_are_refused_by_name(tables, kind):
    text = KINDS[kind].replace("FOLDER", str(tables)).replace("INITIAL", "")
    begin(tables, text)
    # As long as before, another number; then a sample more.
    for name, changed in [("test.csv", lambda table: table.replace("class1", "class0", 1)),
                          ("train.csv", lambda table: table + table.splitlines()[-1] + "\n")]:
        file = tables / name
        table = file.read_text()
        file.write_text(changed(table))
        assert_refused(tables, text, f"[data] csv {file}")
        file.write_text(table)
    assert_goes_on(tables, text)


def test_another_start_is_refused_though_every_run_is_to_come(tables):
    text = KINDS["trajectories"].replace("FOLDER", str(tables))
    made = run_study(tables, text.replace("INITIAL", ""), "made", ranks=None)
    assert made.returncode == 0, made.stderr
    for run in ["one", "two"]:
        assert thalweg("weights", tables / "made", "--run", run, "-o", tables / f"{run}.npz").returncode == 0
    start = tables / "start.npz"
    shutil.copy(tables / "one.npz", start)
    text = text.replace("INITIAL", f'initial = "{start}"')
    begin(tables, text)
    shutil.copy(tables / "two.npz", start)
    assert_refused(tables, text, f"[train] initial = {start}")
    shutil.copy(tables / "one.npz", start)
    assert_goes_on(tables, text)


def test_other_runs_to_stand_on_are_refused(tables):
    runs = KINDS["trajectories"].replace("FOLDER", str(tables)).replace("INITIAL", "")
    assert run_study(tables, runs, "runs", ranks=None).returncode == 0
    text = f'[study]\nkind = "connection"\n[from]\nrecord = "{tables}/runs"\n' + CURVE
    begin(tables, text)
    assert run_study(tables, runs.replace("epochs = 3", "epochs = 2"), "runs", "--force", ranks=None).returncode == 0
    assert_refused(tables, text, f"[from] record = {tables}/runs (the end of run one)", "its configuration")
    # Made again, the same runs are the same.
    assert run_study(tables, runs, "runs", "--force", ranks=None).returncode == 0
    assert_goes_on(tables, text)


def test_another_gram_matrix_to_use_is_refused(tables):
    text = KINDS["kernel"].replace("FOLDER", str(tables)).replace("keep_gram = false", "KEEP")
    other = text.replace("KEEP", "keep_gram = true")
    assert run_study(tables, other, "first", ranks=None).returncode == 0
    gram = tables / "first" / "gram.h5"
    text = text.replace("KEEP", f'gram = "{gram}"')
    begin(tables, text)
    kept = gram.read_bytes()
    assert run_study(tables, other.replace('"ntk"', '"ntk"\ndepth = 2'), "first", "--force", ranks=None).returncode == 0
    assert_refused(tables, text, f"[kernel] gram = {gram}")
    gram.write_bytes(kept)
    assert_goes_on(tables, text)


def test_other_ratings_are_refused(tmp_path):
    path = ratings(tmp_path / "ratings.csv")
    text = completion('[[method]]\ntype = "als"\n', f'source = "ratings"\npath = "{path}"', "instances = [1, 2]")
    begin(tmp_path, text)
    lines = path.read_text().splitlines()
    user, item, rating, time = lines[-1].split(",")
    path.write_text("\n".join([*lines[:-1], f"{user},{item},{float(rating) + 1},{time}"]) + "\n")
    assert_refused(tmp_path, text, f"[matrix] path = {path} (instance 1)", "(instance 2)")


def test_other_sets_are_refused(sets, tmp_path):  # noqa: F811
    text = UCI.replace("PATH", str(sets))
    begin(tmp_path, text)
    shutil.copytree(sets / "set-4", sets / "set-5")
    (sets / "set-5" / "set-4_R.dat").rename(sets / "set-5" / "set-5_R.dat")
    assert_refused(tmp_path, text, "its sets", "set-5")
    shutil.rmtree(sets / "set-5")
    table = sets / "set-4" / "set-4_R.dat"
    lines = table.read_text().splitlines()
    table.write_text("\n".join([lines[0], lines[1].replace(lines[1].split("\t")[1], "0.125"), *lines[2:]]) + "\n")
    assert_refused(tmp_path, text, f"[uci] path = {sets} (set-4)")


def test_a_failed_beginning_and_force_begin_anew(tables):
    text = KINDS["trajectories"].replace("FOLDER", str(tables)).replace("INITIAL", "")
    wrong = text.replace("batch = 10", "batch = 1000\ninitial = \"FOLDER/none.npz\"").replace("FOLDER", str(tables))
    assert run_study(tables, wrong, "out", ranks=None).returncode == 2
    write_table(tables / "train.csv", 40, 3)
    assert run_study(tables, text, "out", ranks=None).returncode == 0
    write_table(tables / "train.csv", 40, 4)
    assert run_study(tables, text, "out", "--force", ranks=None).returncode == 0


def test_damage_to_what_is_kept_is_told(tables):
    text = KINDS["trajectories"].replace("FOLDER", str(tables)).replace("INITIAL", "")
    begin(tables, text)
    kept = tables / "out" / "begun.txt"
    kept.write_text(kept.read_text().replace("40 samples", "41 samples"))
    result = run_study(tables, text, "out", "--resume", ranks=None)
    assert result.returncode == 0 and "begun.txt is damaged" in result.stderr, result.stderr


def on_another_core(environment=os.environ):
    """The environment in which OpenBLAS runs the kernels of an old CPU."""
    return {**environment, "OPENBLAS_CORETYPE": "Nehalem"}


def other_machines(folder):
    """Name, program and environment of machines that differ from this one."""
    rebuilt = folder / "thalweg"
    shutil.copy(BINARY, rebuilt)
    with rebuilt.open("ab") as file:
        file.write(b"another build")
    return {
        "BLAS core type: found Nehalem": (BINARY, on_another_core()),
        "build: found": (rebuilt, os.environ),
        "CPU features: found": (BINARY, {**os.environ, "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX2_Usable"}),
    }


def test_a_resume_on_another_machine_is_refused_unless_insisted_on(tables):
    text = KINDS["trajectories"].replace("FOLDER", str(tables)).replace("INITIAL", "")
    begin(tables, text)
    words = [*command("run", tables / "study.toml", "-o", tables / "out", "--resume")]

    def resume(program, environment, *more):
        return subprocess.run([program, *words[1:], *more], env=environment, capture_output=True, text=True)

    for words_of, (program, environment) in other_machines(tables).items():
        result = resume(program, environment)
        assert result.returncode == 2 and words_of in result.stderr, result.stderr
        assert "--mixed-machines" in result.stderr
    result = resume(BINARY, on_another_core(), "--mixed-machines", *AT_ONCE)
    assert result.returncode == 75, result.stderr
    # Insisted on once, it stays so.
    assert resume(BINARY, os.environ).returncode == 2
    result = resume(BINARY, os.environ, "--mixed-machines")
    assert result.returncode == 0, result.stderr
    with h5py.File(tables / "out" / "study.h5") as study:
        cores = study.attrs["blas_core"].split(", ")
        assert len(cores) == 2 and "Nehalem" in cores
        assert [line for line in study.attrs["mixed_machines"] if line.startswith("BLAS core type: ")]
    assert thalweg("verify", tables / "out").returncode == 0


def test_ranks_on_other_machines_are_refused_unless_insisted_on(tables):
    text = KINDS["trajectories"].replace("FOLDER", str(tables)).replace("INITIAL", "")
    (tables / "study.toml").write_text(text)

    def run(*more):
        words = ["run", str(tables / "study.toml"), "-o", str(tables / "out"), *more]
        return subprocess.run(["mpirun", "-n", "1", BINARY, *words, ":", "-n", "1", "env",
                               "OPENBLAS_CORETYPE=Nehalem", BINARY, *words], capture_output=True, text=True, timeout=120)

    result = run()
    assert result.returncode == 2, result.stderr
    for word in ["BLAS core type: rank 0 on ", "rank 1 on ", "Nehalem", os.uname().nodename, "--mixed-machines"]:
        assert word in result.stderr, result.stderr
    assert not (tables / "out").exists()
    assert run("--mixed-machines").returncode == 0
    for file in ["study.h5", "runs/one.h5"]:
        with h5py.File(tables / "out" / file) as record:
            assert "Nehalem" in record.attrs["blas_core"] and ", " in record.attrs["blas_core"]
