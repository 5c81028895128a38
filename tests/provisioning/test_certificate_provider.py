"""A certificate provider: a function of the operator's signs what devices ask for."""

import datetime
import io
import time
import zipfile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from device import CREATE_FROM_CSR, Device
from fleet import Fleet, make_client
from identity import Identity, key_pem, make_csr, make_key, name
from own_ca import OwnCa, pem
from running import arn

OPERATIONS = ["CreateCertificateFromCsr"]
DAY = datetime.timedelta(days=1)


@pytest.fixture(scope="module")
def fleet(own_server):
    return Fleet(own_server('[hooks.commands]\nsign-nothing = ["/bin/true"]').start())


@pytest.fixture
def claim(fleet):
    return fleet.claim("*")


@pytest.fixture
def asking(fleet, claim):
    with Device(fleet.server, claim) as device:
        yield device


@pytest.fixture
def provider(fleet):
    """Makes the account's provider of a target; it is gone after the test."""
    made = []

    def make(target):
        made.append(fleet.unique("provider"))
        fleet.iot.create_certificate_provider(
            certificateProviderName=made[-1],
            lambdaFunctionArn=target,
            accountDefaultForOperations=OPERATIONS,
        )
        return made[-1]

    yield make
    for each in made:
        fleet.iot.delete_certificate_provider(certificateProviderName=each)


@pytest.fixture(scope="module")
def ca():
    return OwnCa("factory")


def signed(ca, request, *, subject=None, key=None, begins=-DAY, ends=DAY):
    """What a function of this CA makes of a request, or something else."""
    csr = x509.load_pem_x509_csr(request["certificateSigningRequest"].encode())
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject or csr.subject)
        .issuer_name(ca.name)
        .public_key(key or csr.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
    )
    return {"certificatePem": pem(builder.sign(ca.key, hashes.SHA256()))}


def test_a_device_gets_the_certificate_that_the_function_signs(fleet, asking, hooks, provider, ca):
    told = []

    def sign(request):
        told.append(request)
        return signed(ca, request)

    provider(hooks.at(sign))
    template = fleet.template()
    identity, token = asking.certificate_from_csr()
    assert identity.certificate.issuer == ca.name
    (request,) = told
    assert set(request) == {"certificateSigningRequest", "principalId", "clientId"}
    assert request["clientId"] == asking.client_id
    assert fleet.status(identity) == "PENDING_ACTIVATION"
    serial = fleet.unique("serial")
    assert asking.register(template, token, SerialNumber=serial).accepted
    with Device(fleet.server, identity, f"sensor-{serial}"):
        pass


def test_the_principal_is_the_claim_and_an_update_counts_at_once(
    fleet, claim, asking, hooks, provider, ca
):
    told, other = [], OwnCa("another factory")

    def sign(request):
        told.append(request["principalId"])
        return signed(ca, request)

    made = provider(hooks.at(sign))
    asking.certificate_from_csr()
    assert told == [claim.id]
    fleet.iot.update_certificate_provider(
        certificateProviderName=made,
        lambdaFunctionArn=hooks.at(lambda request: signed(other, request)),
    )
    assert asking.certificate_from_csr()[0].certificate.issuer == other.name


def test_only_csrs_of_devices_go_to_the_provider_and_only_while_there_is_one(
    fleet, asking, hooks, ca
):
    asked = []

    def sign(request):
        asked.append(request)
        return signed(ca, request)

    members = {"lambdaFunctionArn": hooks.at(sign), "accountDefaultForOperations": OPERATIONS}
    made = fleet.unique("provider")
    fleet.iot.create_certificate_provider(certificateProviderName=made, **members)
    fleet.iot.create_certificate_from_csr(certificateSigningRequest=make_csr(make_key()))
    asking.accepted("$aws/certificates/create")
    assert not asked
    fleet.iot.delete_certificate_provider(certificateProviderName=made)
    identity, _ = asking.certificate_from_csr()
    assert not asked and identity.certificate.issuer != ca.name


def known(fleet):
    return len(fleet.iot.list_certificates(pageSize=250)["certificates"])


WRONG = {
    "another subject": lambda ca, ask: signed(ca, ask, subject=name("another device")),
    "another key": lambda ca, ask: signed(ca, ask, key=make_key().public_key()),
    "a certificate that has ended": lambda ca, ask: signed(ca, ask, begins=-2 * DAY, ends=-DAY),
    "a certificate that is yet to begin": lambda ca, ask: signed(ca, ask, begins=DAY, ends=2 * DAY),
    "two certificates": lambda ca, ask: {
        "certificatePem": signed(ca, ask)["certificatePem"] + ca.pem
    },
    "no certificate": lambda ca, ask: {"certificatePem": "-----BEGIN CERTIFICATE-----"},
    "nothing": lambda ca, ask: {},
    "a failure": lambda ca, ask: 1 / 0,
}


@pytest.mark.parametrize("case", WRONG)
def test_an_answer_that_is_not_the_csrs_certificate_refuses(
    fleet, asking, hooks, provider, ca, case
):
    provider(hooks.at(lambda request: WRONG[case](ca, request)))
    before = known(fleet)
    body = {"certificateSigningRequest": make_csr(make_key())}
    status, code, message = asking.rejected(CREATE_FROM_CSR, body)
    assert (status, code) == (500, "InternalFailure")
    assert "certificate provider" in message
    assert known(fleet) == before


@pytest.mark.parametrize(
    "target",
    [
        "command:not-configured",
        "command:sign-nothing",
        "http://127.0.0.1:1/",
        "arn:aws:lambda:us-east-1:123456789012:function:nobody-made-this",
    ],
)
def test_a_function_that_cannot_be_asked_refuses(fleet, asking, provider, target):
    provider(target)
    body = {"certificateSigningRequest": make_csr(make_key())}
    assert asking.rejected(CREATE_FROM_CSR, body)[:2] == (500, "InternalFailure")


SIGNER = """#!/usr/bin/python3
import json, os, urllib.request

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
while True:
    with urllib.request.urlopen(f"{API}/next") as asked:
        request = asked.headers["Lambda-Runtime-Aws-Request-Id"]
    answer = json.dumps({"certificatePem": os.environ["CERTIFICATE"]}).encode()
    urllib.request.urlopen(f"{API}/{request}/response", answer).read()
"""


def signer():
    """A deployment package whose function answers with the certificate of its environment."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("bootstrap")
        info.external_attr = 0o100755 << 16
        archive.writestr(info, SIGNER)
    return buffer.getvalue()


def test_a_lambda_function_signs_if_its_policy_lets_the_provider_ask(fleet, asking, provider, ca):
    functions, key = make_client(fleet.server, "lambda"), make_key()
    body = {"certificateSigningRequest": make_csr(key)}
    function = functions.create_function(
        FunctionName=fleet.unique("sign"),
        Runtime="provided.al2023",
        Handler="none",
        Role=fleet.role(fleet.unique("role"), service="lambda.amazonaws.com"),
        Code={"ZipFile": signer()},
        Environment={"Variables": {"CERTIFICATE": signed(ca, body)["certificatePem"]}},
    )
    made = provider(function["FunctionArn"])
    assert asking.rejected(CREATE_FROM_CSR, body)[:2] == (500, "InternalFailure")
    functions.add_permission(
        FunctionName=function["FunctionName"],
        StatementId="provider",
        Action="lambda:InvokeFunction",
        Principal="iot.amazonaws.com",
        SourceArn=arn("certificateprovider", made),
    )
    identity = Identity(asking.accepted(CREATE_FROM_CSR, body)["certificatePem"], key_pem(key))
    assert identity.certificate.issuer == ca.name
    assert fleet.status(identity) == "PENDING_ACTIVATION"


def test_a_late_answer_refuses(asking, hooks, provider, ca):
    def sign(request):
        time.sleep(6)
        return signed(ca, request)

    provider(hooks.at(sign))
    body = {"certificateSigningRequest": make_csr(make_key())}
    assert asking.rejected(CREATE_FROM_CSR, body)[:2] == (500, "InternalFailure")


def test_a_wrong_csr_is_refused_before_the_function_is_asked(asking, hooks, provider, ca):
    asked = []
    provider(hooks.at(lambda request: asked.append(request) or signed(ca, request)))
    body = {"certificateSigningRequest": make_csr(make_key("RSA-1024"))}
    status, code, _ = asking.rejected(CREATE_FROM_CSR, body)
    assert (status, code) == (400, "InvalidCertificateSigningRequest") and not asked


def test_a_certificate_that_is_registered_already_is_refused(fleet, asking, hooks, provider, ca):
    key, kept = make_key(), {}

    def sign(request):
        return kept.setdefault("answer", signed(ca, request))

    provider(hooks.at(sign))
    body = {"certificateSigningRequest": make_csr(key)}
    asking.accepted(CREATE_FROM_CSR, body)
    before = known(fleet)
    assert asking.rejected(CREATE_FROM_CSR, body)[1] == "ResourceConflicts"
    assert known(fleet) == before
