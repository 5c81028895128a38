"""`fleetwright function install-runtime` where it cannot install: it says why and harms nothing."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from serving import BINARY, clean_environment

VERSION = "python{}.{}".format(*sys.version_info[:2])


def install(language, data, *arguments, path=None):
    command = [BINARY, "function", "install-runtime", language, *arguments]
    if data:
        command += ["--data-dir", data]
    environment = clean_environment() | {"PIP_CONFIG_FILE": os.devnull}
    if path:
        environment["PATH"] = str(path)
    done = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1, done.stdout
    return done.stderr


def test_an_installation_that_fails_leaves_what_was_there(tmp_path):
    runtimes, empty = tmp_path / "functions" / "runtimes", tmp_path / "wheels"
    (runtimes / VERSION / "awslambdaric").mkdir(parents=True)
    empty.mkdir()
    error = install("python", tmp_path, "--interpreter", sys.executable, "--offline-from", empty)
    assert "awslambdaric" in error and "ended with exit status: 1" in error
    assert [path.name for path in runtimes.iterdir()] == [VERSION]
    assert (runtimes / VERSION / "awslambdaric").is_dir()
    elsewhere = ("--into", tmp_path / "shared", "--offline-from", empty)
    error = install("python", None, "--interpreter", sys.executable, *elsewhere)
    assert "awslambdaric" in error and list((tmp_path / "shared").iterdir()) == []


def test_an_interpreter_or_a_directory_that_is_none_is_named(tmp_path):
    error = install("python", tmp_path, "--interpreter", tmp_path / "none")
    assert f"cannot run {tmp_path}/none" in error
    error = install("python", tmp_path, path=tmp_path)
    assert "there is no python3 in PATH" in error and "--interpreter" in error
    error = install("python", tmp_path, "--offline-from", tmp_path / "none")
    assert f"--offline-from {tmp_path}/none" in error


@pytest.mark.skipif(not shutil.which("node"), reason="there is no Node.js on this machine")
def test_what_compiling_needs_is_named_with_the_way_to_get_it(tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    node = pathlib.Path(shutil.which("node")).resolve()
    (programs / "make").symlink_to("/bin/true")
    error = install("nodejs", tmp_path, "--interpreter", node, path=programs)
    assert "apt-get install cmake autoconf automake libtool g++ python3" in error
