"""Samples and settings that are hard on a kernel: answers, or an error that says what is wrong; never a hang."""
import h5py
import numpy
import pytest

from studies import assert_identical, run_study, thalweg

STUDY = """
[study]
name = "hard"
kind = "kernel"
seed = 1

[data]
source = "npy"
path = "PATH"

[kernel]
type = "TYPE"
keep_gram = true

[regression]
ridge = RIDGE
"""

TYPES = ["ntk", "cntk", "gaussian", "laplace", "arccos"]


def samples(n, seed=1, side=6):
    """Images of two channels with labels of three classes."""
    generator = numpy.random.default_rng(seed)
    return generator.random((n, 2, side, side)), numpy.arange(n) % 3


def write(folder, train_x, train_y, test_x=None, test_y=None):
    folder.mkdir(parents=True, exist_ok=True)
    if test_x is None:
        test_x, test_y = samples(7, seed=9, side=train_x.shape[-1])
    for name, values in (("train_x", train_x), ("train_y", train_y), ("test_x", test_x), ("test_y", test_y)):
        numpy.save(folder / f"{name}.npy", values)
    return folder


def study(folder, kernel="ntk", ridge="1e-6"):
    return STUDY.replace("PATH", str(folder)).replace("TYPE", kernel).replace("RIDGE", ridge)


def answers(tmp_path, name="out"):
    with h5py.File(tmp_path / name / "study.h5") as file:
        assert file["kernel/residual"][()] < 1e-8
        predictions = file["kernel/predictions"][()]
    assert numpy.isfinite(predictions).all()
    return predictions


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("kernel", TYPES)
def test_zero_and_constant_images_have_answers(tmp_path, kernel, ranks):
    train_x, train_y = samples(12)
    train_x[3] = 0.0
    train_x[4] = 0.5
    write(tmp_path / "data", train_x, train_y)
    result = run_study(tmp_path, study(tmp_path / "data", kernel, "1e-3"), "out", ranks=ranks)
    assert result.returncode == 0, result.stderr
    answers(tmp_path)


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("method", ["cholesky", "eigen"])
@pytest.mark.parametrize("kernel", ["ntk", "cntk", "gaussian"])
def test_duplicate_rows_need_a_ridge_and_the_message_says_so(tmp_path, kernel, method, ranks):
    train_x, train_y = samples(12)
    train_x[7] = train_x[2]
    write(tmp_path / "data", train_x, train_y)
    text = study(tmp_path / "data", kernel, "0.0") + f'method = "{method}"\n'
    result = run_study(tmp_path, text, "singular", ranks=ranks)
    assert result.returncode == 1, (result.returncode, result.stderr)
    assert "not positive definite" in result.stderr and "lambda_min" in result.stderr, result.stderr
    assert not (tmp_path / "singular" / "study.h5").exists()
    text = study(tmp_path / "data", kernel, "1e-4") + f'method = "{method}"\n'
    result = run_study(tmp_path, text, "ridged", ranks=ranks)
    assert result.returncode == 0, result.stderr
    answers(tmp_path, "ridged")


@pytest.mark.parametrize("kernel", ["ntk", "cntk", "laplace"])
@pytest.mark.parametrize("n", [2, 3, 5])
def test_fewer_samples_than_ranks(tmp_path, kernel, n):
    train_x, train_y = samples(n)
    write(tmp_path / "data", train_x, train_y % 2)
    labels = tmp_path / "data" / "test_y.npy"
    numpy.save(labels, numpy.load(labels) % 2)
    one = run_study(tmp_path, study(tmp_path / "data", kernel), "one", ranks=1)
    many = run_study(tmp_path, study(tmp_path / "data", kernel), "many", ranks=6)
    assert one.returncode == 0 and many.returncode == 0, one.stderr + many.stderr
    numpy.testing.assert_allclose(answers(tmp_path, "many"), answers(tmp_path, "one"), atol=1e-9)
    assert_identical(tmp_path / "one" / "gram.h5", tmp_path / "many" / "gram.h5")


@pytest.mark.parametrize("ranks", [1, 2])
def test_resuming_in_the_folder_of_another_study_is_refused(tmp_path, ranks):
    write(tmp_path / "data", *samples(12))
    assert run_study(tmp_path, study(tmp_path / "data"), "out", ranks=ranks).returncode == 0
    result = run_study(tmp_path, study(tmp_path / "data", "laplace"), "out", "--resume", ranks=ranks)
    assert result.returncode == 2
    assert "--resume needs the same configuration" in result.stderr and "[kernel]" in result.stderr
    # The same words, other samples: what is kept is of the old ones.
    (tmp_path / "out" / "study.h5").unlink()
    train_x, train_y = samples(12)
    train_x[0, 0, 0, 0] += 1e-9
    write(tmp_path / "data", train_x, train_y)
    result = run_study(tmp_path, study(tmp_path / "data"), "out", "--resume", ranks=ranks)
    assert result.returncode == 2
    assert "--resume needs what the study began with" in result.stderr, result.stderr


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_gram_matrix_of_another_study_is_reused(tmp_path, ranks):
    train_x, train_y = samples(20)
    write(tmp_path / "data", train_x, train_y)
    first = run_study(tmp_path, study(tmp_path / "data", "cntk"), "first", ranks=2)
    assert first.returncode == 0, first.stderr
    gram = tmp_path / "first" / "gram.h5"
    before = gram.read_bytes()
    # Other labels and another ridge; the kernel and the images are the same.
    write(tmp_path / "data", train_x, (train_y + 1) % 3)
    text = study(tmp_path / "data", "cntk", "1e-3").replace("keep_gram = true", "")
    text = text.replace("[regression]", f'gram = "{gram}"\n[regression]')
    second = run_study(tmp_path, text, "second", ranks=ranks)
    assert second.returncode == 0, second.stderr
    assert not (tmp_path / "second" / "gram.h5").exists() and gram.read_bytes() == before
    fresh = run_study(tmp_path, study(tmp_path / "data", "cntk", "1e-3"), "fresh", ranks=ranks)
    assert fresh.returncode == 0, fresh.stderr
    numpy.testing.assert_array_equal(answers(tmp_path, "second"), answers(tmp_path, "fresh"))
    assert thalweg("verify", tmp_path / "second").returncode == 0
    for text, part in ((text.replace('"cntk"', '"ntk"'), "kernel is"), (text.replace("gram.h5", "no.h5"), "no.h5")):
        refused = run_study(tmp_path, text, "third", ranks=ranks)
        assert refused.returncode == 2 and part in refused.stderr, refused.stderr


def test_costly_kernels_are_the_same_on_any_number_of_ranks_and_after_kills(tmp_path):
    """Images large enough that tiles come in strips; test × train goes through a file, too."""
    train_x, train_y = samples(40, side=9)
    write(tmp_path / "data", train_x, train_y)
    text = study(tmp_path / "data", "cntk").replace("[regression]", 'depth = 9\nkernel_size = 5\n[regression]')
    for ranks in [1, 2, 3, 4]:
        result = run_study(tmp_path, text, f"on{ranks}", ranks=ranks)
        assert result.returncode == 0, result.stderr
        if ranks > 1:
            assert_identical(tmp_path / "on1" / "gram.h5", tmp_path / f"on{ranks}" / "gram.h5")
            numpy.testing.assert_allclose(answers(tmp_path, f"on{ranks}"), answers(tmp_path, "on1"), atol=1e-9)


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("settings,parts", [
    (["kernel.weight_variance=1e300"], ["not finite"]),
    (["kernel.weight_variance=1e300", "regression.method=cg"], ["not finite"]),
    (["kernel.weight_variance=1e300", "kernel.precision=mixed"], ["not finite"]),
    (["regression.method=eigen", "regression.rule=descent", "regression.times=[0,1,1000]",
      "regression.learning_rate=1e6"], ["learning_rate", "diverges"]),
    (["kernel.type=convnet", 'kernel.layers=["conv 9 pad 0", "relu", "gap", "dense"]'], ["layer 0", "does not fit"]),
    (["kernel.type=convnet", 'kernel.layers=["conv 3 fixed", "relu", "gap", "dense fixed"]'], ["K is zero"]),
])
def test_what_cannot_be_computed_is_said(tmp_path, ranks, settings, parts):
    write(tmp_path / "data", *samples(12))
    overrides = [part for setting in settings for part in ("--set", setting)]
    result = run_study(tmp_path, study(tmp_path / "data").replace("keep_gram = true\n", ""), "out", *overrides,
                       ranks=ranks)
    assert result.returncode in (1, 2), (result.returncode, result.stderr)
    for part in parts:
        assert part in result.stderr, result.stderr
    assert not (tmp_path / "out" / "study.h5").exists()
