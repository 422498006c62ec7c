"""Small studies and the ways in which the tests start thalweg."""
import os
import pathlib
import subprocess

BINARY = os.environ.get("THALWEG_BINARY", "build/src/thalweg")
SOURCE = pathlib.Path(os.environ.get("THALWEG_SOURCE", pathlib.Path(__file__).parents[2]))

TRAJECTORIES = """
[study]
name = "small"
kind = "trajectories"
seed = 3

[data]
train = 300
test = 100
image_size = 12
preprocess = ["standardize"]
placement = "PLACEMENT"

[model]
widths = [24, 16]
batch_norm = "NORM"
GHOST

[train]
batch = 60
shard = 8
epochs = EPOCHS
gradient_norm = "every"
checkpoint_every_s = 0.05
snapshot_every_epochs = 200

[optimizer]
type = "OPTIMIZER"

[[run]]
name = "a run"
train.batch = 40

[[run]]
name = "another"
optimizer.learning_rate = 0.02

[[probe]]
type = "hessian_extremes"
every_epochs = 2
samples = 100
iterations = 10

[[probe]]
type = "sharpness"
samples = 64
starts = 2
iterations = 3

SEPARATE
[[slice]]
between = ["a run", "another"]
points = 5
"""

SEPARATE = """
[[probe]]
type = "kernel_drift"
every_steps = 3
samples = 70

[[probe]]
type = "noise_scale"
every_epochs = 2
samples = 50
curvature_samples = 3
draws = 2
small = 4
large = 32

[[probe]]
type = "edge_of_stability"
every_epochs = 2
samples = 100
iterations = 8

[[probe]]
type = "norms"
every_epochs = 1
samples = 100

"""

# Sweep, trials, schedule, labels, held-out samples, LARS and SAM in one.
PROTOCOL = """
[study]
name = "protocol"
kind = "trajectories"
seed = 3

[data]
train = 240
test = 60
image_size = 12
preprocess = ["standardize"]

[model]
widths = [16]
batch_norm = "batch"

[train]
shard = 8
EPOCHS
validation = 0.15
label_noise = 0.1
target_loss = 0.2
target_accuracy = 0.9
checkpoint_every_s = 0.05

[sweep]
seeds = [1, 2]
"train.batch" = [24, 48]

[schedule]
type = "cosine"
warmup_epochs = 1
scaling = "sqrt"
reference_batch = 24
batch_epochs = [3]
batch_sizes = [96]

[tune]
factors = [0.5, 1]
epochs = 2
criterion = "validation_loss"

[[run]]
name = "lars"
optimizer.type = "lars"
optimizer.weight_decay = 1e-3
optimizer.decay_normalisation = false

[[run]]
name = "sam"
optimizer.momentum = 0.9
optimizer.sam = "sam"
optimizer.clip_norm = 1.0

[[probe]]
type = "sharpness"
samples = 64
starts = 1
iterations = 2
"""

KERNEL = """
[study]
name = "kernel"
kind = "kernel"
seed = 3

[data]
train = TRAIN
test = 50
image_size = 12
preprocess = ["unit_norm"]

[kernel]
type = "ntk"
depth = 2
"""


def trajectories(norm="batch", optimizer="sgd", placement="node", epochs=3):
    text = TRAJECTORIES.replace("NORM", norm).replace("OPTIMIZER", optimizer).replace("PLACEMENT", placement)
    text = text.replace("SEPARATE", SEPARATE if norm == "none" else "")
    return text.replace("GHOST", "ghost_size = 4" if norm == "ghost" else "").replace("EPOCHS", str(epochs))


def protocol(length="epochs = 5"):
    return PROTOCOL.replace("EPOCHS", length)


def kernel(train=300):
    return KERNEL.replace("TRAIN", str(train))


def command(*arguments, ranks=None):
    launcher = [] if ranks is None else ["mpirun", "-n", str(ranks)]
    return [*launcher, BINARY, *map(str, arguments)]


def thalweg(*arguments, ranks=None, timeout=120, cwd=None):
    return subprocess.run(command(*arguments, ranks=ranks), capture_output=True, text=True, timeout=timeout, cwd=cwd)


def run_study(folder, text, output, *arguments, ranks=1, timeout=120):
    folder.mkdir(parents=True, exist_ok=True)
    study = folder / "study.toml"
    study.write_text(text)
    return thalweg("run", study, "-o", folder / output, *arguments, ranks=ranks, timeout=timeout)


def assert_identical(a, b):
    result = thalweg("diff", a, b)
    assert result.returncode == 0, result.stdout + result.stderr
