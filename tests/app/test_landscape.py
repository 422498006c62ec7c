"""Surfaces and paths: bits, ranks, files for others' scripts, bad input."""
import h5py
import numpy
import pytest

from studies import assert_identical, run_study, thalweg

RUNS = """
[study]
name = "ground"
kind = "KIND"
seed = 3

[data]
train = 300
test = 100
image_size = 12

[model]
widths = [24, 16]

[train]
batch = 60
shard = 16
epochs = 3
snapshot_every_epochs = 1

[optimizer]
learning_rate = 0.1

[sweep]
seeds = [1, 2, 3]

[[run]]
name = "net"
"""

SURFACES = """
[[surface]]
name = "random"
run = "net-seed1"
nx = 5
ny = 3

[[surface]]
name = "eigen"
run = "net-seed1"
directions = "eigenvectors"
nx = 3
ny = 5
iterations = 20
statistics = "re-estimated"

[[surface]]
name = "pca"
run = "net-seed1"
directions = "pca"
centring = "mean"
nx = 4
ny = 3

[[surface]]
name = "plane"
run = "net-seed1"
toward = ["net-seed2", "net-seed3"]
nx = 5
ny = 5

[[surface]]
name = "ray"
run = "net-seed1"
norm = "layer"
samples = 100
nx = 7
ny = 1
"""

PATHS = """
[[connection]]
name = "line"
between = ["net-seed1", "net-seed2"]
points = 9

[[connection]]
name = "bezier"
between = ["net-seed1", "net-seed2"]
curve = "bezier"
epochs = 20
points = 9
checkpoint_every_s = 0.05
[connection.optimizer]
momentum = 0.9
learning_rate = 0.02

[[connection]]
name = "chain"
between = ["net-seed1", "net-seed2"]
curve = "chain"
bends = 2
align = "weights"
steps = 12
points = 9
checkpoint_every_s = 0.05

[[connection]]
name = "copy"
between = ["net-seed1"]
permuted_copy = true
align = "weights"
points = 5
"""


def study(kind, tables):
    return RUNS.replace("KIND", kind) + tables


@pytest.fixture(scope="module")
def explored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ground")
    result = run_study(folder, study("surface", SURFACES + PATHS), "one", ranks=1)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_same_bits_on_any_number_of_ranks(explored, ranks):
    result = run_study(explored, study("surface", SURFACES + PATHS), f"ranks{ranks}", ranks=ranks)
    assert result.returncode == 0, result.stderr
    assert_identical(explored / "one", explored / f"ranks{ranks}")


def test_centre_of_a_surface_is_the_records_loss(explored):
    with h5py.File(explored / "one" / "study.h5") as file:
        loss = dict(zip(file["summary/run"].asstr()[...], file["summary/train_loss"][...]))
        accuracy = dict(zip(file["summary/run"].asstr()[...], file["summary/test_accuracy"][...]))
        random_surface = file["surfaces/random"]
        assert random_surface["x"][2] == 0.0 and random_surface["y"][1] == 0.0
        assert random_surface["train_loss"][1, 2] == loss["net-seed1"]
        assert random_surface["test_accuracy"][1, 2] == accuracy["net-seed1"]
        others = numpy.delete(random_surface["train_loss"][...].ravel(), 7)
        assert numpy.all(others != loss["net-seed1"])


def test_corners_of_a_plane_are_the_other_runs(explored):
    with h5py.File(explored / "one" / "study.h5") as file:
        plane = file["surfaces/plane"]
        assert list(plane["mark_name"].asstr()[...]) == ["net-seed1", "net-seed2", "net-seed3"]
        line = file["connections/line/train_loss"][...]
        x, y = list(plane["x"][...]), list(plane["y"][...])
        assert plane["train_loss"][y.index(0.0), x.index(0.0)] == line[0]
        assert plane["train_loss"][y.index(0.0), x.index(1.0)] == line[-1]


def test_trajectory_lies_on_its_principal_components(explored):
    with h5py.File(explored / "one" / "study.h5") as file:
        pca = file["surfaces/pca"]
        assert 0.5 < pca["explained"][0] < 1.0
        assert pca["trajectory_x"][-1] == 0.0 and pca["trajectory_distance"][-1] == 0.0
        assert pca["x"][0] < pca["trajectory_x"][...].min() < pca["trajectory_x"][...].max() < pca["x"][-1]


def test_eigenvectors_come_with_residuals(explored):
    with h5py.File(explored / "one" / "study.h5") as file:
        value = file["surfaces/eigen/eigenvalue"][...]
        assert value[0] >= value[1] > 0.0
        assert numpy.all(file["surfaces/eigen/eigenvalue_residual"][...] < 0.05 * value[0])


def test_files_for_plotting_scripts(explored):
    with h5py.File(explored / "one" / "surfaces" / "random.h5") as file, \
            h5py.File(explored / "one" / "study.h5") as ours:
        assert file["xcoordinates"].shape == (5,) and file["ycoordinates"].shape == (3,)
        mesh = numpy.meshgrid(file["xcoordinates"][...], file["ycoordinates"][...])
        assert file["train_loss"].shape == mesh[0].shape
        assert numpy.array_equal(file["train_loss"][...], ours["surfaces/random/train_loss"][...])
        assert numpy.array_equal(file["train_acc"][...], 100 * ours["surfaces/random/train_accuracy"][...])
        name = file["dir_file"].asstr()[()]
    with h5py.File(explored / "one" / "surfaces" / name) as file:
        assert file["xdirection/0"].shape == (24, 144)
        assert numpy.all(file["xdirection/1"][...] == 0.0)  # a norm's parameters are left out


def test_bent_paths_are_lower_and_a_copy_is_found_again(explored):
    with h5py.File(explored / "one" / "study.h5") as file:
        paths = file["connections"]
        assert paths["bezier/barrier_train_loss"][()] < paths["line/barrier_train_loss"][()]
        assert paths["bezier/training/loss"].shape == (20,)
        assert paths["copy/distance_before"][()] > 1.0
        assert paths["copy/distance_after"][()] == 0.0
        assert paths["copy/barrier_train_loss"][()] < 1e-12
        # A barrier is what it is said to be.
        t, f = paths["line/t"][...], paths["line/train_loss"][...]
        assert paths["line/barrier_train_loss"][()] == pytest.approx(
            max(f - ((1 - t) * f[0] + t * f[-1])), rel=1e-12)
    with h5py.File(explored / "one" / "connections" / "chain.h5") as file:
        assert len(file["parameters"]) == 4 + 1  # and the axis' scale


def test_a_record_is_not_deleted_to_be_read(explored):
    text = f"""
[study]
name = "later"
kind = "surface"
[from]
record = "{explored / 'one'}"
[[surface]]
run = "net-seed1"
"""
    result = run_study(explored, text, "one", "--force", ranks=2)
    assert result.returncode == 2 and "record" in result.stderr
    assert (explored / "one" / "study.h5").exists()


def test_residual_blocks_are_refused_where_units_are_exchanged(tmp_path):
    model = 'type = "layers"\nlayers = ["conv 4 3", "block", "conv 4 3", "end", "relu", "gap"]\nbatch_norm = "none"'
    text = study("connection", PATHS).replace("widths = [24, 16]", model)
    result = run_study(tmp_path, text, "out", ranks=2)
    assert result.returncode == 2 and "residual" in result.stderr


def test_record_is_whole(explored):
    result = thalweg("verify", explored / "one")
    assert result.returncode == 0, result.stdout


MISSING = """
[study]
name = "missing"
kind = "trajectories"
seed = 3

[data]
train = 60
test = 20
image_size = 8

[model]
widths = [4]
batch_norm = "none"

[train]
batch = 20
steps = 0
snapshot_every_steps = 1

[[run]]
name = "zero"
train.initial = "zero.npz"

[[run]]
name = "drawn"

[[probe]]
type = "eigenpairs"
largest = 5

[[probe]]
type = "critical_point"

[[probe]]
type = "spectral_density"
vectors = 2

[[probe]]
type = "noise_scale"
draws = 2
large = 60

[[slice]]
between = ["zero", "drawn"]
low = -1e30
high = 1e30
points = 4

[[surface]]
run = "zero"
nx = 3
ny = 1

[[surface]]
name = "wild"
run = "drawn"
norm = "none"
x = [-1e30, 1e30]
nx = 4
ny = 1

[[audit]]
run = "zero"
transformation = "alpha"
factors = [1, 2]
"""


def test_what_has_no_value_is_masked_and_the_record_whole(tmp_path):
    """Shares in a cut eigenspace, Ritz values behind an early end, losses that overflow, places on no direction."""
    numpy.savez(tmp_path / "zero.npz", **{"dense1.weight": numpy.zeros((4, 64)), "dense1.bias": numpy.zeros(4),
                                          "dense2.weight": numpy.zeros((10, 4)), "dense2.bias": numpy.zeros(10)})
    text = MISSING.replace("zero.npz", str(tmp_path / "zero.npz"))
    result = run_study(tmp_path, text, "out")
    assert result.returncode == 0, result.stderr
    result = thalweg("verify", tmp_path / "out")
    assert result.returncode == 0, result.stdout + result.stderr

    def masks(file):
        found = set()
        with h5py.File(tmp_path / "out" / file) as h5:
            h5.visititems(lambda name, item: found.add(name) if name.endswith("_valid") else None)
            for name in found:
                values, valid = h5[name.removesuffix("_valid")][()], h5[name][()]
                assert values.shape == valid.shape and (numpy.isfinite(values) == (valid == 1)).all()
        return found

    assert {"probes/eigenpairs/gradient_share_valid", "probes/spectral_density/ritz_value_valid"} <= masks("runs/zero.h5")
    assert {"slices/line/train_loss_valid", "surfaces/wild/test_loss_valid",
            "surfaces/surface/trajectory_x_valid"} <= masks("study.h5")
    assert {"train_loss_valid"} <= masks("surfaces/wild.h5")


def test_on_the_runs_of_a_record(explored):
    text = f"""
[study]
name = "later"
kind = "connection"
seed = 3
[from]
record = "{explored / 'one'}"
{PATHS}"""
    result = run_study(explored, text, "later", ranks=2)
    assert result.returncode == 0, result.stderr
    with h5py.File(explored / "one" / "study.h5") as first, h5py.File(explored / "later" / "study.h5") as later:
        for path in ["line", "bezier", "chain", "copy"]:
            assert numpy.array_equal(first[f"connections/{path}/train_loss"][...],
                                     later[f"connections/{path}/train_loss"][...])


@pytest.mark.parametrize("before,after,message", [
    ('run = "net-seed1"\ndirections = "pca"', 'run = "net-seed9"\ndirections = "pca"', "net-seed9"),
    ("nx = 4", "nx = 1", "nx"),
    ('centring = "mean"', 'centring = "median"', "median"),
    ("snapshot_every_epochs = 1", "", "snapshot"),
    ('toward = ["net-seed2", "net-seed3"]', 'toward = ["net-seed2"]', "ny"),
    ('toward = ["net-seed2", "net-seed3"]', "toward = []", "toward"),
    ("samples = 100", "samples = 1000", "1000"),
    ('name = "pca"', 'name = "random"', "random"),
    ("iterations = 20", "iteration = 20", "iterations"),
    ('norm = "layer"', 'norm = "neuron"', "neuron"),
    ('norm = "layer"', "x = [1, 1]", "low below high"),
    ('norm = "layer"', "x = [-inf, inf]", "finite"),
    ('centring = "mean"', 'centring = "mean"\nseed = 5', "seed"),
    ('name = "line"', 'name = "line"\nseed = 5', "seed"),
    ("epochs = 20", "epochs = 20\nbatch = 13", "of which batch norm"),
    ("learning_rate = 0.02", "learning_rate = 0.02\n[connection.schedule]\nwarmup_epochs = 50", "connection bezier"),
    ("bends = 2", "bends = 0", "bends"),
    ('between = ["net-seed1"]', 'between = ["net-seed1", "net-seed2"]', "between"),
    ('curve = "chain"\nbends = 2', 'curve = "line"\nbends = 2', "bends"),
    ('toward = ["net-seed2", "net-seed3"]', 'toward = ["net-seed2", "net-seed2"]', "\"net-seed2\" is named twice"),
    ('between = ["net-seed1", "net-seed2"]', 'between = ["net", "net-seed2"]', "either runs alone or groups alone"),
])
def test_bad_input_is_named(tmp_path, before, after, message):
    text = study("surface", SURFACES + PATHS)
    assert before in text
    result = run_study(tmp_path, text.replace(before, after, 1), "out", ranks=2)
    assert result.returncode == 2, result.stderr
    assert message in result.stderr
    assert not (tmp_path / "out" / "study.h5").exists()


AUDITS = """
[[probe]]
type = "hessian_extremes"

[[probe]]
name = "asam"
type = "perturbation"
adaptive = true

[[audit]]
name = "alpha"
run = "net-seed1"
factors = [0.25, 1.0, 4.0]
"""


def test_an_audit_tells_what_sees_more_than_the_function(tmp_path):
    plain = study("trajectories", AUDITS).replace("widths = [24, 16]", 'widths = [24, 16]\nbatch_norm = "none"')
    normed = study("trajectories", AUDITS + 'transformation = "filter"\n').replace("net-seed1", "net-seed2")
    for name, text in [("plain", plain), ("normed", normed)]:
        for ranks in [1, 3]:
            result = run_study(tmp_path, text, f"{name}{ranks}", ranks=ranks)
            assert result.returncode == 0, result.stderr
        assert_identical(tmp_path / f"{name}1", tmp_path / f"{name}3")
        with h5py.File(tmp_path / f"{name}1" / "study.h5") as file:
            audit = file["audits/alpha"]
            run = "net-seed1" if name == "plain" else "net-seed2"
            assert audit.attrs["run"] == run
            assert numpy.all(audit["function_change"][...] < 0.02)
            assert audit["function_change"][1] == 0.0
            # At α = 1 it is what the run itself measured; elsewhere the largest eigenvalue is another one,
            curvature = audit["hessian_extremes.lambda_max"][...]
            row = list(file["summary/run"].asstr()[...]).index(run)
            assert curvature[1] == file["summary/hessian_extremes.lambda_max"][row]
            assert max(curvature) > 3 * min(curvature)
            # and a measure in units of the weights is the same.
            adaptive = audit["asam.sam_rise"][...]
            assert adaptive == pytest.approx([adaptive[1]] * 3, rel=0.01)


@pytest.mark.parametrize("before,after,message", [
    ("factors = [0.25, 1.0, 4.0]", "factors = [0.25, 4.0]", "1 among them"),
    ("factors = [0.25, 1.0, 4.0]", "factors = [0.0, 1.0]", "from 1e-06 to 1000000"),
    ('run = "net-seed1"', 'run = "net-seed1"\nlayer = "dense9"', "dense9"),
    ('run = "net-seed1"', 'run = "net-seed1"\ntransformation = "filter"', "batch norm"),
    ('widths = [24, 16]', 'widths = [24, 16]\nactivation = "gelu"', "relu"),
])
def test_audits_that_mean_nothing_are_refused(tmp_path, before, after, message):
    text = study("trajectories", AUDITS).replace("widths = [24, 16]", 'widths = [24, 16]\nbatch_norm = "none"')
    assert before in text
    result = run_study(tmp_path, text.replace(before, after, 1), "out", ranks=2)
    assert result.returncode == 2, result.stderr
    assert message in result.stderr
