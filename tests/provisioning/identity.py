"""Keys, requests for certificates, and certificates with their keys on disk."""

import dataclasses
import datetime
import functools
import hashlib
import pathlib
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

CURVES = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}


def make_key(kind="P-256"):
    """A private key: a curve's name, or `RSA-` and its bits."""
    if kind in CURVES:
        return ec.generate_private_key(CURVES[kind]())
    return rsa.generate_private_key(65537, int(kind.removeprefix("RSA-")))


def key_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


def public_bytes(key):
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def make_csr(key, common_name="a device"):
    request = x509.CertificateSigningRequestBuilder().subject_name(name(common_name))
    signed = request.sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


@dataclasses.dataclass(frozen=True)
class Identity:
    """A certificate and its private key."""

    certificate_pem: str
    private_key_pem: str

    @functools.cached_property
    def certificate(self):
        return x509.load_pem_x509_certificate(self.certificate_pem.encode())

    @functools.cached_property
    def id(self):
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        return hashlib.sha256(der).hexdigest()

    @functools.cached_property
    def _directory(self):
        return tempfile.TemporaryDirectory(prefix="fleetwright-identity-")

    def _file(self, file_name, content):
        path = pathlib.Path(self._directory.name, file_name)
        path.write_text(content)
        return path

    @functools.cached_property
    def certificate_file(self):
        return self._file("certificate.pem", self.certificate_pem)

    @functools.cached_property
    def key_file(self):
        return self._file("private.key", self.private_key_pem)


def self_signed(ends_in=datetime.timedelta(days=1), begins_in=datetime.timedelta(days=-30),
                critical=()):  # fmt: skip
    """A certificate that nobody else has seen; `ends_in` may lie in the past. `critical` are OIDs of
    extensions that nobody knows."""
    key = make_key()
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name("a stranger"))
        .issuer_name(name("a stranger"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins_in)
        .not_valid_after(now + ends_in)
    )
    for oid in critical:
        unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), b"\x05\x00")
        builder = builder.add_extension(unknown, critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    return Identity(certificate.public_bytes(serialization.Encoding.PEM).decode(), key_pem(key))
