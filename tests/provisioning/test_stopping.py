"""SIGTERM: who is connected is told, what is under way ends, and who only holds the door does not
hold the server."""

import socket
import time

import pytest

from device import tls_context
from fleet import ALLOW_ALL, Fleet
from wire import CLOSE_NOTIFY, Wire

# What is promised, whoever holds a connection open: the last words to a peer and its close_notify
# have 500 ms each, and nobody's follow another's.
CONTRACT = 2
# What a machine may take to run a process whose turn it is, which is nobody's promise.
SCHEDULING = 1


def dial(port):
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def half_a_handshake(server, identity, port):
    """The first half of a ClientHello."""
    import ssl

    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    shaking = tls_context(server, identity).wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        shaking.do_handshake()
    hello = outgoing.read()
    tcp = dial(port)
    tcp.sendall(hello[: len(hello) // 2])
    return tcp


def half_a_body(port):
    """A form of STS, which is read before it is known who sends it."""
    tcp = dial(port)
    tcp.sendall(
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\nAction=AssumeRole"
    )
    return tcp


def half_a_head(port):
    tcp = dial(port)
    tcp.sendall(b"GET /healthz HTTP/1.1\r\nHos")
    return tcp


def idle(port):
    tcp = dial(port)
    tcp.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert tcp.recv(4096).startswith(b"HTTP/1.1 200")
    return tcp


def test_whoever_is_half_open_the_server_stops_and_tells_its_clients(own_server):
    own = own_server()
    server = own.start()
    mqtt, api = own.ports
    identity = Fleet(server).identity(ALLOW_ALL)
    old, new = Wire(server, identity), Wire(server, identity)
    assert (old.connect("old"), new.connect("new", version=5)) == (0, 0)
    deaf = Wire(server, identity)
    assert deaf.connect("deaf") == 0
    # Held until the end: each of them would once have held the server.
    held = [
        *(dial(mqtt) for _ in range(20)),
        half_a_handshake(server, identity, mqtt),
        Wire(server, identity),
        Wire(server, identity, tls="1.2").send(b"\x10"),
        *(dial(api) for _ in range(20)),
        half_a_head(api),
        half_a_body(api),
        idle(api),
    ]
    begun = time.monotonic()
    assert own.stop() == 0
    assert time.monotonic() - begun < CONTRACT + SCHEDULING
    assert old.end() == (b"", CLOSE_NOTIFY)
    told, end = new.end()
    assert (told[:1], told[2:3], end) == (b"\xe0", b"\x8b", CLOSE_NOTIFY)
    assert held
    assert "did not end in time" not in own.log.read_text()


def test_a_client_that_does_not_read_does_not_hold_the_server(own_server):
    own = own_server()
    server = own.start()
    fleet = Fleet(server)
    identity = fleet.identity(ALLOW_ALL)
    with Wire(server, identity) as deaf, Wire(server, identity) as loud:
        assert (deaf.connect("deaf"), loud.connect("loud")) == (0, 0)
        deaf.send(b"\x82\x06\x00\x01\x00\x01t\x00")
        assert deaf.tls.recv(100)[:1] == b"\x90"
        payload = b"x" * 100_000
        length = 3 + len(payload)
        header = bytes([0x30, length % 128 | 128, length // 128 % 128 | 128, length // 16384])
        for _ in range(200):
            loud.send(header + b"\x00\x01t" + payload)
        begun = time.monotonic()
        assert own.stop() == 0
        assert time.monotonic() - begun < CONTRACT + SCHEDULING
