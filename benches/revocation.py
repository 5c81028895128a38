"""From a revocation's acknowledgement to the closed socket, beside many connections."""

import json
import os
import socket
import ssl
import statistics
import subprocess
import tempfile
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from measuring import LOAD, LOAD_CORE, on_core

HELD = int(os.environ.get("BENCH_HELD", "5000"))
REVOKED = int(os.environ.get("BENCH_REVOKED", "200"))
PATIENCE = 30
ALLOW_ALL = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]})  # fmt: skip
# CONNECT of MQTT 3.1.1, clean, keep-alive 600; behind it the client id.
CONNECT = b"MQTT\x04\x02\x02\x58"


def csr(key):
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def pem(key):
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


class Connected:
    """A device that is connected, and notes when its connection is closed."""

    def __init__(self, server, directory, number):
        key = ec.generate_private_key(ec.SECP256R1())
        made = server.iot.create_certificate_from_csr(
            certificateSigningRequest=csr(key), setAsActive=True
        )
        server.iot.attach_policy(policyName="Everything", target=made["certificateArn"])
        self.id = made["certificateId"]
        file = directory / f"{number}.pem"
        file.write_bytes(made["certificatePem"].encode() + pem(key))
        context = ssl.create_default_context(cafile=server.dir / "data/root-ca.pem")
        context.load_cert_chain(file)
        host, _, port = server.mqtt.rpartition(":")
        raw = socket.create_connection((host, int(port)), PATIENCE)
        self.stream = context.wrap_socket(raw, server_hostname="localhost")
        name = f"bench-{number}".encode()
        body = b"\x00\x04" + CONNECT + len(name).to_bytes(2, "big") + name
        self.stream.sendall(bytes([0x10, len(body)]) + body)
        assert self.stream.recv(4) == b"\x20\x02\x00\x00", "the CONNECT was refused"
        self.closed = None
        self.waiting = threading.Thread(target=self._wait)
        self.waiting.start()

    def _wait(self):
        while self.stream.recv(64):
            pass
        self.closed = time.monotonic()


def revocation(server_class, directory):
    """Prints the median and the 99th percentile, milliseconds; what is closed before is 0."""
    with tempfile.TemporaryDirectory(dir=directory) as own:
        server = server_class(own)
        server.iot.create_policy(policyName="Everything", policyDocument=ALLOW_ALL)
        held = on_core(LOAD_CORE, LOAD, "idle", "--count", HELD, *server.credentials(),
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
        try:
            told = json.loads(held.stdout.readline() or "{}").get("held")
            assert told == HELD, f"{told} of {HELD} connections could be opened"
            waits, in_all = [], []
            for number in range(REVOKED):
                device = Connected(server, server.dir, number)
                asked = time.monotonic()
                server.iot.update_certificate(certificateId=device.id, newStatus="REVOKED")
                acknowledged = time.monotonic()
                device.waiting.join(PATIENCE)
                assert device.closed, "the connection of a revoked certificate stays open"
                waits.append(max(0.0, device.closed - acknowledged) * 1000)
                in_all.append((device.closed - asked) * 1000)
        finally:
            held.communicate()
            server.stop()
    last = statistics.quantiles(waits, n=100)[98]
    print(f"revocation to closed     {statistics.median(waits):6.2f} ms  "
          f"(median; p99 {last:.2f} ms; from the request {statistics.median(in_all):.2f} ms; "
          f"{REVOKED} of {HELD} connections; aim p99 under 50 ms)")
