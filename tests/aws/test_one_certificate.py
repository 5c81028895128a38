"""One TBSCertificate is one certificate, however its signature is written."""

import hashlib
import json
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

import malleation
from malleation import OF_ALL, OF_ECDSA, other_s
from own_ca import OwnCa, certificate_id
from running import arn


@pytest.fixture(scope="module")
def rsa_key():
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def cas(iot, unique, rsa_key):
    """Registered, ACTIVE CAs."""
    made = {"ecdsa": OwnCa(unique("ca")), "rsa": OwnCa(unique("ca"), key=rsa_key)}
    for ca in made.values():
        ca.register(iot)
    return made


FORMS = [("ecdsa", form) for form in OF_ALL + OF_ECDSA] + [("rsa", form) for form in OF_ALL]
TEMPLATE = {
    "Parameters": {"Pem": {"Type": "String"}, "Ca": {"Type": "String"}},
    "Resources": {
        "certificate": {
            "Type": "AWS::IoT::Certificate",
            "Properties": {"CertificatePem": {"Ref": "Pem"}, "CACertificatePem": {"Ref": "Ca"}},
        }
    },
}


def ways_in(iot, ca, form):
    """Every way in for a certificate that an operator brings."""
    body = json.dumps(TEMPLATE)
    return {
        "RegisterCertificate": lambda: iot.register_certificate(
            certificatePem=form, caCertificatePem=ca.pem, status="ACTIVE"
        ),
        "RegisterCertificateWithoutCA": lambda: iot.register_certificate_without_ca(
            certificatePem=form, status="ACTIVE"
        ),
        "RegisterThing": lambda: iot.register_thing(
            templateBody=body, parameters={"Pem": form, "Ca": ca.pem}
        ),
    }


@pytest.mark.parametrize("status", ["ACTIVE", "INACTIVE", "REVOKED"])
def test_no_other_form_comes_in(iot, cas, refused, status):
    for kind, form in FORMS:
        ca = cas[kind]
        text, _ = ca.issue(CN=f"device-{form.__name__}")
        first = iot.register_certificate(certificatePem=text, status=status)["certificateId"]
        other = form(text)
        for way, ask in ways_in(iot, ca, other).items():
            found = refused(ask)
            at = (kind, form.__name__, way, found)
            if way == "RegisterThing":
                assert found[0] in ("ResourceRegistrationFailureException",
                                    "InvalidRequestException"), at  # fmt: skip
            elif form is other_s:
                assert found[:2] == ("ResourceAlreadyExistsException", 409), at
            else:
                assert found[:2] in (
                    ("CertificateValidationException", 400),
                    ("ResourceAlreadyExistsException", 409),
                ), at
        known = {one["certificateId"] for one in listed(iot)}
        assert first in known and certificate_id_of(other) not in known, (kind, form.__name__)
        assert iot.describe_certificate(certificateId=first)["certificateDescription"][
            "status"
        ] == status  # fmt: skip


def certificate_id_of(text):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text)).hexdigest()


def listed(iot):
    return iot.list_certificates(pageSize=250)["certificates"]


def test_the_refusal_names_the_registered_certificate(iot, cas):
    text, _ = cas["ecdsa"].issue(CN="device")
    first = iot.register_certificate_without_ca(certificatePem=text)["certificateId"]
    for again in (text, other_s(text)):
        with pytest.raises(iot.exceptions.ResourceAlreadyExistsException) as caught:
            iot.register_certificate(certificatePem=again)
        answer = caught.value.response
        assert (answer["resourceId"], answer["resourceArn"]) == (first, arn("cert", first))
        assert "already provisioned or registered" in answer["Error"]["Message"]


def test_what_was_issued_here_has_one_form_too(iot, refused):
    made = iot.create_keys_and_certificate(setAsActive=True)
    other = other_s(made["certificatePem"])
    found = refused(iot.register_certificate_without_ca, certificatePem=other)
    assert found[:2] == ("ResourceAlreadyExistsException", 409)
    assert made["certificateId"] in found[2]


def test_an_operator_may_register_a_deleted_certificate_in_any_form(iot, cas):
    text, _ = cas["ecdsa"].issue(CN="device")
    for form in (text, other_s(text), text):
        id = iot.register_certificate(certificatePem=form, status="REVOKED")["certificateId"]
        assert id == certificate_id(form)
        iot.delete_certificate(certificateId=id)


def test_the_first_form_may_be_either(iot, cas, refused):
    text, _ = cas["ecdsa"].issue(CN="device")
    first = iot.register_certificate(certificatePem=other_s(text))["certificateId"]
    assert first == certificate_id(other_s(text))
    found = refused(iot.register_certificate, certificatePem=text)
    assert found[0] == "ResourceAlreadyExistsException" and first in found[2]


def test_malleations_are_what_they_say():
    """The family itself: each form differs, and keeps the TBSCertificate."""
    ca = OwnCa("ca")
    text, _ = ca.issue(CN="device")
    tbs = malleation.parts(text)[0]
    for form in OF_ALL + OF_ECDSA:
        assert form(text) != text
        assert tbs in ssl.PEM_cert_to_DER_cert(form(text)), form.__name__
    # The flipped signature is as valid as the first.
    x509.load_pem_x509_certificate(other_s(text).encode()).verify_directly_issued_by(ca.certificate)
