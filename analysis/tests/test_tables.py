"""Means and spreads with known answers."""

import conftest as known
import numpy as np
import pytest
import thalweg
from thalweg import tables
from thalweg.__main__ import main


def test_group_means(study_folder):
    means = tables.group_means(thalweg.open_study(study_folder).summary)
    row = means.loc["lambda_max.lambda_max"]
    assert row["small batch"].tolist() == [10.0, 2.0, 3]
    assert row["large batch"]["mean"] == 110.0
    assert row["large batch"]["spread"] == pytest.approx(np.sqrt(700.0))  # (400 + 100 + 900) / 2


def test_diverged_runs_do_not_count_and_are_named(tmp_path):
    study = thalweg.open_study(known.write_study(tmp_path / "s", diverged={("large batch", 3)}))
    row = tables.group_means(study.summary).loc["lambda_max.lambda_max", "large batch"]
    assert row.tolist() == [95.0, pytest.approx(np.sqrt(50.0)), 2]
    text = tables.table(study)
    assert "left out, diverged: large-3" in text and "2 of 3" in text


def test_single_run_has_no_spread(tmp_path):
    study = thalweg.open_study(known.write_study(tmp_path / "s", seeds=1))
    row = tables.group_means(study.summary).loc["test_accuracy", "small batch"]
    assert row["mean"] == 0.96 and np.isnan(row["spread"]) and row["n"] == 1
    assert "| 0.96 " in tables.table(study)


def test_table_is_markdown_with_known_cells(study_folder):
    lines = tables.table(thalweg.open_study(study_folder)).splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert rows[0] == ["large_batch", "small batch", "large batch"]
    assert ["batch_size", "32", "512"] in rows
    assert ["lambda_max.lambda_max", "10.0 ± 2.0", "110 ± 26"] in rows
    assert ["test_accuracy", "0.970 ± 0.010", "0.923 ± 0.021"] in rows
    assert len({len(line) for line in lines if line.startswith("|")}) == 1


@pytest.mark.parametrize("mean, spread, text", [
    (110.0, 26.45, "110 ± 26"), (0.9233, 0.0208, "0.923 ± 0.021"), (np.nan, np.nan, "–"), (0.5, np.nan, "0.5"),
    (3.0, 0.0, "3 ± 0"), (2.5e-7, 1.2e-8, "2.500e-07 ± 1.2e-08"),
])
def test_numbers(mean, spread, text):
    assert tables.number(mean, spread) == text


def test_table_command_prints_kernel_scalars(study_folder, kernel_folder, capsys):
    assert main(["table", str(study_folder), str(kernel_folder)]) == 0
    out = capsys.readouterr().out
    assert "| test_accuracy | 0.95" in out and "| residual" in out and "predictions" not in out


def test_command_reports_errors_and_fails(tmp_path, capsys):
    assert main(["table", str(tmp_path / "x")]) == 1
    assert "x: no such file or folder" in capsys.readouterr().err
