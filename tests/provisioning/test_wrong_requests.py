"""Requests that cannot be: each is answered on `/rejected` with all three members, and the
connection stays open."""

import base64

import cbor2
import pytest

from device import CREATE, CREATE_FROM_CSR, VERSIONS, MQTTv5, provision, rejection
from identity import make_csr, make_key

CSR = "certificateSigningRequest"
TOKEN = "certificateOwnershipToken"

UNREADABLE = {
    "json": {
        "truncated": b'{"a": 1',
        "not JSON": b"certificate please",
        "not UTF-8": b'{"a": "\xff\xfe"}',
        "an array": b"[]",
        "a text": b'"text"',
        "a number": b"1",
        "null": b"null",
        "two values": b"{} {}",
        "nested arrays": b"[" * 100_000,
        "nested objects": b'{"a":' * 20_000,
        "nested and closed": b'{"a":' + b"[" * 40_000 + b"]" * 40_000 + b"}",
        "a lone surrogate": b'{"a": "\\ud800"}',
        "a zero byte": b"\x00",
        "CBOR": cbor2.dumps({}) + b"\x00",
    },
    "cbor": {
        "truncated": b"\xa1",
        "a break": b"\xff",
        "an unclosed map": b"\xbf",
        "an array": b"\x80",
        "a text": b"\x64text",
        "null": b"\xf6",
        "not UTF-8": b"\xa1\x61a\x62\xff\xfe",
        "an endless text": b"\xa1\x7b" + b"\xff" * 8,
        "an endless array": b"\x9b" + b"\xff" * 8,
        "an endless map": b"\xbb" + b"\xff" * 8,
        "nested arrays": b"\x81" * 100_000,
        "nested maps": b"\xa1\x61a" * 30_000,
        "nested tags": b"\xc1" * 100_000,
        "a reserved length": b"\x1c",
        "two values": b"\xa0\xa0",
        "JSON": b'{"a": 1}',
    },
}
OPERATIONS = [CREATE, CREATE_FROM_CSR, provision("any")]


@pytest.fixture(scope="module")
def sound_csr():
    return make_csr(make_key())


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("form", UNREADABLE)
@pytest.mark.parametrize("topic", OPERATIONS)
def test_an_unreadable_payload(claim, device, topic, form, version):
    asking = device(claim, version=version)
    for name, payload in UNREADABLE[form].items():
        answer = asking.ask(topic, form=form, raw=payload)
        assert not answer.accepted, name
        status, code, _ = rejection(answer.body)
        assert (status, code) == (400, "InvalidRequest"), name
    asking.certificate_from_csr()


def tampered(csr):
    """The same request with another bit in its signature."""
    der = bytearray(base64.b64decode("".join(csr.splitlines()[1:-1])))
    der[-1] ^= 1
    return as_pem(bytes(der))


def as_pem(der):
    text = base64.b64encode(der).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{text}\n-----END CERTIFICATE REQUEST-----\n"


WRONG_CSRS = {
    "tampered": tampered,
    "no PEM": lambda csr: "MIIB",
    "empty PEM": lambda csr: as_pem(b""),
    "no DER": lambda csr: as_pem(b"\x00" * 100),
    "truncated": lambda csr: csr[: len(csr) // 2],
    "a certificate's label": lambda csr: csr.replace("CERTIFICATE REQUEST", "CERTIFICATE"),
    "no base64": lambda csr: csr.replace("M", "?"),
    "a lying length": lambda csr: as_pem(b"\x30\x84\xff\xff\xff\xff"),
    "nested": lambda csr: as_pem(b"\x30\x80" * 1000),
    "RSA-1024": lambda csr: make_csr(make_key("RSA-1024")),
}


@pytest.mark.parametrize("form", ["json", "cbor"])
def test_a_wrong_csr(claim, device, sound_csr, form):
    asking = device(claim)
    for name, make in WRONG_CSRS.items():
        answer = asking.ask(CREATE_FROM_CSR, {CSR: make(sound_csr)}, form)
        assert not answer.accepted, name
        assert rejection(answer.body)[:2] == (400, "InvalidCertificateSigningRequest"), name
    asking.accepted(CREATE_FROM_CSR, {CSR: sound_csr}, form)


@pytest.mark.parametrize("form", ["json", "cbor"])
@pytest.mark.parametrize(
    "body", [{}, {CSR: ""}, {CSR: None}, {CSR: 5}, {CSR: ["x"]}, {CSR: "x" * 4097}], ids=str
)
def test_a_csr_that_is_none(claim, device, form, body):
    assert device(claim).rejected(CREATE_FROM_CSR, body, form)[:2] == (400, "InvalidRequest")


@pytest.mark.parametrize("form", ["json", "cbor"])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({TOKEN: 5}, "InvalidRequest"),
        ({TOKEN: "x", "parameters": "x"}, "InvalidRequest"),
        ({TOKEN: "x", "parameters": {"a": 1}}, "InvalidRequest"),
        ({TOKEN: "x", "parameters": {"a": {"b": "c"}}}, "InvalidRequest"),
        ({TOKEN: "x", "parameters": {"a" * 2049: "b"}}, "InvalidRequest"),
        ({TOKEN: "x", "parameters": {"a": "b" * 4097}}, "InvalidRequest"),
        ({TOKEN: "x", "parameters": {str(n): "" for n in range(257)}}, "InvalidRequest"),
        ({TOKEN: "unknown"}, "InvalidCertificateOwnershipToken"),
        ({TOKEN: "x" * 512}, "InvalidCertificateOwnershipToken"),
        ({TOKEN: "ä"}, "InvalidCertificateOwnershipToken"),
    ],
)
def test_a_wrong_registration(claim, template, device, form, body, code):
    assert device(claim).rejected(provision(template), body, form)[:2] == (400, code)


def test_a_template_that_does_not_exist(fleet, claim, device):
    asking = device(claim)
    _, token = asking.certificate_from_csr()
    answer = asking.register("no-such-template", token, SerialNumber="1")
    assert rejection(answer.body)[:2] == (404, "ResourceNotFound")


def test_a_template_that_is_disabled(fleet, claim, device):
    name, asking = fleet.template(), device(claim)
    fleet.iot.update_provisioning_template(templateName=name, enabled=False)
    _, token = asking.certificate_from_csr()
    serial = fleet.unique("serial")
    answer = asking.register(name, token, SerialNumber=serial)
    assert rejection(answer.body)[:2] == (403, "AccessDenied")
    fleet.iot.update_provisioning_template(templateName=name, enabled=True)
    assert asking.register(name, token, SerialNumber=serial).accepted


def test_a_token_is_spent_by_its_first_success_and_answered_again_alike(
    fleet, claim, template, device
):
    asking, other = device(claim), device(claim)
    _, token = asking.certificate_from_csr()
    serial = fleet.unique("serial")
    first = asking.register(template, token, SerialNumber=serial)
    assert first.accepted
    assert asking.register(template, token, SerialNumber=serial) == first
    assert other.register(template, token, "cbor", SerialNumber=serial) == first
    second = fleet.unique("serial")
    answer = asking.register(template, token, SerialNumber=second)
    assert rejection(answer.body)[:2] == (400, "InvalidCertificateOwnershipToken")
    assert not fleet.exists(f"sensor-{second}")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_payload_beyond_128_kib_ends_only_its_connection(claim, device, version):
    asking, other = device(claim, version=version), device(claim, version=version)
    asking.send(f"{CREATE}/json", b" " * (128 * 1024 + 1))
    reason = asking.end()
    assert reason >= 128
    if version == MQTTv5:
        assert reason in (0x81, 0x82, 0x95, 0x97)
    other.certificate_from_csr()
    device(claim, version=version).certificate_from_csr()


def test_a_payload_of_128_kib_is_read(claim, device):
    assert device(claim).accepted(CREATE, raw=b"{}" + b" " * (128 * 1024 - 2))
