"""Networks of images, their optimisers and probes from outside: identity over ranks, kill and resume, bad input."""
import h5py
import numpy
import pytest

from kills import survive_kills
from studies import assert_identical, run_study, thalweg
from test_bad_input import refused

# Convolution, norm, pooling, a residual block whose shortcut changes shape, dropout, crops and flips; every family of
# optimisers; every probe that fits.
NETWORKS = """
[study]
name = "networks"
kind = "trajectories"
seed = 3

[data]
train = 48
test = 20
image_size = 8
preprocess = ["standardize"]

[model]
type = "layers"
layers = ["conv 4 3", "norm", "relu", "maxpool 2", "block", "conv 6 3 stride 2", "norm", "relu", "conv 6 3",
          "shortcut", "conv 6 1 stride 2", "norm", "end", "relu", "gap", "dropout 0.2", "dense 8", "tanh"]
batch_norm = "batch"

[train]
batch = 20
shard = 4
epochs = 2
crop_padding = 1
flip = true
label_noise = 0.1
checkpoint_every_s = 0.05

[optimizer]
type = "adam"
learning_rate = 0.01

[schedule]
type = "cosine"
warmup_epochs = 1

[[run]]
name = "adam"
optimizer.clip_norm = 0.5

[[run]]
name = "lars and ghosts"
model.batch_norm = "ghost"
model.ghost_size = 4
optimizer.type = "lars"
optimizer.weight_decay = 1e-3

[[run]]
name = "sam"
optimizer.type = "sgd"
optimizer.momentum = 0.9
optimizer.sam = "sam"
train.validation = 0.2
"""

PROBES = """
[[probe]]
type = "noise_scale"
statistics = "frozen"
every_epochs = 1
samples = 12
curvature_samples = 3
draws = 2
small = 2
large = 8

[[probe]]
type = "edge_of_stability"
every_steps = 2
samples = 16
iterations = 4

[[probe]]
type = "norms"
every_epochs = 1
samples = 16

[[probe]]
type = "hessian_extremes"
samples = 16
iterations = 4

[[probe]]
type = "sharpness"
samples = 16
starts = 1
iterations = 2

[[slice]]
between = ["adam", "lars and ghosts"]
points = 3
"""

# No row of it is an image.
TABLE = "\n".join(f"{i % 7},{i % 5},{i % 4},{i % 3}" for i in range(30))


@pytest.mark.parametrize("placement", ["node", "sharded"])
def test_identical_on_any_number_of_ranks(tmp_path, placement):
    for ranks in [1, 2, 3, 4, 6]:
        result = run_study(tmp_path, NETWORKS + PROBES, f"on{ranks}", "--set", f"study.team_size={ranks}",
                           "--set", f'data.placement="{placement}"', ranks=ranks)
        assert result.returncode == 0, result.stderr
        assert "3 runs done, 0 diverged" in result.stdout
    for ranks in [2, 3, 4, 6]:
        assert_identical(tmp_path / "on1", tmp_path / f"on{ranks}")
    assert thalweg("verify", tmp_path / "on6").returncode == 0


def test_killed_and_resumed_is_identical(tmp_path):
    text = NETWORKS.replace("epochs = 2", "epochs = 200") + PROBES.replace("every_steps = 2", "every_epochs = 50")
    text = text.replace("every_epochs = 1\n", "every_epochs = 50\n")
    survive_kills(tmp_path, text, kills=3, seed=11, most_ranks=4)


def test_a_network_that_diverges_leaves_the_others_alone(tmp_path):
    result = run_study(tmp_path, NETWORKS + PROBES, "out", "--set", "run.0.optimizer.learning_rate=1e38",
                       "--set", 'run.0.optimizer.type="sgd"', "--set", "run.0.optimizer.clip_norm=0", ranks=2)
    assert result.returncode == 0, result.stderr
    assert "3 runs done, 1 diverged" in result.stdout
    assert "slice line-seed3 from adam to lars_and_ghosts: left out, run adam diverged" in result.stderr
    with h5py.File(tmp_path / "out" / "study.h5") as file:
        assert list(file["summary/status"][()]) == [b"diverged", b"finished", b"finished"]
        assert numpy.all(numpy.isfinite(file["summary/train_loss"][()]))


@pytest.mark.parametrize("overrides,parts", [
    (['model.type="resnet"'], ["[model] type", "resnet", "resnet20"]),
    (['model.type="c1"'], ["[model] layers", "needs type = layers", "c1"]),
    (['model.layers="gap"'], ["[model] layers", 'found the string "gap"', "array of strings"]),
    (['model.layers=["conv 4"]'], ['"conv 4"', "kernel's size"]),
    (['model.layers=["conv 4 3 stride 0"]'], ["stride 0", "at least 1"]),
    (['model.layers=["norm", "conv 4 3 pad 99999"]'], ["pad 99999", "below the kernel's size"]),
    (['model.layers=["dropout 1"]'], ["dropout 1", "below 1"]),
    (['model.layers=["block", "conv 4 3"]'], ['expected "end"']),
    (['model.layers=["gap"]', 'model.batch_norm="batch"'], ["[model] batch_norm", '"norm"']),
    (["model.activation=\"tanh\""], ["[model] activation", "mlp"]),
    (["model.initialisation=\"xavier\""], ["initialisation", "xavier", "glorot_normal"]),
    (["model.ghost_size=3"], ["ghost_size", "batch_norm"]),
    (['model.batch_norm="ghost"', "model.ghost_size=3"], ["[train] shard", "4", "multiple of ghost_size = 3"]),
    (["train.flip=1"], ["flip", "true or false"]),
    (["train.epochs=9223372036854775807"], ["epochs", "to 1000000000"]),
    (["optimizer.type=\"adamax\""], ["adamax", "did you mean 'adam'"]),
    (["optimizer.beta1=1"], ["beta1", "below 1"]),
    (["run.2.optimizer.sam_radius=0"], ["sam_radius", "above 0"]),
    (["schedule.type=\"poly\""], ["poly", "cosine"]),
    (["sweep.train.batchh=[1]"], ["batchh", "did you mean 'batch'"]),
    (["sweep.data.train=[30]"], ["[data]", "model, objective, optimizer, schedule, train"]),
    (['sweep.train.batch=[8, "many"]'], ["[train] batch", "many", "an integer"]),
    (["sweep.train.epochs=[1, 1]"], ["train.epochs", "twice"]),
    (["sweep.optimizer.type=[\"adam\"]"], ["optimizer] type", "swept over"]),
    (["sweep.seeds=[1, 1]"], ["[sweep] seeds", "twice"]),
    (['run.1.name="adam"'], ["name", "two runs are called 'adam'"]),
    (["tune.factors=[1]", 'run.1.name="tune-adam-rate0.01"'], ["tune-adam-rate0.01", "trials"]),
    (["probe.0.every_epochs=1.5"], ["every_epochs", "1.5", "an integer"]),
    (['probe.0.statistics="batch"'], ["noise_scale", "frozen"]),
    (['probe.1.name="norms"'], ["two probes are called 'norms'"]),
    (["slice.0.points=1"], ["points", "at least 2"]),
])
def test_bad_settings(tmp_path, overrides, parts):
    sets = [word for override in overrides for word in ("--set", override)]
    text = NETWORKS + PROBES
    if "sweep." in overrides[0]:
        text = text[:text.index("[[slice]]")]  # whose groups would have other names
    refused(run_study(tmp_path, text, "out", *sets, ranks=None), *parts)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("overrides,parts", [
    (['model.layers=["conv 4 9 pad 0", "gap", "norm"]'], ["run adam", "[model] conv1", "8×8", "9×9"]),
    (['model.layers=["norm", "conv 4 99999", "gap"]'], ["[model] conv1", "99999×99999", "more than twice the image"]),
    (['model.layers=["conv 4 3", "norm"]'], ["run adam", "[model] dense1", "flatten or gap"]),
    (['model.layers=["block", "conv 4 3", "norm", "end", "gap"]'], ["[model] block", "4 channels", "1 channels"]),
    (['model.layers=["norm", "flatten", "dense 999999", "dense 999999"]'], ["run adam", "parameters", "GiB"]),
    (["run.2.model.layers=[\"norm\", \"flatten\", \"conv 4 3\"]"], ["run sam", "[model] conv1", "vectors of 64"]),
    (['run.1.model.layers=["norm", "gap"]'], ["slice line", "adam", "lars_and_ghosts", "different sizes"]),
    (["train.crop_padding=8"], ["run adam", "[train] crop_padding", "found 8", "at most 7", "8×8"]),
    (["train.batch=47"], ["run adam", "[train] batch", "48", "47", "no variance", "drop_last"]),
    (["train.batch=9", "train.drop_last=true"], ["lars_and_ghosts", "[train] batch", "ghost groups of 4"]),
    (["train.validation=0.99"], ["run adam", "batch norm", "at least two training samples", "1 of 48"]),
    (["train.validation=0.8"], ["run adam", "probe 'noise_scale'", "samples is 12", "10"]),
    (["probe.0.large=13"], ["run adam", "probe 'noise_scale'", "large is 13", "12 samples"]),
    (["probe.0.curvature_samples=13"], ["probe 'noise_scale'", "curvature_samples is 13", "12 samples"]),
    (['probe.0.type="kernel_drift"'], ["run adam", "probe 'kernel_drift'", "conv1.weight"]),
    (["schedule.warmup_epochs=3"], ["run adam", "[schedule] warmup_epochs", "3", "2 epochs"]),
])
def test_what_does_not_fit_the_data(tmp_path, overrides, parts):
    text = NETWORKS + PROBES
    if "kernel_drift" in overrides[0]:
        for key in ["curvature_samples = 3", "draws = 2", "small = 2", "large = 8"]:
            text = text.replace(key + "\n", "")
    sets = [word for override in overrides for word in ("--set", override)]
    refused(run_study(tmp_path, text, "out", *sets, ranks=None), *parts)
    assert not (tmp_path / "out" / "runs").exists()


@pytest.mark.parametrize("overrides,parts", [
    (['model.type="c1"'], ["run sam", "[model] conv1", "vectors of 3", "images"]),
    (['model.type="linear"', "train.flip=true"], ["run sam", "[train] flip", "rows of 3 numbers"]),
    (['model.type="linear"', "train.crop_padding=1"], ["run sam", "[train] crop_padding", "rows of 3 numbers"]),
])
def test_tables_are_no_images(tmp_path, overrides, parts):
    (tmp_path / "table.csv").write_text(TABLE + "\n")
    before, rest = NETWORKS.split("train = 48")
    text = before + f'source = "csv"\npath = "{tmp_path / "table.csv"}"\n' + rest.replace("image_size = 8\n", "")
    model = text[text.index("[model]"):text.index("[train]")]
    text = text.replace(model, "[model]\n").replace("crop_padding = 1\nflip = true\n", "")
    text = text[:text.index("[[run]]")] + '[[run]]\nname = "sam"\noptimizer.sam = "sam"\n'
    text = text.replace("test = 20", "test = 10").replace("batch = 20", "batch = 10")
    sets = [word for override in overrides for word in ("--set", override)]
    refused(run_study(tmp_path, text, "out", *sets, ranks=None), *parts)


def test_every_rank_ends_where_a_layer_does_not_fit(tmp_path):
    for ranks in [2, 6]:
        result = run_study(tmp_path, NETWORKS, "out", "--set", 'model.layers=["norm", "gap", "conv 4 3"]', ranks=ranks)
        refused(result, "run adam", "[model] conv1", "vectors of 1")
    # What was refused left nothing that a mended study would need --force for.
    result = run_study(tmp_path, NETWORKS, "out", ranks=6)
    assert result.returncode == 0, result.stderr


def test_two_slices_of_one_name(tmp_path):
    slice_table = PROBES[PROBES.index("[[slice]]"):]
    refused(run_study(tmp_path, NETWORKS + slice_table + slice_table, "out", ranks=None),
            "[slice.1]", "name: two of them are called 'line-seed3'")


def test_the_named_networks_take_a_step(tmp_path):
    text = NETWORKS[:NETWORKS.index("[[run]]")] + '[[run]]\nname = "named"\n'
    model = text[text.index("[model]"):text.index("[train]")]
    text = text.replace(model, '[model]\ntype = "TYPE"\n').replace("train = 48", "train = 8").replace("test = 20", "test = 2")
    text = text.replace("warmup_epochs = 1", "").replace("epochs = 2", "epochs = 1").replace("batch = 20", "batch = 4")
    for name in ["linear", "f1", "c1", "resnet20"]:
        result = run_study(tmp_path, text.replace("TYPE", name), name, ranks=1)
        assert result.returncode == 0, result.stderr
        assert "1 runs done, 0 diverged" in result.stdout
    refused(run_study(tmp_path, text.replace("TYPE", "c2"), "c2", ranks=None), "run named", "[model] maxpool", "1×1")
