"""`/metrics`: what is measured, as Prometheus reads it and as the documents list it."""

import json
import pathlib
import re
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest

from device import Device
from fleet import ALLOW_ALL, Fleet

DOCS = pathlib.Path(__file__).resolve().parent.parent.parent / "docs"
NAME = re.compile(r"\b(?:fleetwright|process)_[a-z_]+")


def ask(server):
    with urllib.request.urlopen(f"{server.api}/metrics", timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/plain")
        return answer.read().decode()


@pytest.fixture(scope="module")
def measured(own_server):
    server = own_server("[control]\nmetrics = true").start()
    identity = Fleet(server).identity(ALLOW_ALL)
    with Device(server, identity, "measured") as device:
        device.subscribe("m")
        device.publish("m", b"1")
        device.next()
        during = ask(server)
    yield during


def value(text, series):
    (line,) = [line for line in text.splitlines() if line.startswith(f"{series} ")]
    return int(line.rpartition(" ")[2])


def test_what_happens_is_counted(measured):
    assert value(measured, "fleetwright_mqtt_connections") == 1
    assert value(measured, 'fleetwright_mqtt_connects_total{result="accepted"}') == 1
    assert value(measured, 'fleetwright_mqtt_messages_total{direction="received"}') == 1
    assert value(measured, 'fleetwright_mqtt_messages_total{direction="sent"}') == 1
    assert value(measured, "process_resident_memory_bytes") > 1_000_000


def test_it_is_off_unless_configured(server):
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(server)
    assert refused.value.code == 404 and b"[control]" in refused.value.read()


def test_the_documents_name_what_exists(measured):
    known = set(re.findall(r"^# TYPE (\S+)", measured, re.M))
    listed = set(re.findall(r"^\| `(\w+)`", (DOCS / "metrics.md").read_text(), re.M))
    assert known <= listed
    # What has had no event yet has no line.
    assert listed - known <= {
        "fleetwright_mqtt_disconnects_total", "fleetwright_provisioning_requests_total",
    }  # fmt: skip
    dashboard = json.loads((DOCS / "examples" / "grafana.json").read_text())
    named = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in NAME.findall(target["expr"])
    }
    assert named and named <= listed


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool (package prometheus)")
def test_promtool_has_nothing_to_say(measured):
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=measured, capture_output=True, text=True, timeout=30
    )
    assert (checked.returncode, checked.stderr) == (0, "")
