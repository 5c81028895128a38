"""`RegisterThing`: one thing from a template of the request, through boto3 and the `aws` command."""

import hashlib
import json
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from own_ca import OwnCa
from running import arn

DOCUMENT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "iot:Publish", "Resource": "*"}],
    }
)


def make_csr():
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "device")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name)
    signed = request.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def template(certificate=None, **thing):
    """A thing, its certificate by CSR unless said otherwise, and a policy from a document."""
    return {
        "Parameters": {name: {"Type": "String"} for name in ("ThingName", "SerialNumber")}
        | {"Location": {"Type": "String", "Default": "WA"}, "CSR": {"Type": "String"}},
        "Resources": {
            "myThing": {
                "Type": "AWS::IoT::Thing",
                "Properties": {
                    "ThingName": {"Ref": "ThingName"},
                    "AttributePayload": {
                        "serial": {"Ref": "SerialNumber"},
                        "location": {"Ref": "Location"},
                    },
                }
                | thing,
            },
            "myCertificate": {
                "Type": "AWS::IoT::Certificate",
                "Properties": certificate or {"CertificateSigningRequest": {"Ref": "CSR"}},
            },
            "myPolicy": {
                "Type": "AWS::IoT::Policy",
                "Properties": {"PolicyDocument": DOCUMENT},
            },
        },
    }


def certificates(iot):
    pages = iot.get_paginator("list_certificates").paginate()
    return {each["certificateId"] for page in pages for each in page["certificates"]}


@pytest.fixture
def register(iot):
    def call(body, **parameters):
        return iot.register_thing(templateBody=json.dumps(body), parameters=parameters)

    return call


def test_a_csr_becomes_an_active_certificate_with_its_thing_and_policy(iot, register, unique):
    thing = unique("thing")
    made = register(template(), ThingName=thing, SerialNumber="7", CSR=make_csr())
    der = ssl.PEM_cert_to_DER_cert(made["certificatePem"])
    certificate = arn("cert", hashlib.sha256(der).hexdigest())
    policy = made["resourceArns"]["myPolicy"].rpartition("/")[2]
    assert made["resourceArns"] == {
        "myThing": arn("thing", thing),
        "myCertificate": certificate,
        "myPolicy": arn("policy", policy),
    }
    assert len(policy) == 40 and policy == policy.upper()
    found = iot.describe_thing(thingName=thing)
    assert found["attributes"] == {"serial": "7", "location": "WA"}
    assert iot.list_thing_principals(thingName=thing)["principals"] == [certificate]
    attached = iot.list_attached_policies(target=certificate)["policies"]
    assert [each["policyName"] for each in attached] == [policy]
    described = iot.describe_certificate(certificateId=certificate.rpartition("/")[2])
    assert described["certificateDescription"]["status"] == "ACTIVE"
    # The same document is the same policy.
    again = register(template(), ThingName=unique("thing"), SerialNumber="8", CSR=make_csr())
    assert again["resourceArns"]["myPolicy"] == made["resourceArns"]["myPolicy"]


def test_a_certificate_may_be_named_by_id_or_given_whole(iot, register, unique):
    made = iot.create_certificate_from_csr(certificateSigningRequest=make_csr(), setAsActive=True)
    for properties in [
        {"CertificateId": {"Ref": "Id"}},
        {"CertificatePem": {"Ref": "Pem"}, "Status": "ACTIVE"},
    ]:
        body = template(properties)
        body["Parameters"] |= {"Id": {"Type": "String"}, "Pem": {"Type": "String"}}
        thing = unique("thing")
        answer = register(body, ThingName=thing, SerialNumber="1", Id=made["certificateId"],
                          Pem=made["certificatePem"])  # fmt: skip
        assert answer["certificatePem"] == made["certificatePem"]
        assert answer["resourceArns"]["myCertificate"] == made["certificateArn"]
        principals = iot.list_thing_principals(thingName=thing)["principals"]
        assert principals == [made["certificateArn"]]


def test_a_certificate_of_a_registered_ca_is_registered_with_its_thing(
    iot, register, refused, unique
):
    ca, stranger = OwnCa(unique("ca")), OwnCa(unique("ca"))
    ca.register(iot)
    body = template({"CertificatePem": {"Ref": "Pem"}, "CACertificatePem": {"Ref": "Ca"}})
    body["Parameters"] |= {"Pem": {"Type": "String"}, "Ca": {"Type": "String"}}
    thing, (pem, _) = unique("thing"), ca.issue(CN="device")
    foreign = stranger.issue(CN="device")[0]
    answer = refused(register, body=body, ThingName=thing, SerialNumber="1", Pem=foreign,
                     Ca=ca.pem)  # fmt: skip
    assert answer[:2] == ("ResourceRegistrationFailureException", 400), answer
    made = register(body, ThingName=thing, SerialNumber="1", Pem=pem, Ca=ca.pem)
    certificate = made["resourceArns"]["myCertificate"]
    found = iot.describe_certificate(certificateId=certificate.rpartition("/")[2])
    described = found["certificateDescription"]
    assert (described["status"], described["caCertificateId"]) == ("ACTIVE", ca.id)
    assert iot.list_thing_principals(thingName=thing)["principals"] == [certificate]


def test_the_aws_command_registers_a_thing(aws, iot, unique, tmp_path):
    thing, parameters = unique("thing"), tmp_path / "parameters.json"
    (tmp_path / "template.json").write_text(json.dumps(template()))
    parameters.write_text(json.dumps({"ThingName": thing, "SerialNumber": "1", "CSR": make_csr()}))
    made = aws("register-thing", "--template-body", f"file://{tmp_path / 'template.json'}",
               "--parameters", f"file://{parameters}")  # fmt: skip
    assert made["resourceArns"]["myThing"] == arn("thing", thing)


def test_a_registration_that_fails_leaves_nothing(iot, register, refused, unique):
    thing, before = unique("thing"), certificates(iot)
    cases = [
        (template(ThingTypeName="absent"), "ResourceRegistrationFailureException", 400),
        (template(ThingGroups=["absent"]), "ResourceRegistrationFailureException", 400),
        (template({"CertificateId": "0" * 64}), "ResourceRegistrationFailureException", 400),
        (template({"CertificatePem": "none"}), "InvalidRequestException", 400),
        (template({"CertificateSigningRequest": "none"}), "InvalidRequestException", 400),
        (template(ThingName="a name"), "InvalidRequestException", 400),
        (template(ThingName={"Ref": "Absent"}), "InvalidRequestException", 400),
    ]
    for body, code, status in cases:
        answer = refused(register, body=body, ThingName=thing, SerialNumber="1", CSR=make_csr())
        assert answer[:2] == (code, status), answer
    assert certificates(iot) == before
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_thing(thingName=thing)


@pytest.mark.parametrize("mark", "+#")
def test_wildcards_of_topics_are_no_part_of_a_name_and_an_operators_word_in_a_policy(
    iot, register, refused, unique, mark
):
    """A device's parameter would be refused in a topic filter; these are the caller's own."""
    before, thing = certificates(iot), unique("thing")
    given = {"SerialNumber": "1", "CSR": make_csr()}
    grouped = template(ThingGroups=[f"group{mark}"])
    for body, name in [(template(), f"a{mark}b"), (template(), mark), (grouped, thing)]:
        code, status, _ = refused(register, body=body, ThingName=name, **given)
        assert (code, status) == ("InvalidRequestException", 400)
    assert certificates(iot) == before
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_thing(thingName=thing)
    body = template()
    # It is none of an attribute's characters either.
    del body["Resources"]["myThing"]["Properties"]["AttributePayload"]
    filter = arn("topicfilter", "fleet/${SerialNumber}/own")
    statement = {"Effect": "Allow", "Action": "iot:Subscribe", "Resource": filter}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    body["Resources"]["myPolicy"]["Properties"]["PolicyDocument"] = {"Fn::Sub": document}
    made = register(body, ThingName=thing, SerialNumber=mark, CSR=make_csr())
    policy = made["resourceArns"]["myPolicy"].rpartition("/")[2]
    stored = json.loads(iot.get_policy(policyName=policy)["policyDocument"])
    assert stored["Statement"][0]["Resource"] == arn("topicfilter", f"fleet/{mark}/own")


def test_an_existing_thing_that_differs_is_a_conflict_unless_overridden(
    iot, register, refused, unique
):
    thing, before = unique("thing"), None
    iot.create_thing(thingName=thing, attributePayload={"attributes": {"serial": "old"}})
    before = certificates(iot)
    body, how = template(), {"ThingName": thing, "SerialNumber": "new"}
    answer = refused(register, body=body, CSR=make_csr(), **how)
    assert answer[:2] == ("ConflictingResourceUpdateException", 409)
    assert certificates(iot) == before
    body["Resources"]["myThing"]["OverrideSettings"] = {"AttributePayload": "REPLACE"}
    register(body, CSR=make_csr(), **how)
    attributes = iot.describe_thing(thingName=thing)["attributes"]
    assert attributes == {"serial": "new", "location": "WA"}


def test_a_template_of_another_kind_is_refused(refused, iot):
    for text in ["", "{", "[]", "{}", json.dumps({"Resources": {}}),
                 json.dumps(template() | {"DeviceConfiguration": {"a": "b"}})]:  # fmt: skip
        answer = refused(iot.register_thing, templateBody=text, parameters={})
        assert answer[:2] == ("InvalidRequestException", 400), answer
    long = {"ThingName": "x" * 4097}
    answer = refused(iot.register_thing, templateBody=json.dumps(template()), parameters=long)
    assert answer[0] == "InvalidRequestException" and "4096" in answer[2]
