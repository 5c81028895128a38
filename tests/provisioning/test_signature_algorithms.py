"""By which algorithms a CSR or a certificate may be signed, at every entrance, with openssl's."""

import subprocess

import pytest
from botocore.exceptions import ClientError

from device import CREATE_FROM_CSR, Device

RSA, EC = ("rsa:2048", ()), ("ec", ("-pkeyopt", "ec_paramgen_curve:P-256"))
PSS = ("-sigopt", "rsa_padding_mode:pss")
# Key, options, what a CSR's refusal says, what a certificate's does; None: accepted.
SIGNED = {
    "RSA with SHA-256": (RSA, ["-sha256"], None, None),
    "RSA with SHA-512": (RSA, ["-sha512"], None, None),
    "ECDSA with SHA-384": (EC, ["-sha384"], None, None),
    "PSS, salt of the hash": (RSA, ["-sha256", *PSS, "-sigopt", "rsa_pss_saltlen:-1"], None, None),
    "PSS, longest salt": (RSA, ["-sha256", *PSS, "-sigopt", "rsa_pss_saltlen:-2"], "a salt of 222 bytes", "a salt of 222 bytes"),
    "PSS, no salt": (RSA, ["-sha384", *PSS, "-sigopt", "rsa_pss_saltlen:0"], "a salt of 0 bytes", "a salt of 0 bytes"),
    # A CSR's signature proves possession only.
    "RSA with SHA-1": (RSA, ["-sha1"], None, "RSA with SHA-1"),
    "ECDSA with SHA-1": (EC, ["-sha1"], "ECDSA with SHA-1", "ECDSA with SHA-1"),
    "RSA with SHA-224": (RSA, ["-sha224"], "RSA with SHA-224", "RSA with SHA-224"),
    "RSA with MD5": (RSA, ["-md5"], "RSA with MD5", "RSA with MD5"),
}  # fmt: skip


def make(folder, key, options, *more):
    """A PEM text that openssl makes with a key of its own."""
    algorithm, parameters = key
    out = folder / "out.pem"
    command = ["openssl", "req", "-new", "-newkey", algorithm, *parameters, "-nodes"]
    command += ["-keyout", folder / "key.pem", "-subj", "/CN=signed", *options, *more, "-out", out]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return out.read_text()


def refusal(call, **members):
    try:
        call(**members)
    except ClientError as error:
        return error.response["Error"]["Message"]
    return None


def check(said, wanted):
    assert (said is None) == (wanted is None), said
    assert wanted is None or wanted in said, said


@pytest.mark.parametrize("how", SIGNED)
def test_a_csr(fleet, tmp_path, how):
    key, options, wanted, _ = SIGNED[how]
    csr = make(tmp_path, key, options)
    check(refusal(fleet.iot.create_certificate_from_csr, certificateSigningRequest=csr), wanted)


@pytest.mark.parametrize("how", ["RSA with SHA-1", "PSS, longest salt"])
def test_a_csr_of_a_device(server, claim, tmp_path, how):
    key, options, wanted, _ = SIGNED[how]
    csr = make(tmp_path, key, options)
    with Device(server, claim) as device:
        answer = device.ask(CREATE_FROM_CSR, {"certificateSigningRequest": csr})
    check(None if answer.accepted else answer.body["errorMessage"], wanted)


@pytest.mark.parametrize("how", SIGNED)
def test_a_certificate_without_ca(fleet, tmp_path, how):
    key, options, _, wanted = SIGNED[how]
    text = make(tmp_path, key, options, "-x509")
    check(refusal(fleet.iot.register_certificate_without_ca, certificatePem=text), wanted)


@pytest.mark.parametrize("how", SIGNED)
def test_a_ca_certificate(fleet, tmp_path, how):
    key, options, _, wanted = SIGNED[how]
    text = make(tmp_path, key, options, "-x509", "-addext", "basicConstraints=critical,CA:TRUE")
    said = refusal(
        fleet.iot.register_ca_certificate, caCertificate=text, certificateMode="SNI_ONLY"
    )
    check(said, wanted)


CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
NOT_PEM = {
    "the name of a file": "device.csr",
    "a CERTIFICATE": CERTIFICATE,
    "keep it secret": "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
    "the two characters \\n": CERTIFICATE.replace("CERTIFICATE", "CERTIFICATE REQUEST").replace(
        "\n", "\\n"
    ),
}


@pytest.mark.parametrize("named", NOT_PEM)
def test_what_is_no_csr_is_named(fleet, named):
    said = refusal(
        fleet.iot.create_certificate_from_csr, certificateSigningRequest=NOT_PEM[named]
    )
    assert said.startswith("The CSR is not PEM: ") and named in said, said


def test_the_member_that_is_no_certificate_is_named(fleet):
    ca = {"certificateMode": "DEFAULT", "caCertificate": CERTIFICATE}
    for members, member in [
        ({"caCertificate": "ca.pem", "verificationCertificate": CERTIFICATE}, "caCertificate"),
        ({"caCertificate": CERTIFICATE, "verificationCertificate": "v.pem"}, "caCertificate"),
    ]:
        said = refusal(fleet.iot.register_ca_certificate, **(ca | members))
        assert said.startswith(f"{member}: "), said
    said = refusal(fleet.iot.register_certificate, certificatePem="device.pem")
    assert said.startswith("certificatePem: ") and "the name of a file" in said, said
