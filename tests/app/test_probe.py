"""thalweg probe: more measured at the stored points of a finished study."""
import h5py
import numpy as np
import pytest

from studies import kernel, run_study, thalweg

STUDY = """
[study]
name = "probed"
kind = "trajectories"
seed = 3

[data]
train = 120
test = 40
image_size = 8
preprocess = ["standardize"]

[model]
widths = [12]
batch_norm = "NORM"

[train]
batch = 40
shard = 8
epochs = 3
validation = 0.1
snapshot_every_epochs = 1

[optimizer]
type = "TYPE"
learning_rate = 0.05

[sweep]
seeds = [1, 2]

[tune]
factors = [0.5, 1, 2]
epochs = 1
criterion = "train_loss"

[[run]]
name = "a"

[[run]]
name = "b"
train.loss = "squared"
"""

PROBES = {
    "hessian_extremes": "type = \"hessian_extremes\"\niterations = 20\nsamples = 50",
    "sharp": "type = \"sharpness\"\nname = \"sharp\"\nstarts = 2\niterations = 3\nstatistics = \"frozen\"",
    "norms": "type = \"norms\"",
    "edge_of_stability": "type = \"edge_of_stability\"\niterations = 5",
    "first": "type = \"trace\"\nname = \"first\"\nvectors = 3\ndata = \"test\"\nsame_draws = true\nmatrix = \"gauss_newton\"\nblock = \"dense1\"",
    "kernel_drift": "type = \"kernel_drift\"\nsamples = 30\nstatistics = \"frozen\"",
}
SPECS = ["hessian_extremes:samples=50,iterations=20",
         "sharpness:statistics=frozen,starts=2,iterations=3,name=sharp", "norms", "edge_of_stability:iterations=5",
         "trace:data=test,block=dense1,matrix=gauss_newton,same_draws=true,vectors=3,name=first", "kernel_drift:samples=30,statistics=frozen"]


def study(norm="batch", optimizer="sgd", probes=True):
    text = STUDY.replace("NORM", norm).replace("TYPE", optimizer)
    for table in PROBES.values() if probes else []:
        text += f"\n[[probe]]\nevery_epochs = 1\n{table}\n"
    return text


def arguments(specs):
    return [word for spec in specs for word in ("--probe", spec)]


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probed")
    result = run_study(folder, study(), "out", ranks=2)
    assert result.returncode == 0, result.stderr
    return folder / "out"


def columns(file, probe):
    with h5py.File(file) as h5:
        group = h5[f"probes/{probe}"]
        return {name: (item[()] if item.dtype != object else item.asstr()[()]) for name, item in group.items()}


def same(a, b):
    return a.shape == b.shape and a.dtype == b.dtype and (a.tobytes() == b.tobytes() if a.dtype != object
                                                          else list(a.flat) == list(b.flat))


@pytest.mark.parametrize("ranks", [1, 3])
def test_the_bits_are_those_of_the_run(tmp_path, record, ranks):
    """Tuned rates, held-out samples, running statistics and the run's start are all taken from the record."""
    result = thalweg("probe", record, *arguments(SPECS), "--at", "all", "-o", tmp_path / "more", ranks=ranks)
    assert result.returncode == 0, result.stderr
    files = sorted(path.name for path in (tmp_path / "more").glob("*"))
    assert files == sorted(f"{run}-{probe}.h5" for probe in PROBES for run in
                           ["a-seed1", "a-seed2", "b-seed1", "b-seed2"])
    assert result.stdout.split() == [str(tmp_path / "more" / f"{run}-{probe}.h5") for run in
                                     ["a-seed1", "a-seed2", "b-seed1", "b-seed2"] for probe in PROBES]
    for run in ["a-seed1", "b-seed2"]:
        for probe in PROBES:
            then = columns(record / "runs" / f"{run}.h5", probe)
            now = columns(tmp_path / "more" / f"{run}-{probe}.h5", probe)
            assert list(now["step"]) == [0, 3, 6, 9]
            assert then.keys() == now.keys()
            assert [name for name in now if not same(then[name], now[name])] == []


def test_draws_follow_the_seed_of_the_run(record):
    """Runs of several seeds draw apart; with same_draws = true all by the study's seed."""
    for seed in [1, 2]:
        with h5py.File(record / "runs" / f"a-seed{seed}.h5") as h5:
            assert h5["probes/sharp"].attrs["draw_seed"] == seed
            assert h5["probes/first"].attrs["draw_seed"] == 3
            assert "draw_seed" not in h5["probes/norms"].attrs


def test_one_point_of_one_run_and_what_the_file_says(tmp_path, record):
    result = thalweg("probe", record, "--probe", "trace:vectors=3", "--run", "b-seed1", "--at", "6", "-o", tmp_path)
    assert result.returncode == 0, result.stderr
    file = tmp_path / "b-seed1-trace.h5"
    assert list(tmp_path.iterdir()) == [file]
    with h5py.File(file) as h5:
        assert list(h5["probes/trace/step"][()]) == [6]
        assert h5["probes/trace"].attrs["samples"] == 108 and h5["probes/trace"].attrs["statistics"] == "batch"
        assert h5.attrs["schema"] == "thalweg/probe" and h5.attrs["run"] == "b-seed1"
        assert "vectors = 3" in h5.attrs["probe_settings"] and "samples = 0" in h5.attrs["probe_settings"]
        with h5py.File(record / "study.h5") as sealed:
            assert h5.attrs["data_hash"] == sealed.attrs["data_hash"]
    assert thalweg("verify", file).returncode == 0
    assert "/probes/trace (1 rows)" in thalweg("show", file).stdout


def test_what_is_there_is_kept_replaced_or_refused(tmp_path, record):
    def probe(spec, *more):
        return thalweg("probe", record, "--probe", spec, "--run", "a-seed1", "-o", tmp_path, *more)
    assert probe("norms").returncode == 0
    file = tmp_path / "a-seed1-norms.h5"
    first = file.read_bytes()
    refused = probe("norms")
    assert refused.returncode == 2 and "is there already" in refused.stderr
    assert probe("norms", "--resume").returncode == 0
    other = probe("norms:samples=20", "--resume")
    assert other.returncode == 2 and "other settings" in other.stderr
    assert file.read_bytes() == first
    assert probe("norms:samples=20,name=few").returncode == 0
    assert probe("norms:samples=20", "--force").returncode == 0
    assert_difference_of_samples(file, 20)


def assert_difference_of_samples(file, samples):
    with h5py.File(file) as h5:
        assert h5["probes/norms"].attrs["samples"] == samples


@pytest.mark.parametrize("words, message", [
    (["--probe", "nroms"], "did you mean 'norms'?"),
    (["--probe", "norms:sampels=3"], "did you mean 'samples'?"),
    (["--probe", "norms:samples=many"], "found the string \"many\", expected an integer"),
    (["--probe", "norms:samples"], "expected key=value"),
    (["--probe", "norms:every_steps=1"], "--at says"),
    (["--probe", "norms:samples=100000"], "samples is 100000"),
    (["--probe", "norms", "--probe", "norms"], "two probes are called 'norms'"),
    (["--probe", "kernel_drift:samples=10"], "statistics=frozen"),
    (["--probe", "norms", "--run", "c"], "there are: a-seed1, a-seed2, b-seed1, b-seed2"),
    (["--probe", "norms", "--at", "7"], "stored are 0, 3, 6, 9"),
    (["--probe", "norms", "--at", "end"], "expected final, all or the step"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_bad_requests(tmp_path, record, words, message):
    result = thalweg("probe", record, *words, "-o", tmp_path / "more", ranks=2)
    assert result.returncode == 2, result.stderr
    assert message in result.stderr
    assert not (tmp_path / "more").exists()


def test_other_folders_and_studies_are_refused(tmp_path):
    result = thalweg("probe", tmp_path, "--probe", "norms")
    assert result.returncode == 2 and "holds no study.h5" in result.stderr
    assert run_study(tmp_path, kernel(100), "kernel").returncode == 0
    result = thalweg("probe", tmp_path / "kernel", "--probe", "norms")
    assert result.returncode == 2 and 'kind "kernel"' in result.stderr
    text = study(probes=False).replace("epochs = 3", "epochs = 100000")
    assert run_study(tmp_path, text, "cut", "--time-limit", "0.5").returncode == 75
    result = thalweg("probe", tmp_path / "cut", "--probe", "norms")
    assert result.returncode == 2 and "--resume" in result.stderr


def test_other_data_are_refused(tmp_path):
    rng = np.random.default_rng(1)

    def write():
        for half in ["train", "test"]:
            np.save(tmp_path / f"{half}_x.npy", rng.normal(size=(40, 6)))
            np.save(tmp_path / f"{half}_y.npy", np.arange(40) % 3)
    write()
    text = study(probes=False).replace("train = 120\ntest = 40\nimage_size = 8",
                                       f'source = "npy"\npath = "{tmp_path}"').replace("batch = 40", "batch = 12")
    assert run_study(tmp_path, text, "out").returncode == 0
    assert thalweg("probe", tmp_path / "out", "--probe", "norms").returncode == 0
    write()
    result = thalweg("probe", tmp_path / "out", "--probe", "norms:name=again", ranks=2)
    assert result.returncode == 2
    assert "the data are not those the runs were trained on" in result.stderr


def test_state_that_no_point_stores_and_runs_without_numbers(tmp_path):
    text = study(optimizer="adam", probes=False)
    assert run_study(tmp_path, text, "adam").returncode == 0
    result = thalweg("probe", tmp_path / "adam", "--probe", "edge_of_stability")
    assert result.returncode == 2 and "adam divides by" in result.stderr
    text = study(norm="none", probes=False).replace("[tune]\nfactors = [0.5, 1, 2]\nepochs = 1\n"
                                                    "criterion = \"train_loss\"\n", "")
    text = text.replace('name = "b"', 'name = "b"\noptimizer.learning_rate = 1e30')
    assert run_study(tmp_path, text, "diverged").returncode == 0
    result = thalweg("probe", tmp_path / "diverged", "--probe", "norms")
    assert result.returncode == 0 and "run b-seed1 diverged: left out" in result.stderr
    assert len(list((tmp_path / "diverged" / "probes").glob("*.h5"))) == 2
    assert thalweg("verify", tmp_path / "diverged").returncode == 0
    result = thalweg("probe", tmp_path / "diverged", "--probe", "norms:name=n", "--run", "b-seed1")
    assert result.returncode == 2 and "diverged" in result.stderr


def test_a_run_without_snapshots_has_its_end_alone(tmp_path):
    text = study(probes=False).replace("snapshot_every_epochs = 1", "")
    assert run_study(tmp_path, text, "out").returncode == 0
    result = thalweg("probe", tmp_path / "out", "--probe", "norms", "--at", "all")
    assert result.returncode == 2 and "snapshot_every_epochs" in result.stderr
    assert thalweg("probe", tmp_path / "out" / "study.h5", "--probe", "norms").returncode == 0
