"""SIGHUP: what can change without a restart does; a file that cannot be used changes nothing."""

import itertools
import json
import signal
import sys
import time

import pytest
from device import Device
from fleet import AS_ITSELF, Fleet, template_body
from serving import PATIENCE, OwnServer

POOL = "[provisioning]\nkey-pool-capacity = 1\n"
ALLOWS = [sys.executable, "-c", "print('{\"allowProvisioning\": true}')"]
DENIES = [sys.executable, "-c", "print('{\"allowProvisioning\": false}')"]


def lines(own):
    return [json.loads(line) for line in own.log.read_text().splitlines() if line.startswith("{")]


def signalled(own, which=signal.SIGHUP, ends="were read again"):
    """Sends a signal and gives the lines of the log until that is done."""
    begun = len(lines(own))
    own.process.send_signal(which)
    deadline = time.monotonic() + PATIENCE
    while not any(ends in line["message"] for line in lines(own)[begun:]):
        assert own.process.poll() is None and time.monotonic() < deadline, own.log.read_text()
        time.sleep(0.02)
    return lines(own)[begun:]


@pytest.fixture
def running(tmp_path):
    with OwnServer(tmp_path, f"{POOL}[hooks.commands]\nhook = {json.dumps(ALLOWS)}\n") as own:
        yield own, own.start()


def hook(command):
    return f"[hooks.commands]\nhook = {json.dumps(command)}\n"


def test_what_changed_and_what_cannot_is_logged(running):
    own, _ = running
    own.configure(f'log = "debug"\n{POOL}{hook(DENIES)}[mqtt]\nmax-connections = 7\n[claims]\nmax-devices = 3\n')
    logged = signalled(own)
    said = {line["key"]: (line["level"], line["from"], line["to"]) for line in logged if "key" in line}
    assert said.pop("[hooks.commands] hook")[0] == "INFO"
    assert said == {
        "log": ("INFO", '"info"', '"debug"'),
        "[claims] max-devices": ("INFO", "-", "3"),
        "[mqtt] max-connections": ("WARN", "100000", "7"),
    }
    # At the level debug others may have logged since.
    (done,) = [line for line in logged if "changed" in line]
    assert done["changed"] == 3 and done["waiting"] == 1
    # What waits for a restart is said each time, what is in force is not.
    said = [line["key"] for line in signalled(own) if "key" in line]
    assert said == ["[mqtt] max-connections"]


def test_a_new_hook_and_a_new_level_are_in_force(running):
    own, server = running
    fleet = Fleet(server)
    template = fleet.template(template_body(fleet.policy(*AS_ITSELF)), hook="command:hook")
    with Device(server, fleet.claim("*")) as asking:
        _, token = asking.certificate_from_csr()
        assert asking.register(template, token, SerialNumber="1").accepted
        own.configure(f'log = "error"\n{POOL}{hook(DENIES)}')
        own.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + PATIENCE
        serials = map(str, itertools.count(2))
        while asking.register(template, asking.certificate_from_csr()[1],
                              SerialNumber=next(serials)).accepted:  # fmt: skip
            assert time.monotonic() < deadline, "the new hook refuses"
    before = len(lines(own))
    own.process.send_signal(signal.SIGUSR1)
    assert own.stop() == 0
    assert len(lines(own)) == before, "only errors are logged"


@pytest.mark.parametrize("config", ["[mqtt", "[claims]\nmax-devices = 0\n", 'log = "inof"\n'])
def test_a_file_that_cannot_be_used_changes_nothing(running, config):
    own, _ = running
    own.configure(config)
    stays = "the one before it stays"
    failed = next(line for line in signalled(own, ends=stays) if stays in line["message"])
    assert failed["level"] == "ERROR" and "fleetwright.toml:" in failed["message"]
    own.configure(f'log = "debug"\n{POOL}{hook(ALLOWS)}')
    assert any(line.get("key") == "log" for line in signalled(own))


def test_other_signals_are_harmless(running):
    own, _ = running
    for which, name in [(signal.SIGUSR1, "SIGUSR1"), (signal.SIGUSR2, "SIGUSR2")]:
        signalled(own, which, f"{name} means nothing here")
    assert own.stop() == 0
