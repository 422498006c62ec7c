"""What study files may say, as the program says it: `list keys`, `explain`, JSON, and a schema for editors."""
import json
import tomllib

import jsonschema
import pytest

from studies import SOURCE, thalweg

STUDIES = sorted([*SOURCE.glob("jobs/*/*.toml"), *SOURCE.glob("tests/same_as/studies/*.toml")])
# Tables of which every key says what it is, for every kind of study; of [model] and [[probe]], and of [train] of kernels,
# some belong to kinds that do not say it yet.
WHOLE = {"data", "objective", "optimizer", "schedule"}


@pytest.fixture(scope="module")
def keys():
    return json.loads(thalweg("list", "keys", "--json").stdout)["keys"]


@pytest.fixture(scope="module")
def schema():
    made = json.loads(thalweg("list", "--schema").stdout)
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


def test_the_page_of_keys_is_current():
    page = (SOURCE / "src/studies/KEYS.md").read_text()
    assert page == thalweg("list", "keys", "--markdown").stdout, "thalweg list keys --markdown > src/studies/KEYS.md"


def tables(settings, path=()):
    """Every table of a study file, with the name that a reader knows it by."""
    yield path[-1] if path else "", settings
    for name, value in settings.items():
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict) and name not in ("sweep", "study"):
                yield from tables(inner, (*path, name))


@pytest.mark.parametrize("study", STUDIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_key_that_a_dry_run_uses_is_documented(study, keys):
    known = {key["name"] for key in keys}
    shown = thalweg("run", study.name, "--dry-run", cwd=study.parent)
    if shown.returncode != 0:
        pytest.skip("it reads data that is not here")
    resolved = tomllib.loads(shown.stdout.split("every default:")[1])
    used = {f"{name}.{key}" for name, table in tables(resolved) if name in WHOLE
            for key, value in table.items() if not isinstance(value, dict)}
    assert used - known - {"optimizer.learning_rates"} == set()


@pytest.mark.parametrize("study", STUDIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_schema_accepts_every_study(study, schema):
    schema.validate(tomllib.loads(study.read_text()))


@pytest.mark.parametrize("text", [
    "[optimizer]\nmomentun = 0.9", '[optimizer]\nmomentum = "0.9"', "[optimizer]\nmomentum = 1.0",
    '[optimizer]\ntype = "adamm"', "[schedule]\nwarmup_epochs = -1", "[data]\ntrain = 1.5",
    '[data]\npreprocess = ["standardise"]', "[[probe]]\niterations = 0", '[[run]]\noptimizer.learning_rate = 0',
])
def test_the_schema_refuses_what_the_program_refuses(tmp_path, text, schema):
    assert not schema.is_valid(tomllib.loads(text))
    (tmp_path / "study.toml").write_text(f'[study]\nkind = "trajectories"\n{text}\n')
    result = thalweg("run", tmp_path / "study.toml", "--dry-run")
    assert result.returncode == 2 and "study.toml:" in result.stderr, result.stderr


def test_a_key_is_explained_with_its_defaults():
    told = thalweg("explain", "optimizer.momentum").stdout
    assert "at least 0 and below 1; default 0; of sgd, rmsprop" in told
    assert "default 0.9; of nesterov, lars" in told
    everywhere = thalweg("explain", "seed")
    assert everywhere.returncode == 2  # of tables that do not say it yet
    assert "train.batch" in thalweg("explain", "batch").stdout
    assert "default none; of network" in thalweg("explain", "train.steps").stdout
    adam = thalweg("explain", "optimizer.adam").stdout
    assert "Kingma" in adam and "optimizer.beta2" in adam and "default 0.001" in adam


def test_a_key_that_there_is_not_is_told_with_the_nearest():
    result = thalweg("explain", "optimizer.momentun")
    assert result.returncode == 2 and result.stdout == ""
    assert "did you mean 'optimizer.momentum'?" in result.stderr


def test_lists_are_json_too(keys):
    everything = json.loads(thalweg("list", "--json").stdout)
    assert {"kinds", "optimizers", "probes", "objectives", "keys"} <= set(everything)
    assert everything["keys"] == keys
    adam = next(entry for entry in everything["optimizers"] if entry["name"] == "adam")
    assert "Kingma" in adam["text"]
    one = json.loads(thalweg("list", "kernels", "--json").stdout)
    assert list(one) == ["kernels"]
    beta1 = next(key for key in keys if key["name"] == "optimizer.beta1")
    assert beta1["type"] == "number" and beta1["default"] == 0.9 and beta1["exclusiveMaximum"] == 1.0
    assert beta1["types"] == ["adam", "adamw"]


@pytest.mark.parametrize("arguments", [["list", "--schema", "--json"], ["list", "optimizers", "--markdown"],
                                       ["list", "--markdown"], ["list", "keys", "--schema"]])
def test_what_does_not_go_together_is_refused(arguments):
    assert thalweg(*arguments).returncode == 2


def test_lines_fit_a_terminal():
    for arguments in (["list", "keys"], ["explain", "probe.sharpness"], ["explain", "optimizer.sam_radius"]):
        assert max(map(len, thalweg(*arguments).stdout.splitlines())) <= 80, arguments
