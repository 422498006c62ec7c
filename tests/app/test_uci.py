"""The UCI study and the general data sources as a user meets them: same record on any ranks, resumed or not."""

import json

import h5py
import numpy
import pytest

from kills import survive_kills
from studies import assert_identical, kernel, run_study, thalweg
from test_bad_input import refused

STUDY = """
[study]
name = "uci"
kind = "uci"
[uci]
path = "PATH"
ridges = [1e-3, 1e-1]
[[kernel]]
type = "ntk"
depths = [1, 2]
[[kernel]]
type = "laplace"
[[kernel]]
type = "linear"
"""


@pytest.fixture
def sets(tmp_path):
    """Five sets of 60 to 220 samples."""
    generator = numpy.random.default_rng(1)
    for index in range(5):
        n, classes = 60 + 40 * index, 2 + index % 3
        folder = tmp_path / "sets" / f"set-{index}"
        folder.mkdir(parents=True)
        labels = generator.integers(0, classes, n)
        rows = generator.normal(size=(n, 3 + index)) + 1.2 * labels[:, None]
        rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
        lines = ["\t".join(["", *(f"f{j}" for j in range(rows.shape[1])), "clase"])]
        lines += ["\t".join([str(i + 1), *map(repr, row), str(label)])
                  for i, (row, label) in enumerate(zip(rows.tolist(), labels))]
        (folder / f"set-{index}_R.dat").write_text("\n".join(lines) + "\n")
        orders = [generator.permutation(n) for _ in range(5)]
        pairs = [" ".join(map(str, part)) for order in orders for part in (order[: 3 * n // 4], order[3 * n // 4:])]
        (folder / "conxuntos.dat").write_text("\n".join(pairs[:2]) + "\n")
        (folder / "conxuntos_kfold.dat").write_text("\n".join(pairs[2:]) + "\n")
    return tmp_path / "sets"


def test_record_is_the_same_on_any_number_of_ranks(tmp_path, sets):
    text = STUDY.replace("PATH", str(sets))
    for ranks in (1, 2, 3, 6):
        result = run_study(tmp_path, text, f"out-{ranks}", ranks=ranks)
        assert result.returncode == 0, result.stderr
        assert "laplace" in result.stdout and "5 sets" in result.stdout
        assert not (tmp_path / f"out-{ranks}" / "checkpoints").exists()
        assert_identical(tmp_path / "out-1", tmp_path / f"out-{ranks}")
    assert thalweg("verify", tmp_path / "out-1").returncode == 0
    with h5py.File(tmp_path / "out-1" / "study.h5") as study:
        accuracy = study["uci/accuracy"][()]
        assert accuracy.shape == (5, 3)
        numpy.testing.assert_allclose(study["uci/hold_out_accuracy"][()].mean(axis=2), accuracy, rtol=1e-14)
        numpy.testing.assert_allclose(study["uci/mean_accuracy"][()], accuracy.mean(axis=0), rtol=1e-14)
        assert (accuracy[:, :2] > 0.55).all() and (accuracy <= 1).all()
        assert set(study["uci/chosen"].asstr()[:, 0].ravel()) <= {
            f"depth {d}, trained from {j}" for d in (1, 2) for j in range(d + 1)}


def test_killed_and_resumed_is_identical(tmp_path, sets):
    text = STUDY.replace("PATH", str(sets)).replace("depths = [1, 2]", "depths = [1, 2, 3, 4, 5]")
    survive_kills(tmp_path, text, kills=2, seed=3)


@pytest.mark.parametrize("ranks", [1, 3])
def test_bad_sets_are_refused(tmp_path, sets, ranks):
    text = STUDY.replace("PATH", str(sets))
    refused(run_study(tmp_path, text.replace("ridges", 'sets = ["nowhere"]\nridges'), "a", ranks=ranks),
            "sets", "nowhere")
    refused(run_study(tmp_path, text.replace("ridges", "largest = 10\nridges"), "b", ranks=ranks), "no set is left")
    refused(run_study(tmp_path, STUDY.replace("PATH", str(tmp_path / "gone")), "c", ranks=ranks), "gone", "folder")
    table = sets / "set-3" / "set-3_R.dat"
    table.write_text(table.read_text().replace("\n7\t", "\n7\tnan\t"))
    refused(run_study(tmp_path, text, "d", ranks=ranks), "set-3_R.dat:8", "fields")


@pytest.mark.parametrize("ranks", [1, 3])
def test_a_kernel_study_on_a_table(tmp_path, ranks):
    generator = numpy.random.default_rng(2)
    labels = generator.integers(0, 3, 200)
    rows = generator.normal(size=(200, 4)) + 2.0 * labels[:, None]
    table = tmp_path / "table.csv"
    table.write_text("a,b,c,d,kind\n" + "".join(
        ",".join([*map(repr, row), "xyz"[label]]) + "\n" for row, label in zip(rows.tolist(), labels)))
    text = kernel(train=-1)
    start, end = text.index("[data]"), text.index("[kernel]")
    data = f'[data]\nsource = "csv"\npath = "{table}"\ntest_fraction = 0.25\npreprocess = ["zca", "unit_norm"]\n\n'
    text = text[:start] + data + text[end:]
    result = run_study(tmp_path, text, "out", ranks=ranks)
    assert result.returncode == 0, result.stderr
    assert "150 train, 50 test, 3 classes" in result.stdout
    table.write_text(table.read_text() + "1,2,inf,3,x\n")
    refused(run_study(tmp_path, text, "broken", ranks=ranks), "table.csv:202", "column 2 (c)", "inf")


def test_sets_are_planned_as_they_are_evaluated(sets, tmp_path):
    study = tmp_path / "study.toml"
    study.write_text(STUDY.replace("PATH", str(sets)))
    result = thalweg("plan", study, "--ranks", "2", "--json")
    assert result.returncode == 0, result.stderr
    planned = json.loads(result.stdout)[0]
    stage = next(stage for stage in planned["stages"] if stage["name"] == "sets")
    assert stage["teams"] == 2
    assert [(piece["count"], piece["basis"]) for piece in stage["pieces"]] == [(5, "measured")]
