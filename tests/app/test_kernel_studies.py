"""Studies made of several kernels: a comparison, and small training sets from one pool."""

import h5py
import numpy
import pytest

from kills import survive_kills
from studies import assert_identical, run_study, thalweg

COMPARISON = """
[study]
name = "comparison"
kind = "kernel"
seed = 2

[data]
train = 200
test = 60
image_size = 8
preprocess = ["unit_norm"]

[[run]]
name = "ntk"

[[run]]
name = "deep-nngp"
kernel.type = "nngp"
kernel.depth = 5
"""

SMALL_DATA = """
[study]
name = "small"
kind = "small_data"
seed = 2

[data]
train = POOL
test = 40
image_size = 8
preprocess = ["unit_norm"]

[small_data]
sizes = [10, 20, 40]
draws = 3

[[run]]
name = "ntk"

[[run]]
name = "single"
kernel.precision = "float32"
"""


def small_data(pool=60):
    return SMALL_DATA.replace("POOL", str(pool))


def test_comparison_is_one_kernel_study_a_run_and_a_table(tmp_path):
    result = run_study(tmp_path, COMPARISON, "out", ranks=2)
    assert result.returncode == 0, result.stderr
    out = tmp_path / "out"
    with h5py.File(out / "study.h5") as file:
        names = list(file["summary/run"].asstr()[()])
        assert names == ["ntk", "deep-nngp"]
        for row, name in enumerate(names):
            with h5py.File(out / "runs" / name / "study.h5") as one:
                assert file["summary/test_accuracy"][row] == one["kernel/test_accuracy"][()]
            # The link reaches the run's own record.
            assert file[f"runs/{name}/kernel/test_accuracy"][()] == file["summary/test_accuracy"][row]
            assert (out / "runs" / name / "gram.h5").exists()
    assert "deep-nngp" in result.stdout
    assert thalweg("verify", out).returncode == 0
    # One of them alone gives the same Gram matrix.
    alone = run_study(tmp_path / "alone", COMPARISON.split("[[run]]")[0] + '[kernel]\ntype = "nngp"\ndepth = 5\n', "out")
    assert alone.returncode == 0, alone.stderr
    assert_identical(tmp_path / "alone" / "out" / "gram.h5", out / "runs" / "deep-nngp" / "gram.h5")


def test_comparison_resumes_part_by_part(tmp_path):
    assert run_study(tmp_path, COMPARISON, "out").returncode == 0
    kept = (tmp_path / "out" / "runs" / "ntk" / "study.h5").stat().st_mtime_ns
    (tmp_path / "out" / "study.h5").unlink()
    (tmp_path / "out" / "runs" / "deep-nngp" / "study.h5").unlink()
    result = run_study(tmp_path, COMPARISON, "out", "--resume")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "out" / "runs" / "ntk" / "study.h5").stat().st_mtime_ns == kept
    assert thalweg("verify", tmp_path / "out").returncode == 0


def test_small_data_is_identical_on_any_number_of_ranks(tmp_path):
    for ranks in [1, 2, 3, 4]:
        result = run_study(tmp_path, small_data(), f"on{ranks}", ranks=ranks)
        assert result.returncode == 0, result.stderr
    for ranks in [2, 3, 4]:
        assert_identical(tmp_path / "on1", tmp_path / f"on{ranks}")
    with h5py.File(tmp_path / "on1" / "study.h5") as file:
        accuracy = file["small_data/test_accuracy"][()]
        assert accuracy.shape == (2, 3, 3)
        # More samples help, and the two precisions see the same kernel.
        assert (accuracy.mean(axis=2)[:, 2] > accuracy.mean(axis=2)[:, 0]).all()
        assert numpy.abs(accuracy[0] - accuracy[1]).max() <= 0.05
        assert len(numpy.unique(accuracy[0, 0])) > 1, "draws differ"
    assert thalweg("verify", tmp_path / "on1").returncode == 0


def test_small_data_killed_and_resumed_is_identical(tmp_path):
    text = small_data(pool=240).replace("image_size = 8", "image_size = 12")
    text += '\n[[run]]\nname = "convolutional"\nkernel.type = "cntk"\nkernel.depth = 5\n'
    survive_kills(tmp_path, text, kills=3, seed=5)


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("text,parts", [
    (COMPARISON.replace('"deep-nngp"', '"ntk"'), ["two runs", "ntk"]),
    (COMPARISON.replace('"deep-nngp"', '"a/b"'), ["name", "a/b"]),
    (COMPARISON.replace("kernel.depth = 5", "kernel.dept = 5"), ["dept", "depth"]),
    (small_data().replace("[10, 20, 40]", "[10, 20, 400]"), ["400", "60"]),
    (small_data().replace("[10, 20, 40]", "[20, 10]"), ["sizes", "ascending"]),
    (small_data().replace("draws = 3", "draws = 0"), ["draws", "0"]),
    (small_data().replace("draws = 3", "ridges = [-1.0]"), ["ridges"]),
    (small_data(pool=5).replace("[10, 20, 40]", "[2, 3]"), ["class"]),
])
def test_bad_settings_are_refused_by_name(tmp_path, ranks, text, parts):
    result = run_study(tmp_path, text, "out", ranks=ranks)
    assert result.returncode in (1, 2), (result.returncode, result.stderr)
    for part in parts:
        assert part in result.stderr, result.stderr
