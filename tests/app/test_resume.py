"""The second promise: killed at any moment and resumed, a study ends in the record of an undisturbed one."""
import os
import pathlib
import random
import signal
import subprocess
import time

import pytest

from studies import assert_identical, command, kernel, protocol, run_study, thalweg, trajectories


def wait_for_orphans(output):
    """Ranks outlive a killed launcher by a second or two, and would go on writing beside the resumed study."""
    def alive():
        for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if str(output) in file.read_bytes().decode(errors="replace").split("\0"):
                    return True
            except OSError:
                pass
        return False
    deadline = time.monotonic() + 30
    while alive() and time.monotonic() < deadline:
        time.sleep(0.05)


def kill_once(folder, text, output, delay_s, ranks, number=signal.SIGKILL):
    """Starts the study in a session of its own and signals all of it after a while; was it still running?"""
    study = folder / "study.toml"
    study.write_text(text)
    arguments = command("run", study, "-o", folder / output, "--resume", ranks=ranks)
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               start_new_session=True)
    time.sleep(delay_s)
    running = process.poll() is None
    if running:
        if number == signal.SIGKILL:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    wait_for_orphans(folder / output)
    return running, process.returncode, errors


@pytest.mark.parametrize("text,kills", [(trajectories(epochs=1000, optimizer="adam"), 6),
                                        (trajectories(epochs=200, norm="none"), 4), (kernel(train=2500), 4),
                                        (protocol("steps = 600"), 6)],
                         ids=["trajectories", "drift", "kernel", "protocol"])
def test_killed_and_resumed_is_identical(tmp_path, text, kills):
    started = time.monotonic()
    undisturbed = run_study(tmp_path, text, "undisturbed", ranks=2)
    assert undisturbed.returncode == 0, undisturbed.stderr
    duration_s = time.monotonic() - started
    chance = random.Random(7)
    hit = 0
    for attempt in range(kills):
        # Resumed on another number of ranks each time.
        running, _, _ = kill_once(tmp_path, text, "killed", chance.uniform(0.2, 0.9) * duration_s,
                                  ranks=1 + attempt % 3)
        hit += running
        if not running:
            break
    assert hit > 0
    result = run_study(tmp_path, text, "killed", "--resume", ranks=2)
    assert result.returncode == 0, result.stderr
    for name in ["gram.h5"] if "[kernel]" in text else [""]:
        assert_identical(tmp_path / "undisturbed" / name, tmp_path / "killed" / name)
    assert not list((tmp_path / "killed").rglob("*.partial"))
    assert not (tmp_path / "killed" / "checkpoints").exists()


def test_signal_checkpoints_and_exits_75(tmp_path):
    text = trajectories(epochs=20000)
    text = text.replace("checkpoint_every_s = 0.05", "checkpoint_every_s = 1000")
    running, code, errors = kill_once(tmp_path, text, "out", 2.0, ranks=2, number=signal.SIGUSR1)
    assert running
    assert code == 75, errors
    assert "--resume" in errors
    checkpoints = list((tmp_path / "out" / "checkpoints").glob("*.h5"))
    assert checkpoints
    shown = thalweg("show", checkpoints[0])
    assert shown.returncode == 0 and "step" in shown.stdout
    folder = thalweg("show", tmp_path / "out").stdout
    assert "unfinished study" in folder and "broken" not in folder and "claims" not in folder


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
