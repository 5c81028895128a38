"""The device side of our own: `fleetwright-device` and `fleetwright device`, end to end."""

import json
import random
import subprocess
import threading
import time

import pytest
from cryptography.hazmat.primitives import serialization

from device import PATIENCE, Device
from fleet import ALLOW_ALL, AS_ITSELF, Fleet, template_body
from serving import BINARY, ROOT, clean_environment

DEVICE = [str(ROOT / "target/debug/fleetwright-device")]
COMMANDS = {"fleetwright-device": DEVICE, "fleetwright device": [BINARY, "device"]}


def start(command, *arguments):
    return subprocess.Popen(
        [*command, *map(str, arguments)], env=clean_environment(), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(process, code=0, patience=PATIENCE):
    """Waits for the end; gives what was printed as JSON, and what was said to people."""
    with process:
        told, said = process.communicate(timeout=patience)
    assert process.returncode == code, said
    return (json.loads(told) if told.strip() else None), said


@pytest.fixture
def provision(server, claim, tmp_path):
    """The arguments to provision into `tmp_path/identity`."""

    def provision(template, serial, *more):
        port = server.mqtt.rpartition(":")[2]
        return [
            *("provision", "--endpoint", f"localhost:{port}", "--ca", server.root_ca),
            *("--claim-cert", claim.certificate_file, "--claim-key", claim.key_file),
            *("--template", template, "--parameter", f"SerialNumber={serial}"),
            *("--identity", tmp_path / "identity", "--output", "json", *more),
        ]

    return provision


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(
    ("method", "bits"),
    [
        (("--method", "csr", "--key-type", "p256"), 256),
        (("--method", "csr", "--key-type", "rsa2048"), 2048),
        (("--method", "keys"), 2048),
    ],
)
def test_a_device_joins_connects_publishes_and_subscribes(
    fleet, provision, tmp_path, command, method, bits
):
    serial = fleet.unique("serial")
    policy = fleet.policy(*AS_ITSELF)
    template = fleet.template(template_body(policy, DeviceConfiguration={"url": "https://x"}))
    told, _ = finish(start(command, *provision(template, serial, *method)))
    thing = f"sensor-{serial}"
    assert told["thingName"] == thing
    assert told["deviceConfiguration"] == {"url": "https://x"}
    assert told["alreadyProvisioned"] is False
    directory = tmp_path / "identity"
    key = directory / "device.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert serialization.load_pem_private_key(key.read_bytes(), None).key_size == bits
    assert fleet.principals(thing)[0].endswith(told["certificateId"])

    again, _ = finish(start(command, *provision(template, serial, *method)))
    assert again == told | {"alreadyProvisioned": True}

    use = ("--identity", directory, "--output", "json")
    assert finish(start(command, "connect", *use))[0]["clientId"] == thing
    hearing = start(command, "subscribe", *use, "--count", "1", "--timeout", "20",
                    "--client-id", thing, f"fleet/{thing}/#")  # fmt: skip
    assert "is subscribed" in hearing.stderr.readline()
    # Only its own client id may publish there; that takes the session over, so the device is
    # addressed by somebody else.
    with Device(fleet.server, fleet.identity(ALLOW_ALL)) as somebody:
        somebody.publish(f"fleet/{thing}/hello", b"good morning")
    message, _ = finish(hearing)
    assert message == {
        "topic": f"fleet/{thing}/hello", "payload": "good morning", "qos": 1, "retain": False,
    }  # fmt: skip
    published, _ = finish(start(command, "publish", *use, f"fleet/{thing}/state", "up"))
    assert published["bytes"] == 2
    _, said = finish(start(command, "publish", *use, "fleet/other/state", "up"), code=4)
    assert "error:" in said
    _, said = finish(start(command, "connect", *use, "--client-id", "other"), code=4)
    assert "error:" in said


@pytest.mark.parametrize("method", ["csr", "keys"])
def test_a_device_that_dies_while_it_registers_goes_on_with_the_same_certificate(
    fleet, hooks, provision, method
):
    """Killed after RegisterThing went out and before its answer: it was accepted meanwhile."""
    entered, leave = threading.Event(), threading.Event()

    def decide(_):
        entered.set()
        leave.wait(4)
        return {"allowProvisioning": True}

    template, serial = fleet.template(hook=hooks.at(decide)), fleet.unique("serial")
    arguments = provision(template, serial, "--method", method)
    first = start(DEVICE, *arguments)
    assert entered.wait(PATIENCE), first.stderr.read()
    first.kill()
    finish(first, code=-9)
    leave.set()
    deadline = time.monotonic() + PATIENCE
    while not fleet.exists(f"sensor-{serial}") and time.monotonic() < deadline:
        time.sleep(0.05)
    registered = fleet.principals(f"sensor-{serial}")
    told, said = finish(start(DEVICE, *arguments))
    assert "going on" in said
    assert registered == fleet.principals(f"sensor-{serial}")
    assert registered[0].endswith(told["certificateId"])
    use = ("--identity", told["identity"], "--output", "json")
    assert finish(start(DEVICE, "connect", *use))[0]["connected"] is True


def test_a_device_killed_at_any_moment_ends_up_with_one_identity(fleet, template, provision):
    serial, seed = fleet.unique("serial"), random.randrange(2**32)
    print(f"moments of the kills come from seed {seed}")
    moment = random.Random(seed)
    arguments = provision(template, serial)
    for _ in range(12):
        cut = start(DEVICE, *arguments)
        time.sleep(moment.uniform(0.0, 0.12))
        cut.kill()
        with cut:
            cut.communicate(timeout=PATIENCE)
    told, _ = finish(start(DEVICE, *arguments))
    principals = fleet.principals(f"sensor-{serial}")
    assert len(principals) == 1 and principals[0].endswith(told["certificateId"])
    done = start(DEVICE, "connect", "--identity", told["identity"], "--output", "json")
    assert finish(done)[0]["connected"] is True


def test_a_refused_device_says_why_and_ends_with_3(fleet, hooks, provision, tmp_path):
    template = fleet.template(hook=hooks.at(lambda _: {"allowProvisioning": False}))
    told, said = finish(start(DEVICE, *provision(template, fleet.unique("serial"))), code=3)
    assert told["error"]["rejected"]["statusCode"] == 403
    assert told["error"]["rejected"]["errorCode"] == "AccessDenied"
    assert "hook" in said
    assert not (tmp_path / "identity" / "device.key").exists()


def test_a_throttled_device_tries_again(own_server, tmp_path):
    """429 is retried with backoff until it works."""
    own = own_server("[claims]\nrequests-per-second = 1")
    fleet = Fleet(own.start())
    claim, template = fleet.claim("*"), fleet.template()
    port = fleet.server.mqtt.rpartition(":")[2]
    processes = [
        start(DEVICE, "provision", "--endpoint", f"localhost:{port}", "--ca", fleet.server.root_ca,
              "--claim-cert", claim.certificate_file, "--claim-key", claim.key_file,
              "--template", template, "-p", f"SerialNumber={n}",
              "--identity", tmp_path / str(n), "--output", "json")
        for n in range(3)
    ]  # fmt: skip
    for n, process in enumerate(processes):
        # Backoff is drawn at random and grows: several in a row may take a minute.
        assert finish(process, patience=240)[0]["thingName"] == f"sensor-{n}"
