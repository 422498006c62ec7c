"""Studies that are killed: what the tests of the second promise share."""
import dataclasses
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time

from studies import assert_identical, command, run_study, thalweg

PATIENCE_S = 30  # for processes that should end at once, on a busy machine


def processes_with(argument):
    """Process ids whose command line has this argument, the launcher's among them."""
    found = []
    for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(argument) in file.read_bytes().decode(errors="replace").split("\0"):
                found.append(int(file.parent.name))
        except OSError:
            pass
    return found


def wait_for_orphans(output):
    """Ranks outlive a killed launcher by a second or two."""
    deadline = time.monotonic() + PATIENCE_S
    while processes_with(output) and time.monotonic() < deadline:
        time.sleep(0.05)


def start(folder, text, output, ranks):
    """The study with --resume, in a session of its own."""
    study = folder / "study.toml"
    study.write_text(text)
    return subprocess.Popen(command("run", study, "-o", folder / output, "--resume", ranks=ranks),
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)


def wait_until(happened, process):
    """A start may take seconds on a busy machine; a process that ends first is what its test should see."""
    deadline = time.monotonic() + PATIENCE_S
    while not happened() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)


def catches(process, number):
    """Whether this process has a handler for the signal."""
    try:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return False
    return int(status.split("SigCgt:")[1].split()[0], 16) >> (number - 1) & 1 == 1


def signal_once(folder, text, output, delay_s, ranks, number=signal.SIGUSR1):
    """Signals the launcher a while after the study has begun: was it still running, its code, its words."""
    process = start(folder, text, output, ranks)
    wait_until((folder / output / "begun.txt").exists, process)
    time.sleep(delay_s)
    running = process.poll() is None
    if running:
        process.send_signal(number)
    _, errors = process.communicate(timeout=2 * PATIENCE_S)
    wait_for_orphans(folder / output)
    return running, process.returncode, errors


@dataclasses.dataclass
class Survived:
    kills: int = 0
    of_the_launcher: int = 0
    whole_in_between: int = 0
    hung_launchers: int = 0


def kill_one(process, output, chance):
    """Kills the launcher or one rank; whether it was the launcher, None where nothing was left to kill."""
    ranks = [pid for pid in processes_with(output) if pid != process.pid]
    launcher = not ranks or chance.random() < 0.25
    try:
        os.kill(process.pid if launcher else chance.choice(ranks), signal.SIGKILL)
    except ProcessLookupError:
        return None
    return launcher


def words_of(process, output, survived):
    """What it said, once it and its peers have ended.

    The mpirun of Open MPI 4.1.4 with PMIx 4.2.2 sometimes waits for ever in its own PMIx_server_finalize after all
    ranks have ended; it is counted and ended then. A rank that is left is an error."""
    try:
        return process.communicate(timeout=PATIENCE_S)[1]
    except subprocess.TimeoutExpired:
        left = [pid for pid in processes_with(output) if pid != process.pid]
        assert not left, f"ranks {left} are still there after a peer was killed"
        survived.hung_launchers += 1
        process.kill()
        return process.communicate()[1]


def survive_kills(folder, text, kills, seed, compare="", most_ranks=3):
    """Kills the study at random moments, a rank or the launcher, and resumes it each time, on 1 … most_ranks ranks.

    What is whole on the disk after a kill verifies; the record at the end (or the file `compare` of it) is that of an
    undisturbed study. A study that ends before its kill is compared and begun anew."""
    began = time.monotonic()
    undisturbed = run_study(folder, text, "undisturbed", ranks=2, timeout=600)
    assert undisturbed.returncode == 0, undisturbed.stderr
    longest_s = time.monotonic() - began
    assert thalweg("verify", folder / "undisturbed").returncode == 0
    out = folder / "killed"
    chance = random.Random(seed)
    survived = Survived()
    while survived.kills < kills:
        assert survived.whole_in_between <= 4 * kills + 4, "the study ends before it can be killed"
        process = start(folder, text, "killed", chance.randint(1, most_ranks))
        try:
            # Sooner each time it was too late: the machine's speed changes.
            process.wait(chance.uniform(0.05, 0.9) * longest_s / (1 + survived.whole_in_between / (1 + survived.kills)))
        except subprocess.TimeoutExpired:
            launcher = kill_one(process, out, chance)
            if launcher is not None:
                survived.kills += 1
                survived.of_the_launcher += launcher
        errors = words_of(process, out, survived)
        wait_for_orphans(out)
        if process.returncode == 0:
            survived.whole_in_between += 1
            assert_identical(folder / "undisturbed" / compare, out / compare)
            shutil.rmtree(out)
        elif out.exists():
            assert "configuration" not in errors, errors
            faults = thalweg("verify", out).stdout.splitlines()[:-1]
            assert all("unfinished" in fault for fault in faults), faults
    result = run_study(folder, text, "killed", "--resume", ranks=2, timeout=600)
    assert result.returncode == 0, result.stderr
    assert_identical(folder / "undisturbed" / compare, out / compare)
    assert not list(out.rglob("*.partial")) and not (out / "checkpoints").exists() and not (out / ".lock").exists()
    return survived
