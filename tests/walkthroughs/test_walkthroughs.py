"""The published walk-throughs as shell scripts, with the real `aws`, `openssl` and mosquitto.

Each `*.sh` here is a test: it runs in a fresh directory and finds the server in FLEETWRIGHT_API,
FLEETWRIGHT_MQTT, FLEETWRIGHT_ROOT_CA, FLEETWRIGHT_BULK (the directory of buckets) and the variables
of the AWS CLI.
"""

import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 180


@pytest.mark.parametrize("script", sorted(path.name for path in HERE.glob("*.sh")))
def test_a_walkthrough_comes_to_its_end(server, runtimes, tmp_path, script):
    tools = str(pathlib.Path(sys.executable).parent)
    environment = server.environment | {
        "PATH": os.pathsep.join([tools, os.environ["PATH"]]),
        "FLEETWRIGHT_API": server.api,
        "FLEETWRIGHT_MQTT": server.mqtt,
        "FLEETWRIGHT_ROOT_CA": str(server.root_ca),
    }
    if server.buckets:
        environment["FLEETWRIGHT_BULK"] = str(server.buckets)
    done = subprocess.run(
        ["bash", HERE / script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    logs = "\n".join(path.read_text() for path in sorted(tmp_path.glob("*.log")))
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{logs}"
