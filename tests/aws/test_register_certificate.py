import json

import pytest

from own_ca import OwnCa, certificate_id
from running import arn


@pytest.fixture
def ca(iot, unique):
    """A registered, ACTIVE CA."""
    ca = OwnCa(unique("ca"))
    ca.register(iot)
    return ca


def described(iot, id):
    return iot.describe_certificate(certificateId=id)["certificateDescription"]


def test_a_certificate_is_registered_with_its_ca(iot, ca):
    text, _ = ca.issue(CN="device")
    made = iot.register_certificate(certificatePem=text)
    assert made["certificateId"] == certificate_id(text)
    assert made["certificateArn"] == arn("cert", made["certificateId"])
    found = described(iot, made["certificateId"])
    assert (found["status"], found["caCertificateId"]) == ("INACTIVE", ca.id)
    assert (found["certificateMode"], found["certificatePem"]) == ("SNI_ONLY", text)
    line = iot.list_certificates(pageSize=1)["certificates"][0]
    assert (line["certificateId"], line["certificateMode"]) == (made["certificateId"], "SNI_ONLY")


def test_a_certificate_takes_its_cas_mode(iot, unique):
    ca = OwnCa(unique("ca"))
    ca.register(iot, certificateMode="DEFAULT")
    id = iot.register_certificate(certificatePem=ca.issue(CN="d")[0])["certificateId"]
    assert described(iot, id)["certificateMode"] == "DEFAULT"


def test_the_status_is_as_asked(iot, ca, refused):
    for members, status in (
        ({"status": "ACTIVE"}, "ACTIVE"),
        ({"status": "REVOKED"}, "REVOKED"),
        ({"setAsActive": True}, "ACTIVE"),
    ):
        text, _ = ca.issue(CN="device")
        id = iot.register_certificate(certificatePem=text, **members)["certificateId"]
        assert described(iot, id)["status"] == status
    text, _ = ca.issue(CN="device")
    found = refused(iot.register_certificate, certificatePem=text, status="PENDING_ACTIVATION")
    assert found[:2] == ("CertificateStateException", 406)
    found = refused(iot.register_certificate, certificatePem=text, status="ON")
    assert found[:2] == ("InvalidRequestException", 400)


def test_who_signed_it_must_be_registered_and_active(iot, ca, unique, refused):
    stranger = OwnCa(unique("ca"))
    text, _ = stranger.issue(CN="device")
    for members in ({}, {"caCertificatePem": stranger.pem}, {"caCertificatePem": ca.pem}):
        found = refused(iot.register_certificate, certificatePem=text, **members)
        assert found[:2] == ("CertificateValidationException", 400), found
    # The name alone is no signature.
    stranger.name = ca.name
    found = refused(iot.register_certificate, certificatePem=stranger.issue(CN="d")[0])
    assert found[:2] == ("CertificateValidationException", 400)
    iot.update_ca_certificate(certificateId=ca.id, newStatus="INACTIVE")
    found = refused(iot.register_certificate, certificatePem=ca.issue(CN="d")[0])
    assert found[:2] == ("CertificateStateException", 406)


def test_of_cas_with_one_name_the_caller_says_which(iot, ca, refused):
    twin = OwnCa(ca.certificate.subject.rfc4514_string().removeprefix("CN="))
    twin.register(iot)
    text, _ = twin.issue(CN="device")
    found = refused(iot.register_certificate, certificatePem=text)
    assert found[:2] == ("CertificateConflictException", 409)
    found = refused(iot.register_certificate, certificatePem=text, caCertificatePem=ca.pem)
    assert found[:2] == ("CertificateValidationException", 400)
    id = iot.register_certificate(certificatePem=text, caCertificatePem=twin.pem)["certificateId"]
    assert described(iot, id)["caCertificateId"] == twin.id


def test_a_certificate_is_registered_alone(iot, unique, refused):
    text, _ = OwnCa(unique("ca")).issue(CN="device")
    id = iot.register_certificate_without_ca(certificatePem=text)["certificateId"]
    found = described(iot, id)
    assert (found["status"], found["certificateMode"]) == ("INACTIVE", "SNI_ONLY")
    assert "caCertificateId" not in found
    found = refused(iot.register_certificate_without_ca, certificatePem=text)
    assert found[:2] == ("ResourceAlreadyExistsException", 409)
    self_signed = OwnCa(unique("self")).pem
    made = iot.register_certificate_without_ca(certificatePem=self_signed, status="ACTIVE")
    assert described(iot, made["certificateId"])["status"] == "ACTIVE"


def test_what_is_no_good_certificate_is_refused(iot, ca, refused):
    good = ca.issue(CN="d")[0]
    for text, word in (
        ("no certificate", "PEM"),
        (good + good, "more than one"),
        (good.replace("MII", "AAA", 1), "X.509"),
        (ca.issue(CN="d", begins=-3, ends=-1)[0], "expired"),
    ):
        for operation in (iot.register_certificate, iot.register_certificate_without_ca):
            found = refused(operation, certificatePem=text)
            assert found[:2] == ("CertificateValidationException", 400), found
            assert word in found[2], found
    found = refused(iot.register_certificate, certificatePem="x" * 65537)
    assert found[0] == "InvalidRequestException" and "65536" in found[2]


def test_certificates_are_listed_by_ca(iot, ca, unique):
    made = [
        iot.register_certificate(certificatePem=ca.issue(CN="d")[0])["certificateId"]
        for _ in range(3)
    ]
    other = OwnCa(unique("ca"))
    other.register(iot)
    iot.register_certificate(certificatePem=other.issue(CN="d")[0])
    pages = iot.get_paginator("list_certificates_by_ca").paginate(
        caCertificateId=ca.id, ascendingOrder=True, PaginationConfig={"PageSize": 2}
    )
    assert [item["certificateId"] for page in pages for item in page["certificates"]] == made
    assert iot.list_certificates_by_ca(caCertificateId="0" * 64)["certificates"] == []


def test_register_thing_registers_what_a_registered_ca_signed(iot, ca, unique, refused):
    template = {
        "Parameters": {name: {"Type": "String"} for name in ("Name", "Pem", "Ca")},
        "Resources": {
            "thing": {"Type": "AWS::IoT::Thing", "Properties": {"ThingName": {"Ref": "Name"}}},
            "certificate": {
                "Type": "AWS::IoT::Certificate",
                "Properties": {
                    "CertificatePem": {"Ref": "Pem"}, "CACertificatePem": {"Ref": "Ca"},
                },
            },
        },
    }  # fmt: skip
    thing, (text, _) = unique("thing"), ca.issue(CN="d")

    def members(pem, by):
        parameters = {"Name": thing, "Pem": pem, "Ca": by}
        return {"templateBody": json.dumps(template), "parameters": parameters}

    stranger = OwnCa(unique("ca"))
    for pem, by in ((stranger.issue(CN="d")[0], ca.pem), (stranger.issue(CN="d")[0], stranger.pem)):
        found = refused(iot.register_thing, **members(pem, by))
        assert found[:2] == ("ResourceRegistrationFailureException", 400), found
    iot.update_ca_certificate(certificateId=ca.id, newStatus="INACTIVE")
    found = refused(iot.register_thing, **members(text, ca.pem))
    assert found[:2] == ("ResourceRegistrationFailureException", 400), found
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_thing(thingName=thing)
    iot.update_ca_certificate(certificateId=ca.id, newStatus="ACTIVE")
    iot.register_thing(**members(text, ca.pem))
    found = described(iot, certificate_id(text))
    assert (found["status"], found["caCertificateId"]) == ("ACTIVE", ca.id)
    assert iot.list_thing_principals(thingName=thing)["principals"] == [found["certificateArn"]]


def test_one_that_was_issued_here_is_registered_already(iot, refused):
    made = iot.create_keys_and_certificate(setAsActive=True)
    for operation in (iot.register_certificate, iot.register_certificate_without_ca):
        code, status, message = refused(operation, certificatePem=made["certificatePem"])
        assert (code, status) == ("ResourceAlreadyExistsException", 409)
        assert "already" in message
