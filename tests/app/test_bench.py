"""Every program and script in bench/ still runs, at a tiny size, and prints the keys that bench/golden_keys.json lists:
timings decide nothing here. A renamed key is renamed in both, and in the scripts that read it."""
import gzip
import importlib.util
import json
import pathlib
import struct
import subprocess

import pytest

from studies import BINARY, SOURCE

BENCH = SOURCE / "bench"
PROGRAMS = pathlib.Path(BINARY).resolve().parent.parent / "bench"
GOLDEN = json.loads((BENCH / "golden_keys.json").read_text())
SCRIPTS = sorted(path.name for path in BENCH.iterdir() if path.suffix in (".py", ".sh"))
NEEDS_TORCH = [name for name in SCRIPTS if "torch" in name]
# MNIST, PLAN: made by the test.
ARGUMENTS = {
    "bench_convolution": ["1", "vgg_512_last"],
    "bench_convolutional": ["-", "1"],
    "bench_factorization": ["1", "10", "12", "2", "50"],
    "bench_gram": ["MNIST", "60", "1", "1"],
    "bench_lambda_max": ["MNIST", "16", "1"],
    "bench_regression": ["-", "60", "1"],
    "bench_tangent_kernel": ["8", "4", "2", "1"],
    "bench_training": ["c1", "1", "16"],
    "compare_torch.sh": ["1", "1"],
    "factorization_torch.py": ["1", "10", "12", "2", "50", "1"],
    "gram_numpy.py": [str(PROGRAMS / "bench_gram"), "MNIST", "--n", "60", "--depth", "1", "--rounds", "1", "--cores", "1"],
    "lambda_max_torch.py": ["MNIST", "16", "1", "1"],
    "plan.py": ["--ranks", "1", "--calibrate", "1", "PLAN"],
    "surface.sh": ["1", "3", "PLAN", "run"],
    "training_torch.py": ["c1", "1", "1", "16"],
}
PLAN = """
[study]
kind = "trajectories"
[data]
train = 64
test = 16
image_size = 12
[model]
widths = [8]
[train]
epochs = 1
"""


@pytest.fixture
def arguments_of(tmp_path):
    for half in ("train", "t10k"):
        images, labels = (tmp_path / f"{half}-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1"))
        pixels = bytes(1 + (7 * i) % 251 for i in range(128 * 784))
        images.write_bytes(gzip.compress(struct.pack(">IIII", 2051, 128, 28, 28) + pixels))
        labels.write_bytes(gzip.compress(struct.pack(">II", 2049, 128) + bytes(i % 10 for i in range(128))))
    (tmp_path / "plan.toml").write_text(PLAN)
    made = {"MNIST": str(tmp_path), "PLAN": str(tmp_path / "plan.toml")}
    return lambda name: [made.get(word, word) for word in ARGUMENTS[name]]


def keys(value, prefix=""):
    """Dotted names of all keys of an object."""
    names = []
    for key, inner in value.items():
        names += keys(inner, f"{prefix}{key}.") if isinstance(inner, dict) else [prefix + key]
    return names


def check(name, command):
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=SOURCE, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    kinds = []
    for line in result.stdout.splitlines():
        found = keys(json.loads(line))
        if found not in kinds:
            kinds.append(found)
    assert kinds == GOLDEN.get(name), f"{name} prints\n{json.dumps(kinds)}"


def test_everything_in_bench_has_its_keys_and_arguments():
    everything = {f"bench_{path.stem}" for path in BENCH.glob("*.cpp")} | set(SCRIPTS)
    assert set(GOLDEN) == everything == set(ARGUMENTS)
    table = (BENCH / "README.md").read_text()
    assert [name for name in sorted(everything) if name not in table] == []


@pytest.mark.parametrize("name", sorted(name for name in ARGUMENTS if name.startswith("bench_")))
def test_programs(name, arguments_of):
    if not (PROGRAMS / name).exists():
        pytest.skip(f"{PROGRAMS} has no {name}: configured with THALWEG_BENCH=OFF")
    check(name, [str(PROGRAMS / name), *arguments_of(name)])


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts(name, arguments_of):
    if name in NEEDS_TORCH and importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch (python3-torch) is not installed")
    needed = SOURCE / "build" / "src" / "thalweg"
    if not needed.exists() or not (PROGRAMS / "bench_gram").exists():
        pytest.skip(f"{needed} or the programs of bench are not built")
    check(name, ["bash" if name.endswith(".sh") else "/usr/bin/python3", str(BENCH / name), *arguments_of(name)])
