"""Clients that do not read, or not fast enough: what they cost, and that nobody else pays."""

import json
import socket
import ssl
import struct
import threading
import time
import uuid

import pytest

from device import Device, MQTTv5, MQTTv311, tls_context
from fleet import ALLOW_ALL, Fleet

MIB = 1 << 20
SMALL = "[mqtt]\nmemory-per-connection-mib = 1\nmemory-mib = 16\n"


@pytest.fixture(scope="module")
def small(own_server):
    """A server with small bounds."""
    return own_server(SMALL)


@pytest.fixture(scope="module")
def running(small):
    return small.start()


@pytest.fixture(scope="module")
def anybody(running):
    return Fleet(running).identity(ALLOW_ALL)


def resident(server):
    for line in open(f"/proc/{server.process.pid}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def limits_hit(server, client_id=None):
    """The lines of the log that name a limit, of one client or of all."""
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line[:1] == "{"]
    fields = [line.get("fields", line) for line in lines]
    hits = [field for field in fields if field.get("event") == "LimitReached"]
    return [hit for hit in hits if client_id in (None, hit["client_id"])]


class Raw:
    """A client that writes packets and reads only when told to."""

    def __init__(self, server, identity, version=4, client_id=None, will=None, receive_buffer=4096):
        self.client_id = client_id or f"raw-{uuid.uuid4().hex[:12]}"
        port = int(server.mqtt.rpartition(":")[2])
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.settimeout(30)
        plain.connect(("127.0.0.1", port))
        self.socket = tls_context(server, identity).wrap_socket(plain, server_hostname="localhost")
        flags = 2 | (4 if will else 0)
        body = text("MQTT") + bytes([version, flags, 0, 60]) + (b"\0" if version == 5 else b"")
        body += text(self.client_id)
        if will:
            topic, payload = will
            body += (b"\0" if version == 5 else b"") + text(topic) + text(payload)
        self.version = version
        self.send(0x10, body)
        kind, connack = self.read()
        assert kind == 0x20
        self.code = connack[1]

    def send(self, first, body, part=None):
        packet = bytes([first]) + length(len(body)) + body
        self.socket.sendall(packet[:part])

    def subscribe(self, topic, qos=1):
        properties = b"\0" if self.version == 5 else b""
        self.send(0x82, b"\0\1" + properties + text(topic) + bytes([qos]))
        return self.read()[1][-1]

    def read(self):
        """Kind and body of the next packet."""
        first = self._exactly(1)[0]
        size, shift = 0, 0
        while True:
            byte = self._exactly(1)[0]
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return first & 0xF0, self._exactly(size)

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def text(value):
    value = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(value)) + value


def length(size):
    out = b""
    while True:
        size, byte = size >> 7, size & 127
        out += bytes([byte | (128 if size else 0)])
        if not size:
            return out


class Reader(Device):
    """Counts what it hears."""

    def heard(self, count, patience=60):
        deadline = time.monotonic() + patience
        while self.messages.qsize() < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.messages.qsize()


@pytest.mark.parametrize("qos", [0, 1])
def test_clients_that_do_not_read_cost_their_bound_and_nobody_else_pays(
    small, running, anybody, qos
):
    topic = f"flood/{uuid.uuid4().hex}"
    before = resident(small)
    with Reader(running, anybody, version=MQTTv5) as reader:
        reader.subscribe(topic, qos=1)
        idle = [Raw(running, anybody) for _ in range(5)]
        for each in idle:
            assert each.subscribe(topic, qos) == qos
        with Device(running, anybody) as publisher:
            for number in range(200):
                assert publisher.publish(topic, struct.pack(">I", number) + bytes(100_000)) == 0
                assert reader.heard(1) == 1
                message = reader.messages.get()
                assert struct.unpack(">I", message.payload[:4]) == (number,)
        # 200 messages of 100 KB for five clients would be 100 MB.
        assert resident(small) - before < 40 * MIB
        for each in idle:
            (hit,) = limits_hit(small, each.client_id)
            assert hit["limit"] == "[mqtt] memory-per-connection-mib"
            each.close()


def test_many_that_do_not_read_stay_within_the_bound_of_all(small, running, anybody):
    before = resident(small)
    prefix = uuid.uuid4().hex
    with Reader(running, anybody, version=MQTTv5) as reader:
        reader.subscribe(f"{prefix}/reader")
        idle = []
        for number in range(40):
            idle.append(Raw(running, anybody))
            assert idle[-1].subscribe(f"{prefix}/{number}", 1) == 1
        with Device(running, anybody) as publisher:
            for turn in range(12):
                for number in range(40):
                    # Each has messages of its own: nothing is shared.
                    publisher.send(f"{prefix}/{number}", bytes(100_000), qos=1)
                assert publisher.publish(f"{prefix}/reader", bytes([turn]) * 1000) == 0
                assert reader.next().payload == bytes([turn]) * 1000
        # 480 messages of 100 KB are 48 MB; 16 MiB may be held, and what the allocator keeps.
        assert resident(small) - before < 48 * MIB
        assert {"[mqtt] memory-mib"} <= {hit["limit"] for hit in limits_hit(small)}
        for each in idle:
            each.close()


@pytest.mark.parametrize("version", [MQTTv311, MQTTv5])
def test_a_burst_reaches_a_reader_to_the_last_message(fleet, version):
    running, anybody = fleet.server, fleet.identity(ALLOW_ALL)
    topic = f"burst/{uuid.uuid4().hex}"
    with Reader(running, anybody, version=version) as reader:
        reader.subscribe(f"{topic}/#")
        with Device(running, anybody) as publisher:
            last = [publisher.send(f"{topic}/a", struct.pack(">I", n), qos=1) for n in range(8000)]
            last[-1].wait_for_publish(60)
        assert reader.heard(8000) == 8000
        numbers = [struct.unpack(">I", reader.next().payload)[0] for _ in range(8000)]
        assert numbers == list(range(8000))


def test_many_publishers_at_once_lose_nothing(running, anybody):
    topic = f"many/{uuid.uuid4().hex}"
    with Reader(running, anybody, version=MQTTv5) as reader:
        reader.subscribe(f"{topic}/+")
        publishers = [Device(running, anybody) for _ in range(20)]

        def publish(number):
            for turn in range(60):
                publishers[number].send(f"{topic}/{number}", bytes([turn]) * 200, qos=1)

        threads = [threading.Thread(target=publish, args=(n,)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert reader.heard(1200) == 1200
        for each in publishers:
            each.close()


def test_a_client_that_acknowledges_slowly_gets_all_within_its_window(running, anybody):
    topic = f"window/{uuid.uuid4().hex}"
    with Raw(running, anybody) as slow:
        slow.subscribe(topic)
        with Device(running, anybody) as publisher:
            for number in range(1, 1001):
                publisher.send(topic, struct.pack(">I", number), qos=1)
            heard = []
            while len(heard) < 1000:
                kind, body = slow.read()
                assert kind == 0x30
                at = 2 + struct.unpack(">H", body[:2])[0]
                heard.append(struct.unpack(">I", body[at + 2 :])[0])
                # One PUBACK at a time.
                slow.send(0x40, body[at : at + 2])
        assert heard == list(range(1, 1001))


def test_half_sent_packets_end_with_those_who_send_them(small, running, anybody):
    """Each leaves most of a packet of 128 KiB unfinished: 200 of them would hold 25 MB and more."""
    before = resident(small)
    with Device(running, anybody) as neighbour:
        halves = []
        for _ in range(200):
            half = Raw(running, anybody)
            half.send(0x30, text("half") + bytes(130_000), part=125_000)
            halves.append(half)
        assert neighbour.publish("neighbour", bytes(100_000)) == 0
        assert resident(small) - before < 60 * MIB
        ended = 0
        for half in halves:
            half.socket.settimeout(0.01)
            try:
                ended += half.socket.recv(1) == b""
            except TimeoutError:
                pass
            except (ssl.SSLError, ConnectionError):
                ended += 1
            half.close()
        assert 40 <= ended < 200
        assert neighbour.publish("neighbour", b"still here") == 0


def test_wills_are_refused_beyond_the_bound_and_nobody_ends(small, running, anybody):
    connected = []
    with Device(running, anybody) as neighbour:
        while len(connected) < 300:
            each = Raw(running, anybody, version=5, will=("will", bytes(60_000)))
            if each.code:
                assert each.code == 0x97
                break
            connected.append(each)
        assert 100 < len(connected) < 300
        assert neighbour.publish("neighbour", bytes(1000)) == 0
        with Raw(running, anybody, version=5) as without:
            assert without.code == 0
            assert without.subscribe("a/topic") in (1, 0x97)
        for each in connected:
            each.send(0xC0, b"")
            assert each.read()[0] == 0xD0
            each.send(0xE0, b"")
            each.close()


def test_a_client_that_does_not_read_notices_a_take_over(running, anybody):
    topic = f"taken/{uuid.uuid4().hex}"
    with Raw(running, anybody) as old:
        old.subscribe(topic, 0)
        with Device(running, anybody) as publisher:
            for _ in range(40):
                publisher.publish(topic, bytes(100_000))
            started = time.monotonic()
            with Raw(running, anybody, client_id=old.client_id) as new:
                assert new.code == 0
                new.subscribe(topic)
            # The old one's socket is closed although nobody reads from it.
            old.socket.settimeout(15)
            with pytest.raises((EOFError, OSError)):
                while True:
                    old._exactly(1 << 16)
            assert time.monotonic() - started < 15


def test_a_shared_subscription_is_fair_and_passes_over_who_does_not_read(running, anybody):
    name = uuid.uuid4().hex
    with Reader(running, anybody) as one, Reader(running, anybody) as two:
        with Device(running, anybody) as publisher:
            for member in (one, two):
                member.subscribe(f"$share/{name}/{name}/#")
            # Two topics in alternation.
            for _ in range(50):
                publisher.publish(f"{name}/a", b"a")
                publisher.publish(f"{name}/b", b"b")
            assert one.heard(1) and two.heard(1)
            deadline = time.monotonic() + 30
            while one.messages.qsize() + two.messages.qsize() < 100:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            assert 40 <= one.messages.qsize() <= 60
            with Raw(running, anybody) as deaf:
                deaf.subscribe(f"$share/{name}/{name}/#")
                before = one.messages.qsize() + two.messages.qsize()
                for _ in range(200):
                    publisher.publish(f"{name}/c", b"c")
                deadline = time.monotonic() + 30
                while one.messages.qsize() + two.messages.qsize() < before + 185:
                    assert time.monotonic() < deadline
                    time.sleep(0.02)
