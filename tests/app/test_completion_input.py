"""What a completion cannot be: one message that names file, line and key, exit code 2, and no rank left hanging."""
import pytest

from kills import processes_with
from studies import run_study, thalweg
from test_bad_input import refused
from test_completion import LOW_RANK, completion, ratings

HERE = "  # here"  # marks the line that is to be named
DESCENT = '[[method]]\nname = "x"\n'
OPTIMIZED = DESCENT + "[method.optimizer]\n"


def said(folder, text, key, *parts, ranks=None):
    """The study is refused with the marked line, the key and these words, and leaves nothing behind."""
    marked = [number for number, line in enumerate(text.splitlines(), 1) if line.endswith(HERE)]
    result = run_study(folder, text, "out", ranks=ranks, timeout=60)
    refused(result, f"study.toml:{marked[0]}: " if marked else "study.toml:", key, *parts)
    assert not (folder / "out").exists() or not list((folder / "out").iterdir())
    assert processes_with(folder / "out") == []


@pytest.mark.parametrize("matrix,key,parts", [
    (f"rows = 20\ncolumns = 16\nrank = 17{HERE}", "[matrix] rank", ["17", "16"]),
    (f"rank = 0{HERE}", "[matrix] rank", ["0"]),
    (f'law = "cauchy"{HERE}', "[matrix] law", ["cauchy", "uniform"]),
    (f"noise = -0.1{HERE}", "[matrix] noise", ["-0.1"]),
    (f'source = "netflix"{HERE}', "[matrix] source", ["netflix", "ratings"]),
    (f'source = "ratings"\npath = ""{HERE}', "[matrix] path", ["ratings"]),
    (f'source = "regression"\nsamples = 9{HERE}\nfeatures = 10', "[matrix] samples", ["9", "10"]),
    (f'source = "regression"\ncondition = 0.5{HERE}', "[matrix] condition", ["0.5"]),
    (f'source = "razin_cohen"\nrows = 3{HERE}', "[matrix] rows", ["unknown"]),
])
def test_bad_matrices_name_their_key(tmp_path, matrix, key, parts):
    said(tmp_path, completion(DESCENT, matrix, "" if "source" in matrix else "observed = [20]"), key, *parts)


@pytest.mark.parametrize("sweep,key,parts", [
    (f"instances = [1, -1]{HERE}", "[sweep] instances", ["-1", "at least 0"]),
    (f"instances = [2, 1, 2]{HERE}", "[sweep] instances", ["2 stands there twice"]),
    (f"instances = []{HERE}", "[sweep] instances", ["at least one"]),
    (f"observed = [0]{HERE}", "[sweep] observed", ["0", "at least 1"]),
    (f"observed = [100, 100]{HERE}", "[sweep] observed", ["100 stands there twice"]),
    (f"observed = []{HERE}", "[sweep] observed", ["at least one"]),
    (f"observed = [100, 301]{HERE}", "[sweep] observed", ["301", "20 for validation", "320"]),
])
def test_bad_sweeps_name_their_key(tmp_path, sweep, key, parts):
    said(tmp_path, completion(DESCENT, sweep=sweep), key, *parts)


@pytest.mark.parametrize("train,key,parts", [
    (f"times = [1, 3, 2]{HERE}", "[train] times", ["2", "ascending"]),
    (f"times = [-1, 2]{HERE}", "[train] times", ["-1", "at least 0"]),
    (f"times = [1, inf]{HERE}", "[train] times", ["inf"]),
    (f"times = [0]{HERE}", "[train] times", ["above 0"]),
    (f"times = [0, 1, 1.25]{HERE}", "[train] times", ["1.25", "multiples of the learning rate 0.1 of 'x'"]),
    (f"times = [1]\npoints_per_decade = 5{HERE}", "[train] points_per_decade", ["unknown"]),
    (f"points_per_decade = 0{HERE}", "[train] points_per_decade", ["from 1"]),
    (f'precision = "float16"{HERE}', "[train] precision", ["float16", "float32"]),
    (f"max_steps = 0{HERE}", "[train] max_steps", ["at least 1"]),
    (f"target_loss = -1.0{HERE}", "[train] target_loss", ["at least 0"]),
    (f"singular_values = 0{HERE}", "[train] singular_values", ["at least 1"]),
])
def test_bad_training_names_its_key(tmp_path, train, key, parts):
    said(tmp_path, completion(DESCENT, train=train), key, *parts)


@pytest.mark.parametrize("method,key,parts", [
    (f'[[method]]\ntype = "magic"{HERE}\n', "type", ["magic", "nuclear_norm"]),
    (f'[[method]]\nname = "a/b"{HERE}\n', "name", ["a/b", "names files"]),
    (f'[[method]]\nname = ".x"{HERE}\n', "name", [".x", "names files"]),
    (f'[[method]]\nname = "{"x" * 240}"{HERE}\n', "name", ["names files"]),
    (f"{DESCENT}depths = []{HERE}\n", "depths", ["at least one"]),
    (f"{DESCENT}depths = [2, 0]{HERE}\n", "depths", ["0", "from 1"]),
    (f"{DESCENT}depths = [65]{HERE}\n", "depths", ["65", "at most 64"]),
    (f"{DESCENT}scales = []{HERE}\n", "scales", ["at least one"]),
    (f"{DESCENT}scales = [0.1, -1]{HERE}\n", "scales", ["-1", "above 0"]),
    (f'{DESCENT}start = "zero"{HERE}\n', "start", ["zero", "identity"]),
    (f'{DESCENT}start = "identity"\nhidden = 3{HERE}\n', "hidden", ["gaussian"]),
    (f'[[method]]\ntype = "end_to_end"\nstart = "gaussian"{HERE}\n', "start", ["gaussian", "balanced"]),
    (f'[[method]]\ntype = "als"\nranks = [0]{HERE}\n', "ranks", ["0", "from 1"]),
    (f'[[method]]\ntype = "als"\nranks = [1000001]{HERE}\n', "ranks", ["1000001"]),
    (f'[[method]]\ntype = "als"\nridges = [0.0]{HERE}\n', "ridges", ["0", "above 0"]),
    (f'[[method]]\ntype = "mean"\nof = "median"{HERE}\n', "of", ["median", "row_column"]),
    (f'[[method]]\ntype = "nuclear_norm"\ndepths = [2]{HERE}\n', "depths", ["unknown"]),
    (f'{OPTIMIZED}type = "lars"{HERE}\n', "type", ["lars"]),
    (f'{OPTIMIZED}type = "newton"{HERE}\n', "type", ["newton", "flow"]),
    (f"{OPTIMIZED}learning_rate = [0.1, 0.2]{HERE}\n", "learning_rate", ["learning_rates"]),
    (f"{OPTIMIZED}learning_rate = 0.1\nlearning_rates = [0.1, 0.2]{HERE}\n", "learning_rates", ["one of the two"]),
    (f"{OPTIMIZED}learning_rates = []{HERE}\n", "learning_rates", ["at least one"]),
    (f"{OPTIMIZED}learning_rates = [0.1, 0.0]{HERE}\n", "learning_rates", ["0", "above 0"]),
    (f'{OPTIMIZED}type = "flow"\nrelative_tolerance = 0.0{HERE}\n', "relative_tolerance", ["at least 1e-14"]),
    (f"{DESCENT}depths = [2, 2]\n", "x-depth2", []),
    (f'{DESCENT}\n[[method]]\ntype = "mean"\nname = "x"\n', "'x'", ["name"]),
    ("", "[[method]]", ["at least one"]),
])
def test_bad_methods_name_their_key(tmp_path, method, key, parts):
    said(tmp_path, completion(method), key, *parts)


@pytest.mark.parametrize("matrix,method,train,key,parts", [
    (f'source = "regression"{HERE}', '[[method]]\ntype = "als"\n', "", "[matrix] source", ["'als'", "measurements"]),
    ("rows = 5\ncolumns = 5\nrank = 2\nmeasurements = 20", '[[method]]\ntype = "mean"\n', "", "[matrix]",
     ["'mean'", "measurements"]),
    (f'source = "razin_cohen"{HERE}', f'{DESCENT}start = "aligned"\n', "", "[matrix] source", ["'x'", "aligned"]),
    (LOW_RANK, f'{OPTIMIZED}type = "flow"\n', f'precision = "float32"{HERE}', "[train] precision", ["'x'", "float64"]),
    (LOW_RANK, '[[method]]\ntype = "end_to_end"\nstart = "identity"\n', f'precision = "float32"{HERE}',
     "[train] precision", ["'end_to_end'", "float64"]),
])
def test_methods_that_do_not_fit_name_their_key(tmp_path, matrix, method, train, key, parts):
    sweep = "observed = [200]" if matrix == LOW_RANK else ""
    said(tmp_path, completion(method, matrix, sweep, train), key, *parts)


@pytest.mark.parametrize("old,new,key,parts", [
    ('scale = "mean"', f'scale = "sum"{HERE}', "[loss] scale", ["sum", "half_sum"]),
    ('scale = "mean"', f"exponent = 1.5{HERE}", "[loss] exponent", ["1.5", "at least 2"]),
    ("seed = 3", f"team_size = 3{HERE}", "[study] team_size", ["3", "2 ranks"]),
    ("rank = 2", f"rank = 17{HERE}", "[matrix] rank", ["17"]),
    ("observed = [200]", f"observed = [301]{HERE}", "[sweep] observed", ["301"]),
    ("max_time = 50", f"times = [2, 1]{HERE}", "[train] times", ["ascending"]),
    ('name = "x"', 'type = "end_to_end"\nstart = "gaussian"', "start", ["balanced"]),
    ("rows = 20\ncolumns = 16", "rows = 1000000\ncolumns = 1000000", "columns", ["1000000"]),
    ("validation = 20\n\n[sweep]\nobserved = [200]", "validation = 320\nmeasurements = 10\n", "validation", ["320"]),
])
def test_no_rank_hangs(tmp_path, old, new, key, parts):
    """A fault of every table, on two ranks."""
    said(tmp_path, completion(DESCENT).replace(old, new, 1), key, *parts, ranks=2)


def test_few_points_per_decade_do_not_hang(tmp_path):
    """The second point is 10^20 steps away, beyond all integers."""
    text = completion(DESCENT, train="max_steps = 20\npoints_per_decade = 0.05")
    result = run_study(tmp_path, text, "out", ranks=None, timeout=20)
    assert result.returncode in (0, 2), result.stderr


HEADER = "userId,movieId,rating\n"


@pytest.mark.parametrize("content,place,parts", [
    ("userId,movieId\n1,1\n", ":1: ", ["rating"]),
    ("userId,movieId,rating,rating\n1,1,3,3\n", ":1: ", ["2 columns are named rating"]),
    (HEADER + "1,1,3\n1,2,nan\n", ":3: ", ["rating", "nan"]),
    (HEADER + "1,1,3\n\n1,2,good\n", ":4: ", ["rating", "good"]),
    (HEADER + "1,1,3\n1,2,\n", ":3: ", ["rating", "nothing"]),
    (HEADER + "0,1,3\n1,2,4\n", ":2: ", ["user", "out of range"]),
    (HEADER + "1,1,3\n1,2147483648,4\n", ":3: ", ["item", "out of range"]),
    (HEADER + "1,1,3\n1,2.5,4\n", ":3: ", ["item", "2.5"]),
    (HEADER + "1,1,3\n1,2\n", ":3: ", ["2 fields", "3"]),
    (HEADER + "1,1,3\n2,1,3\n1,1,4\n", ":4: ", ["user 1", "item 1", "line 2"]),
    ("1 1\n", ":1: ", ["user", "item", "rating"]),
    (HEADER, ":1: ", ["no ratings"]),
    ("", "", ["empty"]),
    ("\n \n", ":2: ", ["blank"]),
    (None, "", ["o such file"]),
    (HEADER + "1,1,3\n", "", ["1 there", "left to test"]),
])
def test_bad_files_of_ratings_are_named_with_their_line(tmp_path, content, place, parts):
    path = tmp_path / "ratings.csv"
    if content is not None:
        path.write_text(content)
    text = completion('[[method]]\ntype = "mean"\n', f'source = "ratings"\npath = "{path}"', "")
    result = run_study(tmp_path, text, "out", ranks=2, timeout=60)
    refused(result, f"{path}{place}", *parts)
    assert not list((tmp_path / "out").rglob("*.h5"))
    assert processes_with(tmp_path / "out") == []


@pytest.mark.parametrize("form", ["{user},{item},{rating}", "{item},9,{rating},{user}", "{user}\t{item}\t{rating}\t7"])
def test_sound_files_of_ratings_are_taken_whatever_their_form(tmp_path, form):
    """What the tests above refuse is the fault. Columns may stand in any order, beside others; or tabs between them."""
    rows = [line.split(",") for line in ratings(tmp_path / "plain.csv").read_text().splitlines()[1:]]
    header = "" if "\t" in form else form.format(user="userId", item="movieId", rating="rating") + "\n"
    path = tmp_path / "ratings.data"
    path.write_text(header + "".join(form.format(user=u, item=i, rating=r) + "\n" for u, i, r, _ in rows))
    text = completion('[[method]]\ntype = "mean"\n', f'source = "ratings"\npath = "{path}"', "")
    result = run_study(tmp_path, text, "out", ranks=2)
    assert result.returncode == 0, result.stderr
    assert "20 users x 16 items, 160 training" in result.stderr


@pytest.mark.parametrize("method", ["factorization", "nuclear_norm", "als", "mean"])
def test_ratings_that_overflow_end_the_study_in_order(tmp_path, method):
    """Their squares are not finite: the run is recorded as diverged, or fails; no rank dies and none hangs."""
    path = ratings(tmp_path / "ratings.csv")
    lines = [line.split(",") for line in path.read_text().splitlines()]
    path.write_text("\n".join(",".join([u, i, r if u == "userId" else r + "e300", t]) for u, i, r, t in lines) + "\n")
    text = completion(f'[[method]]\ntype = "{method}"\n', f'source = "ratings"\npath = "{path}"', "")
    result = run_study(tmp_path, text, "out", ranks=2, timeout=60)
    assert result.returncode in (0, 1, 2), (result.returncode, result.stderr)
    assert "MPI_ABORT" not in result.stderr, result.stderr
    if result.returncode == 0:
        assert "1 diverged" in result.stdout
        verified = thalweg("verify", tmp_path / "out")
        assert verified.returncode == 0, verified.stdout
