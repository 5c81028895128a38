"""What those who watch a server are told: it lives, it is ready, and why it is not."""

import contextlib
import http.client
import json
import os
import subprocess
import time
import urllib.parse

import pytest
from serving import PATIENCE, OwnServer, clean_environment


def get(server, path):
    url = urllib.parse.urlsplit(server.api)
    with contextlib.closing(http.client.HTTPConnection(url.netloc, timeout=30)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def ready(server):
    status, told = get(server, "/ready")
    return status, told["status"], {each["check"]: each for each in told["checks"]}


def test_a_server_lives_and_is_ready(own):
    server = own.start()
    assert get(server, "/live") == (200, {"status": "live"})
    status, word, checks = ready(server)
    assert (status, word) == (200, "ready")
    assert set(checks) == {"registry", "disk", "key pool", "descriptors"}
    assert get(server, "/healthz") == (200, {"status": "ok"})
    assert str(own.data) not in json.dumps(checks), "a path is nobody's business"


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted")
def test_a_full_disk_is_told_before_a_write_fails(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", disk], check=True)
    try:
        with OwnServer(disk / "own", "[provisioning]\nkey-pool-capacity = 1\n") as own:
            own.log = tmp_path / "server.log"
            server = own.start()
            assert ready(server)[:2] == (200, "ready")
            filler = disk / "filler"
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as full:
                while True:
                    full.write(bytes(1 << 20))
            # It looks once a second.
            deadline = time.monotonic() + PATIENCE
            while ready(server)[0] == 200:
                assert time.monotonic() < deadline, ready(server)
            status, word, checks = ready(server)
            assert (status, word) == (503, "unavailable")
            assert checks["disk"]["severity"] == "error" and "make room" in checks["disk"]["remedy"]
            status, told = get(server, "/healthz")
            assert status == 503 and "MiB are free" in told["reason"]
            assert get(server, "/live")[0] == 200
            filler.unlink()
            deadline = time.monotonic() + PATIENCE
            while ready(server)[0] != 200:
                assert time.monotonic() < deadline, ready(server)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_damaged_registry_is_not_ready_and_lives(own):
    server = own.start()
    (own.data / "fleetwright.db").rename(own.directory / "away")
    status, word, checks = ready(server)
    assert (status, word) == (503, "unavailable") and checks["registry"]["severity"] == "error"
    assert get(server, "/live")[0] == 200


def test_limits_below_the_configuration_are_logged_with_the_remedy(own):
    command = " ".join(["exec", str(own.binary), "serve", *map(str, own.arguments())])
    own.configure("[mqtt]\nmax-connections = 5000\nmemory-mib = 1048576\n")
    with own.log.open("ab") as output:
        own.process = subprocess.Popen(
            ["sh", "-c", f"ulimit -n 1000; {command}"], stderr=output, env=clean_environment()
        )
    said = {}
    deadline = time.monotonic() + PATIENCE
    while not {"limits", "memory"} <= set(said):
        assert time.monotonic() < deadline, own.log.read_text()
        logged = [line for line in own.log.read_text().splitlines() if line.endswith("}")]
        said = {line["check"]: line for line in map(json.loads, logged) if "check" in line}
    assert "1000 open files are allowed here, and [mqtt] max-connections is 5000" in said["limits"]["message"]
    assert said["limits"]["remedy"] == (
        "raise LimitNOFILE= of the service to 5256, or lower max-connections to 744"
    )
    assert "lower memory-mib to" in said["memory"]["remedy"]
