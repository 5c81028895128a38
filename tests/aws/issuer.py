"""An OpenID Connect issuer of the test's own: discovery, keys, and tokens that it signs."""

import base64
import datetime
import hashlib
import hmac
import http.server
import ipaddress
import json
import ssl
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from own_ca import OwnCa, key_text, pem

CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def encoded(data):
    if isinstance(data, dict):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, length=None):
    return encoded(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


class Key:
    """A key of an issuer for one algorithm."""

    def __init__(self, identifier, algorithm="ES256"):
        self.identifier, self.algorithm = identifier, algorithm
        if algorithm.startswith("RS"):
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        else:
            self.private = ec.generate_private_key(CURVES[algorithm])

    @property
    def published(self):
        numbers = self.private.public_key().public_numbers()
        shared = {"kid": self.identifier, "use": "sig", "alg": self.algorithm}
        if self.algorithm.startswith("RS"):
            return shared | {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        length = (self.private.key_size + 7) // 8
        curve = f"P-{self.algorithm[2:].replace('512', '521')}"
        point = {"x": number(numbers.x, length), "y": number(numbers.y, length)}
        return shared | {"kty": "EC", "crv": curve} | point

    @property
    def public_pem(self):
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, form)

    def signature(self, message):
        how = HASHES[self.algorithm[2:]]
        if self.algorithm.startswith("RS"):
            return self.private.sign(message, padding.PKCS1v15(), how)
        length = (self.private.key_size + 7) // 8
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(how)))
        return r.to_bytes(length, "big") + s.to_bytes(length, "big")


class Issuer:
    """An issuer on loopback. What it answers can be changed: `answers[path]` is a status, headers
    and a body; `asked` counts the requests by path."""

    DISCOVERY, KEYS = "/.well-known/openid-configuration", "/keys"

    def __init__(self, tls=None):
        self.asked, self.answers, self.keys = {}, {}, [Key("first")]
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked[self.path] = issuer.asked.get(self.path, 0) + 1
                status, headers, body = issuer.answer(self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.scheme = "https" if tls else "http"
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = f"{self.scheme}://{self.host}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path):
        if path in self.answers:
            return self.answers[path]
        if path == self.DISCOVERY:
            document = {"issuer": self.url, "jwks_uri": self.url + self.KEYS}
        elif path == self.KEYS:
            document = {"keys": [key.published for key in self.keys]}
        else:
            return 404, {}, b""
        return 200, {"Content-Type": "application/json"}, json.dumps(document).encode()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def claims(self, **changes):
        now = int(time.time())
        said = {"iss": self.url, "sub": "press-7", "aud": "factory"}
        said |= {"iat": now, "exp": now + 600} | changes
        return {name: value for name, value in said.items() if value is not None}

    def token(self, key=None, header=None, sign=None, **changes):
        key = key or self.keys[0]
        fields = {"alg": key.algorithm, "kid": key.identifier} | (header or {})
        signed = f"{encoded(fields)}.{encoded(self.claims(**changes))}"
        signature = (sign or key.signature)(signed.encode())
        return f"{signed}.{encoded(signature)}"


def keyed_hash(secret):
    """Signs as HS256 does."""
    return lambda message: hmac.new(secret, message, hashlib.sha256).digest()


def own_certificate(directory):
    """A certificate for 127.0.0.1: the context of a server, and a PEM file of the CA to trust."""
    ca, key = OwnCa("CA of an issuer"), ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an issuer")]))
        .issuer_name(ca.name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(ca.key, hashes.SHA256())
    )
    trusted, own, secret = (directory / name for name in ("ca.pem", "own.pem", "own.key"))
    trusted.write_text(ca.pem)
    own.write_text(pem(certificate))
    secret.write_text(key_text(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own, secret)
    return context, trusted
