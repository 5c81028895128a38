"""A peer that speaks byte by byte: MQTT packets by hand, over a TLS connection whose end is seen."""

import socket
import ssl

from device import tls_context

CLOSE_NOTIFY, CUT = "close_notify", "cut"
DISCONNECT = b"\xe0\x00"


def connect_packet(client_id, version=4, keep_alive=60, will=None):
    name = client_id.encode()
    flags = 0x02 | (0x04 if will else 0)
    body = b"\x00\x04MQTT" + bytes([version, flags]) + keep_alive.to_bytes(2, "big")
    body += b"\x00" if version == 5 else b""
    body += len(name).to_bytes(2, "big") + name
    if will:
        topic, payload = will
        body += b"\x00" if version == 5 else b""
        body += len(topic).to_bytes(2, "big") + topic + len(payload).to_bytes(2, "big") + payload
    assert len(body) < 16384
    length = bytes([len(body)]) if len(body) < 128 else bytes([len(body) % 128 | 128, len(body) // 128])
    return b"\x10" + length + body


class Wire:
    """A TLS connection to a server's device gateway."""

    def __init__(self, server, identity, *, tls="1.3", address=None, alpn=None):
        context = tls_context(server, identity, alpn)
        version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[tls]
        context.minimum_version = context.maximum_version = version
        host, _, port = (address or server.mqtt).rpartition(":")
        tcp = socket.create_connection((host.strip("[]"), int(port)), timeout=30)
        self.tls = context.wrap_socket(
            tcp, server_hostname="localhost", suppress_ragged_eofs=False
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tls.close()

    def send(self, *packets):
        for packet in packets:
            self.tls.sendall(packet)
        return self

    def connect(self, client_id, **how):
        """CONNECT and its CONNACK's code."""
        self.send(connect_packet(client_id, **how))
        return self.tls.recv(4096)[3]

    def end(self):
        """Reads to the end; gives what came, and how it ended."""
        came = b""
        while True:
            try:
                read = self.tls.recv(4096)
            except (ssl.SSLEOFError, ConnectionError):
                return came, CUT
            except ssl.SSLError as alert:
                return came, str(alert)
            if not read:
                return came, CLOSE_NOTIFY
            came += read
