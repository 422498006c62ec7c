"""Matrix completion as a user meets it: the same record on any number of ranks, and what the commands say of it."""
import json

import h5py
import numpy
import pytest

from studies import assert_identical, run_study, thalweg

LOW_RANK = "rows = 20\ncolumns = 16\nrank = 2\nvalidation = 20"
SWEEP = "observed = [200]"
TRAIN = "max_steps = 200\nmax_time = 50\nkeep_matrices = true"

METHODS = """
[[method]]
name = "descent"
depths = [1, 2, 3]
scales = [1e-2]
optimizer.type = "sgd"
optimizer.learning_rate = 0.5

[[method]]
name = "momentum"
hidden = 5
optimizer.momentum = 0.9
optimizer.weight_decay = 1e-4

[[method]]
name = "adam"
start = "identity"
optimizer.type = "adam"
optimizer.clip_norm = 0.1
optimizer.sam = "sam"

[[method]]
name = "grouped"
depths = [3]
optimizer.type = "grouped_rmsprop"

[[method]]
name = "flow"
depths = [1, 2, 3]
optimizer.type = "flow"

[[method]]
type = "end_to_end"
depths = [2, 3]
start = "orthogonal"

[[method]]
type = "nuclear_norm"

[[method]]
type = "als"
ranks = [2, 3]

[[method]]
type = "mean"
"""


def completion(methods=METHODS, matrix=LOW_RANK, sweep=SWEEP, train=TRAIN, scale="mean"):
    return (f'[study]\nname = "completion"\nkind = "completion"\nseed = 3\n\n[matrix]\n{matrix}\n\n[sweep]\n{sweep}\n\n'
            f'[loss]\nscale = "{scale}"\n\n[train]\n{train}\n{methods}')


def ratings(path, users=20, items=16, count=200, seed=1):
    """A file of ratings drawn at random, users and items numbered with gaps."""
    generator = numpy.random.default_rng(seed)
    chosen = generator.choice(users * items, count, replace=False)
    path.write_text("userId,movieId,rating,timestamp\n" + "".join(
        f"{7 * (at // items) + 1},{3 * (at % items) + 2},{generator.integers(1, 11) / 2},0\n" for at in chosen))
    return path


def assert_same_on_any_ranks(folder, text, teams):
    """Runs of one rank, and of these (ranks, team size)."""
    for ranks, team in [(1, 1), *teams]:
        result = run_study(folder, text, f"{ranks}in{team}", "--set", f"study.team_size={team}", ranks=ranks)
        assert result.returncode == 0, result.stderr
        if ranks > 1:
            assert_identical(folder / "1in1", folder / f"{ranks}in{team}")
    assert thalweg("verify", folder / "1in1").returncode == 0


def summary(output):
    """The columns of /summary, and the rows' numbers by run."""
    with h5py.File(output / "study.h5") as study:
        columns = {name: column.asstr()[()] if column.dtype == object else column[()]
                   for name, column in study["summary"].items()}
    return columns, {name: row for row, name in enumerate(columns["run"])}


def test_every_method_is_identical_on_any_number_of_ranks_and_teams(tmp_path):
    assert_same_on_any_ranks(tmp_path, completion(), [(2, 2), (3, 1), (3, 3), (4, 1), (4, 4)])
    columns, rows = summary(tmp_path / "1in1")
    assert len(rows) == 15 and "diverged" not in columns["status"]
    other = run_study(tmp_path, completion(sweep=SWEEP + "\ninstances = [4]"), "other")
    assert other.returncode == 0, other.stderr
    assert thalweg("diff", tmp_path / "1in1", tmp_path / "other").returncode == 3


LARGE = """
[[method]]
name = "adam"
depths = [1, 2, 3]
optimizer.type = "adam"
"""

FLOWS = """
[[method]]
name = "flow"
depths = [1, 2, 3]
optimizer.type = "flow"

[[method]]
type = "end_to_end"
start = "orthogonal"

[[method]]
type = "nuclear_norm"
check_every = 5

[[method]]
type = "als"
"""


@pytest.mark.parametrize("rows,columns,precision,teams", [
    (600, 20, "float64", [(2, 2), (3, 1), (4, 4)]),
    (20, 600, "float64", [(2, 2)]),
    (600, 20, "float32", [(2, 1), (3, 3)]),
])
def test_several_shards_are_identical_on_any_number_of_ranks(tmp_path, rows, columns, precision, teams):
    """Of 12000 elements 4000 are dense, 500, fewer than a sixteenth, sparse; 600 rows are three shards."""
    text = completion(LARGE + (FLOWS if precision == "float64" else ""),
                      matrix=f"rows = {rows}\ncolumns = {columns}\nrank = 2",
                      sweep="observed = [4000, 500]", train=f'max_steps = 10\nprecision = "{precision}"')
    assert_same_on_any_ranks(tmp_path, text, teams)


SOURCES = {
    "measurements": ('rows = 6\ncolumns = 5\nrank = 2\nmeasurements = 40\nnoise = 0.1', ""),
    "regression": ('source = "regression"\nsamples = 30\nfeatures = 4', "instances = [1, 2]"),
    "razin_cohen": ('source = "razin_cohen"', ""),
    "ratings": ('source = "ratings"\npath = "PATH"\nvalidation = 10\ncentre = true', "instances = [1, 2]"),
    "noisy": ('rows = 20\ncolumns = 16\nrank = 3\nnoise = 0.2\ncoherence = 0.5\nlaw = "uniform"',
              "observed = [100, 250]\ninstances = [1, 2]"),
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_is_identical_on_any_number_of_ranks(tmp_path, source):
    matrix, sweep = SOURCES[source]
    matrix = matrix.replace("PATH", str(ratings(tmp_path / "ratings.csv")))
    methods = '[[method]]\nname = "descent"\ndepths = [2, 3]\n\n[[method]]\nname = "flow"\noptimizer.type = "flow"\n'
    if source not in ("measurements", "regression"):
        methods += '\n[[method]]\ntype = "als"\nranks = [1]\n\n[[method]]\ntype = "mean"\nof = "row"\n'
    text = completion(methods, matrix, sweep, "max_steps = 50\nmax_time = 20")
    assert_same_on_any_ranks(tmp_path, text, [(3, 3)])


def test_commands_tell_what_is_in_a_record(tmp_path):
    result = run_study(tmp_path, completion(), "out", ranks=2)
    assert result.returncode == 0, result.stderr
    assert "15 runs done, 0 diverged" in result.stdout and "nuclear_norm" in result.stdout
    shown = thalweg("show", tmp_path / "out")
    assert shown.returncode == 0 and "kind = completion" in shown.stdout, shown.stdout + shown.stderr
    told = json.loads(thalweg("show", "--json", tmp_path / "out").stdout)
    assert told["complete"] is True
    assert told["files"]["study.h5"]["attributes"]["kind"] == "completion"
    columns, rows = summary(tmp_path / "out")
    for name, row in rows.items():
        assert name in shown.stdout
        run = told["files"][f"runs/{name}.h5"]
        assert run["attributes"]["status"] == columns["status"][row]
        assert run["attributes"]["observations"] == 200
        with h5py.File(tmp_path / "out" / "runs" / f"{name}.h5") as file:
            matrix = file["matrix/product"][-1]
            numpy.testing.assert_allclose(numpy.linalg.svd(matrix, compute_uv=False).sum(),
                                          columns["nuclear_norm"][row], rtol=1e-10)
    assert thalweg("verify", tmp_path / "out").returncode == 0
    run = tmp_path / "out" / "runs" / "als-rank2-instance3.h5"
    run.write_bytes(run.read_bytes()[:-100])
    assert thalweg("verify", tmp_path / "out").returncode == 3


def test_list_names_what_a_completion_can_name():
    listed = thalweg("list")
    assert listed.returncode == 0
    words = ["grouped_rmsprop", "end_to_end", "nuclear_norm", "als", "low_rank", "ratings", "razin_cohen"]
    assert [word for word in words if f" {word} " not in listed.stdout] == []


def test_a_run_that_diverges_is_recorded_and_counted(tmp_path):
    text = completion('[[method]]\nname = "wild"\noptimizer.learning_rate = 1e6\n\n[[method]]\ntype = "nuclear_norm"\n'
                      '\n[[method]]\nname = "tame"\noptimizer.learning_rate = 0.1\n')
    result = run_study(tmp_path, text, "out", ranks=2)
    assert result.returncode == 0, result.stderr
    assert "3 runs done, 1 diverged" in result.stdout
    columns, rows = summary(tmp_path / "out")
    wild, tame = rows["wild-instance3"], rows["tame-instance3"]
    assert columns["status"][wild] == "diverged" and columns["status"][tame] == "target_not_reached"
    with h5py.File(tmp_path / "out" / "study.h5") as study:
        groups = study["groups/group"].asstr()[()].tolist()
        assert study["groups/test_loss_valid"][groups.index("wild")] == 0
        assert study["groups/wins_valid"][groups.index("wild")] == 0
        assert study["groups/test_loss"][groups.index("tame")] == columns["test_loss"][tame]
    assert thalweg("verify", tmp_path / "out").returncode == 0


def test_a_run_that_diverges_before_the_first_stated_time_is_recorded_too(tmp_path):
    text = completion('[[method]]\nname = "wild"\noptimizer.learning_rate = 1e6\n\n[[method]]\ntype = "mean"\n',
                      train="times = [2e7]")
    result = run_study(tmp_path, text, "out", ranks=2)
    assert result.returncode == 0, result.stderr
    assert "2 runs done, 1 diverged" in result.stdout
    assert thalweg("verify", tmp_path / "out").returncode == 0


@pytest.mark.parametrize("optimizer", ["sgd", "flow"])
def test_a_start_that_overflows_fails_its_run_alone(tmp_path, optimizer):
    text = completion(f'[[method]]\nname = "wild"\nscales = [1e200]\noptimizer.type = "{optimizer}"\n\n'
                      '[[method]]\ntype = "mean"\n')
    result = run_study(tmp_path, text, "out", ranks=2)
    assert result.returncode == 1 and "not finite" in result.stderr, (result.returncode, result.stderr)
    assert "1 runs done, 1 failed" in result.stdout
    assert [file.stem for file in (tmp_path / "out" / "runs").glob("*.h5")] == ["mean-instance3"]


def test_what_reaches_the_target_is_the_point_itself(tmp_path):
    """Sharpness-aware descent looks at a point far away too, whose loss may be below the target by chance."""
    text = completion('[[method]]\nname = "aware"\nscales = [1.0]\noptimizer.sam = "sam"\noptimizer.sam_radius = 5.0\n',
                      "rows = 6\ncolumns = 5\nrank = 1", "observed = [30]\ninstances = [0]",
                      "max_steps = 5000\ntarget_loss = 1e-3")
    result = run_study(tmp_path, text, "out")
    assert result.returncode == 0, result.stderr
    columns, _ = summary(tmp_path / "out")
    assert (columns["status"][0] == "finished") == (columns["train_loss"][0] <= 1e-3), columns
