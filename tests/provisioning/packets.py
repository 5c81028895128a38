"""MQTT by hand on a TLS connection: says and holds back what no client library would."""

import socket
import ssl

from device import tls_context

V311, V5 = 4, 5
CONNACK, PUBLISH, PUBACK, SUBACK, DISCONNECT = 2, 3, 4, 9, 14
PATIENCE = 30


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return len(data).to_bytes(2, "big") + data


def packet(first, body):
    length, size = len(body), b""
    while True:
        length, digit = divmod(length, 128)
        size += bytes([digit | (128 if length else 0)])
        if not length:
            return bytes([first]) + size + body


def connect(client_id, *, level=V5, clean=True, will=None, properties=b"", will_properties=b""):
    """`will` is topic, payload, QoS, and whether it is retained."""
    flags, tail = 2 * clean, b""
    if will:
        topic, payload, qos, retain = will
        flags |= 4 | qos << 3 | (32 if retain else 0)
        if level == V5:
            tail += bytes([len(will_properties)]) + will_properties
        tail += text(topic) + text(payload)
    head = text("MQTT") + bytes([level, flags, 0, 60])
    if level == V5:
        head += bytes([len(properties)]) + properties
    return packet(0x10, head + text(client_id) + tail)


def publish(topic, payload=b"", *, qos=0, packet_id=1, retain=False, level=V5):
    body = text(topic) + (packet_id.to_bytes(2, "big") if qos else b"")
    body += (b"\0" if level == V5 else b"") + payload
    return packet(0x30 | qos << 1 | retain, body)


def subscribe(filter, *, qos=0, packet_id=1, level=V5):
    body = packet_id.to_bytes(2, "big") + (b"\0" if level == V5 else b"")
    return packet(0x82, body + text(filter) + bytes([qos]))


class Wire:
    """A TLS connection with a client certificate; a context manager that closes."""

    def __init__(self, server, identity, *, receive_buffer=None):
        host, _, port = server.mqtt.rpartition(":")
        raw = socket.socket()
        if receive_buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.settimeout(PATIENCE)
        raw.connect((host, int(port)))
        self.tls = tls_context(server, identity).wrap_socket(raw, server_hostname="localhost")
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tls.close()

    def send(self, *packets):
        """Whoever was cut off meanwhile does not get it through."""
        try:
            self.tls.sendall(b"".join(packets))
        except OSError:
            pass

    def _more(self):
        try:
            data = self.tls.recv(65536)
        except (ConnectionError, ssl.SSLError):
            return False
        self._buffer += data
        return bool(data)

    def _whole(self):
        """The first whole packet of what was read: type, and body."""
        size, shift = 0, 0
        for at in range(1, min(len(self._buffer), 5)):
            size |= (self._buffer[at] & 127) << shift
            shift += 7
            if not self._buffer[at] & 128:
                end = at + 1 + size
                if len(self._buffer) < end:
                    return None
                found = self._buffer[0] >> 4, self._buffer[at + 1 : end]
                self._buffer = self._buffer[end:]
                return found
        return None

    def next(self):
        """The next packet: type and body; `None` at the end of the connection."""
        while not (found := self._whole()):
            if not self._more():
                return None
        return found

    def rest(self):
        """All packets until the server ends the connection."""
        return list(iter(self.next, None))

    def expect(self, kind):
        found = self.next()
        assert found and found[0] == kind, found
        return found[1]
