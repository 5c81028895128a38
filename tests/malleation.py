"""Other ways to write a certificate: the same TBSCertificate, another DER, another id."""

import base64
import ssl

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import utils

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def element(tag, content):
    """One element of DER."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def parts(text):
    """TBSCertificate, signature algorithm and signature of a PEM text."""
    found = x509.load_pem_x509_certificate(text.encode())
    tbs = found.tbs_certificate_bytes
    der = ssl.PEM_cert_to_DER_cert(text)
    behind = der[der.index(tbs) + len(tbs) :]
    return tbs, behind[: 2 + behind[1]], found.signature


def written(tbs, algorithm, signature, *, unused=b"\0"):
    return element(0x30, tbs + algorithm + element(0x03, unused + signature))


def text_of(der):
    lines = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n"


def other_s(text):
    """(r, s) becomes (r, n - s), which verifies as well."""
    tbs, algorithm, signature = parts(text)
    r, s = utils.decode_dss_signature(signature)
    return text_of(written(tbs, algorithm, utils.encode_dss_signature(r, P256_ORDER - s)))


def other_parameters(text):
    """The algorithm's NULL is left out (RSA), or added (ECDSA)."""
    tbs, algorithm, signature = parts(text)
    null = b"\5\0"
    name = algorithm[2:]
    name = name[: -len(null)] if name.endswith(null) else name + null
    return text_of(written(tbs, element(0x30, name), signature))


def longer_length(text):
    tbs, algorithm, signature = parts(text)
    content = tbs + algorithm + element(0x03, b"\0" + signature)
    return text_of(b"\x30\x83" + len(content).to_bytes(3, "big") + content)


def longer_length_inside(text):
    tbs, algorithm, signature = parts(text)
    longer = b"\x30\x81" + bytes([len(algorithm) - 2]) + algorithm[2:]
    return text_of(written(tbs, longer, signature))


def longer_integer(text):
    """A zero before r, which DER does not have."""
    tbs, algorithm, signature = parts(text)
    first = signature[4 : 4 + signature[3]]
    second = signature[4 + signature[3] :]
    longer = element(0x30, element(0x02, b"\0" + first) + second)
    return text_of(written(tbs, algorithm, longer))


def trailing_bytes(text):
    return text_of(ssl.PEM_cert_to_DER_cert(text) + b"\0\0")


def bytes_behind_the_signature(text):
    tbs, algorithm, signature = parts(text)
    content = tbs + algorithm + element(0x03, b"\0" + signature) + b"\5\0"
    return text_of(element(0x30, content))


def unused_bits(text):
    tbs, algorithm, signature = parts(text)
    return text_of(written(tbs, algorithm, signature[:-1] + b"\0", unused=b"\1"))


# Those that change no byte of what a lenient reader sees, and those of ECDSA alone.
OF_ALL = [
    other_parameters, longer_length, longer_length_inside, trailing_bytes,
    bytes_behind_the_signature, unused_bits,
]  # fmt: skip
OF_ECDSA = [other_s, longer_integer]
