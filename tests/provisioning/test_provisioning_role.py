"""The role of a template: it must exist, trust AWS IoT, and allow what the template does."""

import pytest

from device import Device
from fleet import AS_ITSELF, ROLE_POLICY, allow, document, template_body

MISSING = "arn:aws:iam::123456789012:role/nobody-made-this"


@pytest.fixture
def asking(server, claim):
    with Device(server, claim) as device:
        yield device


def refusal(asking, fleet, role, **thing):
    """What the device is told, and a template that it may try again."""
    body = template_body(fleet.policy(*AS_ITSELF), thing=thing)
    template, serial = fleet.template(body, role=role), fleet.unique("serial")
    identity, token = asking.certificate_from_csr()
    answer = asking.register(template, token, SerialNumber=serial)
    assert not answer.accepted and not fleet.exists(f"sensor-{serial}")
    assert fleet.status(identity) == "PENDING_ACTIVATION"
    assert (answer.body["statusCode"], answer.body["errorCode"]) == (403, "AccessDenied")
    return answer.body["errorMessage"], (template, token, serial)


def test_a_role_that_does_not_exist_registers_nobody(fleet, asking):
    message, _ = refusal(asking, fleet, MISSING)
    assert message == "The provisioning role of this template does not exist."


def test_a_role_that_trusts_another_service_registers_nobody(fleet, asking):
    role = fleet.role(fleet.unique("role"), ROLE_POLICY, service="lambda.amazonaws.com")
    message, _ = refusal(asking, fleet, role)
    assert message == "The provisioning role of this template does not trust iot.amazonaws.com."


def test_a_missing_permission_is_named_and_counts_once_granted(fleet, asking):
    name, group = fleet.unique("role"), fleet.group()
    role = fleet.role(name)
    all_but_groups = ["iot:CreateThing", "iot:UpdateCertificate", "iot:Attach*"]
    fleet.iam.put_role_policy(
        RoleName=name, PolicyName="most", PolicyDocument=document(allow(all_but_groups, "*"))
    )
    message, again = refusal(asking, fleet, role, ThingGroups=[group])
    assert message.endswith("does not allow iot:AddThingToThingGroup."), message
    fleet.iam.attach_role_policy(RoleName=name, PolicyArn=ROLE_POLICY)
    template, token, serial = again
    assert asking.register(template, token, SerialNumber=serial).accepted
