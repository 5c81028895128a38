"""However a connection ends, the server says so: close_notify on the wire, our own words in the log."""

import http.client
import json
import socket
import ssl
import urllib.parse

import pytest

from fleet import ALLOW_ALL, Fleet, allow
from identity import self_signed
from running import arn
from serving import OwnServer
from wire import CLOSE_NOTIFY, DISCONNECT, Wire, connect_packet

TLS = ["1.2", "1.3"]
NOT_AUTHORIZED = b"\x20\x02\x00\x05"


@pytest.fixture(scope="module")
def own(own_server):
    return own_server()


@pytest.fixture(scope="module")
def running(own):
    return own.start()


@pytest.fixture(scope="module")
def fleet(running):
    return Fleet(running)


@pytest.fixture(scope="module")
def identity(fleet):
    return fleet.identity(allow("iot:*", arn("client", "end-*"), "arn:aws:iot:*:*:topic*"))


def taken_over(wire, again):
    with again() as other:
        assert other.connect("end-1") == 0


def switched_off(wire, fleet, identity):
    fleet.set_status(identity, "INACTIVE")


# What the client sends after its CONNECT, what it reads last, how the log has it.
ONLINE = {
    "DISCONNECT": (DISCONNECT, b"", "the client said DISCONNECT"),
    "a second CONNECT": (connect_packet("end-1"), b"", "a second CONNECT"),
    "a reserved packet": (b"\xf0\x00", b"", None),
    "a denied publish": (b"\x30\x06\x00\x03$xya", b"", None),
}


def log_of(own, text):
    return [json.loads(line) for line in own.log.read_text().splitlines() if text in line]


@pytest.mark.parametrize("tls", TLS)
@pytest.mark.parametrize("case", ONLINE)
def test_what_the_client_does_ends_with_close_notify(own, running, identity, tls, case):
    sent, last, said = ONLINE[case]
    with Wire(running, identity, tls=tls) as wire:
        assert wire.connect("end-1") == 0
        assert wire.send(sent).end() == (last, CLOSE_NOTIFY)
    ended = log_of(own, '"event":"Disconnect"')[-1]
    assert ended["client_id"] == "end-1" and "http" not in ended["message"]
    assert said is None or said in ended["message"], ended


@pytest.mark.parametrize("tls", TLS)
def test_what_others_do_ends_with_close_notify(own, running, fleet, tls):
    identity = fleet.identity(ALLOW_ALL)
    with Wire(running, identity, tls=tls) as wire, Wire(running, identity, tls=tls) as other:
        assert wire.connect("end-2") == 0
        assert other.connect("end-2") == 0
        assert wire.end() == (b"", CLOSE_NOTIFY)
        fleet.set_status(identity, "INACTIVE")
        assert other.end() == (b"", CLOSE_NOTIFY)
    said = [line["message"] for line in log_of(own, '"client_id":"end-2"')]
    assert any("another connection has the client id" in line for line in said), said
    assert any("no longer ACTIVE" in line for line in said), said


def test_the_end_of_keep_alive_is_close_notify(own, running, identity):
    """All at once: the least keep-alive is AWS's 30 seconds, and it ends after one and a half."""
    silent = {}
    for tls in TLS:
        for version in (4, 5):
            silent[tls, version] = wire = Wire(running, identity, tls=tls)
            wire.tls.settimeout(90)
            wire.send(connect_packet(f"end-silent-{tls}-{version}", version, keep_alive=30))
            assert wire.tls.recv(4096)[3] == 0
    for (tls, version), wire in silent.items():
        with wire:
            last, end = wire.end()
        assert end == CLOSE_NOTIFY
        # Keep Alive timeout.
        assert last[2:3] == (b"\x8d" if version == 5 else b""), last
        ended = log_of(own, f"end-silent-{tls}-{version}")[-1]
        assert ended["event"] == "Disconnect" and "keep" in ended["message"].lower(), ended


@pytest.mark.parametrize("tls", TLS)
def test_a_refused_connect_reads_its_answer_and_close_notify(own, running, identity, tls):
    # What the client sent behind its CONNECT must not take the answer from it.
    behind = b"\x30\x06\x00\x03abcd" * 100
    for packet, answer in [
        (connect_packet("not-mine"), NOT_AUTHORIZED),
        (connect_packet("end-3", version=6), None),
        (b"\xc0\x00", b""),
        (b"GET / HTTP/1.1\r\n\r\n", None),
    ]:
        with Wire(running, identity, tls=tls) as wire:
            came, end = wire.send(packet + behind).end()
            assert end == CLOSE_NOTIFY and (answer is None or came == answer), (packet, came, end)


@pytest.mark.parametrize("tls", TLS)
def test_a_certificate_that_may_not_connect_reads_close_notify(running, fleet, tls):
    inactive = fleet.identity(ALLOW_ALL)
    fleet.set_status(inactive, "INACTIVE")
    for identity in (inactive, self_signed()):
        with Wire(running, identity, tls=tls) as wire:
            assert wire.end() == (b"", CLOSE_NOTIFY)


def test_a_client_that_just_goes_is_logged_in_our_words(own, running, identity):
    for tls in TLS:
        with Wire(running, identity, tls=tls) as wire:
            assert wire.connect(f"end-gone-{tls}") == 0
            socket.socket(fileno=wire.tls.detach()).close()
    # Another connection later, so that the ends before it are logged.
    with Wire(running, identity) as wire:
        wire.connect("end-later")
        wire.send(DISCONNECT).end()
    for _ in range(100):
        gone = log_of(own, '"client_id":"end-gone-')
        gone = [line["message"] for line in gone if line.get("event") == "Disconnect"]
        if len(gone) == 2:
            break
        socket.create_connection(("127.0.0.1", own.ports[1])).close()
    assert gone == ["disconnected: the connection was lost: the peer closed it"] * 2


def test_http_and_plain_mqtt_on_the_mqtt_port_are_told_the_way_out(own, running, identity):
    host, _, port = running.mqtt.rpartition(":")
    api = urllib.parse.urlsplit(running.api).netloc
    plain = http.client.HTTPConnection(host, int(port), timeout=10)
    plain.request("GET", "/healthz")
    answer = plain.getresponse()
    assert answer.status == 421 and api in answer.read().decode()
    with Wire(running, identity) as wire:
        asked = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        came, _ = wire.send(asked).end()
        assert came.startswith(b"HTTP/1.1 404") and b"api-listen" in came
    with socket.create_connection((host, int(port)), timeout=10) as tcp:
        tcp.sendall(connect_packet("end-plain"))
        assert tcp.recv(10) == b""
    log = own.log.read_text()
    for said in [f"the API listens on {api}", "MQTT without TLS on a port of MQTT over TLS"]:
        assert said in log, said


def test_a_refused_connect_is_logged_with_who_and_what(own, running, identity):
    with Wire(running, identity) as wire:
        own_address = "%s:%s" % wire.tls.getsockname()[:2]
        # The client id may not begin with '$'.
        wire.send(connect_packet("$mine")).end()
    line = log_of(own, "CONNECT refused")[-1]
    assert line["peer"] == own_address
    assert (line["principal"], line["client_id"]) == (identity.id, "$mine")
    assert line["clause"] and line["reason"]


@pytest.mark.parametrize("tls", TLS)
def test_the_api_over_tls_ends_with_close_notify(tmp_path, tls):
    own = OwnServer(tmp_path, "api-tls = true\n[provisioning]\nkey-pool-capacity = 1\n")
    server = own.start()
    context = ssl.create_default_context(cafile=server.root_ca)
    version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[tls]
    context.minimum_version = context.maximum_version = version

    def connection():
        tcp = socket.create_connection(("127.0.0.1", own.ports[1]), timeout=30)
        return context.wrap_socket(
            tcp, server_hostname="localhost", suppress_ragged_eofs=False
        )

    def read_to_end(tls):
        came = b""
        while read := tls.recv(4096):
            came += read
        return came

    asked = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
    closing, idle, half, garbage = connection(), connection(), connection(), connection()
    closing.sendall(asked + b"Connection: close\r\n\r\n")
    assert read_to_end(closing).startswith(b"HTTP/1.1 200")
    garbage.sendall(b"\x10\x0c\x00\x04MQTT\x04\r\n\r\n")
    read_to_end(garbage)
    idle.sendall(asked + b"\r\n")
    assert idle.recv(4096).startswith(b"HTTP/1.1 200")
    half.sendall(asked)
    assert own.stop() == 0
    # `recv` raises where there is no close_notify.
    read_to_end(idle)
    read_to_end(half)
