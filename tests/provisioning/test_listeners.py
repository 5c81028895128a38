"""Where devices connect: several addresses, and the ports that AWS's SDKs know by themselves."""

import json
import os
import pathlib
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from device import Device
from fleet import ALLOW_ALL, Fleet
from serving import OwnServer, free_port, run

HERE = pathlib.Path(__file__).resolve().parent


class ManyDoors(OwnServer):
    """A server that listens for devices at the addresses of a list."""

    def __init__(self, directory, given=(), config=""):
        self.given = given
        super().__init__(directory, config)

    def arguments(self):
        arguments = super().arguments()
        at = arguments.index("--mqtt-listen")
        listen = [word for address in self.given for word in ("--mqtt-listen", address)]
        return arguments[:at] + listen + arguments[at + 2 :]


def at(server, address):
    """The server as it is reached at one of its addresses."""
    return replace(server, mqtt=address)


@pytest.mark.parametrize("source", ["command line", "file"])
def test_devices_reach_each_address_that_is_given(tmp_path, source):
    given = ["127.0.0.1:0", f"127.0.0.1:{free_port()}", "[::1]:0"]
    config = "[provisioning]\nkey-pool-capacity = 1\n"
    if source == "file":
        own = ManyDoors(tmp_path, config=f"mqtt-listen = {json.dumps(given)}\n{config}")
    else:
        own = ManyDoors(tmp_path, given, config)
    with own:
        server = own.start()
        ready = json.loads((own.directory / "ready.json").read_text())
        bound = ready["mqttListeners"]
        assert ready["mqtt"] == bound[0] and len(bound) == 3
        assert bound[1] == given[1]
        fleet = Fleet(server)
        identity = fleet.identity(ALLOW_ALL)
        assert fleet.iot.describe_endpoint()["endpointAddress"] == (
            f"localhost:{bound[0].rpartition(':')[2]}"
        )
        for address in bound:
            host = "::1" if address.startswith("[") else "127.0.0.1"
            Device(at(server, address), identity, host=host).close()
        assert own.stop() == 0


def test_an_address_that_was_asked_for_must_be_had(tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = f"127.0.0.1:{holder.getsockname()[1]}"
        done = run("serve", "--data-dir", tmp_path, "--api-listen", "127.0.0.1:0",
                   "--mqtt-listen", "127.0.0.1:0", "--mqtt-listen", taken)  # fmt: skip
    assert done.returncode != 0
    assert taken in done.stderr and "--mqtt-listen" in done.stderr


def in_a_network_of_its_own(directory, port_443):
    own_user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    done = subprocess.run(
        ["unshare", *own_user, "--net", sys.executable, HERE / "default_ports.py", directory,
         port_443],  # fmt: skip
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def by_default(tmp_path_factory):
    return in_a_network_of_its_own(tmp_path_factory.mktemp("default"), "free")


def test_by_default_an_sdk_finds_the_server_without_a_port(by_default):
    found = by_default
    assert found["ready"]["mqtt"] == "0.0.0.0:8883"
    assert found["ready"]["mqttListeners"] == ["0.0.0.0:8883", "0.0.0.0:443"]
    assert found["ready"]["https"] == ["0.0.0.0:8443"]
    assert found["endpoint"] == "localhost"
    assert (found["8883"], found["default"]) == (None, None), found["log"]
    assert found["exit code"] == 0


@pytest.mark.parametrize("port_443", ["taken", "forbidden"])
def test_without_port_443_a_warning_names_the_sdks_that_go_there(tmp_path, port_443):
    found = in_a_network_of_its_own(tmp_path, port_443)
    assert found["ready"]["mqttListeners"] == ["0.0.0.0:8883"]
    assert found["8883"] is None and found["exit code"] == 0
    warning = next(line for line in found["log"].splitlines() if "0.0.0.0:443" in line)
    assert '"level":"WARN"' in warning
    cause = {"taken": "another program", "forbidden": "CAP_NET_BIND_SERVICE"}[port_443]
    for part in [cause, "C++", "Java", "Python", "AWS IoT Device Client", "8883"]:
        assert part in warning, (part, warning)


MQTT, HTTPS = "x-amzn-mqtt-ca", "x-amzn-http-ca"
REFUSED = "no application protocol"
# Port, ALPN offered, what comes of it. On 443 no ALPN means HTTP, as on AWS; `mqtt` is for an authorizer.
ALPN = [
    [443, [MQTT], MQTT],
    [443, ["h2", MQTT], MQTT],
    [443, None, None],
    [443, ["mqtt"], "mqtt"],
    [443, ["x-amzn-http-ca"], HTTPS],
    [443, ["h2", "http/1.1"], "http/1.1"],
    [443, ["h2"], REFUSED],
    [8883, [MQTT], MQTT],
    [8883, ["h2", MQTT], MQTT],
    [8883, None, None],
    [8883, ["mqtt"], "mqtt"],
    [8883, ["x-amzn-http-ca"], HTTPS],
    [8883, ["h2", "http/1.1"], "http/1.1"],
    [8883, ["h2"], REFUSED],
]
# What the log says of each refusal.
SAID = [
    "the client offers no ALPN where that means HTTP, as on AWS",
    "offers ALPN h2; accepted is x-amzn-mqtt-ca, x-amzn-http-ca or http/1.1",
]


def test_alpn_and_port_say_what_the_client_speaks(by_default):
    assert by_default["alpn"] == ALPN
    refusals = [line for line in by_default["log"].splitlines() if "ALPN" in line]
    assert all('"peer":"127.0.0.1:' in line for line in refusals)
    for said in SAID:
        assert any(said in line for line in refusals), said


def test_an_mqtt_client_without_alpn_is_let_in_on_8883_only(by_default):
    assert by_default["no ALPN"] == {"443": False, "8883": True}
