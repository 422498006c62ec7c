"""A run that fails leaves the others alone: they finish, the study stays open, and --resume makes what is missing."""
import pathlib

import pytest

from studies import assert_identical, run_study, trajectories


def block_checkpoints(out, run):
    """A folder where the run's checkpoint is to be written: that run alone cannot."""
    blocked = out / "checkpoints" / f".{run}.h5.next.partial"
    blocked.mkdir(parents=True)
    return blocked


@pytest.mark.parametrize("ranks,team", [(1, 1), (2, 1), (4, 2), (3, 3)])
def test_a_failed_run_does_not_end_the_others(tmp_path, ranks, team):
    text = trajectories()
    assert run_study(tmp_path, text, "whole").returncode == 0
    out = tmp_path / "out"
    assert run_study(tmp_path, text, "out", "--time-limit", "0.0001").returncode == 75
    blocked = block_checkpoints(out, "a_run")
    size = f"study.team_size={team}"
    result = run_study(tmp_path, text, "out", "--resume", "--set", size, ranks=ranks)
    assert result.returncode == 1, (result.returncode, result.stderr)
    assert result.stderr.count("thalweg: ") == 1, result.stderr
    assert blocked.name in result.stderr and "run a_run failed; the other runs go on" in result.stderr
    last = result.stdout.strip().splitlines()[-1]
    assert last.startswith("1 runs done, 0 diverged, 1 failed (a_run)") and "--resume" in last
    assert (out / "runs" / "another.h5").exists()
    assert not (out / "study.h5").exists()
    made = (out / "runs" / "another.h5").stat().st_mtime_ns
    blocked.rmdir()
    result = run_study(tmp_path, text, "out", "--resume", "--set", size, ranks=ranks)
    assert result.returncode == 0, result.stderr
    assert (out / "runs" / "another.h5").stat().st_mtime_ns == made
    assert_identical(tmp_path / "whole", out)


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_failed_trial_fails_its_groups_runs_alone(tmp_path, ranks):
    text = trajectories().split("[[slice]]")[0] + "[tune]\nfactors = [0.5, 1]\nepochs = 1\n"
    text = text.split("[[probe]]")[0] + "[tune]" + text.split("[tune]")[1]
    out = tmp_path / "out"
    record = out / "runs" / "tune-a_run-rate0.1.h5"
    blocked = record.with_name(f".{record.name}.partial")
    assert run_study(tmp_path, text, "out", "--time-limit", "0.0001").returncode in (0, 75)
    for file in [record, out / "study.h5"]:
        if file.exists():
            file.unlink()
    blocked.mkdir(parents=True)
    result = run_study(tmp_path, text, "out", "--resume", "--set", "study.team_size=1", ranks=ranks)
    assert result.returncode == 1, (result.returncode, result.stderr)
    assert "a run: no learning rate: a trial failed" in result.stderr
    assert "1 runs done, 0 diverged, 2 failed (tune-a_run-rate0.1, a_run)" in result.stdout
    assert pathlib.Path(out / "runs" / "another.h5").exists()
