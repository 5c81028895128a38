import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from own_ca import OwnCa, certificate_id
from running import ACCOUNT, arn

ROLE = "arn:aws:iam::123456789012:role/provisioning"
JITP = json.dumps(
    {
        "Parameters": {"AWS::IoT::Certificate::CommonName": {"Type": "String"}},
        "Resources": {
            "thing": {
                "Type": "AWS::IoT::Thing",
                "Properties": {"ThingName": {"Ref": "AWS::IoT::Certificate::CommonName"}},
            },
            "certificate": {
                "Type": "AWS::IoT::Certificate",
                "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}},
            },
        },
    }
)


@pytest.fixture
def ca(unique):
    return OwnCa(unique("ca"))


@pytest.fixture
def jitp(iot, unique):
    """A template of type JITP."""
    name = unique("jitp")
    iot.create_provisioning_template(
        templateName=name, type="JITP", templateBody=JITP, provisioningRoleArn=ROLE, enabled=True
    )
    return name


def test_a_ca_is_registered_with_the_proof_of_its_key(iot, ca):
    made = iot.register_ca_certificate(
        caCertificate=ca.pem,
        verificationCertificate=ca.verification(iot),
        tags=[{"Key": "line", "Value": "3"}],
    )
    assert made["certificateId"] == ca.id and made["certificateArn"] == arn("cacert", ca.id)
    answer = iot.describe_ca_certificate(certificateId=ca.id)
    assert "registrationConfig" not in answer
    found = answer["certificateDescription"]
    assert (found["status"], found["autoRegistrationStatus"]) == ("INACTIVE", "DISABLE")
    assert (found["certificateMode"], found["customerVersion"]) == ("DEFAULT", 1)
    assert (found["certificatePem"], found["ownedBy"]) == (ca.pem, ACCOUNT)
    assert found["certificateArn"] == made["certificateArn"] and found["generationId"]
    assert found["validity"]["notBefore"] < found["creationDate"] < found["validity"]["notAfter"]


def test_a_proof_that_proves_nothing_is_refused(iot, ca, unique, refused):
    code = iot.get_registration_code()["registrationCode"]
    other = OwnCa(unique("ca"))
    namesake = OwnCa("x")
    namesake.name = ca.name
    for verification, error in (
        (ca.issue(CN="0" * 64)[0], "RegistrationCodeValidationException"),
        (ca.issue(O=code)[0], "RegistrationCodeValidationException"),
        (other.issue(CN=code)[0], "CertificateValidationException"),
        (namesake.issue(CN=code)[0], "CertificateValidationException"),
        (ca.issue(CN=code, ends=-0.5)[0], "CertificateValidationException"),
        ("no certificate", "CertificateValidationException"),
    ):
        found = refused(
            iot.register_ca_certificate,
            caCertificate=ca.pem,
            verificationCertificate=verification,
        )
        assert found[:2] == (error, 400), found
    found = refused(iot.register_ca_certificate, caCertificate=ca.pem)
    assert found[:2] == ("InvalidRequestException", 400) and "verificationCertificate" in found[2]


def test_sni_only_takes_no_proof(iot, ca, refused):
    found = refused(
        iot.register_ca_certificate,
        caCertificate=ca.pem,
        certificateMode="SNI_ONLY",
        verificationCertificate=ca.verification(iot),
    )
    assert found[0] == "InvalidRequestException" and "SNI_ONLY" in found[2]
    ca.register(iot)
    found = iot.describe_ca_certificate(certificateId=ca.id)["certificateDescription"]
    assert (found["certificateMode"], found["status"]) == ("SNI_ONLY", "ACTIVE")


def test_what_is_no_ca_is_refused(iot, unique, refused):
    for ca, word in (
        (OwnCa(unique("ca"), is_ca=False), "CA:TRUE"),
        (OwnCa(unique("ca"), ends=-1), "expired"),
        (OwnCa(unique("ca"), begins=1), "not valid yet"),
        (OwnCa(unique("ca"), key=ec.generate_private_key(ec.SECP192R1())), "P-192"),
    ):
        found = refused(
            iot.register_ca_certificate, caCertificate=ca.pem, certificateMode="SNI_ONLY"
        )
        assert found[:2] == ("CertificateValidationException", 400) and word in found[2], found


def test_a_ca_is_registered_once_and_ten_times_by_name(iot, unique, refused):
    name = unique("ca")
    first = OwnCa(name)
    first.register(iot)
    found = refused(iot.register_ca_certificate, caCertificate=first.pem, certificateMode="SNI_ONLY")
    assert found[:2] == ("ResourceAlreadyExistsException", 409)
    for _ in range(9):
        OwnCa(name).register(iot)
    found = refused(
        iot.register_ca_certificate, caCertificate=OwnCa(name).pem, certificateMode="SNI_ONLY"
    )
    assert found[:2] == ("LimitExceededException", 410)


def test_an_update_changes_what_it_names(iot, ca, jitp, refused):
    ca.register(iot)

    def described():
        answer = iot.describe_ca_certificate(certificateId=ca.id)
        found = answer["certificateDescription"]
        return found["status"], found["autoRegistrationStatus"], answer.get("registrationConfig")

    iot.update_ca_certificate(certificateId=ca.id, newStatus="INACTIVE")
    assert described() == ("INACTIVE", "DISABLE", None)
    body = {"templateBody": JITP, "roleArn": ROLE}
    iot.update_ca_certificate(
        certificateId=ca.id, newAutoRegistrationStatus="ENABLE", registrationConfig=body
    )
    assert described() == ("INACTIVE", "ENABLE", body)
    named = {"templateName": jitp}
    iot.update_ca_certificate(certificateId=ca.id, registrationConfig=named)
    assert described() == ("INACTIVE", "ENABLE", named)
    found = refused(iot.delete_provisioning_template, templateName=jitp)
    assert found[:2] == ("DeleteConflictException", 409) and ca.id in found[2]
    iot.update_ca_certificate(certificateId=ca.id, removeAutoRegistration=True)
    assert described() == ("INACTIVE", "DISABLE", None)
    for members in (
        {"newStatus": "REVOKED"},
        {"newAutoRegistrationStatus": "ON"},
        {"removeAutoRegistration": True, "registrationConfig": named},
    ):
        found = refused(iot.update_ca_certificate, certificateId=ca.id, **members)
        assert found[:2] == ("InvalidRequestException", 400), members


def test_a_registration_configuration_is_checked(iot, ca, unique, jitp, refused):
    fleet = unique("fleet")
    iot.create_provisioning_template(
        templateName=fleet, templateBody=JITP, provisioningRoleArn=ROLE
    )
    for config, error, word in (
        ({"templateName": "absent"}, "ResourceNotFoundException", "absent"),
        ({"templateName": fleet}, "InvalidRequestException", "JITP"),
        ({"templateName": jitp, "templateBody": JITP}, "InvalidRequestException", "exclude"),
        ({"templateBody": JITP}, "InvalidRequestException", "roleArn"),
        ({"templateBody": "{}", "roleArn": ROLE}, "InvalidRequestException", "Resources"),
        ({"templateName": jitp, "roleArn": "arn:aws:s3:::bucket-of-mine"},
         "InvalidRequestException", "roleArn"),
    ):  # fmt: skip
        found = refused(
            iot.register_ca_certificate,
            caCertificate=ca.pem,
            certificateMode="SNI_ONLY",
            registrationConfig=config,
        )
        assert found[0] == error and word in found[2], found


def test_an_active_ca_is_not_deleted(iot, ca, refused):
    ca.register(iot)
    found = refused(iot.delete_ca_certificate, certificateId=ca.id)
    assert found[:2] == ("CertificateStateException", 406)
    device = ca.issue(CN="d")[0]
    made = iot.register_certificate(certificatePem=device)["certificateId"]
    iot.update_ca_certificate(certificateId=ca.id, newStatus="INACTIVE")
    iot.delete_ca_certificate(certificateId=ca.id)
    for operation in (
        iot.describe_ca_certificate, iot.delete_ca_certificate, iot.update_ca_certificate,
    ):  # fmt: skip
        found = refused(operation, certificateId=ca.id)
        assert found[:2] == ("ResourceNotFoundException", 404)
    kept = iot.describe_certificate(certificateId=made)["certificateDescription"]
    assert kept["caCertificateId"] == ca.id


def test_cas_are_listed_by_marker_and_template(iot, unique, jitp):
    made = [
        OwnCa(unique("ca")).register(iot, registrationConfig={"templateName": jitp})
        for _ in range(3)
    ]
    OwnCa(unique("ca")).register(iot)

    def listed(**members):
        pages = iot.get_paginator("list_ca_certificates").paginate(
            PaginationConfig={"PageSize": 2}, **members
        )
        return [item["certificateId"] for page in pages for item in page["certificates"]]

    assert listed(templateName=jitp, ascendingOrder=True) == made
    assert listed(templateName=jitp) == made[::-1]
    assert listed(templateName="absent") == []
    everything = listed()
    assert set(made) < set(everything) and len(everything) == len(set(everything))


def test_the_registration_code_changes_when_it_is_deleted(iot, refused):
    code = iot.get_registration_code()["registrationCode"]
    assert len(code) == 64 and int(code, 16)
    assert iot.get_registration_code()["registrationCode"] == code
    iot.delete_registration_code()
    found = refused(iot.delete_registration_code)
    assert found[:2] == ("ResourceNotFoundException", 404)
    assert iot.get_registration_code()["registrationCode"] != code


def test_the_cli_registers_a_ca(aws, iot, ca, tmp_path):
    (tmp_path / "ca.pem").write_text(ca.pem)
    (tmp_path / "proof.pem").write_text(ca.verification(iot))
    made = aws(
        *("register-ca-certificate", "--set-as-active", "--allow-auto-registration"),
        *("--ca-certificate", f"file://{tmp_path}/ca.pem"),
        *("--verification-certificate", f"file://{tmp_path}/proof.pem"),
        *("--registration-config", json.dumps({"templateBody": JITP, "roleArn": ROLE})),
    )
    shown = aws("describe-ca-certificate", "--certificate-id", made["certificateId"])
    assert shown["certificateDescription"]["autoRegistrationStatus"] == "ENABLE"
    assert json.loads(shown["registrationConfig"]["templateBody"])["Resources"]
    assert certificate_id(ca.pem) == made["certificateId"]
