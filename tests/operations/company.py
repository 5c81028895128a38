"""A company's own root, and what stands under it."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def named(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def key_usage(*, ca):
    return x509.KeyUsage(
        digital_signature=not ca, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=ca, crl_sign=ca,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


class Company:
    """A CA; `Company(name)` is a root, `issuing` and `sign` make what it signs."""

    def __init__(self, common_name, *, key=None, above=None, **options):
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.name, self.above = named(common_name), above
        signer = above or self
        self.certificate = signer.certify(self.key.public_key(), self.name, **options)
        self.pem = pem(self.certificate)

    def certify(self, key, name, *, is_ca=True, path_length=None, begins=-30, ends=3000, usage=None):
        """A CA certificate for a key; `begins` and `ends` are days from now, `usage` the key's."""
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins * DAY).not_valid_after(now + ends * DAY)
            .add_extension(x509.BasicConstraints(is_ca, path_length), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )  # fmt: skip
        usage = usage or key_usage(ca=is_ca)
        builder = builder.add_extension(usage, critical=True)
        return builder.sign(self.key, hashes.SHA256())

    def issuing(self, common_name, **options):
        return Company(common_name, above=self, **options)

    def sign(self, csr, **options):
        """The certificate, PEM, that a request for a CA is given."""
        request = x509.load_pem_x509_csr(csr.encode())
        assert request.is_signature_valid
        return pem(self.certify(request.public_key(), request.subject, **options))

    def server(self, names, key, *, begins=-1, ends=90, chain=None):
        """A server's certificate for these names and what stands above it, without the root."""
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder().subject_name(named("server")).issuer_name(self.name)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now + min(begins, ends - 1) * DAY).not_valid_after(now + ends * DAY)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        )  # fmt: skip
        if names:
            alternatives = x509.SubjectAlternativeName([alternative(name) for name in names])
            builder = builder.add_extension(alternatives, critical=False)
        above = chain or (self.pem if self.above else "")
        return pem(builder.sign(self.key, hashes.SHA256())) + above


def alternative(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
