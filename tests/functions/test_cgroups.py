"""Control groups: where they are at hand, the kernel itself bounds a worker's memory.

A machine's groups belong to whoever runs the machine, so these tests bring a kernel of their own:
User Mode Linux, on the files of this machine, read-only. See guest.py.
"""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from guest import MARK

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUEST = pathlib.Path(__file__).with_name("guest.py")
KERNEL = shutil.which("linux.uml")
# The function's memory, its `/tmp`, and what the kernel holds for it; its processes and two around.
BYTES, PROCESSES = (128 + 64 + 32) << 20, 256 + 2
KINDS = ["anonymous", "connections", "temporary_files", "processes"]


@pytest.fixture(scope="module")
def boots(tmp_path_factory):
    """What came of each version of control groups, in kernels that run beside each other."""
    if not KERNEL:
        pytest.skip("no User Mode Linux: the distribution has no package user-mode-linux")
    if os.getuid() != 0:
        pytest.skip("only root can give files to a kernel of its own as they are")
    started = {}
    for version in ("2", "1"):
        place = tmp_path_factory.mktemp(f"version-{version}")
        init = place / "init"
        init.write_text(
            "#!/bin/sh\nexec env PYTHONDONTWRITEBYTECODE=1 "
            f"{ROOT}/.venv/bin/python {GUEST} {ROOT} {version} {' '.join(KINDS)}\n"
        )
        init.chmod(0o755)
        command = [KERNEL, "mem=1500M", "root=/dev/root", "rootfstype=hostfs", "ro", "quiet",
                   f"init={init}", "con=null", "con0=fd:0,fd:1"]  # fmt: skip
        started[version] = subprocess.Popen(
            command, cwd=place, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
    try:
        said = {version: each.communicate(timeout=540)[0] for version, each in started.items()}
    finally:
        for each in started.values():
            each.kill()
    return said


@pytest.fixture(params=["2", "1"])
def version(request):
    return request.param


@pytest.fixture
def found(boots, version):
    said = boots[version]
    assert MARK in said, said
    return json.loads(said.split(MARK)[1].splitlines()[0])


def test_each_worker_has_a_group_with_its_bounds_which_hold(found, version):
    names = {"2": ("memory.max", "memory.current"),
             "1": ("memory.limit_in_bytes", "memory.usage_in_bytes")}  # fmt: skip
    bound, used = names[version]
    for kind in KINDS:
        seen = found["kinds"][kind]
        assert (seen["most"][bound], seen["most"]["pids.max"]) == (BYTES, PROCESSES), kind
        assert seen["most"][used] <= BYTES, kind
        text = json.dumps(seen["said"])
        if kind == "temporary_files":
            assert "No space left" in text
        else:
            assert "OutOfMemory" in text or "MemoryError" in text, (kind, text)


def test_a_worker_that_ended_leaves_no_group(found):
    assert found["left"] == [] and found["stopped"] == 0


def test_the_log_and_doctor_say_what_bounds_it(found, version):
    said = f"the kernel, by control groups of version {version} in /tmp/memory/fleet"
    (line,) = found["log"]
    assert line.startswith(f"functions' memory is bounded by {said}")
    (finding,) = (each for each in found["doctor"] if each["check"] == "containment")
    assert finding["severity"] == "ok" and said in finding["found"]
