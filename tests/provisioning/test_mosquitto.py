"""mosquitto's commands, unmodified, with a provisioned device's certificate."""

import subprocess

import pytest

from device import PATIENCE
from fleet import allow
from running import arn
from serving import clean_environment

VERSIONS = ["mqttv311", "mqttv5"]


@pytest.fixture
def sensor(fleet, claim, template):
    """A provisioned device: its identity and its thing."""
    serial = fleet.unique("serial")
    return fleet.device(claim, template, serial), f"sensor-{serial}"


@pytest.fixture
def arguments(server):
    def arguments(program, identity, client_id, version):
        host, port = "localhost", server.mqtt.rpartition(":")[2]
        return [
            *(program, "-h", host, "-p", port, "-V", version, "-i", client_id, "-q", "1"),
            *("--cafile", server.root_ca, "--cert", identity.certificate_file),
            *("--key", identity.key_file),
        ]

    return arguments


def run(command):
    return subprocess.run(
        command, env=clean_environment(), capture_output=True, text=True, timeout=PATIENCE
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_mosquitto_hears_what_mosquitto_publishes(fleet, sensor, arguments, version):
    identity, thing = sensor
    topic = f"fleet/{thing}/hello"
    # The device's own policy is for its own client id; another one lets somebody write to it.
    writer = fleet.identity(allow("iot:Connect", "*"), allow("iot:Publish", arn("topic", topic)))
    subscribe = [*arguments("mosquitto_sub", identity, thing, version), "-t", topic, "-C", "1"]
    publish = arguments("mosquitto_pub", writer, fleet.unique("writer"), version)
    with subprocess.Popen(
        [*subscribe, "-W", str(PATIENCE)], stdout=subprocess.PIPE, text=True,
        env=clean_environment(),
    ) as subscriber:  # fmt: skip
        # It does not say when it is subscribed; until then nobody hears what is published.
        while subscriber.poll() is None:
            done = run([*publish, "-t", topic, "-m", "good morning"])
            assert done.returncode == 0, done.stderr
        assert subscriber.stdout.read() == "good morning\n"
    assert subscriber.returncode == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_mosquitto_is_told_when_a_publish_is_denied(sensor, arguments, version):
    identity, thing = sensor
    command = arguments("mosquitto_pub", identity, thing, version)
    done = run([*command, "-t", "fleet/other/hello", "-m", "x"])
    assert "Not authorized" in done.stderr or done.returncode != 0, done


@pytest.mark.parametrize("version", VERSIONS)
def test_mosquitto_is_refused_under_another_client_id(sensor, arguments, version):
    identity, thing = sensor
    command = arguments("mosquitto_pub", identity, f"not-{thing}", version)
    done = run([*command, "-t", f"fleet/{thing}/hello", "-m", "x"])
    assert done.returncode != 0
    assert "ot authori" in done.stderr, done
