"""Bad input of every kind: one message that names the culprit, the right exit code, and no rank left hanging."""
import gzip
import os
import struct
import subprocess

import h5py
import numpy
import pytest

from studies import BINARY, kernel, run_study, thalweg, trajectories

RANKS = [3]  # more than a pair, and no even division


def refused(result, *parts, code=2):
    assert result.returncode == code, (result.returncode, result.stderr)
    for part in parts:
        assert part in result.stderr, result.stderr
    assert result.stderr.count("thalweg: ") == 1, result.stderr


def idx(folder, images=20, labels=None, magic=2051, truncate=0, extra=b""):
    folder.mkdir(parents=True, exist_ok=True)
    labels = [i % 10 for i in range(images)] if labels is None else labels
    for half in ["train", "t10k"]:
        pixels = struct.pack(">IIII", magic, images, 12, 12) + bytes(range(144)) * images + extra
        pixels = pixels[: len(pixels) - truncate]
        (folder / f"{half}-images-idx3-ubyte.gz").write_bytes(gzip.compress(pixels))
        (folder / f"{half}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 2049, len(labels)) + bytes(labels))
    return folder


def with_data(path, source="idx"):
    """The small study on files, ten training samples and two for the test."""
    text = trajectories().replace("train = 300", "train = 10").replace("test = 100", "test = 2")
    text = text.replace("image_size = 12", f'source = "{source}"\npath = "{path}"')
    return text.replace("samples = 100", "samples = 5").replace("samples = 64", "samples = 5")


@pytest.mark.parametrize("ranks", RANKS)
def test_missing_data_file(tmp_path, ranks):
    refused(run_study(tmp_path, with_data(tmp_path / "nowhere"), "out", ranks=ranks), "nowhere")


@pytest.mark.parametrize("ranks", RANKS)
@pytest.mark.parametrize("fault,parts", [
    ({"magic": 2052}, ["train-images-idx3-ubyte.gz", "0x00000803"]),
    ({"truncate": 50}, ["train-images-idx3-ubyte.gz"]),
    ({"extra": b"more"}, ["train-images-idx3-ubyte.gz"]),
    ({"labels": [17] * 20}, ["all labels are 17", "two classes"]),
    ({"labels": [0] * 19}, ["19", "20"]),
])
def test_broken_idx_files(tmp_path, ranks, fault, parts):
    refused(run_study(tmp_path, with_data(idx(tmp_path / "data", **fault)), "out", ranks=ranks), *parts)


@pytest.mark.parametrize("ranks", RANKS)
def test_truncated_gzip_stream(tmp_path, ranks):
    folder = idx(tmp_path / "data")
    file = folder / "train-images-idx3-ubyte.gz"
    file.write_bytes(file.read_bytes()[:-20])
    refused(run_study(tmp_path, with_data(folder), "out", ranks=ranks), "train-images-idx3-ubyte.gz")


def test_sound_idx_files_are_taken(tmp_path):
    """The same small files without a fault: what the tests above refuse is the fault."""
    result = run_study(tmp_path, with_data(idx(tmp_path / "data")), "out", ranks=2)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("ranks", RANKS)
def test_broken_cifar_files(tmp_path, ranks):
    folder = tmp_path / "data"
    folder.mkdir()
    record = bytes([3]) + bytes(3072)
    (folder / "data_batch_1.bin").write_bytes(record * 12)
    (folder / "test_batch.bin").write_bytes(record * 4 + b"\x01")
    refused(run_study(tmp_path, with_data(folder, "cifar10"), "out", ranks=ranks), "test_batch.bin")
    (folder / "test_batch.bin").write_bytes(bytes([11]) + bytes(3072))
    refused(run_study(tmp_path, with_data(folder, "cifar10"), "out", ranks=ranks), "test_batch.bin", "11")


@pytest.mark.parametrize("ranks", RANKS)
@pytest.mark.parametrize("override,parts", [
    ("train.batch=0", ["batch", "0"]),
    ("train.batch=\"many\"", ["batch", "many"]),
    ("train.batchh=8", ["batchh", "batch"]),
    ("optimizer.learning_rate=-1", ["learning_rate"]),
    ("optimizer.momentum=1.5", ["momentum"]),
    ("model.widths=[8, 0]", ["widths", "0"]),
    ("model.batch_norm=\"ghost\"", ["ghost_size"]),
    ("data.train=-3", ["train"]),
    ("data.preprocess=[\"whiten\"]", ["whiten"]),
    ("data.source=\"imagenet\"", ["imagenet"]),
    ("probe.0.type=\"sharpnes\"", ["sharpnes"]),
    ("train.batch=1", ["batch", "batch norm"]),
    ("probe.1.subspace=100000", ["subspace", "100000", "parameters"]),
    ("probe.0.name=\"..\"", ["name", ".."]),
    ("run.0.name=\"" + "x" * 200 + "\"", ["name", "100"]),
    ("probe.0.samples=1000", ["samples", "1000", "300"]),
    ("probe.0.block=\"dense9\"", ["probe 'hessian_extremes'", "block", "dense9", "dense1.weight"]),
    ("probe.2.samples=101", ["test_sharpness", "samples", "101", "test set has 100"]),
    ("slice.0.between=[\"a run\", \"nobody\"]", ["nobody", "another"]),
    ("study.team_size=9", ["team_size", "9"]),
    ("study.kind=\"trajectory\"", ["trajectory", "trajectories"]),
    ("train.steps=5", ["steps", "epochs"]),
    ("train.target_accuracy=1.5", ["target_accuracy", "1.5"]),
    ("train.label_noise=2", ["label_noise", "2"]),
    ("train.validation=1.0", ["validation", "below 1"]),
    ("train.validation=0.8", ["samples", "100", "60"]),
    ("sweep.train.batch=[]", ["train.batch", "list of values"]),
    ("sweep.batch=[1]", ["batch", "dotted key"]),
    ("tune.factors=[0]", ["factors", "0"]),
    ("tune.criterion=\"test_loss\"", ["test_loss", "validation_loss"]),
    ("optimizer.beta1=0.5", ["beta1", "momentum"]),
    ("optimizer.sam_radius=0.5", ["sam_radius"]),
    ("optimizer.sam=\"sharp\"", ["sharp", "asam"]),
    ("optimizer.clip_norm=-1", ["clip_norm", "-1"]),
    ("schedule.type=\"step\"", ["milestones"]),
    ("schedule.milestones=[1]", ["milestones", "unknown"]),
    ("schedule.warmup_epochs=50", ["a_run", "warmup_epochs", "50", "3"]),
    ("schedule.batch_epochs=[2]", ["batch_sizes", "batch_epochs"]),
    ("train.crop_padding=12", ["a_run", "crop_padding", "12", "11", "12×12"]),
    ("run.1.model.widths=[7]", ["slice", "a_run", "another", "different sizes"]),
])
def test_bad_values_name_their_key(tmp_path, ranks, override, parts):
    refused(run_study(tmp_path, trajectories(), "out", "--set", override, ranks=ranks), *parts)


@pytest.mark.parametrize("ranks", RANKS)
@pytest.mark.parametrize("layers,parts", [
    ('["conv 3 20 pad 0", "flatten"]', ["a_run", "conv1", "20×20", "12×12"]),
    ('["conv 3 3", "flatten"]', ["a_run", "drift", "conv1.weight"]),  # it has no tangent factors
])
def test_networks_that_do_not_fit_are_refused_before_anything_is_trained(tmp_path, ranks, layers, parts):
    text = trajectories(norm="none").replace("widths = [24, 16]", f'type = "layers"\nlayers = {layers}')
    text += '\n[[probe]]\ntype = "kernel_drift"\nname = "drift"\nsamples = 10\n'
    refused(run_study(tmp_path, text, "out", ranks=ranks), *parts)
    assert not list((tmp_path / "out").rglob("*.h5"))


@pytest.mark.parametrize("ranks", RANKS)
def test_nan_loss_marks_the_run_and_the_study_goes_on(tmp_path, ranks):
    result = run_study(tmp_path, trajectories(norm="none"), "out", "--set", "run.1.optimizer.learning_rate=1e20",
                       "--set", "study.team_size=1", ranks=ranks)
    assert result.returncode == 0, result.stderr
    assert "2 runs done, 1 diverged" in result.stdout
    with h5py.File(tmp_path / "out" / "study.h5") as file:
        names = [name.decode() for name in file["summary/run"][()]]
        status = [name.decode() for name in file["summary/status"][()]]
        assert dict(zip(names, status)) == {"a_run": "finished", "another": "diverged"}
        valid = dict(zip(names, file["summary/gradient_norm_valid"][()]))
        assert valid == {"a_run": 1, "another": 0}
        assert numpy.isfinite(file["summary/train_loss"][names.index("a_run")])
    assert thalweg("verify", tmp_path / "out").returncode == 0


@pytest.mark.parametrize("ranks", RANKS)
def test_gram_larger_than_memory_is_refused_with_what_would_fit(tmp_path, ranks):
    text = kernel(train=900000).replace("image_size = 12", "image_size = 8")
    result = run_study(tmp_path, text, "out", ranks=ranks, timeout=200)
    refused(result, "n = 900000", "memory", "the largest n that fits")
    assert not (tmp_path / "out" / "gram.h5").exists()


def test_one_rank_out_of_memory_ends_all(tmp_path):
    """A failure that one rank alone meets, outside any agreement: the others must not wait for it for ever."""
    ranks = 3
    study = tmp_path / "study.toml"
    study.write_text(trajectories().replace("widths = [24, 16]", "widths = [4000, 4000]"))
    arguments = [BINARY, "run", str(study), "-o", str(tmp_path / "out"), "--set", f"study.team_size={ranks}"]
    limited = ["sh", "-c", 'ulimit -v 700000; exec "$@"', "sh", *arguments]
    result = subprocess.run(["mpirun", "-n", str(ranks - 1), *arguments, ":", "-n", "1", *limited],
                            capture_output=True, text=True, timeout=120)
    assert result.returncode == 1, (result.returncode, result.stderr)
    assert f"[rank {ranks - 1}/{ranks}]" in result.stderr and "memory" in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
@pytest.mark.parametrize("ranks", [1, 2])
def test_full_disk_is_an_error_and_what_was_there_stays(tmp_path, ranks):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "none", str(disk)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        result = run_study(tmp_path, trajectories(), "disk/out", ranks=ranks, timeout=60)
        assert result.returncode == 1, (result.returncode, result.stderr)
        assert "No space left on device" in result.stderr
        assert not (disk / "out" / "study.h5").exists()
        assert not list(disk.rglob("*.partial"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("ranks", RANKS)
def test_output_below_a_regular_file(tmp_path, ranks):
    (tmp_path / "file").write_text("")
    refused(run_study(tmp_path, trajectories(), "file/out", ranks=ranks), "file")


@pytest.mark.parametrize("ranks", RANKS)
def test_existing_output_needs_force_or_resume(tmp_path, ranks):
    assert run_study(tmp_path, trajectories(), "out", ranks=ranks).returncode == 0
    before = (tmp_path / "out" / "study.h5").stat().st_mtime_ns
    refused(run_study(tmp_path, trajectories(), "out", ranks=ranks), "--force", "--resume")
    assert (tmp_path / "out" / "study.h5").stat().st_mtime_ns == before
    assert run_study(tmp_path, trajectories(), "out", "--force", ranks=ranks).returncode == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere; the read-only mount is tested with the command line")
def test_read_only_folder(tmp_path):
    tmp_path.chmod(0o500)
    refused(run_study(tmp_path, trajectories(), "out", ranks=2), "out")
