"""jobs/common.sh: asks apt only for what is missing, says what is wrong, and cleans the environment."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

COMMON = (Path(__file__).resolve().parents[2] / "jobs" / "common.sh").read_text(encoding="utf-8")


@pytest.fixture
def stubs(tmp_path):
    """A PATH on which only package 'there' is installed and apt writes down what it is asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("basename", "mktemp", "tail", "rm", "env", "cat", "chmod"):
        (folder / name).symlink_to(shutil.which(name))
    write(folder / "dpkg-query", '[[ ${!#} == there ]] && printf installed || exit 1')
    write(folder / "apt-get", f'echo "$@" >>{tmp_path}/asked; [[ ! -x {tmp_path}/policy ]] || {tmp_path}/policy; '
          f'echo "policy $?" >>{tmp_path}/policies; echo apt output; exit "${{APT_STATUS:-0}}"')
    return folder


def write(file, body):
    file.write_text(f"#!{shutil.which('bash')}\n{body}\n", encoding="utf-8")
    file.chmod(0o755)


def run(stubs, command, user=None, **environment):
    return subprocess.run([shutil.which("bash"), "-c", f"set -euo pipefail\n{COMMON}\n{command}"], text=True, cwd="/",
                          capture_output=True, check=False, user=user, env={"PATH": str(stubs), **environment})


def asked(tmp_path):
    file = tmp_path / "asked"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="decides by the user's id: needs root")


def test_nothing_missing_leaves_apt_alone(stubs, tmp_path):
    result = run(stubs, "install_missing there there")
    assert result.returncode == 0 and "All 2 packages are installed." in result.stdout
    assert asked(tmp_path) == []


@needs_root
def test_only_what_is_missing_is_installed(stubs, tmp_path):
    result = run(stubs, "install_missing there absent")
    assert result.returncode == 0, result.stderr
    assert "Installing: absent" in result.stdout and "apt output" not in result.stdout
    update, install = asked(tmp_path)
    assert update.endswith("update") and install.endswith("--no-install-recommends absent")


@needs_root
def test_failure_of_apt_ends_the_script(stubs):
    result = run(stubs, "install_missing absent; echo still here", APT_STATUS="100")
    assert result.returncode == 1 and "still here" not in result.stdout
    assert "apt output" in result.stderr and "could not install" in result.stderr


@needs_root
def test_neither_root_nor_sudo_is_said(stubs, tmp_path):
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    result = run(stubs, "install_missing there absent", user=65534)
    assert result.returncode == 1 and asked(tmp_path) == []
    assert "neither root nor sudo to install them: absent" in result.stderr


@needs_root
@pytest.mark.parametrize("status", ["0", "100"])
def test_servers_are_not_started_and_the_policy_goes(stubs, tmp_path, status):
    result = run(stubs, f"daemon_policy={tmp_path}/policy; install_without_daemons absent; echo still here",
                 APT_STATUS=status)
    assert (result.returncode == 0) == ("still here" in result.stdout) == (status == "0")
    assert set((tmp_path / "policies").read_text(encoding="utf-8").splitlines()) == {"policy 101"}
    assert not (tmp_path / "policy").exists()


@needs_root
def test_a_policy_of_the_machine_stays(stubs, tmp_path):
    write(tmp_path / "policy", "exit 7")
    assert run(stubs, f"daemon_policy={tmp_path}/policy; install_without_daemons absent").returncode == 0
    assert (tmp_path / "policies").read_text(encoding="utf-8").splitlines()[0] == "policy 7"
    assert (tmp_path / "policy").exists()


def test_other_systems_are_told_what_is_needed(stubs):
    (stubs / "dpkg-query").unlink()
    result = run(stubs, "install_missing one two")
    assert result.returncode == 0 and "Not a Debian system" in result.stdout and "one two" in result.stdout


def test_environment_is_cleaned(stubs):
    result = run(stubs, "clean_environment; env", OPENBLAS_CORETYPE="Haswell", OMP_NUM_THREADS="7", PYTHONPATH="/x")
    values = dict(line.split("=", 1) for line in result.stdout.splitlines() if "=" in line)
    assert not {"OPENBLAS_CORETYPE", "OMP_NUM_THREADS", "PYTHONPATH"} & set(values)
    assert values["OPENBLAS_NUM_THREADS"] == "1" and values["OMPI_MCA_rmaps_base_oversubscribe"] == "1"
    assert ("OMPI_ALLOW_RUN_AS_ROOT" in values) == (os.geteuid() == 0)
