"""MQTT over WebSocket: addresses signed as AWS's clients sign them, and frames by hand."""

import base64
import datetime
import hashlib
import hmac
import os
import socket
import ssl
import struct
import urllib.parse

from running import REGION

PATIENCE = 30
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
ALGORITHM, EMPTY = "AWS4-HMAC-SHA256", hashlib.sha256(b"").hexdigest()


class Keys:
    """An access key, a session token beside it where it is a temporary one."""

    def __init__(self, key, secret, token=None):
        self.key, self.secret, self.token = key, secret, token


def _scope(when, service, region):
    return f"{when:%Y%m%d}/{region}/{service}/aws4_request"


def _signature(keys, when, service, region, canonical):
    text = "\n".join([ALGORITHM, f"{when:%Y%m%dT%H%M%SZ}", _scope(when, service, region)])
    text += "\n" + hashlib.sha256(canonical.encode()).hexdigest()
    key = b"AWS4" + keys.secret.encode()
    for part in [f"{when:%Y%m%d}", region, service, "aws4_request", text]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


def presigned(keys, host, *, age=0, service="iotdevicegateway", expires=None, signs_token=False,
              region=REGION, path="/mqtt"):  # fmt: skip
    """The address of an upgrade. AWS's SDKs append the session token to what they signed."""
    when = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=age)
    query = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{keys.key}/{_scope(when, service, region)}",
        "X-Amz-Date": f"{when:%Y%m%dT%H%M%SZ}",
        "X-Amz-SignedHeaders": "host",
    }
    if expires:
        query["X-Amz-Expires"] = str(expires)
    token = {"X-Amz-Security-Token": keys.token} if keys.token else {}
    if signs_token:
        query |= token
    encoded = urllib.parse.urlencode(sorted(query.items()), quote_via=urllib.parse.quote, safe="")
    canonical = f"GET\n{path}\n{encoded}\nhost:{host}\n\nhost\n{EMPTY}"
    signature = _signature(keys, when, service, region, canonical)
    encoded += f"&X-Amz-Signature={signature}"
    if token and not signs_token:
        encoded += "&" + urllib.parse.urlencode(token, quote_via=urllib.parse.quote, safe="")
    return f"{path}?{encoded}"


def signed_headers(keys, host, path="/mqtt"):
    """The headers of an upgrade that is signed in its `Authorization`."""
    when = datetime.datetime.now(datetime.UTC)
    date = f"{when:%Y%m%dT%H%M%SZ}"
    canonical = f"GET\n{path}\n\nhost:{host}\nx-amz-date:{date}\n\nhost;x-amz-date\n{EMPTY}"
    signature = _signature(keys, when, "iotdevicegateway", REGION, canonical)
    scope = _scope(when, "iotdevicegateway", REGION)
    value = f"{ALGORITHM} Credential={keys.key}/{scope}, SignedHeaders=host;x-amz-date, "
    return {"X-Amz-Date": date, "Authorization": f"{value}Signature={signature}"}


class Upgrade:
    """One connection: the answer to its upgrade, and its frames."""

    def __init__(self, server, address, *, tls=False, alpn="http/1.1", subprotocol="mqtt",
                 headers=None, where=None, port=None):  # fmt: skip
        place = where or (server.mqtt if tls else server.api.rpartition("/")[2])
        host, _, at = place.rpartition(":")
        self.socket = socket.create_connection((host, port or int(at)), PATIENCE)
        if tls:
            context = ssl.create_default_context(cafile=server.root_ca)
            context.set_alpn_protocols([alpn] if alpn else [])
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        sent = {
            "Host": host_of(server, tls),
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        }
        if subprotocol:
            sent["Sec-WebSocket-Protocol"] = subprotocol
        sent |= headers or {}
        lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        self.socket.sendall(f"GET {address} HTTP/1.1\r\n{lines}\r\n".encode())
        self._read = b""
        while b"\r\n\r\n" not in self._read:
            self._more()
        head, _, self._read = self._read.partition(b"\r\n\r\n")
        status, *headers = head.decode().split("\r\n")
        self.status = int(status.split()[1])
        self.headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in headers)}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _more(self):
        more = self.socket.recv(65536)
        if not more:
            raise EOFError
        self._read += more

    def _take(self, count):
        while len(self._read) < count:
            self._more()
        taken, self._read = self._read[:count], self._read[count:]
        return taken

    def send(self, payload, opcode=BINARY, *, last=True, masked=True):
        """Sends one frame."""
        size, mask = len(payload), 0x80 if masked else 0
        if size < 126:
            length = bytes([mask | size])
        elif size < 65536:
            length = bytes([mask | 126]) + struct.pack(">H", size)
        else:
            length = bytes([mask | 127]) + struct.pack(">Q", size)
        key = os.urandom(4) if masked else b""
        if masked:
            payload = bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))
        self.socket.sendall(bytes([(0x80 if last else 0) | opcode]) + length + key + payload)

    def frame(self):
        """The next frame: its opcode and payload."""
        first, size = self._take(2)
        assert not size & 0x80, "a server masks nothing"
        if size == 126:
            (size,) = struct.unpack(">H", self._take(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", self._take(8))
        return first & 15, self._take(size)

    def closed(self):
        """The code of the close frame."""
        while True:
            opcode, payload = self.frame()
            if opcode == CLOSE:
                return struct.unpack(">H", payload[:2])[0] if payload else None


def host_of(server, tls=False):
    return f"localhost:{server.mqtt.rpartition(':')[2]}" if tls else server.api.rpartition("/")[2]


def _text(text):
    return struct.pack(">H", len(text)) + text.encode()


def _packet(kind, body):
    size, length = len(body), b""
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


def connect(client_id, will=None, keepalive=60):
    """A CONNECT of MQTT 3.1.1; `will` is a topic."""
    flags, tail = 2, _text(client_id)
    if will:
        flags, tail = flags | 4, tail + _text(will) + _text("gone")
    return _packet(0x10, _text("MQTT") + bytes([4, flags]) + struct.pack(">H", keepalive) + tail)


def publish(topic, payload):
    return _packet(0x30, _text(topic) + payload)


def subscribe(topic):
    return _packet(0x82, b"\0\1" + _text(topic) + b"\0")


PINGREQ, PINGRESP = b"\xc0\0", b"\xd0\0"
