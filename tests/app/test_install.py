"""The installed package as another project meets it: found by CMake, linked, and the same numbers."""
import os
import pathlib
import shutil
import subprocess

import pytest

from studies import BINARY, assert_identical, kernel, run_study

BUILD = pathlib.Path(BINARY).resolve().parents[1]

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
find_package(thalweg CONFIG REQUIRED)
add_executable(consumer main.cpp)
target_link_libraries(consumer PRIVATE thalweg::studies)
"""

MAIN = r"""
#include <mpi.h>

#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>

#include "studies/study_kinds.hpp"

using namespace thalweg;

int run(const char* file, const char* folder) {
  const Communicator world = Communicator::duplicate(MPI_COMM_WORLD);
  const Log log = Log::silent();
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  const Settings settings = Settings::parse(text.str(), file);
  StudyContext context{.world = world,
                       .log = log,
                       .provenance = {},
                       .study_file = file,
                       .study_text = text.str(),
                       .output_folder = folder,
                       .started = {}};
  return static_cast<int>(run_study(settings, context));
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int code = 1;
  try {
    code = run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
  }
  MPI_Finalize();
  return code;
}
"""


def succeed(*command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr


def cached(name):
    for line in (BUILD / "CMakeCache.txt").read_text().splitlines():
        if line.startswith(name + ":"):
            return line.partition("=")[2]
    return ""


@pytest.fixture
def cmake():
    if shutil.which("cmake") is None:
        pytest.skip("cmake is not installed: the package cannot be tested")
    if not (BUILD / "CMakeCache.txt").is_file():
        pytest.skip(f"{BUILD} is not a build folder: nothing to install from")
    if cached("THALWEG_SANITIZE"):
        pytest.skip("a build with sanitizers asks for their flags in every program that links it")
    return "cmake"


def test_consumer_project(tmp_path, cmake):
    prefix = tmp_path / "prefix"
    succeed(cmake, "--install", BUILD, "--prefix", prefix)
    source = tmp_path / "consumer"
    source.mkdir()
    (source / "CMakeLists.txt").write_text(PROJECT)
    (source / "main.cpp").write_text(MAIN)
    compiler = cached("CMAKE_CXX_COMPILER")
    succeed(cmake, "-S", source, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={prefix}",
            f"-DCMAKE_CXX_COMPILER={compiler}", "-DCMAKE_BUILD_TYPE=Release")
    succeed(cmake, "--build", tmp_path / "build")

    # The library alone, the installed program and the program of the build compute the same bits.
    assert run_study(tmp_path, kernel(), "built").returncode == 0
    study = tmp_path / "study.toml"
    succeed(tmp_path / "build/consumer", study, tmp_path / "linked")
    succeed(prefix / "bin/thalweg", "run", study, "-o", tmp_path / "installed")
    assert_identical(tmp_path / "built", tmp_path / "linked")
    assert_identical(tmp_path / "built", tmp_path / "installed")


def test_installed_tree(tmp_path, cmake):
    """Headers of every room are there, and no path of the build or the source is left in the package."""
    succeed(cmake, "--install", BUILD, "--prefix", tmp_path)
    headers = tmp_path / "include/thalweg"
    for room in ["base", "parallel", "linalg", "records", "data", "models", "objectives", "kernels", "optimizers",
                 "probes", "studies"]:
        assert any((headers / room).glob("*.hpp")), room
    source = cached("CMAKE_HOME_DIRECTORY")
    for script in tmp_path.glob("lib*/**/*.cmake"):
        text = script.read_text()
        assert source not in text and str(BUILD) not in text, script
