"""jobs/site.conf and jobs/submit.sh: one file for shell and TOML, and what of it becomes options of sbatch."""

import os
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "jobs" / "site.conf"


def values():
    return tomllib.loads(SITE.read_text(encoding="utf-8"))


def test_site_file_is_the_same_in_shell_and_in_toml():
    asked = "".join(f'printf "%s\\n" "${name}"\n' for name in values())
    result = subprocess.run(["bash", "-c", f"set -u; source {SITE}\n{asked}"], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == [str(value) for value in values().values()]


def test_site_file_has_its_keys():
    assert set(values()) == {"partition", "account", "qos", "constraint", "setup", "launcher", "cores_per_node",
                             "memory_per_node_gib", "max_walltime", "signal_before_end_s", "network_latency_us",
                             "network_bandwidth_gb_s"}


@pytest.fixture
def submit(tmp_path):
    """submit(*arguments, site="…"): what sbatch was asked, a list of words a call; job numbers count from 41."""
    (tmp_path / "study.toml").touch()
    sbatch = tmp_path / "sbatch"
    sbatch.write_text(f'#!/bin/bash\nprintf "%s\\t" "$@" >>{tmp_path}/asked; echo >>{tmp_path}/asked\n'
                      f'echo $((40 + $(wc -l <{tmp_path}/asked)))\n', encoding="utf-8")
    sbatch.chmod(0o755)

    def run(*arguments, site=None, **environment):
        (tmp_path / "asked").write_text("", encoding="utf-8")
        if site is not None:
            (tmp_path / "site.conf").write_text(SITE.read_text(encoding="utf-8") + site, encoding="utf-8")
            environment["THALWEG_SITE"] = str(tmp_path / "site.conf")
        result = subprocess.run([ROOT / "jobs" / "submit.sh", *arguments], capture_output=True, text=True, check=False,
                                cwd=tmp_path, env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", **environment})
        calls = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
        return result, [call.rstrip("\t").split("\t") for call in calls]
    return run


def test_text_of_the_site_becomes_options_and_empty_text_none(submit):
    site = 'partition="long"\naccount="physics"\nmax_walltime="08:00:00"\nsignal_before_end_s=300\ncores_per_node=48\n'
    result, (call,) = submit("study", "--nodes=3", "--time=01:00:00", "study.toml", "--set", "train.epochs=3", site=site)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "41\n"
    assert {"--partition=long", "--account=physics", "--signal=B:USR1@300", "--ntasks-per-node=48"} <= set(call)
    assert not [word for word in call if word.startswith(("--qos", "--constraint"))]
    # Of two the later one counts.
    assert call.index("--time=08:00:00") < call.index("--time=01:00:00")
    assert "--nodes=3" in call
    assert call[-4:] == [str(ROOT / "jobs" / "study.sbatch"), "study.toml", "--set", "train.epochs=3"]


def test_an_array_is_followed_by_what_merges_it(submit, tmp_path):
    result, (array, merging) = submit("array", "--array=1-6%2", "--qos=low", "study.toml")
    assert result.returncode == 0, result.stderr
    assert result.stdout == "41\n"
    assert array[-2:] == [str(ROOT / "jobs" / "array.sbatch"), "study.toml"] and "--array=1-6%2" in array
    assert merging[-2:] == [str(ROOT / "jobs" / "merge.sbatch"), f"results/{tmp_path.name}-41"]
    assert "--dependency=afterok:41" in merging and "--qos=low" in merging
    assert not [word for word in merging if word.startswith("--array")]


@pytest.mark.parametrize("arguments,words", [
    ([], "usage"), (["stdy", "study.toml"], "usage"), (["study"], "no study file"), (["study", "none.toml"], "none.toml"),
    (["array", "study.toml"], "--array=1-N"), (["array", "--array=0-5", "study.toml"], "--array=1-N"),
    (["array", "--array=3,5", "study.toml"], "--array=1-N"),
])
def test_mistakes_are_found_before_anything_is_submitted(submit, arguments, words):
    result, calls = submit(*arguments)
    assert result.returncode == 2 and not calls
    assert words in result.stderr


def test_some_tasks_of_an_array_need_the_number_of_parts(submit):
    result, calls = submit("array", "--array=3,5", "study.toml", THALWEG_PARTS="6", THALWEG_OUT="results/mine")
    assert result.returncode == 0 and len(calls) == 2
    assert calls[1][-1] == "results/mine"


def test_a_missing_site_file_is_named(submit):
    result, calls = submit("study", "study.toml", THALWEG_SITE="nowhere.conf")
    assert result.returncode == 2 and not calls
    assert "nowhere.conf" in result.stderr


def test_a_site_file_without_what_sbatch_needs_is_refused(submit, tmp_path):
    (tmp_path / "small.conf").write_text('partition="long"\n', encoding="utf-8")
    result, calls = submit("study", "study.toml", THALWEG_SITE=str(tmp_path / "small.conf"))
    assert result.returncode == 2 and not calls
    assert "small.conf" in result.stderr and "max_walltime" in result.stderr


@pytest.mark.parametrize("arguments", [["study"], ["array", "--array=1-2"]])
def test_a_job_that_is_not_taken_is_said_so(submit, tmp_path, arguments):
    (tmp_path / "sbatch").write_text("#!/bin/bash\necho no controller >&2\nexit 1\n", encoding="utf-8")
    result, _ = submit(*arguments, "study.toml")
    assert result.returncode == 2
    assert "no controller" in result.stderr and "scontrol ping" in result.stderr
