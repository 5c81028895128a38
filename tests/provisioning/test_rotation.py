"""A device renews its certificate through a template, without a hook."""

from device import Device
from fleet import AS_ITSELF, claim_statements, template_body


def test_a_device_takes_a_new_certificate_and_the_operator_switches_the_old_one_off(
    fleet, claim, device
):
    body = template_body(fleet.policy(*AS_ITSELF), override={"AttributePayload": "DO_NOTHING"})
    may_rotate = fleet.policy(*claim_statements("*"))
    body["Resources"]["rotation"] = {
        "Type": "AWS::IoT::Policy",
        "Properties": {"PolicyName": may_rotate},
    }
    template, serial = fleet.template(body), fleet.unique("serial")
    thing = f"sensor-{serial}"
    old = fleet.device(claim, template, serial)
    # The device itself asks, as itself, with its certificate of today.
    current = device(old, thing)
    new, token = current.certificate_from_csr()
    answer = current.register(template, token, SerialNumber=serial)
    assert answer.accepted and answer.body["thingName"] == thing
    # Both are the thing's until somebody says otherwise.
    assert set(fleet.principals(thing)) == {fleet.arn(old), fleet.arn(new)}
    assert fleet.attributes(thing) == {"serial": serial}
    with Device(fleet.server, new, thing) as renewed:
        assert current.end()
        fleet.iot.detach_policy(policyName=may_rotate, target=fleet.arn(old))
        fleet.set_status(old, "INACTIVE")
        renewed.certificate_from_csr()
    assert fleet.status(old) == "INACTIVE" and fleet.status(new) == "ACTIVE"


def test_a_device_without_the_right_to_the_template_cannot_rotate(fleet, claim, template, device):
    serial = fleet.unique("serial")
    identity = fleet.device(claim, template, serial)
    with device(identity, f"sensor-{serial}") as current:
        current.publish("$aws/certificates/create-from-csr/json", b"{}")
        assert current.end()
