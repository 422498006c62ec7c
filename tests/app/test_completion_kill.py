"""Completions that are killed or stopped end, resumed, in the record of an undisturbed study."""
import json
import shutil

import pytest

from kills import signal_once, survive_kills
from studies import assert_identical, run_study, thalweg
from test_bad_input import refused
from test_completion import completion, ratings

# Each takes about a second: none reaches its target.
METHODS = {
    "descent": ('depths = [3]\noptimizer.type = "adam"', 6000),
    "flow": ('depths = [3]\noptimizer.type = "flow"\noptimizer.relative_tolerance = 1e-11', 1000),
    "end_to_end": ('type = "end_to_end"\ndepths = [3]\nstart = "orthogonal"', 150),
    "nuclear_norm": ('type = "nuclear_norm"\ngap_tolerance = 1e-300\ncheck_every = 5', 2500),
    "als": ('type = "als"\nranks = [6]\nridges = [1e-6]\ntolerance = 1e-15', 2000),
}
MATRIX = "rows = 300\ncolumns = 16\nrank = 2\nvalidation = 20"


def long(names, **settings):
    """These methods, one after the other, with a checkpoint after nearly every step."""
    methods = "".join(f'\n[[method]]\nname = "{name}"\n{METHODS[name][0]}\n' for name in names)
    steps = max(METHODS[name][1] for name in names)
    train = f"max_steps = {steps}\nmax_time = 1e6\ntarget_loss = 1e-30\ncheckpoint_every_s = 0.02"
    return completion(methods, **{"matrix": MATRIX, "sweep": "observed = [2000]", "train": train, **settings})


@pytest.mark.parametrize("name", METHODS)
def test_killed_and_resumed_is_identical(tmp_path, name):
    survive_kills(tmp_path, long([name]), kills=2, seed=5)


def test_signals_and_time_limits_leave_checkpoints_that_are_resumed(tmp_path):
    text = long(["nuclear_norm", "flow", "descent"]).replace("max_steps = 6000", "max_steps = 20000")
    running, code, errors = signal_once(tmp_path, text, "out", 0.6, ranks=2)
    assert running and code == 75 and "--resume" in errors, (running, code, errors)
    checkpoints = list((tmp_path / "out" / "checkpoints").glob("*.h5"))
    assert checkpoints
    for checkpoint in checkpoints:
        shown = json.loads(thalweg("show", "--json", checkpoint).stdout)
        assert shown["attributes"]["elapsed_s"] > 0
    verified = thalweg("verify", tmp_path / "out")
    assert verified.returncode == 3 and "unfinished" in verified.stdout
    limited = run_study(tmp_path, text, "out", "--resume", "--time-limit", "0.6", ranks=3)
    assert limited.returncode == 75 and "resumed from" in limited.stderr, limited.stderr
    resumed = run_study(tmp_path, text, "out", "--resume", ranks=1)
    assert resumed.returncode == 0, resumed.stderr
    assert run_study(tmp_path, text, "whole", ranks=2).returncode == 0
    assert_identical(tmp_path / "whole", tmp_path / "out")
    assert not (tmp_path / "out" / "checkpoints").exists()


@pytest.mark.parametrize("method,instances", [
    ('type = "nuclear_norm"\ngap_tolerance = 1e-300\ncheck_every = 1', 1),  # no step without a row
    ('type = "mean"', 150),  # each is over before it would ask
], ids=["nuclear_norm", "mean"])
def test_time_limits_are_heard_between_short_pieces_of_work(tmp_path, method, instances):
    text = completion(f"[[method]]\n{method}\n", "rows = 20\ncolumns = 16\nrank = 2",
                      f"observed = [200]\ninstances = {list(range(1, instances + 1))}", "max_steps = 30000")
    result = run_study(tmp_path, text, "out", "--time-limit", "0.5")
    assert result.returncode == 75, (result.returncode, result.stderr[-500:])


@pytest.fixture
def stopped(tmp_path):
    """A study of ratings that was stopped in its second run, after the first was made, and its file."""
    path = ratings(tmp_path / "ratings.csv")
    text = long(["descent"], matrix=f'source = "ratings"\npath = "{path}"', sweep="")
    text = text.replace("max_steps = 6000", "max_steps = 1000000") + '\n[[method]]\ntype = "mean"\n'
    result = run_study(tmp_path, text, "out", "--time-limit", "2", "--set", "study.team_size=1", ranks=2)
    assert result.returncode == 75, result.stderr
    assert [file.name for file in (tmp_path / "out" / "runs").iterdir()] == ["mean-instance3.h5"]
    assert list((tmp_path / "out" / "checkpoints").glob("descent*.h5"))
    return path, text


def change(path):
    lines = path.read_text().splitlines(keepends=True)
    user, item, value, time = lines[1].split(",")
    lines[1] = f"{user},{item},{float(value) + 0.25},{time}"
    path.write_text("".join(lines))


@pytest.mark.parametrize("begun", ["checkpoint", "record"])
def test_a_file_of_ratings_that_changed_is_refused(tmp_path, stopped, begun):
    """It is noticed by a run that was begun, and by one that was made before."""
    path, text = stopped
    change(path)
    out = tmp_path / "out"
    if begun == "checkpoint":
        (out / "runs" / "mean-instance3.h5").unlink()
    else:
        shutil.rmtree(out / "checkpoints")
    result = run_study(tmp_path, text, "out", "--resume", "--time-limit", "3", "--set", "study.team_size=1", ranks=2)
    refused(result, str(path))
    assert not (out / "study.h5").exists()
