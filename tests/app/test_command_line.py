"""The command line as a user meets it: help, lists, bad input, exit codes, and no rank left hanging."""
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
import tomllib

import h5py
import numpy
import pytest

from studies import SOURCE, run_study, trajectories

BINARY = os.environ.get("THALWEG_BINARY", "build/src/thalweg")
CATEGORIES = ["datasets", "models", "objectives", "optimizers", "schedules", "probes", "kernels", "searches",
              "claims"]


def thalweg(*arguments, ranks=None, cwd=None, timeout=60):
    command = [BINARY, *map(str, arguments)]
    if ranks is not None:
        command = ["mpirun", "-n", str(ranks), *command]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=timeout)


def write_run(path, loss=(2.0, 1.0, 0.5), elapsed=(0.0, 1.0, 2.0), mpi_size=1):
    """A run as another program would write it: the schema, not this program, is what readers rely on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for name in ["software_version", "git_sha", "command_line", "date", "compiler", "blas", "blas_core",
                     "mpi", "hdf5"]:
            file.attrs[name] = "x"
        file.attrs.update({"schema": "thalweg/run", "schema_version": 1, "git_dirty": 0, "threads": 1,
                           "mpi_size": mpi_size, "seed": 3, "status": "done"})
        file.attrs["hostnames"] = ["a", "b"]
        step = file.create_dataset("trajectory/step", data=numpy.arange(3))
        step.make_scale("step")
        for name, values, units in [("train_loss", loss, "1"), ("elapsed_s", elapsed, "s")]:
            column = file.create_dataset(f"trajectory/{name}", data=numpy.array(values, dtype=float))
            column.dims[0].attach_scale(step)
            column.attrs["units"] = units
            column.attrs["long_name"] = name
        step.attrs["units"] = "1"
        step.attrs["long_name"] = "step"
    return path


def test_version_names_everything_that_numbers_depend_on():
    result = thalweg("--version")
    assert result.returncode == 0 and result.stderr == ""
    assert re.match(r"thalweg \d+\.\d+\.\d+\n", result.stdout)
    for word in ["git", "mpi", "hdf5", "blas", "core", "OpenBLAS"]:
        assert word in result.stdout


def test_version_is_printed_once_on_four_ranks():
    result = thalweg("--version", ranks=4)
    assert result.returncode == 0
    assert result.stdout.count("thalweg ") == 1


@pytest.mark.parametrize("command", [[], ["run"], ["list"], ["explain"], ["show"], ["diff"], ["verify"]])
def test_help_has_examples(command):
    result = thalweg(*command, "--help")
    assert result.returncode == 0
    assert "Example" in result.stdout and "thalweg " in result.stdout


def test_list_prints_all_categories_or_one():
    everything = thalweg("list").stdout
    for category in CATEGORIES:
        assert f"{category}\n" in everything
    one = thalweg("list", "optimizers").stdout
    assert "adam" in one and "ntk" not in one


@pytest.mark.parametrize("arguments, said", [
    (["runn", "a.toml"], "unknown command 'runn'; did you mean 'run'?"),
    (["frobnicate"], "unknown command 'frobnicate'\n"),
    (["run", "a.toml", "--dryrun"], "unknown flag '--dryrun'; did you mean '--dry-run'?"),
    (["plan", "a.toml", "--calibrat=3"], "unknown flag '--calibrat'; did you mean '--calibrate'?"),
    (["--versoin"], "unknown flag '--versoin'; did you mean '--version'?"),
    (["run", "a.toml", "-x"], "unknown flag '-x'\n"),
    (["list", "optimisers"], "'optimisers' is no category; did you mean 'optimizers'?"),
])
def test_a_slip_is_told_with_the_nearest_name(arguments, said):
    result = thalweg(*arguments)
    assert result.returncode == 2 and result.stdout == ""
    assert said in result.stderr and result.stderr.count("Run with --help") == 1


def test_without_arguments_there_is_help_that_fits_a_terminal():
    result = thalweg()
    assert result.returncode == 0 and result.stderr == ""
    assert "Subcommands:" in result.stdout and "Example" in result.stdout
    for arguments in ([], ["run", "--help"], ["plan", "--help"], ["list"]):
        assert max(map(len, thalweg(*arguments).stdout.splitlines())) <= 80, arguments


def test_what_all_ranks_find_alike_is_one_message():
    result = thalweg("plan", "absent.toml", "--calibrate", "nan", ranks=2)
    assert result.returncode == 2
    assert result.stderr.count("--calibrate: expected a number of seconds") == 1, result.stderr
    assert "MPI_ABORT" not in result.stderr, result.stderr


@pytest.mark.parametrize("ranks", [None, 2])
def test_a_bar_on_a_terminal_fits_it_under_mpirun_too(tmp_path, ranks):
    (tmp_path / "s.toml").write_text("[study]\nkind = \"trajectories\"\n[data]\ntrain = 64\ntest = 16\n"
                                     "[model]\nwidths = [8]\n[train]\nepochs = 3\n")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
    launcher = [] if ranks is None else ["mpirun", "-n", str(ranks)]
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    process = subprocess.Popen([*launcher, os.path.abspath(BINARY), "run", "s.toml"], stdout=subprocess.DEVNULL,
                               stderr=theirs, cwd=tmp_path, env=environment)
    os.close(theirs)
    written = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other side is closed
            piece = b""
        if not piece:
            break
        written += piece
    os.close(ours)
    assert process.wait(timeout=60) == 0
    bars = [line.replace("\x1b[K", "") for line in re.split(r"[\r\n]+", written.decode()) if "[#" in line or "[-" in line]
    assert bars and max(map(len, bars)) < 50, written


@pytest.mark.parametrize("arguments", [
    ["frobnicate"], ["--frobnicate"], ["list", "nothing"], ["run"], ["run", "a.toml", "--resume", "--force"],
    ["diff", "only-one"], ["verify", "/does/not/exist"], ["show", "/does/not/exist"], ["run", "a.toml", "--set"],
])
def test_bad_usage_exits_2_and_is_said_once(arguments):
    result = thalweg(*arguments, ranks=2)
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    assert result.stderr.count("Run with --help") == 1


def study(tmp_path, text, *arguments, ranks=1):
    (tmp_path / "s.toml").write_text(text)
    return thalweg("run", "s.toml", *arguments, ranks=ranks, cwd=tmp_path)


@pytest.mark.parametrize("text, arguments, parts", [
    ("[study]\nname = \"a\"\nseed = \"three\"\n", [],
     ["s.toml:3: [study] seed: found the string \"three\", expected an integer"]),
    ("[study]\nname = \"a\"\nseed = -1\n", [], ["s.toml:3", "at least 0"]),
    ("[study]\nname = \"a/b\"\n", [], ["s.toml:2: [study] name", "it names files"]),
    ("[study]\nname = = 1\n", [], ["s.toml:2: not valid TOML"]),
    ("[study]\nkind = \"frobnicate\"\n", [], ["s.toml:2: [study] kind: kind 'frobnicate' is not known; known:"]),
    ("study = 1\n", [], ["s.toml:1: study: found the integer 1, expected a table"]),
    ("", ["--set", "study.seed=many"], ["--set study.seed=many: [study] seed", "expected an integer"]),
    ("", ["--set", "nonsense"], ["--set nonsense: expected KEY=VALUE"]),
    ("", ["--time-limit", "soon"], ["--time-limit soon: expected seconds"]),
    ("", ["--time-limit", "1:2:3:4"], ["--time-limit 1:2:3:4: expected"]),
])
@pytest.mark.parametrize("ranks", [1, 2])
def test_bad_studies_name_file_line_and_key(tmp_path, text, arguments, parts, ranks):
    result = study(tmp_path, text, *arguments, ranks=ranks)
    assert result.returncode == 2, result.stderr
    for part in parts:
        assert result.stderr.count(part) == 1, result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.toml"], "something was left behind"


def test_unknown_key_names_line_and_nearest(tmp_path):
    text = ("[study]\nkind = \"trajectories\"\n[data]\nsource = \"glyphs\"\ntrain = 64\ntest = 32\n"
            "[train]\nbatch = 32\n[optimizer]\ntype = \"sgd\"\nlearning_rat = 0.1\n")
    result = study(tmp_path, text, "--dry-run")
    if "kind 'trajectories' is not known" in result.stderr:
        pytest.skip("this build has no study of the kind trajectories")
    assert result.returncode == 2, result.stderr
    assert "s.toml:11: unknown key [optimizer] learning_rat; did you mean 'learning_rate'?" in result.stderr


@pytest.mark.parametrize("path", sorted((SOURCE / "jobs").glob("*/*.toml")),
                         ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_study_means_the_same_when_its_resolved_text_is_read_again(path, tmp_path):
    marker = "# the configuration with every default:\n"
    # Paths of data that a user has to name: something that is there.
    (tmp_path / "ratings.csv").write_text("")
    places = {"data": tmp_path, "uci": tmp_path, "matrix": tmp_path / "ratings.csv"}
    tables = tomllib.loads(path.read_text())
    named = [word for table, place in places.items() if "path" in tables.get(table, {})
             for word in ("--set", f"{table}.path={place}")]
    first = thalweg("run", path.resolve(), "--dry-run", *named, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    resolved = first.stdout.split(marker)[1]
    again = study(tmp_path, resolved, "--dry-run")
    assert again.returncode == 0, again.stderr
    assert again.stdout.split(marker)[1] == resolved


def test_missing_study_file(tmp_path):
    result = thalweg("run", "absent.toml", ranks=2, cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.count("absent.toml: cannot be read: No such file or directory") == 1
    assert thalweg("run", ".", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize("ranks", [1, 2, 4])
@pytest.mark.parametrize("place", ["file", "file/below"])
def test_output_below_a_regular_file_is_refused_on_every_rank(tmp_path, ranks, place):
    (tmp_path / "file").write_text("mine")
    result = study(tmp_path, "[study]\nkind = \"trajectories\"\n", "-o", place, ranks=ranks)
    assert result.returncode == 2, result.stderr
    assert result.stderr.count("is not a folder") == 1, result.stderr
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_output_on_a_read_only_file_system_is_refused_on_every_rank(tmp_path, ranks):
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=64k", "none", str(disk)],
                                           capture_output=True).returncode != 0:
        if os.geteuid() == 0:
            pytest.skip("no file system can be mounted here")
        disk.chmod(0o555)
    try:
        result = study(tmp_path, "[study]\nkind = \"trajectories\"\n", "-o", disk / "out", ranks=ranks)
        assert result.returncode in (1, 2), result.stderr
        assert result.stderr.count("cannot be written to") == 1, result.stderr
    finally:
        subprocess.run(["umount", str(disk)], capture_output=True)
        disk.chmod(0o755)


def test_a_dry_run_says_what_is_in_the_way_and_does_not_refuse(tmp_path):
    (tmp_path / "results" / "s").mkdir(parents=True)
    (tmp_path / "results" / "s" / "study.h5").write_text("not even a record")
    text = ("[study]\nkind = \"trajectories\"\n[data]\ntrain = 320\n[train]\nbatch = 32\nepochs = 10\n"
            "evaluate_every = 7\n[[probe]]\ntype = \"norms\"\nevery_epochs = 2\n")
    result = study(tmp_path, text, "--dry-run", ranks=None)
    assert result.returncode == 0, result.stderr
    assert "results/s: is not empty; --resume continues" in result.stdout
    assert "probe    norms of every run: 6 times, at steps 0, 20, 40, 60, 80, 100\n" in result.stdout
    assert "is not empty" not in study(tmp_path, text, "--dry-run", "--resume", ranks=None).stdout
    assert study(tmp_path, text, ranks=None).returncode == 2, "a run does refuse"


@pytest.mark.parametrize("setting, parts", [
    ("probe.0.samples=321", ["probe 'norms': samples is 321, but the training set has 320"]),
    ("train.validation=0.5 probe.0.samples=200", ["samples is 200, but the training set has 160"]),
    ("probe.0.data=test probe.0.samples=40", ["samples is 40, but the test set has 30"]),
    ("schedule.warmup_epochs=11", ["[schedule] warmup_epochs: found 11, expected at most"]),
    ("optimizer.type=flow", ["\"flow\" needs [train] precision"]),
    ("data.source=idx data.path=nowhere", ["[data] path: ", "nowhere: No such file or directory, expected a folder"]),
    ("data.source=hdf5 data.path=.", ["[data] path: ", "is a folder, expected a file"]),
    ("data.source=csv data.path=s.toml data.test_path=absent.csv", ["[data] test_path: ", "absent.csv: No such file"]),
    ("train.initial=absent.npz", ["[train] initial: absent.npz: No such file"]),
])
def test_a_dry_run_finds_what_needs_no_data(tmp_path, setting, parts):
    text = ("[study]\nkind = \"trajectories\"\n[data]\ntrain = 320\ntest = 30\n[[probe]]\ntype = \"norms\"\n")
    arguments = [word for one in setting.split() for word in ("--set", one)]
    result = study(tmp_path, text, "--dry-run", *arguments, ranks=None)
    assert result.returncode == 2, result.stdout
    for part in parts:
        assert result.stderr.count(part) == 1, result.stderr


def test_a_folder_that_holds_something_else_is_kept(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    result = study(tmp_path, "[study]\nkind = \"trajectories\"\n", "-o", "out")
    assert result.returncode == 2
    assert "is not empty" in result.stderr and "--resume" in result.stderr
    assert (tmp_path / "out" / "thesis.tex").exists()


def test_diff_finds_a_planted_fault_and_exits_3(tmp_path):
    a = write_run(tmp_path / "a" / "runs" / "x.h5").parent.parent
    b = write_run(tmp_path / "b" / "runs" / "x.h5", elapsed=(0, 7, 8), mpi_size=4).parent.parent
    same = thalweg("diff", a, b)
    assert same.returncode == 0, same.stdout + same.stderr
    assert "the records are the same" in same.stdout
    assert "timings" in same.stdout and "provenance" in same.stdout
    write_run(b / "runs" / "x.h5", loss=(2.0, 1.0, numpy.nextafter(0.5, 1)))
    different = thalweg("diff", a, b, ranks=2)
    assert different.returncode == 3
    assert "runs/x.h5:/trajectory/train_loss" in different.stdout and "1 of 3" in different.stdout
    absent = thalweg("diff", a, tmp_path / "absent")
    assert absent.returncode == 1 and "absent" in absent.stderr


def test_verify_accepts_a_sound_run_and_finds_faults(tmp_path):
    assert run_study(tmp_path, trajectories(), "out").returncode == 0
    sound = thalweg("verify", tmp_path / "out")
    assert sound.returncode == 0 and "complete and unbroken" in sound.stdout, sound.stdout
    # What another program wrote has no checksum; its contents are looked at all the same.
    path = write_run(tmp_path / "x.h5", loss=(1.0, float("nan"), 1.0))
    broken = thalweg("verify", path, ranks=2)
    assert broken.returncode == 3
    assert broken.stdout.count("no checksum") == 1
    assert broken.stdout.count("/trajectory/train_loss: value 1 is not finite") == 1
    path.write_bytes(path.read_bytes()[:-100])
    assert thalweg("verify", path).returncode == 3


def test_tables_of_many_columns_fit_the_terminal(tmp_path):
    path = write_run(tmp_path / "x.h5")
    with h5py.File(path, "a") as file:
        for number in range(12):
            column = file.create_dataset(f"trajectory/probe.value_number_{number}", data=numpy.arange(3.0))
            column.dims[0].attach_scale(file["trajectory/step"])
            column.attrs.update({"units": "1", "long_name": "x"})
    text = thalweg("show", path).stdout
    assert max(map(len, text.splitlines())) <= 80
    assert "train_loss" in text and "not shown" in text
    everything = thalweg("show", path, "--all").stdout
    header = next(line for line in everything.splitlines() if line.split()[:1] == ["step"])
    assert len(header.split()) == 15 and "not shown" not in everything


def test_show_for_people_and_programs(tmp_path):
    path = write_run(tmp_path / "x.h5")
    text = thalweg("show", path)
    assert text.returncode == 0, text.stderr
    assert "thalweg/run, version 1" in " ".join(text.stdout.split()) and "seed = 3" in text.stdout
    rows = [line.split() for line in text.stdout.splitlines()]
    assert ["step", "train_loss", "elapsed_s"] in rows and ["2", "0.5", "2"] in rows
    sorted_rows = thalweg("show", path, "--columns", "train_loss", "--sort", "train_loss").stdout
    assert [line.split() for line in sorted_rows.splitlines()][-4:] == [["step", "train_loss"], ["2", "0.5"], ["1", "1"],
                                                                       ["0", "2"]]
    slip = thalweg("show", path, "--columns", "trainloss")
    assert slip.returncode == 2 and "no table of the record has a column 'trainloss'; did you mean 'train_loss'?" in slip.stderr
    data = json.loads(thalweg("show", path, "--json").stdout)
    assert data["attributes"]["seed"] == 3
    assert data["arrays"]["/trajectory/train_loss"]["values"] == [2.0, 1.0, 0.5]
    assert data["arrays"]["/trajectory/train_loss"]["dimensions"] == ["step"]
    folder = json.loads(thalweg("show", tmp_path, "--json").stdout)
    assert folder["complete"] is False and list(folder["files"]) == ["x.h5"]
    (tmp_path / "text.h5").write_text("no record")
    refused = thalweg("show", tmp_path / "text.h5", ranks=2)
    assert refused.returncode == 1
    assert refused.stderr.count("not an HDF5 file") == 1
