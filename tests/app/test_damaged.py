"""Damaged files: no crash, no hang, nothing accepted in silence.

Every file of a record, whole or unfinished, is cut and flipped at many places, the same ones each time."""
import concurrent.futures
import os
import random
import shutil
import signal
import subprocess
import time

import pytest

from kills import wait_for_orphans
from studies import assert_identical, command, run_study, thalweg

STUDY = """
[study]
name = "small"
kind = "trajectories"
seed = 3
[data]
train = 60
test = 20
image_size = 8
[model]
widths = [6]
batch_norm = "batch"
[train]
batch = 20
shard = 20
epochs = 2
snapshot_every_epochs = 1
[[run]]
name = "a"
[[run]]
name = "b"
train.batch = 30
[[probe]]
type = "sharpness"
samples = 20
starts = 1
iterations = 2
[[slice]]
between = ["a", "b"]
points = 3
[[surface]]
run = "a"
nx = 3
ny = 3
"""
GRAM = """
[study]
name = "gram"
kind = "kernel"
seed = 3
[data]
train = TRAIN
test = 20
image_size = 8
preprocess = ["unit_norm"]
[kernel]
type = "ntk"
depth = 2
"""
FROM = """
[study]
name = "ground"
kind = "surface"
[from]
record = "RECORD"
[[surface]]
run = "a"
nx = NX
ny = 2
"""
ENDED = {0, 1, 2, 3}  # not by a signal, not by the handler of last resort


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """A finished study with a probe measured later, and a finished kernel study."""
    folder = tmp_path_factory.mktemp("records")
    for name, text in [("runs", STUDY), ("kernel", GRAM.replace("TRAIN", "50"))]:
        result = run_study(folder / f"{name}-study", text, folder / name)
        assert result.returncode == 0, result.stderr
    assert thalweg("probe", folder / "runs", "--probe", "trace:vectors=2,samples=20", "--run", "a").returncode == 0
    return folder


def ended(result):
    """The result, having ended in order."""
    assert result.returncode in ENDED, f"{result.args}: {result.returncode}\n{result.stdout}{result.stderr}"
    return result


def clone(source, target):
    """The files of a record under other names, one copy on the disk: damaged files are written anew."""
    if target.exists():
        shutil.rmtree(target)
    return shutil.copytree(source, target, copy_function=os.link)


def replace(path, data):
    path.unlink()
    path.write_bytes(data)


def flipped(data, place):
    at = place % len(data)
    return data[:at] + bytes([data[at] ^ (1 << place % 8)]) + data[at + 1:]


def places(path, data, count):
    """Where to damage a file: its beginning and end, where HDF5's and the seal's own numbers are, and anywhere."""
    chance = random.Random(path.name)
    ends = [0, 9, 40, len(data) - 1, len(data) - 9, len(data) - 24, len(data) - 40]
    return ends + [chance.randrange(len(data)) for _ in range(count - len(ends))]


def files_of(record):
    return sorted(path.relative_to(record) for path in record.rglob("*") if path.is_file())


def at_once(action, cases):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(action, cases))


def read_records_differ(original, copy):
    return ended(thalweg("diff", original, copy)).returncode != 0


@pytest.mark.parametrize("name", ["runs", "kernel"])
@pytest.mark.parametrize("kind", ["flip", "cut"])
def test_verify_names_every_damaged_file(records, tmp_path, name, kind):
    record = records / name
    rounds = 24 if kind == "flip" else 10
    # A line of config.toml that says how a study was computed, or a comment, may be another.
    files = [file for file in files_of(record) if file.name != "config.toml"]

    def damage(number):
        copy = clone(record, tmp_path / str(number))
        for file in files:
            data = (record / file).read_bytes()
            place = places(file, data, rounds)[number]
            replace(copy / file, flipped(data, place) if kind == "flip" else data[:place % len(data)])
        result = ended(thalweg("verify", copy))
        assert result.returncode == 3
        for file in files:
            if f"{copy / file}:" in result.stdout:
                continue
            # Of a Gram matrix, what stands beside the matrix itself has no meaning and no checksum.
            assert file.name == "gram.h5" and not read_records_differ(record / file, copy / file), file
        shutil.rmtree(copy)

    at_once(damage, range(rounds))


def test_verify_sees_another_configuration(records, tmp_path):
    copy = clone(records / "runs", tmp_path / "copy")
    config = copy / "config.toml"
    text = config.read_text()
    replace(config, text.replace("epochs = 2", "epochs = 3").encode())
    result = thalweg("verify", copy)
    assert result.returncode == 3 and "config_resolved" in result.stdout
    replace(config, text.replace("team_size = 0", "team_size = 1").encode())
    assert thalweg("verify", copy).returncode == 0


def test_readers_end_in_order_and_show_nothing_else(records, tmp_path):
    """`show`, `show --json` and `diff` of a damaged file fail, or the file is as it was."""
    cases = []
    for name in ["runs", "kernel"]:
        for file in files_of(records / name):
            if file.suffix != ".h5":
                continue
            data = (records / name / file).read_bytes()
            for place in places(file, data, 8)[6:]:
                cases.append((records / name / file, flipped(data, place)))
            cases.append((records / name / file, data[:len(data) // 2]))

    def read(case):
        number, (original, data) = case
        copy = tmp_path / f"{number}.h5"
        copy.write_bytes(data)
        changed = read_records_differ(original, copy)
        for arguments in [("show", copy), ("show", "--json", copy)]:
            result = ended(thalweg(*arguments))
            if result.returncode == 0:
                assert not changed or original.name == "gram.h5", arguments  # its tiles have checksums of their own
            else:
                assert str(copy) in result.stderr

    at_once(read, enumerate(cases))


def resume_or_refuse(study, output, file, undisturbed, compared=""):
    """A resumed study fails and names the damaged file, or its record is whole and that of an undisturbed one."""
    result = ended(thalweg("run", study, "-o", output, "--resume"))
    if result.returncode != 0:
        assert file.name in result.stderr or f"output folder {output}" in result.stderr, result.stderr
    elif file.parts[0] == "probes":  # measured later: not the study's to mend
        assert f"{output / file}:" in result.stderr
    else:
        assert_identical(undisturbed / compared, output / compared)
        assert thalweg("verify", output).returncode == 0


@pytest.mark.parametrize("name", ["runs", "kernel"])
def test_resume_mends_a_damaged_record_or_refuses_it(records, tmp_path, name):
    def resume(case):
        number, file = case
        for kind in ["flip", "cut"]:
            copy = clone(records / name, tmp_path / f"{number}-{kind}")
            data = (records / name / file).read_bytes()
            place = places(file, data, 9)[-1]
            replace(copy / file, flipped(data, place) if kind == "flip" else data[:place])
            resume_or_refuse(records / f"{name}-study" / "study.toml", copy, file, records / name)

    at_once(resume, enumerate(files_of(records / name)))


def test_probe_and_from_take_nothing_damaged(records, tmp_path):
    study = tmp_path / "from.toml"
    whole = {}

    def measured(record, output):
        """What `thalweg probe` and a surface of the record come to; None where they refuse it."""
        probed = ended(thalweg("probe", record, "--probe", "norms:name=later", "--run", "a", "--at", "all"))
        text = FROM.replace("RECORD", str(record)).replace("NX", "2")
        study.with_name(f"{record.name}.toml").write_text(text)
        ground = ended(thalweg("run", study.with_name(f"{record.name}.toml"), "-o", output))
        return {"probe": record / "probes" / "a-later.h5" if probed.returncode == 0 else None,
                "ground": output / "surfaces" if ground.returncode == 0 else None}

    whole = measured(clone(records / "runs", tmp_path / "whole"), tmp_path / "whole-ground")
    assert all(whole.values())

    def measure(case):
        number, (file, kind) = case
        copy = clone(records / "runs", tmp_path / str(number))
        data = (copy / file).read_bytes()
        place = places(file, data, 9)[-1]
        replace(copy / file, flipped(data, place) if kind == "flip" else data[:place])
        found = measured(copy, tmp_path / f"{number}-ground")
        for key, path in found.items():
            assert path is None or not read_records_differ(whole[key], path), (file, kind, key)

    files = [file for file in files_of(records / "runs") if file.parts[0] not in ("surfaces", "probes")]
    at_once(measure, enumerate((file, kind) for file in files for kind in ["flip", "cut"]))


def stop_when(folder, text, output, begun):
    """Starts the study and stops it, checkpointed, as soon as begun() holds."""
    folder.mkdir(parents=True, exist_ok=True)
    study = folder / "study.toml"
    study.write_text(text)
    process = subprocess.Popen(command("run", study, "-o", output), stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while process.poll() is None and not begun() and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGUSR1)
    _, errors = process.communicate(timeout=60)
    wait_for_orphans(output)
    assert process.returncode == 75, errors
    return study


@pytest.mark.parametrize("kind", ["run", "surface", "gram"])
def test_unfinished_work_is_resumed_or_refused(records, tmp_path, kind):
    text = {"run": STUDY.replace("epochs = 2\nsnapshot_every_epochs = 1",
                                 "epochs = 300\nsnapshot_every_epochs = 100\ncheckpoint_every_s = 0.001"),
            "surface": FROM.replace("RECORD", str(records / "runs")).replace("NX", "400"),
            "gram": GRAM.replace("TRAIN", "900")}[kind]
    undisturbed = tmp_path / "undisturbed"
    result = run_study(tmp_path / "whole", text, undisturbed)
    assert result.returncode == 0, result.stderr
    unfinished = tmp_path / "unfinished"
    pattern = {"run": "checkpoints/*.h5", "surface": "checkpoints/*surface*", "gram": "gram.h5.partial"}[kind]
    study = stop_when(tmp_path / "study", text, unfinished,
                      lambda: any(path.is_file() and path.stat().st_size > 0 for path in unfinished.glob(pattern)))
    files = [file for file in files_of(unfinished) if (unfinished / file).stat().st_size > 0]
    assert any(file.match(pattern) for file in files), files

    def resume(case):
        number, (file, place, how) = case
        copy = clone(unfinished, tmp_path / str(number))
        data = (unfinished / file).read_bytes()
        replace(copy / file, flipped(data, place) if how == "flip" else data[:place])
        assert ended(thalweg("show", copy)).returncode in (0, 1)
        resume_or_refuse(study, copy, file, undisturbed, "gram.h5" if kind == "gram" else "")
        shutil.rmtree(copy)

    cases = []
    for file in files:
        data = (unfinished / file).read_bytes()
        chosen = places(file, data, 9)
        cases += [(file, place, how) for place in (chosen[1], chosen[-1]) for how in ("flip", "cut")]
    at_once(resume, enumerate(cases))
