"""Behind a load balancer that says, by the PROXY protocol, whose connections it passes on."""

import json
import socket
import ssl
import struct
import uuid

import pytest

import over_websocket
from device import Device, tls_context
from fleet import ALLOW_ALL, Fleet

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
BALANCER = "127.0.0.2"
PATIENCE = 30


@pytest.fixture(scope="module")
def fleet(own_server):
    return Fleet(own_server(f'[mqtt]\nproxy-protocol-from = ["{BALANCER}/32"]').start())


@pytest.fixture(scope="module")
def device(fleet):
    return fleet.identity(ALLOW_ALL)


@pytest.fixture
def client_id():
    return f"behind-{uuid.uuid4().hex[:12]}"


def proxied(address, port=4711):
    body = socket.inet_aton(address) + socket.inet_aton("10.0.0.1") + struct.pack(">HH", port, 8883)
    return SIGNATURE + b"\x21\x11" + struct.pack(">H", len(body)) + body


LOCAL = SIGNATURE + b"\x20\0\0\0"


def connect(fleet, device, client_id, header, source=BALANCER):
    """A connection that begins with `header`; gives its CONNACK."""
    host, _, port = fleet.server.mqtt.rpartition(":")
    tcp = socket.create_connection((host, int(port)), PATIENCE, source_address=(source, 0))
    tcp.sendall(header)
    context = tls_context(fleet.server, device, None)
    with context.wrap_socket(tcp, server_hostname="localhost") as tls:
        tls.sendall(over_websocket.connect(client_id))
        return tls.recv(4)


@pytest.mark.parametrize(
    "header, address", [(proxied("203.0.113.9"), "203.0.113.9"), (LOCAL, BALANCER)]
)
def test_the_peer_is_the_one_that_the_header_names(fleet, device, client_id, header, address):
    with Device(fleet.server, device) as watcher:
        watcher.subscribe(f"$aws/events/presence/connected/{client_id}")
        assert connect(fleet, device, client_id, header) == b"\x20\2\0\0"
        assert json.loads(watcher.next().payload)["ipAddress"] == address


@pytest.mark.parametrize(
    "header, source",
    [
        (b"", BALANCER),
        (proxied("203.0.113.9"), "127.0.0.1"),
        (LOCAL, "127.0.0.1"),
        (proxied("203.0.113.9") * 2, BALANCER),
        (b"PROXY TCP4 203.0.113.9 10.0.0.1 4711 8883\r\n", BALANCER),
        (SIGNATURE + b"\x21\x31" + struct.pack(">H", 216) + bytes(216), BALANCER),
        (SIGNATURE + b"\x21\x11\xff\xff" + bytes(2000), BALANCER),
    ],
    ids=["none", "of another", "local of another", "two", "version 1", "a socket", "too long"],
)
def test_what_is_no_header_of_a_load_balancers_is_refused(fleet, device, client_id, header, source):
    with pytest.raises((ssl.SSLError, OSError)):
        connect(fleet, device, client_id, header, source)
