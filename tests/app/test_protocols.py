"""What the protocols of a trajectory study leave in its record."""
import h5py
import numpy
import pytest

from studies import protocol, run_study, thalweg

SMALL = """
[study]
name = "small"
kind = "trajectories"
seed = 3
[data]
train = 256
test = 64
image_size = 12
[model]
widths = [12]
batch_norm = "none"
"""


def trajectory(folder, run, *columns):
    with h5py.File(folder / "runs" / f"{run}.h5") as file:
        return [file["trajectory"][column][()] for column in columns]


def texts(file, path):
    return [text.decode() for text in file[path][()]]


def test_a_probe_measures_by_its_own_epochs_wherever_the_losses_are_evaluated(tmp_path):
    text = SMALL + """[train]
batch = 32
epochs = 6
evaluate_every = 7
[[run]]
name = "a"
[[probe]]
type = "norms"
every_epochs = 2
[[probe]]
name = "both"
type = "norms"
every_epochs = 2
every_steps = 24
"""
    assert run_study(tmp_path, text, "out", ranks=None).returncode == 0
    with h5py.File(tmp_path / "out" / "runs" / "a.h5") as file:
        assert list(file["trajectory/step"][()]) == [0, 7, 14, 21, 28, 35, 42, 48]
        assert list(file["probes/norms/step"][()]) == [0, 16, 32, 48]
        assert list(file["probes/both/step"][()]) == [0, 16, 24, 32, 48]


def made(tmp_path, text, *arguments, ranks=1):
    result = run_study(tmp_path, SMALL + text, "out", *arguments, ranks=ranks)
    assert result.returncode == 0, result.stderr
    assert thalweg("verify", tmp_path / "out").returncode == 0
    return tmp_path / "out", result


def test_a_large_batch_starts_where_a_small_one_ended(tmp_path):
    """Keskar's warm start: two epochs of a small batch, the rest with a large one."""
    out, _ = made(tmp_path, """
[train]
batch = 64
epochs = 4
[[run]]
name = "cold"
[[run]]
name = "warm"
schedule.batch_epochs = [2]
schedule.batch_sizes = [1000]
""")
    step, epoch, samples, batch, loss = trajectory(out, "warm", "step", "epoch", "samples", "batch_size", "train_loss")
    assert list(step) == [0, 4, 8, 9, 10] and list(epoch) == [0, 1, 2, 3, 4]
    assert list(samples) == [0, 256, 512, 768, 1024]
    assert list(batch) == [64, 64, 256, 256, 256], "no more than there are samples"
    assert list(loss[:3]) == list(trajectory(out, "cold", "train_loss")[0][:3])


def test_columns_follow_the_schedule(tmp_path):
    out, _ = made(tmp_path, """
[train]
batch = 64
steps = 10
evaluate_every = 1
[optimizer]
learning_rate = 0.2
[schedule]
type = "linear"
warmup_epochs = 0.5
scaling = "linear"
reference_batch = 32
""")
    step, rate = trajectory(out, "run", "step", "learning_rate")
    assert list(step) == list(range(11))
    assert rate[0] == pytest.approx(0.2) and rate[1] == pytest.approx(0.4), "warm-up over two steps"
    assert rate[2] == pytest.approx(0.4) and rate[6] == pytest.approx(0.2) and rate[10] == pytest.approx(0, abs=1e-15)


def test_equal_steps_whatever_the_batch(tmp_path):
    out, _ = made(tmp_path, '[train]\nsteps = 7\n[sweep]\n"train.batch" = [16, 256]\n')
    assert trajectory(out, "run-batch16", "step")[0][-1] == trajectory(out, "run-batch256", "step")[0][-1] == 7


def test_noisy_labels_are_those_of_training_samples_alone(tmp_path):
    out, _ = made(tmp_path, """
[train]
epochs = 1
[[run]]
name = "clean"
[[run]]
name = "random"
train.random_labels = 1.0
[[run]]
name = "noisy"
train.label_noise = 0.5
""")
    first = {run: [column[0] for column in trajectory(out, run, "train_loss", "test_loss", "test_accuracy")]
             for run in ["clean", "random", "noisy"]}
    assert first["clean"][1:] == first["random"][1:] == first["noisy"][1:]
    assert len({values[0] for values in first.values()}) == 3


def test_held_out_samples_have_columns_of_their_own(tmp_path):
    out, _ = made(tmp_path, """
[train]
epochs = 2
batch = 32
[[run]]
name = "all"
[[run]]
name = "part"
train.validation = 0.25
""")
    samples, validation = trajectory(out, "part", "samples", "validation_accuracy")
    assert samples[-1] == 2 * 192 and numpy.all((validation >= 0) & (validation <= 1))
    # At the start nothing was trained on: the means over the two parts make up that over all.
    part, held, whole = trajectory(out, "part", "train_loss", "validation_loss")[0:2] + trajectory(out, "all", "train_loss")
    assert 0.75 * part[0] + 0.25 * held[0] == pytest.approx(whole[0], rel=1e-6)
    with h5py.File(out / "runs" / "all.h5") as file:
        assert "validation_loss" not in file["trajectory"]
    with h5py.File(out / "study.h5") as file:
        assert list(file["summary/validation_loss_valid"][()]) == [0, 1]


def test_target_accuracy_ends_a_run(tmp_path):
    out, _ = made(tmp_path, """
[train]
epochs = 40
batch = 16
evaluate_every = 4
target_accuracy = 0.4
[[run]]
name = "reaches"
[[run]]
name = "does not"
optimizer.learning_rate = 1e-6
train.epochs = 1
""")
    with h5py.File(out / "study.h5") as file:
        status = dict(zip(texts(file, "summary/run"), texts(file, "summary/status")))
    assert status == {"reaches": "finished", "does_not": "target_not_reached"}
    step, accuracy = trajectory(out, "reaches", "step", "test_accuracy")
    assert accuracy[-1] >= 0.4 and numpy.all(accuracy[:-1] < 0.4) and step[-1] % 4 == 0


def test_runs_take_the_rate_that_trials_found(tmp_path):
    out, result = made(tmp_path, """
[train]
epochs = 3
[optimizer]
learning_rate = 0.1
[sweep]
seeds = [1, 2]
"train.batch" = [16, 64]
[tune]
factors = [1e-3, 1, 2]
epochs = 2
seed = 9
""", "--set", "study.team_size=1", ranks=2)
    with h5py.File(out / "study.h5") as file:
        tune = file["tune"]
        assert tune.attrs["criterion"] == "validation_accuracy" and tune.attrs["seed"] == 9
        groups, chosen = numpy.array(texts(file, "tune/group")), tune["chosen"][()] == 1
        assert list(groups[chosen]) == ["run-batch16", "run-batch64"]
        for group in groups[chosen]:
            mine = groups == group
            values, rates = tune["criterion"][()][mine], tune["learning_rate"][()][mine]
            best = rates[numpy.argmax(values)]
            assert best == tune["learning_rate"][()][mine & chosen][0]
            for seed in [1, 2]:
                rate, samples = trajectory(out, f"{group}-seed{seed}", "learning_rate", "samples")
                assert numpy.all(rate == best)
                assert samples[-1] == 3 * 256, "the runs train on all samples"
        edge = tune["at_edge"][()].sum()
        assert result.stderr.count("at the edge of the grid") == edge
    trial = trajectory(out, "tune-run-batch16-rate0.1", "samples", "validation_accuracy")
    assert trial[0][-1] == 2 * (256 - 26)


def test_no_rate_where_every_trial_diverges(tmp_path):
    text = SMALL + "[train]\nepochs = 1\nbatch = 16\n[tune]\nlearning_rates = [1e20, 1e25]\n"
    result = run_study(tmp_path, text, "out")
    assert result.returncode == 1
    assert "run: no learning rate: every trial diverged" in result.stderr
    assert "0 runs done, 0 diverged, 1 failed (run)" in result.stdout
    assert not (tmp_path / "out" / "study.h5").exists()


def test_critical_batch_and_means_over_seeds(tmp_path):
    out, result = made(tmp_path, """
[train]
target_loss = 1.0
epochs = 200
evaluate_every = 1
[sweep]
seeds = [1, 2]
"train.batch" = [4, 8, 16, 32, 64]
""", ranks=2)
    with h5py.File(out / "study.h5") as file:
        points, fit = file["critical_batch/points"], file["critical_batch"]
        assert list(points["batch_size"][()]) == [4, 8, 16, 32, 64]
        assert list(points["runs"][()]) == [2] * 5 and points["used"][()].all()
        steps = dict(zip(texts(file, "summary/run"), file["summary/step"][()]))
        assert points["steps"][0] == (steps["run-batch4-seed1"] + steps["run-batch4-seed2"]) / 2
        curve = fit["s_min"][0] + fit["e_min"][0] / points["batch_size"][()]
        assert numpy.sqrt(numpy.mean(numpy.log(points["steps"][()] / curve) ** 2)) == pytest.approx(fit["residual"][0])
        assert fit["batch_size"][0] == pytest.approx(fit["e_min"][0] / fit["s_min"][0])
        assert fit["inside"][0] == (fit["converged"][0] and 4 <= fit["batch_size"][0] <= 64)
        accuracies = [file["summary/test_accuracy"][()][i] for i in range(2)]
    assert "S_min" in result.stdout and "critical batch" in result.stdout
    # Columns that do not fit stand in blocks below each other.
    row = " ".join(line for line in result.stdout.splitlines() if line.startswith("run-batch4 "))
    assert f"{numpy.mean(accuracies):.4g}" in row and "±" in row and "2 finished" in row
    assert "mean ± standard deviation over seeds" in result.stdout


def test_protocols_verify_and_resolve(tmp_path):
    """The configuration that a record keeps is a study file that gives the same record."""
    assert run_study(tmp_path, protocol(), "one").returncode == 0
    with h5py.File(tmp_path / "one" / "study.h5") as file:
        resolved = file.attrs["config_resolved"]
    result = run_study(tmp_path / "again", resolved, "two")
    assert result.returncode == 0, result.stderr
    difference = thalweg("diff", tmp_path / "one", tmp_path / "again" / "two").stdout.split("timings (not counted)")[0]
    differing = [line for line in difference.splitlines() if ".h5:" in line]
    assert all("config" in line for line in differing), difference
