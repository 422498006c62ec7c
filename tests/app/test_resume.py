"""Work that is stopped and resumed: signals, time limits, broken files, two jobs in one folder."""
import os
import signal

from kills import PATIENCE_S, catches, signal_once, start, wait_for_orphans, wait_until
from studies import assert_identical, run_study, thalweg, trajectories


def test_signal_checkpoints_and_exits_75(tmp_path):
    text = trajectories(epochs=20000)
    text = text.replace("checkpoint_every_s = 0.05", "checkpoint_every_s = 1000")
    running, code, errors = signal_once(tmp_path, text, "out", 1.0, ranks=2)
    assert running
    assert code == 75, errors
    assert "--resume" in errors
    checkpoints = list((tmp_path / "out" / "checkpoints").glob("*.h5"))
    assert checkpoints
    shown = thalweg("show", checkpoints[0])
    assert shown.returncode == 0 and "step" in shown.stdout
    folder = thalweg("show", tmp_path / "out").stdout
    assert "unfinished study" in folder and "broken" not in folder and "claims" not in folder


def test_ctrl_c_checkpoints_and_says_how_to_go_on(tmp_path):
    text = trajectories(epochs=100000)
    process = start(tmp_path, text, "out", ranks=None)
    wait_until((tmp_path / "out" / "begun.txt").exists, process)
    process.send_signal(signal.SIGINT)
    errors = process.communicate(timeout=2 * PATIENCE_S)[1]
    assert process.returncode == 75, errors
    command = errors.strip().splitlines()[-1]
    assert command.endswith(f"run {tmp_path}/study.toml -o {tmp_path}/out --resume"), errors
    assert run_study(tmp_path, text, "out", "--resume", *"--time-limit 0.1".split()).returncode == 75


def test_a_signal_while_mpi_starts_is_not_lost(tmp_path):
    text = trajectories(epochs=100000)
    process = start(tmp_path, text, "out", ranks=None)
    wait_until(lambda: catches(process, signal.SIGUSR1), process)
    assert not (tmp_path / "out" / "begun.txt").exists()
    process.send_signal(signal.SIGUSR1)
    errors = process.communicate(timeout=2 * PATIENCE_S)[1]
    assert process.returncode == 75, (process.returncode, errors)


SHORT_RUNS = """
[study]
name = "short"
kind = "trajectories"
[data]
train = 400
test = 100
[model]
widths = [64]
[train]
batch = 100
epochs = 2
[optimizer]
learning_rate = 0.1
[sweep]
seeds = SEEDS
[[run]]
name = "net"
"""


def test_time_limit_is_heard_between_short_runs(tmp_path):
    """Each run is over in a few steps, before a run in itself would ask."""
    text = SHORT_RUNS.replace("SEEDS", str(list(range(1, 400))))
    stopped = run_study(tmp_path, text, "out", "--time-limit", "1.5")
    assert stopped.returncode == 75, stopped.stderr
    assert len(list((tmp_path / "out" / "runs").glob("*.h5"))) < 399


def test_time_limit_checkpoints_and_resumes_to_the_identical_record(tmp_path):
    text = trajectories(epochs=1000)
    assert run_study(tmp_path, text, "whole", ranks=1).returncode == 0
    limited = run_study(tmp_path, text, "limited", "--time-limit", "1.0", ranks=2)
    assert limited.returncode == 75, limited.stderr
    assert run_study(tmp_path, text, "limited", "--resume", ranks=3).returncode == 0
    assert_identical(tmp_path / "whole", tmp_path / "limited")


def test_resume_refuses_another_configuration(tmp_path):
    assert run_study(tmp_path, trajectories(), "out", "--time-limit", "0.01").returncode == 75
    result = run_study(tmp_path, trajectories(), "out", "--resume", "--set", "optimizer.momentum=0.5", ranks=2)
    assert result.returncode == 2
    assert "momentum" in result.stderr


def test_a_broken_checkpoint_is_passed_over_with_a_warning(tmp_path):
    text = trajectories(epochs=1000)
    assert run_study(tmp_path, text, "whole").returncode == 0
    # On a busy machine the limit may pass before the first step.
    for limit_s in [1, 2, 4, 8]:
        assert run_study(tmp_path, text, "out", "--force", "--time-limit", str(limit_s)).returncode == 75
        checkpoints = list((tmp_path / "out" / "checkpoints").glob("*.h5"))
        if checkpoints:
            break
    for checkpoint in checkpoints:
        data = bytearray(checkpoint.read_bytes())
        data[len(data) // 2] ^= 0x40
        checkpoint.write_bytes(data)
    result = run_study(tmp_path, text, "out", "--resume")
    assert result.returncode == 0, result.stderr
    assert "warning" in result.stderr
    assert_identical(tmp_path / "whole", tmp_path / "out")


def test_a_broken_record_of_a_run_is_made_again(tmp_path):
    text = trajectories()
    assert run_study(tmp_path, text, "whole").returncode == 0
    assert run_study(tmp_path, text, "out").returncode == 0
    (tmp_path / "out" / "study.h5").unlink()
    run = tmp_path / "out" / "runs" / "another.h5"
    run.write_bytes(run.read_bytes()[:3000])
    result = run_study(tmp_path, text, "out", "--resume", ranks=2)
    assert result.returncode == 0, result.stderr
    assert "another.h5" in result.stderr and "made again" in result.stderr
    assert_identical(tmp_path / "whole", tmp_path / "out")


def test_time_limit_stops_between_probes_and_keeps_what_they_found(tmp_path):
    text = trajectories()
    assert run_study(tmp_path, text, "whole").returncode == 0
    assert run_study(tmp_path, text, "out", "--time-limit", "0.0001").returncode == 75
    assert run_study(tmp_path, text, "out", "--resume", ranks=2).returncode == 0
    assert_identical(tmp_path / "whole", tmp_path / "out")


def test_verify_says_unfinished_and_no_more_of_work_in_progress(tmp_path):
    assert run_study(tmp_path, trajectories(epochs=100000), "out", "--time-limit", "0.5").returncode == 75
    result = thalweg("verify", tmp_path / "out")
    assert result.returncode == 3
    assert "unfinished" in result.stdout and "checkpoint" not in result.stdout


def test_a_whole_record_is_left_alone(tmp_path):
    assert run_study(tmp_path, trajectories(), "out").returncode == 0
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    (tmp_path / "out" / "checkpoints").mkdir()  # as a kill between the last file and its tidying leaves it
    result = run_study(tmp_path, trajectories(), "out", "--resume", ranks=2)
    assert result.returncode == 0 and "complete" in result.stderr, result.stderr
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before


def test_a_damaged_run_of_a_whole_record_is_made_again(tmp_path):
    assert run_study(tmp_path, trajectories(), "whole").returncode == 0
    assert run_study(tmp_path, trajectories(), "out").returncode == 0
    run = tmp_path / "out" / "runs" / "another.h5"
    data = bytearray(run.read_bytes())
    data[len(data) // 3] ^= 0x10
    run.write_bytes(data)
    assert thalweg("verify", tmp_path / "out").returncode == 3
    result = run_study(tmp_path, trajectories(), "out", "--resume", ranks=2)
    assert result.returncode == 0 and "checksum" in result.stderr, result.stderr
    assert_identical(tmp_path / "whole", tmp_path / "out")


def test_a_folder_in_use_is_refused_and_free_again_after_a_kill(tmp_path):
    text = trajectories(epochs=100000)
    process = start(tmp_path, text, "out", ranks=2)
    try:
        wait_until((tmp_path / "out" / "config.toml").exists, process)
        for flag in ["--resume", "--force"]:
            result = run_study(tmp_path, text, "out", flag, ranks=2)
            assert result.returncode == 2, result.stderr
            assert "in use by process" in result.stderr and os.uname().nodename in result.stderr
        assert process.poll() is None, "the first job is not disturbed"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE_S)
    # At once: what is left of the killed job is waited for.
    result = run_study(tmp_path, text, "out", "--resume", "--time-limit", "0.2", ranks=2)
    assert result.returncode == 75, result.stderr
    wait_for_orphans(tmp_path / "out")
