"""Loading: values as written, masks, and errors that say what is wrong."""

import conftest as known
import h5py
import numpy as np
import pytest
import thalweg


def test_summary_holds_the_values_of_the_file(study_folder):
    summary = thalweg.open_study(study_folder).summary
    assert list(summary["run"]) == ["small-1", "small-2", "small-3", "large-1", "large-2", "large-3"]
    assert list(summary.columns[:4]) == ["run", "group", "seed", "status"]
    assert summary["lambda_max.lambda_max"].tolist() == [8.0, 10.0, 12.0, 90.0, 100.0, 140.0]
    assert summary.loc[summary["run"] == "large-3", "test_accuracy"].item() == 0.94


def test_study_file_itself_can_be_opened(study_folder):
    study = thalweg.open_study(study_folder / "study.h5")
    assert (study.name, study.kind, study.attributes["git_sha"]) == ("large_batch", "trajectories", "abc")


def test_probes_are_columns_by_prefix(study_folder):
    probes = thalweg.open_study(study_folder).probes
    assert probes["lambda_max"] == ["lambda_max.lambda_max"]
    assert probes["sharpness_full"] == ["sharpness_full.certified", "sharpness_full.sharpness"]


def test_run_is_labelled_by_its_step(study_folder):
    run = thalweg.open_study(study_folder).run("large-2")
    epoch, loss, _ = known.curve("large batch", 2)
    assert run["train_loss"].dims == ("step",)
    assert run["step"].values.tolist() == (epoch * 40).astype(int).tolist()
    assert run["train_loss"].values.tolist() == loss.tolist()
    assert run.attrs["group"] == "large batch" and run.attrs["seed"] == 2


def test_trajectories_are_tidy(study_folder):
    table = thalweg.open_study(study_folder).trajectories()
    assert len(table) == 6 * 13
    row = table[(table["run"] == "small-3") & (table["step"] == 80)]
    assert row["train_loss"].item() == known.curve("small batch", 3)[1][2]
    assert row["group"].item() == "small batch" and row["seed"].item() == 3


def test_slices_name_their_ends_and_mask_what_is_not_done(study_folder):
    piece = thalweg.open_study(study_folder).slices()["seed-2"]
    assert (piece.attrs["from"], piece.attrs["to"]) == ("small-2", "large-2")
    assert piece["alpha"].values[[0, -1]].tolist() == [-1.0, 2.0]
    assert np.isnan(piece["train_loss"].values).tolist() == [True] + [False] * 24


def test_what_was_measured_later(study_folder):
    assert thalweg.open_study(study_folder).measured_later() == {}
    (study_folder / "probes").mkdir()
    with h5py.File(study_folder / "probes" / "small-1-wide.h5", "w") as h5:
        known.attributes(h5, schema="thalweg/probe", schema_version=1, run="small-1", probe="wide", seed=1)
        known.column(h5, "probes/wide/step", [0, 40], "step")
        known.column(h5, "probes/wide/sharpness", [3.0, 5.0], "step")
        h5["probes/wide"].attrs["statistics"] = "frozen"
    found = thalweg.open_study(study_folder).measured_later()
    assert list(found) == [("small-1", "wide")]
    assert found["small-1", "wide"]["sharpness"].sel(step=40).item() == 5.0
    assert found["small-1", "wide"].attrs["statistics"] == "frozen" and found["small-1", "wide"].attrs["seed"] == 1


def test_snapshots_of_a_run(study_folder):
    with h5py.File(study_folder / "runs" / "small-1.h5", "a") as h5:
        known.column(h5, "snapshots/step", [0, 40], "step")
    for step in [0, 40]:
        file = study_folder / "snapshots" / "small-1" / f"step-{step:09}.h5"
        file.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(file, "w") as h5:
            known.attributes(h5, schema="thalweg/snapshot", schema_version=1)
            known.column(h5, "parameters/current", [step + 1.0, 2.0], "parameter")
    points = thalweg.open_study(study_folder).snapshots("small-1")
    assert {step: point.tolist() for step, point in points.items()} == {0: [1.0, 2.0], 40: [41.0, 2.0]}
    assert thalweg.open_study(study_folder).snapshots("small-2") == {}


def test_kernel(study_folder, kernel_folder):
    kernel = thalweg.open_study(kernel_folder).kernel
    assert float(kernel["test_accuracy"]) == 0.95
    assert kernel["predictions"].shape == (4, 3)
    assert thalweg.open_study(study_folder).kernel is None


def test_study_without_runs_or_slices(kernel_folder):
    study = thalweg.open_study(kernel_folder)
    assert len(study.summary) == 0 and study.slices() == {}
    with pytest.raises(thalweg.RecordError, match="has no runs"):
        study.trajectories()


def change(folder, **values):
    with h5py.File(folder / "study.h5", "a") as h5:
        known.attributes(h5, **values)


@pytest.mark.parametrize("values, words", [
    ({"schema_version": 2}, "schema version 2; this package reads 1 to 1: install a newer one"),
    ({"schema_version": 0}, "schema version 0"),
    ({"schema": "thalweg/run"}, "schema is 'thalweg/run', expected 'thalweg/study'"),
])
def test_other_schemas_are_refused(study_folder, values, words):
    change(study_folder, **values)
    with pytest.raises(thalweg.RecordError, match=words):
        thalweg.open_study(study_folder)


def test_foreign_hdf5_is_refused(tmp_path):
    with h5py.File(tmp_path / "study.h5", "w") as h5:
        h5["x"] = 1
    with pytest.raises(thalweg.RecordError, match="schema is ''"):
        thalweg.open_study(tmp_path)


def test_broken_file_is_refused(study_folder):
    file = study_folder / "study.h5"
    file.write_bytes(file.read_bytes()[:300])
    with pytest.raises(thalweg.RecordError, match="study.h5: not a readable HDF5 file"):
        thalweg.open_study(study_folder)


def test_missing_things_are_named(study_folder, tmp_path):
    with pytest.raises(thalweg.RecordError, match="nowhere: no such file or folder"):
        thalweg.open_study(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(thalweg.RecordError, match="has no study.h5"):
        thalweg.open_study(tmp_path / "empty")
    study = thalweg.open_study(study_folder)
    with pytest.raises(thalweg.RecordError, match="no run 'x'; there are: small-1"):
        study.run("x")
    with pytest.raises(thalweg.RecordError, match="has no group /probes/x"):
        study.run("small-1", "probes/x")
    (study_folder / "runs" / "small-1.h5").unlink()
    with pytest.raises(thalweg.RecordError, match="small-1.h5: missing"):
        study.run("small-1")


def test_columns_of_different_lengths_are_refused(study_folder):
    with h5py.File(study_folder / "study.h5", "a") as h5:
        h5["/summary/short"] = np.zeros(2)
    with pytest.raises(thalweg.RecordError, match=r"different lengths: \[2, 6\]"):
        thalweg.open_study(study_folder)
