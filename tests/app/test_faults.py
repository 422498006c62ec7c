"""Calls that fail on one rank: every rank ends, the message says what failed, and --resume makes the record whole."""
import os
import pathlib
import subprocess

import pytest

from kills import wait_for_orphans
from studies import SOURCE, assert_identical, command, kernel, run_study, trajectories

EIO, ENOSPC, ENOLCK = 5, 28, 37
TEXT = {EIO: "Input/output error", ENOSPC: "No space left on device", ENOLCK: "No locks available"}

# Function, which call of it, errno, and words that its message must have.
OF_RUNS = [
    ("pwrite", 2, ENOSPC, ["/out/", "cannot be written"]),
    ("pwrite", 9, EIO, [".h5", "cannot be written"]),
    ("fsync", 3, EIO, ["fsync failed"]),
    ("rename", 1, EIO, ["renamed"]),
    ("rename", 6, ENOSPC, ["renamed"]),
    ("H5Dwrite", 25, EIO, ["/out/", "writing failed"]),
    ("H5Fflush", 2, EIO, ["/out/", "H5Fflush failed"]),
    ("MPI_Allreduce", 60, EIO, ["MPI_Allreduce"]),
    ("MPI_Bcast", 3, EIO, ["MPI_Bcast"]),
]
OF_GRAM = [
    ("pwrite", 3, ENOSPC, ["begun.txt"]),
    ("pwrite", 5, ENOSPC, ["gram.h5.partial"]),
    ("fdatasync", 1, EIO, ["gram.h5.partial", "fdatasync failed"]),
    ("posix_fallocate", 1, ENOSPC, ["gram.h5", "cannot reserve", "keep_gram"]),
    ("rename", 4, EIO, ["rename", "gram.h5"]),
    ("MPI_Allreduce", 10, EIO, ["MPI_Allreduce"]),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    file = tmp_path_factory.mktemp("faults") / "fault.so"
    hdf5 = subprocess.run(["pkg-config", "--cflags", "hdf5-openmpi"], capture_output=True, text=True, check=True)
    subprocess.run(["mpicc", "-shared", "-fPIC", "-O1", *hdf5.stdout.split(), str(SOURCE / "tests/faults/fault.c"),
                    "-o", str(file), "-ldl"], check=True)
    return file


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    for name, text in [("runs", trajectories()), ("gram", kernel())]:
        result = run_study(folder, text, name, ranks=2)
        assert result.returncode == 0, result.stderr
    return folder


def run_with_fault(folder, library, text, fault, ranks=2):
    study = folder / "study.toml"
    study.write_text(text)
    arguments = command("run", study, "-o", folder / "out", "--resume", ranks=ranks)
    at = arguments.index("mpirun") + 1
    environment = dict(os.environ, THALWEG_FAULT=fault, THALWEG_FAULT_PATH=str(folder / "out"))
    exported = ["-x", "THALWEG_FAULT", "-x", "THALWEG_FAULT_PATH", "-x", f"LD_PRELOAD={library}"]
    return subprocess.run([*arguments[:at], *exported, *arguments[at:]], capture_output=True, text=True, timeout=60,
                          env=environment)


def check(tmp_path, whole, library, name, text, function, call, code, words, rank, compare=""):
    result = run_with_fault(tmp_path, library, text, f"{function}:{call}:{rank}:{code}")
    assert f"fault: call {call} of {function} fails" in result.stderr, result.stderr
    assert result.returncode == 1, (result.returncode, result.stderr)
    assert f"[rank {rank}/2]" in result.stderr, result.stderr
    for word in words if "MPI" in function or "H5" in function else [*words, TEXT[code]]:
        assert word in result.stderr, result.stderr
    wait_for_orphans(tmp_path / "out")
    resumed = run_study(tmp_path, text, "out", "--resume", ranks=3)
    assert resumed.returncode == 0, resumed.stderr
    assert_identical(whole / name / compare, tmp_path / "out" / compare)


@pytest.mark.parametrize("function,call,code,words", OF_RUNS)
@pytest.mark.parametrize("rank", [0, 1])
def test_a_failing_call_in_a_run(tmp_path, whole, library, function, call, code, words, rank):
    # Teams of one rank: both write files.
    check(tmp_path, whole, library, "runs", trajectories(), function, call, code, words, rank)


@pytest.mark.parametrize("function,call,code,words", OF_GRAM)
def test_a_failing_call_in_a_gram_matrix(tmp_path, whole, library, function, call, code, words):
    check(tmp_path, whole, library, "gram", kernel(), function, call, code, words, rank=0, compare="gram.h5")


def test_file_locks_that_are_refused_are_explained(tmp_path, library):
    assert run_study(tmp_path, trajectories(), "out").returncode == 0
    (tmp_path / "out" / "study.h5").unlink()
    result = run_with_fault(tmp_path, library, trajectories(), f"flock:0:0:{ENOLCK}")
    assert result.returncode == 1, (result.returncode, result.stderr)
    assert "HDF5_USE_FILE_LOCKING=FALSE" in result.stderr and TEXT[ENOLCK] in result.stderr, result.stderr
