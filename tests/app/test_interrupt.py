"""Ctrl-C: a checkpoint and the command that goes on with it; under mpirun, a study that goes on."""
import os
import shlex
import signal
import subprocess
import time

import pytest

from studies import command, run_study

# Long enough to be found at work, far from its end.
LONG = """
[study]
kind = "trajectories"
[data]
train = 300
test = 50
image_size = 8
[model]
widths = [8]
[train]
epochs = EPOCHS
batch = 20
[optimizer]
learning_rate = 0.1
[[run]]
name = "one"
"""


def start(folder, ranks, epochs=2000000):
    """A study at work: its first evaluation is in its log."""
    (folder / "study.toml").write_text(LONG.replace("EPOCHS", str(epochs)))
    log = open(folder / "log", "w")
    # A group of its own, as a shell gives to a command in the foreground.
    process = subprocess.Popen(command("run", folder / "study.toml", "-o", folder / "out", ranks=ranks), stderr=log,
                               stdout=log, start_new_session=True)
    while "one 1/" not in (folder / "log").read_text():
        assert process.poll() is None, (folder / "log").read_text()
        time.sleep(0.02)
    return process


def test_ctrl_c_checkpoints_and_prints_the_command_that_goes_on(tmp_path):
    process = start(tmp_path, None)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 75
    again = (tmp_path / "log").read_text().splitlines()[-1]
    assert again.endswith("--resume"), again
    assert list((tmp_path / "out" / "checkpoints").glob("one.h5*"))
    # The command does go on: with what was begun, to the next stop.
    result = subprocess.run([*shlex.split(again), "--time-limit", "0.5"], capture_output=True, text=True, timeout=60)
    assert result.returncode == 75, result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_under_mpirun_the_study_goes_on_from_its_checkpoint(tmp_path, number):
    """mpirun turns both into SIGTERM, and two seconds later into SIGKILL."""
    process = start(tmp_path, 2)
    os.killpg(process.pid, number)
    assert process.wait(60) == 1
    result = run_study(tmp_path, LONG.replace("EPOCHS", "2000000"), "out", "--resume", "--time-limit", "0.5", ranks=None)
    assert result.returncode == 75, result.stderr
