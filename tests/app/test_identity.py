"""The first promise: the same study gives the same record on any number of ranks, bit for bit."""
import h5py
import pytest

from studies import assert_identical, kernel, protocol, run_study, thalweg, trajectories


@pytest.mark.parametrize("variant", [
    {"norm": "batch", "optimizer": "nesterov"},
    {"norm": "ghost", "optimizer": "adam"},
    {"norm": "none", "optimizer": "sgd"},
])
def test_trajectories_are_identical_on_any_number_of_ranks(tmp_path, variant):
    for ranks in [1, 2, 3, 4, 6]:
        result = run_study(tmp_path, trajectories(**variant), f"on{ranks}", "--set", f"study.team_size={ranks}",
                           ranks=ranks)
        assert result.returncode == 0, result.stderr
    for ranks in [2, 3, 4, 6]:
        assert_identical(tmp_path / "on1", tmp_path / f"on{ranks}")


def test_teams_and_sharded_data_change_nothing(tmp_path):
    text = trajectories(placement="sharded")
    assert run_study(tmp_path, text, "one", ranks=1).returncode == 0
    for ranks, team in [(2, 1), (3, 1), (4, 2), (6, 2)]:
        output = f"{ranks}in{team}"
        result = run_study(tmp_path, text, output, "--set", f"study.team_size={team}", ranks=ranks)
        assert result.returncode == 0, result.stderr
        assert_identical(tmp_path / "one", tmp_path / output)
    assert run_study(tmp_path / "node", trajectories(), "one", ranks=2).returncode == 0
    result = thalweg("diff", tmp_path / "one", tmp_path / "node" / "one")
    # The two studies' configurations differ, and nothing else does.
    counted = result.stdout.split("timings (not counted)")[0]
    differing = [line for line in counted.splitlines() if ".h5:" in line]
    assert differing and all("config" in line for line in differing), result.stdout


def test_sweeps_trials_schedules_and_noisy_labels_are_identical_on_any_number_of_ranks(tmp_path):
    assert run_study(tmp_path, protocol(), "one").returncode == 0
    for ranks, team in [(2, 1), (2, 2), (3, 1), (4, 2), (6, 6)]:
        output = f"{ranks}in{team}"
        result = run_study(tmp_path, protocol(), output, "--set", f"study.team_size={team}", ranks=ranks)
        assert result.returncode == 0, result.stderr
        assert_identical(tmp_path / "one", tmp_path / output)
    assert thalweg("verify", tmp_path / "one").returncode == 0


def test_a_changed_seed_is_found_by_diff(tmp_path):
    assert run_study(tmp_path, trajectories(), "a").returncode == 0
    assert run_study(tmp_path, trajectories(), "b", "--set", "study.seed=4").returncode == 0
    result = thalweg("diff", tmp_path / "a", tmp_path / "b")
    assert result.returncode == 3
    assert "train_loss" in result.stdout


def test_gram_is_identical_on_any_number_of_ranks(tmp_path):
    for ranks in [1, 2, 3, 4, 6]:
        result = run_study(tmp_path, kernel(), f"on{ranks}", ranks=ranks)
        assert result.returncode == 0, result.stderr
    for ranks in [2, 3, 4, 6]:
        assert_identical(tmp_path / "on1" / "gram.h5", tmp_path / f"on{ranks}" / "gram.h5")
        # What ScaLAPACK solves from it depends on the grid, and says how well it did.
        with h5py.File(tmp_path / f"on{ranks}" / "study.h5") as file:
            assert file["kernel/residual"][()] < 1e-10
