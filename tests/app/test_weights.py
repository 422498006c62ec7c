"""Nets from elsewhere: state dicts saved by numpy.savez begin a run, and a run's parameters are written alike."""
import h5py
import numpy as np
import pytest

from studies import assert_identical, run_study, thalweg

STUDY = """
[study]
name = "own"
kind = "trajectories"
seed = 3

[data]
source = "npy"
path = "FOLDER"

[model]
type = "layers"
batch_norm = "batch"
layers = ["conv 4 3", "norm", "relu", "maxpool 2", "conv 3 3", "relu", "flatten", "dense 6", "norm", "relu"]

[train]
LENGTH
batch = 20
snapshot_every_steps = 2
precision = "PRECISION"
initial = "FOLDER/FILE"
"""


def study(folder, length="steps = 0", precision="float64", file="net.npz"):
    text = STUDY.replace("FOLDER", str(folder)).replace("LENGTH", length).replace("PRECISION", precision)
    return text.replace("FILE", file) if file else text.replace(f'initial = "{folder}/FILE"', "")


@pytest.fixture
def folder(tmp_path):
    """Data, and a net as numpy.savez(**{k: v.numpy() for k, v in model.state_dict().items()}) leaves it."""
    rng = np.random.default_rng(5)
    for half, count in [("train", 40), ("test", 20)]:
        np.save(tmp_path / f"{half}_x.npy", rng.normal(size=(count, 2, 6, 8)))
        np.save(tmp_path / f"{half}_y.npy", np.arange(count) % 3)
    np.savez(tmp_path / "net.npz", **state_dict(rng))
    return tmp_path


def state_dict(rng):
    def draw(*shape):
        return rng.normal(size=shape).astype("f4") / 2

    def norm(name, n):
        return {f"{name}.weight": draw(n) + 1, f"{name}.bias": draw(n), f"{name}.running_mean": draw(n),
                f"{name}.running_var": draw(n) ** 2 + 0.5, f"{name}.num_batches_tracked": np.array(7)}
    return {"0.weight": draw(4, 2, 3, 3), "0.bias": draw(4), **norm("1", 4), "4.weight": draw(3, 4, 3, 3),
            "4.bias": draw(3), "7.weight": draw(6, 3 * 3 * 4), **norm("8", 6), "10.weight": draw(3, 6),
            "10.bias": draw(3)}


def outputs(net, x):
    """The network in numpy, with PyTorch's layouts: images channels × height × width, flattened in that order."""
    def conv(x, w, b):
        n, _, height, width = x.shape
        padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        out = np.zeros((n, len(w), height, width))
        for i in range(3):
            for j in range(3):
                out += np.einsum("nchw,oc->nohw", padded[:, :, i:i + height, j:j + width], w[:, :, i, j])
        return out + b[:, None, None]

    def norm(x, name):
        scale = net[f"{name}.weight"] / np.sqrt(net[f"{name}.running_var"] + 1e-5)
        shape = (-1,) + (1,) * (x.ndim - 2)
        return (x - net[f"{name}.running_mean"].reshape(shape)) * scale.reshape(shape) + net[f"{name}.bias"].reshape(shape)
    x = np.maximum(norm(conv(x, net["0.weight"], net["0.bias"]), "1"), 0)
    n, c, height, width = x.shape
    x = x.reshape(n, c, height // 2, 2, width // 2, 2).max(axis=(3, 5))
    x = np.maximum(conv(x, net["4.weight"], net["4.bias"]), 0).reshape(n, -1)
    x = np.maximum(norm(x @ net["7.weight"].T, "8"), 0)
    return x @ net["10.weight"].T + net["10.bias"]


def cross_entropy(z, y):
    z = z - z.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y])


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("precision, tolerance", [("float64", 1e-13), ("float32", 1e-6)])
def test_losses_are_those_of_the_net(folder, save, precision, tolerance):
    net = {name: array.astype(float) for name, array in np.load(folder / "net.npz").items()}
    save(folder / "net.npz", **np.load(folder / "net.npz"))
    result = run_study(folder, study(folder, precision=precision), "out", ranks=2)
    assert result.returncode == 0, result.stderr
    with h5py.File(folder / "out" / "runs" / "run.h5") as run:
        assert list(run["trajectory/step"][()]) == [0] and run.attrs["status"] == "finished"
        for half in ["train", "test"]:
            z = outputs(net, np.load(folder / f"{half}_x.npy"))
            y = np.load(folder / f"{half}_y.npy")
            assert run[f"trajectory/{half}_loss"][0] == pytest.approx(cross_entropy(z, y), rel=tolerance)
            assert run[f"trajectory/{half}_accuracy"][0] == np.mean(z.argmax(axis=1) == y)
    assert thalweg("verify", folder / "out").returncode == 0


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_written_and_read_back_bit_for_bit(folder, precision):
    assert run_study(folder, study(folder, "steps = 5", precision, None), "first").returncode == 0
    for at, name in [("final", "a.npz"), ("2", "b.npz")]:
        result = thalweg("weights", folder / "first", "--run", "run", "--at", at, "-o", folder / name, ranks=2)
        assert result.returncode == 0, result.stderr
    with h5py.File(folder / "first" / "runs" / "run.h5") as run, np.load(folder / "a.npz") as arrays:
        assert next(iter(arrays)) == "conv1.weight" and arrays["conv1.weight"].shape == (4, 2, 3, 3)
        flat = np.concatenate([arrays[name].ravel() for name in arrays if "running" not in name])
        assert flat.dtype == precision and np.array_equal(flat, run["parameters/final"][()])
        statistics = np.concatenate([arrays[name] for name in arrays if "running" in name])
        assert np.array_equal(statistics, run["parameters/running_statistics"][()])
    for step, name in [(5, "a.npz"), (2, "b.npz")]:
        assert run_study(folder, study(folder, precision=precision, file=name), name[0]).returncode == 0
        with h5py.File(folder / name[0] / "snapshots" / "run" / "step-000000000.h5") as now, \
                h5py.File(folder / "first" / "snapshots" / "run" / f"step-{step:09}.h5") as then:
            for dataset in ["parameters/current", "parameters/running_statistics"]:
                assert now[dataset][()].tobytes() == then[dataset][()].tobytes()
    refused = thalweg("weights", folder / "first", "--run", "run", "-o", folder / "a.npz")
    assert refused.returncode == 2 and "--force" in refused.stderr
    assert thalweg("weights", folder / "first", "--run", "run", "-o", folder / "a.npz", "--force").returncode == 0
    other = thalweg("weights", folder / "first", "--run", "run", "-o", folder / "a.pt")
    assert other.returncode == 2 and ".npz" in other.stderr


def test_training_goes_on_from_there_and_probes_know_the_start(folder):
    text = study(folder, "steps = 4") + '\n[[probe]]\ntype = "norms"\nevery_steps = 2\n'
    assert run_study(folder, text, "one").returncode == 0
    assert run_study(folder, text, "three", ranks=3).returncode == 0
    assert_identical(folder / "one", folder / "three")
    result = thalweg("probe", folder / "one", "--probe", "norms", "--at", "all", "-o", folder / "more")
    assert result.returncode == 0, result.stderr
    with h5py.File(folder / "one" / "runs" / "run.h5") as run, h5py.File(folder / "more" / "run-norms.h5") as more:
        then, now = (file["probes/norms/distance_from_start"][()] for file in (run, more))
        assert then[0] == 0 and then[1] > 0 and then.tobytes() == now.tobytes()
    np.savez(folder / "net.npz", **state_dict(np.random.default_rng(6)))
    result = thalweg("probe", folder / "one", "--probe", "norms:name=n", "-o", folder / "more")
    assert result.returncode != 0 and "began at other parameters" in result.stderr


def test_measuring_at_the_initialisation_needs_no_file(folder):
    result = run_study(folder, study(folder, "epochs = 0", file=None) + '\n[[probe]]\ntype = "trace"\n'
                       '\n[schedule]\ntype = "cosine"\n', "out")
    assert result.returncode == 0, result.stderr
    with h5py.File(folder / "out" / "runs" / "run.h5") as run:
        assert list(run["probes/trace/step"][()]) == [0] and list(run["trajectory/learning_rate"][()]) == [0.1]
    result = run_study(folder, study(folder, "epochs = 0\ntarget_loss = 0.1", file=None), "target")
    assert result.returncode == 2 and "takes no steps" in result.stderr


def broken(folder, change):
    arrays = dict(np.load(folder / "net.npz"))
    change(arrays)
    np.savez(folder / "net.npz", **arrays)


def test_broken_files_are_refused_by_name(folder):
    whole = (folder / "net.npz").read_bytes()

    def expect(message):
        result = run_study(folder, study(folder), "out", "--force", ranks=2)
        assert result.returncode == 2, result.stderr
        assert message in result.stderr and "net.npz" in result.stderr and "[train] initial" in result.stderr
        (folder / "net.npz").write_bytes(whole)
    (folder / "net.npz").unlink()
    expect("no such file")
    (folder / "net.npz").write_bytes(whole[:-100])
    expect("without its directory")
    damaged = bytearray(whole)
    damaged[300] ^= 1
    (folder / "net.npz").write_bytes(damaged)
    expect("checksum")
    broken(folder, lambda net: net.update({"4.weight": np.array([None, {}])}))
    expect("array '4.weight': type '|O' found")
    broken(folder, lambda net: net["10.bias"].__setitem__(1, np.nan))
    expect("array '10.bias': value 1 is nan")
    broken(folder, lambda net: net.pop("8.running_var"))
    expect("no array '8.running_var'")
    broken(folder, lambda net: net.update({"7.weight": net["7.weight"].T.copy()}))
    expect("array '7.weight': shape (36, 6) found, expected (6, 36)")
