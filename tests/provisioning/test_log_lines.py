"""An event is one line of the log, whatever a peer put into it."""

import http.client
import re
import unicodedata
import urllib.parse

import pytest

from fleet import Fleet, allow
from running import arn
from serving import OwnServer
from wire import Wire, connect_packet

FORGED = "2026-01-01T00:00:00.000000Z  WARN forged"
EVIL = f"x\n{FORGED}\r\x1b[2K\x9b1m\u2028\u202e\x7f"


class Text(OwnServer):
    """A server whose log is text."""

    def arguments(self):
        arguments = super().arguments()
        return ["text" if each == "json" else each for each in arguments]


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    directory = tmp_path_factory.mktemp("text")
    with Text(directory, "[provisioning]\nkey-pool-capacity = 1\n") as own:
        yield own


def post(server, form):
    url = urllib.parse.urlsplit(server.api)
    connection = http.client.HTTPConnection(url.netloc, timeout=10)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/", urllib.parse.urlencode(form), kind)
    return connection.getresponse().read()


def get(server, path, **headers):
    url = urllib.parse.urlsplit(server.api)
    connection = http.client.HTTPConnection(url.netloc, timeout=10)
    connection.request("GET", path, headers=headers)
    return connection.getresponse().read()


def test_no_field_that_a_peer_fills_makes_a_line_of_its_own(own):
    server = own.start()
    fleet = Fleet(server)
    identity = fleet.identity(allow("iot:Connect", arn("client", "mine*")))
    # Without credentials: forms of STS, paths, names of keys.
    web = "AssumeRoleWithWebIdentity"
    for field in ("RoleArn", "RoleSessionName", "WebIdentityToken", "ProviderId", "Action"):
        form = {"Action": web, "Version": "2011-06-15", "RoleArn": "arn:aws:iam::1:role/a",
                "RoleSessionName": "session", "WebIdentityToken": "a.b.c"}  # fmt: skip
        post(server, form | {field: EVIL})
    quoted = urllib.parse.quote(EVIL)
    get(server, f"/things/{quoted}?x={quoted}")
    get(server, f"/endpoint?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={quoted}")
    # With a device's certificate: client ids and topics, refused and accepted.
    for client_id in (EVIL, f"mine{EVIL}", f"${EVIL}"):
        with Wire(server, identity) as wire:
            wire.send(connect_packet(client_id))
            topic = f"t/{EVIL}".encode()
            publish = len(topic).to_bytes(2, "big") + topic
            try:
                wire.send(bytes([0x30, len(publish)]) + publish)
            except OSError:
                pass
            wire.end()
    # With a key: names of things.
    with pytest.raises(Exception):
        fleet.iot.create_thing(thingName=EVIL)
    assert own.stop() == 0
    log = own.log.read_bytes().decode()
    assert "forged" in log, "nothing of what was sent is in the log, so nothing is shown"
    for line in log.removesuffix("\n").split("\n"):
        assert re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z +(ERROR|WARN|INFO) fleetwright", line), line
        commands = [c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")]
        assert not commands, line
