"""The second promise: killed at any moment and resumed, a study ends in the record of an undisturbed one.

THALWEG_SOAK times 12 kills, over all kinds together."""
import math
import os

import pytest

from kills import survive_kills
from studies import kernel, protocol, trajectories
from test_landscape import PATHS, SURFACES, study

KILLS = 12 * int(os.environ.get("THALWEG_SOAK", "1"))


def ground(kind, tables):
    """Larger than where its numbers are looked at, so that kills hit the work after the training."""
    text = study(kind, tables).replace("nx = 5", "nx = 35").replace("epochs = 20", "epochs = 300")
    return text.replace("points = 9", "points = 60")


STUDIES = {
    "trajectories": (trajectories(epochs=1000, optimizer="adam"), ""),
    "drift": (trajectories(epochs=200, norm="none"), ""),
    "protocol": (protocol("steps = 600"), ""),
    "gram": (kernel(train=2500), "gram.h5"),
    "surface": (ground("surface", SURFACES), ""),
    "connection": (ground("connection", PATHS), ""),
}


@pytest.mark.parametrize("name", STUDIES)
def test_killed_and_resumed_is_identical(tmp_path, name, capsys):
    text, compare = STUDIES[name]
    survived = survive_kills(tmp_path, text, math.ceil(KILLS / len(STUDIES)), seed=7, compare=compare)
    with capsys.disabled():
        print(f"\n{name}: {survived.kills} kills, {survived.of_the_launcher} of them of the launcher; "
              f"{survived.whole_in_between} times whole in between; "
              f"mpirun hung {survived.hung_launchers} times after all ranks had ended; nothing lost")
