"""What AWS's own samples and deployed code take for granted: it works there, so it works here."""

import json

import pytest

from device import Device
from fleet import AS_ITSELF, allow, document, template_body

# aws-iot-jitp-sample-scripts, role IoTProvisioning: of before `iot:AttachPolicy`.
SAMPLE = ["iot:CreateThing", "iot:AttachPrincipalPolicy", "iot:AttachThingPrincipal",
          "iot:UpdateCertificate"]  # fmt: skip
CERTIFICATE = {"Type": "AWS::IoT::Certificate"}


@pytest.fixture
def asking(server, claim):
    with Device(server, claim) as device:
        yield device


def role(fleet, *actions):
    name = fleet.unique("role")
    made = fleet.role(name)
    fleet.iam.put_role_policy(
        RoleName=name, PolicyName="given", PolicyDocument=document(allow([*actions], "*"))
    )
    return made


def register(fleet, asking, made, serial=None, **template):
    body = template_body(fleet.policy(*AS_ITSELF), **template)
    _, token = asking.certificate_from_csr()
    name = fleet.template(body, role=made)
    return asking.register(name, token, SerialNumber=serial or fleet.unique("serial"))


def test_the_role_of_awss_sample_registers_a_device(fleet, asking):
    assert register(fleet, asking, role(fleet, *SAMPLE)).accepted


def test_a_role_without_either_name_of_the_attachment_does_not(fleet, asking):
    without = [action for action in SAMPLE if action != "iot:AttachPrincipalPolicy"]
    answer = register(fleet, asking, role(fleet, *without))
    assert answer.body["errorMessage"].endswith("does not allow iot:AttachPolicy.")


def test_a_role_is_asked_for_the_changes_that_happen(fleet, asking):
    """OverrideSettings say what to do with a thing that exists; a new one is not updated."""
    narrow, serial = role(fleet, *SAMPLE), fleet.unique("serial")
    template = {"override": {"AttributePayload": "MERGE", "ThingGroups": "REPLACE"}}
    first = {"thing": {"AttributePayload": {"colour": "red"}}, **template}
    assert register(fleet, asking, narrow, serial, **first).accepted
    # The same again changes nothing.
    assert register(fleet, asking, narrow, serial, **first).accepted
    other = {"thing": {"AttributePayload": {"colour": "blue"}}, **template}
    answer = register(fleet, asking, narrow, serial, **other)
    assert answer.body["errorMessage"].endswith("does not allow iot:UpdateThing.")
    assert fleet.iot.describe_thing(thingName=f"sensor-{serial}")["attributes"]["colour"] == "red"
    wide = role(fleet, *SAMPLE, "iot:UpdateThing")
    assert register(fleet, asking, wide, serial, **other).accepted
    assert fleet.iot.describe_thing(thingName=f"sensor-{serial}")["attributes"]["colour"] == "blue"


@pytest.mark.parametrize("status", [None, "ACTIVE", "INACTIVE"])
@pytest.mark.parametrize("is_active", [True, False])
def test_an_operator_registers_a_certificate_whatever_its_status(fleet, is_active, status):
    made = fleet.iot.create_keys_and_certificate(setAsActive=is_active)
    certificate = {"CertificateId": made["certificateId"]} | ({"Status": status} if status else {})
    thing = fleet.unique("thing")
    resources = {
        "thing": {"Type": "AWS::IoT::Thing", "Properties": {"ThingName": thing}},
        "certificate": {"Type": "AWS::IoT::Certificate", "Properties": certificate},
    }
    fleet.iot.register_thing(templateBody=json.dumps({"Resources": resources}))
    described = fleet.iot.describe_certificate(certificateId=made["certificateId"])
    assert described["certificateDescription"]["status"] == (status or "ACTIVE")


def test_a_device_does_not_activate_what_an_operator_switched_off(fleet, asking):
    policy = fleet.policy(*AS_ITSELF)
    identity, token = asking.certificate_from_csr()
    fleet.iot.update_certificate(certificateId=identity.id, newStatus="INACTIVE")
    answer = asking.register(
        fleet.template(template_body(policy)), token, SerialNumber=fleet.unique("serial")
    )
    assert answer.body["statusCode"] == 409, answer
    assert fleet.status(identity) == "INACTIVE"
