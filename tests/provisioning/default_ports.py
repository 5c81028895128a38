"""Runs in a network of its own (`unshare --net`), where ports 8883 and 443 are nobody's: a server
that is told no address, and AWS's SDK that is told no port. Prints what came of it as JSON.

Usage: default_ports.py DIRECTORY free|taken|forbidden
"""

import ctypes
import fcntl
import json
import pathlib
import socket
import ssl
import struct
import sys
from dataclasses import replace

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from awsiot import mqtt_connection_builder  # noqa: E402

from device import Device, Refused, tls_context  # noqa: E402
from fleet import ALLOW_ALL, Fleet  # noqa: E402
from serving import OwnServer  # noqa: E402

OFFERS = [["x-amzn-mqtt-ca"], ["h2", "x-amzn-mqtt-ca"], None, ["mqtt"], ["x-amzn-http-ca"],
          ["h2", "http/1.1"], ["h2"]]  # fmt: skip
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE = 24, 10


class Unconfigured(OwnServer):
    """A server that is not told where devices connect."""

    def arguments(self):
        arguments = super().arguments()
        at = arguments.index("--mqtt-listen")
        return arguments[:at] + arguments[at + 2 :]


def bring_up_loopback():
    with socket.socket() as any_socket:
        asked = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, asked))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def connect(server, identity, **port):
    """Connects as AWS's SDK does; gives the error's name, `None` if it is in."""
    connection = mqtt_connection_builder.mtls_from_bytes(
        endpoint="localhost",
        cert_bytes=identity.certificate_pem.encode(),
        pri_key_bytes=identity.private_key_pem.encode(),
        ca_filepath=str(server.root_ca),
        client_id="sdk",
        **port,
    )
    try:
        connection.connect().result(20)
    except Exception as error:
        return getattr(error, "name", type(error).__name__)
    connection.disconnect().result(20)
    return None


def handshake(server, identity, port, alpn):
    """A whole handshake; gives the protocol agreed on, or the alert."""
    context = tls_context(server, identity)
    # In TLS 1.2 a client's handshake ends after the server has seen its certificate.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    if alpn is not None:
        context.set_alpn_protocols(alpn)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as tcp:
            with context.wrap_socket(tcp, server_hostname="localhost") as tls:
                return tls.selected_alpn_protocol()
    except ssl.SSLError as error:
        refused = "no application protocol" in str(error).lower().replace("_", " ")
        return "no application protocol" if refused else str(error)


def plain_mqtt(server, identity, port):
    """An MQTT client that offers no ALPN; whether it is let in."""
    try:
        Device(replace(server, mqtt=f"127.0.0.1:{port}"), identity).close()
    except Refused:
        return False
    return True


def main(directory, port_443):
    bring_up_loopback()
    holder = socket.socket()
    if port_443 == "taken":
        holder.bind(("127.0.0.1", 443))
        holder.listen()
    if port_443 == "forbidden":
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        assert prctl(PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE, 0, 0, 0) == 0
    with Unconfigured(directory, "[provisioning]\nkey-pool-capacity = 1\n") as own:
        server = own.start()
        fleet = Fleet(server)
        identity = fleet.identity(ALLOW_ALL)
        found = {
            "ready": json.loads((own.directory / "ready.json").read_text()),
            "endpoint": fleet.iot.describe_endpoint()["endpointAddress"],
            "8883": connect(server, identity, port=8883),
        }
        if port_443 == "free":
            found["default"] = connect(server, identity)
            found["alpn"] = [
                [port, offered, handshake(server, identity, port, offered)]
                for port in (443, 8883)
                for offered in OFFERS
            ]
            found["no ALPN"] = {port: plain_mqtt(server, identity, port) for port in (443, 8883)}
        found["exit code"] = own.stop()
        found["log"] = own.log.read_text()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
