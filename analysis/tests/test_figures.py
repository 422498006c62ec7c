"""What is drawn is what is in the file."""

import conftest as known
import h5py
import matplotlib.image
import numpy as np
import pytest
import thalweg
from thalweg import figures
from thalweg.__main__ import main
from thalweg.curves import mean_curve
from thalweg.style import colors

COLOR = colors(known.GROUPS)


def draw(folder, kernel=None):
    page = figures.figure(thalweg.open_study(folder), kernel and thalweg.open_study(kernel))
    return page, dict(zip("abcd", page.axes))


def lines(axes, color, thick):
    return [line for line in axes.lines if line.get_color() == color and (line.get_linewidth() > 2) == thick
            and len(line.get_xdata()) > 2]


def words(thing):
    return " | ".join(text.get_text() for text in thing.texts)


def test_training_curves_are_the_files(study_folder):
    _, panel = draw(study_folder)
    for group in known.GROUPS:
        curves = [known.curve(group, seed)[1] for seed in (1, 2, 3)]
        drawn = [line.get_ydata() for line in lines(panel["a"], COLOR[group], thick=False)]
        np.testing.assert_array_equal(drawn, curves)
        (mean,) = lines(panel["a"], COLOR[group], thick=True)
        np.testing.assert_allclose(mean.get_ydata(), np.mean(curves, axis=0), rtol=1e-14)
    assert panel["a"].get_yscale() == "log"


def test_test_error_ends_at_known_means_and_is_labelled(study_folder):
    _, panel = draw(study_folder)
    (mean,) = lines(panel["b"], COLOR["large batch"], thick=True)
    assert mean.get_ydata()[-1] == pytest.approx(100 * (1 - (0.90 + 0.93 + 0.94) / 3))
    assert "small batch\n3.00 %" in words(panel["b"]) and "large batch\n7.67 %" in words(panel["b"])


def test_kernel_is_a_dashed_line_at_its_error(study_folder, kernel_folder):
    _, panel = draw(study_folder, kernel_folder)
    (line,) = [item for item in panel["b"].lines if item.is_dashed()]
    assert line.get_ydata()[0] == pytest.approx(5.0)
    assert "kernel: ntk\n5.00 %" in words(panel["b"])


def test_without_kernel_there_is_no_line(study_folder):
    page, panel = draw(study_folder)
    assert not [line for line in panel["b"].lines if line.is_dashed()]
    assert "kernel" not in words(panel["b"]) + words(page)


def test_slice_shows_every_seed_and_both_minima(study_folder):
    _, panel = draw(study_folder)
    thin = lines(panel["c"], "#222222", thick=False)
    assert len(thin) == 3
    piece = thalweg.open_study(study_folder).slices()["seed-1"]
    np.testing.assert_array_equal(thin[0].get_ydata(), piece["train_loss"].values[1:])  # the first is not done
    upright = {line.get_xdata()[0]: line.get_color() for line in panel["c"].lines if len(line.get_xdata()) == 2}
    assert upright == {0.0: COLOR["small batch"], 1.0: COLOR["large batch"]}
    assert "small batch" in words(panel["c"]) and "test loss" in words(panel["c"])


def test_sharpness_bars_are_means_and_dots_are_runs(study_folder):
    _, panel = draw(study_folder)
    tops = sorted(bar.get_y() + bar.get_height() for bar in panel["d"].patches)
    assert tops == pytest.approx(sorted([10, 110, 1.5, 60, 0.375, 15]))
    dots = np.sort(np.concatenate([group.get_offsets()[:, 1] for group in panel["d"].collections]))
    expected = [v for m, s in ((known.LAMBDA_MAX, 1), (known.SHARPNESS, 1), (known.SHARPNESS, 0.25))
                for values in m.values() for v in np.multiply(values, s)]
    np.testing.assert_allclose(dots, np.sort(expected))
    ticks = [tick.get_text() for tick in panel["d"].get_xticklabels()]
    assert ticks == ["λ$_{max}$", "φ\nfull", "φ\nsubspace"]


def test_every_shown_dot_is_inside_the_panel(study_folder):
    _, panel = draw(study_folder)
    low, high = panel["d"].get_ylim()
    for group in panel["d"].collections:
        for _, y in group.get_offsets():
            assert low < y < high


def change(folder, name, row, value):
    with h5py.File(folder / "study.h5", "a") as h5:
        h5[f"/summary/{name}"][row] = value


def test_zero_sharpness_is_counted_not_drawn(study_folder):
    change(study_folder, "sharpness_full.sharpness", 0, 0.0)
    _, panel = draw(study_folder)
    assert "1 ≤ 0, not shown" in words(panel["d"])
    tops = [bar.get_y() + bar.get_height() for bar in panel["d"].patches]
    assert any(top == pytest.approx((0 + 1.5 + 2.0) / 3) for top in tops)


def test_uncertified_sharpness_is_marked(study_folder):
    change(study_folder, "sharpness_full.certified", 4, 0)
    _, panel = draw(study_folder)
    assert "1 filled: not\ncertified" in words(panel["d"])


def test_diverged_run_is_left_out_and_said_so(tmp_path):
    folder = known.write_study(tmp_path / "s", diverged={("large batch", 2)})
    page, panel = draw(folder)
    assert len(lines(panel["a"], COLOR["large batch"], thick=False)) == 2
    assert len(lines(panel["c"], "#222222", thick=False)) == 2
    assert "Left out, diverged: large-2" in words(page).replace("\n", " ")
    assert "large batch: 2" in words(page).replace("\n", " ")


def test_missing_parts_are_said(tmp_path):
    _, panel = draw(known.write_study(tmp_path / "s", probes=False, slices=False))
    assert "no slice" in words(panel["c"]) and "no sharpness" in words(panel["d"])


def test_zero_error_stays_on_the_axis(study_folder):
    for run in ("small-1", "small-2", "small-3"):
        with h5py.File(study_folder / "runs" / f"{run}.h5", "a") as h5:
            h5["/trajectory/test_accuracy"][-1] = 1.0
    _, panel = draw(study_folder)
    assert panel["b"].get_yscale() == "symlog" and panel["b"].get_ylim()[0] == 0


def test_objective_without_accuracy_shows_the_test_loss(study_folder):
    for file in (study_folder / "runs").glob("*.h5"):
        with h5py.File(file, "a") as h5:
            h5["/trajectory/test_accuracy"][:] = np.nan
    _, panel = draw(study_folder)
    (mean,) = lines(panel["b"], COLOR["small batch"], thick=True)
    assert panel["b"].get_title(loc="left") == "(b) Test loss"
    assert mean.get_ydata()[0] == pytest.approx(1.3 * np.mean([known.curve("small batch", s)[1][0] for s in (1, 2, 3)]))


def test_mean_curve_of_different_steps():
    x, y = mean_curve([([0, 1, 2], [0, 2, 4]), ([0, 2, 4], [2, 2, 2]), ([0, 1], [np.nan, np.nan])])
    assert x.tolist() == [0, 1, 2] and y.tolist() == [1, 2, 3]


def test_command_writes_a_picture(study_folder, kernel_folder, tmp_path, capsys):
    output = tmp_path / "new" / "figure.png"
    assert main(["figure", str(study_folder), str(kernel_folder), "-o", str(output)]) == 0
    assert capsys.readouterr().out.strip() == str(output)
    image = matplotlib.image.imread(output)
    assert image.shape[0] > 1000 and image[..., :3].std() > 0.05  # not an empty page


def test_command_refuses_what_it_cannot_draw(study_folder, kernel_folder, tmp_path, capsys):
    assert main(["figure", str(study_folder), str(study_folder), "-o", str(tmp_path / "f.png")]) == 1
    assert "has no /kernel/test_accuracy" in capsys.readouterr().err
    assert main(["figure", str(study_folder), "-o", str(tmp_path / "f.docx")]) == 1
    assert "f.docx: Format 'docx' is not supported" in capsys.readouterr().err
