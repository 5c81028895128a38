"""CAs of an operator's own, and what they sign."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)
ATTRIBUTES = {
    "CN": NameOID.COMMON_NAME,
    "C": NameOID.COUNTRY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "dnQualifier": NameOID.DN_QUALIFIER,
}


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_text(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


def subject(attributes):
    return x509.Name([x509.NameAttribute(ATTRIBUTES[k], v) for k, v in attributes.items()])


class OwnCa:
    """A CA, not registered yet. `begins` and `ends` are days from now."""

    def __init__(self, common_name, *, is_ca=True, begins=-30, ends=300, key=None):
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.name = subject({"CN": common_name})
        extension = x509.BasicConstraints(ca=is_ca, path_length=None)
        builder = self._builder(self.name, self.key, begins, ends)
        self.certificate = builder.add_extension(extension, critical=True).sign(
            self.key, hashes.SHA256()
        )
        self.pem = pem(self.certificate)
        self.id = self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def key_text(self):
        return key_text(self.key)

    def _builder(self, name, key, begins, ends):
        now = datetime.datetime.now(datetime.timezone.utc)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins * DAY)
            .not_valid_after(now + ends * DAY)
        )

    def issue(self, *, begins=-1, ends=30, key=None, **attributes):
        """A certificate and its private key, PEM texts."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        built = self._builder(subject(attributes), key, begins, ends)
        return pem(built.sign(self.key, hashes.SHA256())), key_text(key)

    def verification(self, iot, **changes):
        code = iot.get_registration_code()["registrationCode"]
        return self.issue(**({"CN": code} | changes))[0]

    def register(self, iot, **members):
        """Registers the CA, in mode SNI_ONLY unless told otherwise, ACTIVE; gives its id."""
        if members.setdefault("certificateMode", "SNI_ONLY") == "DEFAULT":
            members["verificationCertificate"] = self.verification(iot)
        members = {"setAsActive": True, "caCertificate": self.pem} | members
        return iot.register_ca_certificate(**members)["certificateId"]


def certificate_id(text):
    return x509.load_pem_x509_certificate(text.encode()).fingerprint(hashes.SHA256()).hex()
