"""Pre-provisioning hooks, by URL and by command: what they are told, what they decide."""

import json
import sys
import threading
import time

import pytest

from device import NOT_AUTHORIZED, VERSIONS, Device, MQTTv5, Refused, rejection
from fleet import AS_ITSELF, Fleet, claim_statements, template_body
from running import arn

DENIED = (403, "AccessDenied")


def check_denied(fleet, asking, template):
    """The device is refused, and nothing of it is left but its unused certificate."""
    identity, token = asking.certificate_from_csr()
    serial = fleet.unique("serial")
    answer = asking.register(template, token, SerialNumber=serial)
    assert not answer.accepted
    assert rejection(answer.body)[:2] == DENIED
    assert not fleet.exists(f"sensor-{serial}")
    assert fleet.status(identity) == "PENDING_ACTIVATION"
    assert fleet.policies(identity) == []
    return answer


def test_v8_a_parameter_may_come_from_the_hook_alone(fleet, claim, hooks, device):
    def decide(request):
        parameters = {"Location": "Berlin", "Extra": request["parameters"]["Colour"]}
        return {"allowProvisioning": True, "parameterOverrides": parameters}

    body = template_body(
        fleet.policy(*AS_ITSELF),
        parameters={"Location": {"Type": "String"}, "Extra": {"Type": "String"}},
        thing={"AttributePayload": {"where": {"Ref": "Location"}, "extra": {"Ref": "Extra"}}},
        DeviceConfiguration={"location": {"Ref": "Location"}},
    )
    template, asking = fleet.template(body, hook=hooks.at(decide)), device(claim)
    _, token = asking.certificate_from_csr()
    serial = fleet.unique("serial")
    answer = asking.register(
        template, token, SerialNumber=serial, Location="overridden", Colour="red"
    )
    assert answer.body == {
        "deviceConfiguration": {"location": "Berlin"},
        "thingName": f"sensor-{serial}",
    }
    assert fleet.attributes(f"sensor-{serial}") == {"where": "Berlin", "extra": "red"}


def test_v8_without_the_hooks_parameter_the_device_is_rejected(fleet, claim, hooks, device):
    body = template_body(fleet.policy(*AS_ITSELF), parameters={"Location": {"Type": "String"}},
                         DeviceConfiguration={"location": {"Ref": "Location"}})  # fmt: skip
    template = fleet.template(body, hook=hooks.at(lambda _: {"allowProvisioning": True}))
    asking = device(claim)
    _, token = asking.certificate_from_csr()
    answer = asking.register(template, token, SerialNumber=fleet.unique("serial"))
    assert rejection(answer.body)[1:] == (
        "InvalidParameters",
        "Cannot resolve reference value: Location",
    )
    # The token is not spent by a rejection.
    assert asking.register(
        template, token, SerialNumber=fleet.unique("serial"), Location="here"
    ).accepted


def test_a_hook_is_told_what_aws_tells_a_function(fleet, claim, hooks, device):
    told = []

    def decide(request):
        told.append(request)
        return {"allowProvisioning": "true"}

    template, asking = fleet.template(hook=hooks.at(decide)), device(claim)
    identity, token = asking.certificate_from_csr()
    serial = fleet.unique("serial")
    assert asking.register(template, token, SerialNumber=serial, Unknown="x").accepted
    assert told == [
        {
            "claimCertificateId": claim.id,
            "certificateId": identity.id,
            "certificatePem": identity.certificate_pem,
            "templateArn": arn("provisioningtemplate", template),
            "clientId": asking.client_id,
            "parameters": {"SerialNumber": serial, "Unknown": "x"},
        }
    ]


def refuse(_):
    return {"allowProvisioning": False}


def refuse_with_overrides(_):
    return {"allowProvisioning": False, "parameterOverrides": {"SerialNumber": "allowed"}}


def fail(_):
    raise ValueError("the hook broke")


def say_nothing(_):
    return None


def say_something_else(_):
    return {"allow": True}


def sleep_too_long(_):
    time.sleep(6)
    return {"allowProvisioning": True}


@pytest.mark.parametrize(
    "decide",
    [refuse, refuse_with_overrides, fail, say_nothing, say_something_else, sleep_too_long],
)
def test_v9_a_hook_that_does_not_allow_refuses(fleet, claim, hooks, device, decide):
    asking = device(claim)
    answer = check_denied(fleet, asking, fleet.template(hook=hooks.at(decide)))
    assert "broke" not in answer.body["errorMessage"]
    asking.certificate_from_csr()


def test_v9_a_hook_that_nobody_answers_refuses(fleet, claim, device):
    check_denied(fleet, device(claim), fleet.template(hook="http://127.0.0.1:9/hook"))


def test_a_slow_hook_holds_up_nobody_else(fleet, claim, hooks, template, device):
    entered, leave = threading.Event(), threading.Event()

    def decide(_):
        entered.set()
        leave.wait(4)
        return {"allowProvisioning": True}

    slow, fast = device(claim), device(claim)
    _, token = slow.certificate_from_csr()
    body = {"certificateOwnershipToken": token, "parameters": {"SerialNumber": fleet.unique("s")}}
    topic = f"$aws/provisioning-templates/{fleet.template(hook=hooks.at(decide))}/provision"
    slow.send(f"{topic}/json", json.dumps(body))
    assert entered.wait(30)
    _, token = fast.certificate_from_csr()
    assert fast.register(template, token, SerialNumber=fleet.unique("serial")).accepted
    assert slow.messages.empty()
    leave.set()
    assert slow.answer(topic).accepted


@pytest.mark.parametrize("version", VERSIONS)
def test_v15_rotation_answers_before_it_ends_the_old_session(
    fleet, claim, hooks, device, version
):
    """AWS's rotation sample: the hook switches the caller's certificate off during the request."""
    body = template_body(
        fleet.policy(*AS_ITSELF),
        parameters={"Issued": {"Type": "String"}},
        thing={"AttributePayload": {"issued": {"Ref": "Issued"}}},
        override={"AttributePayload": "REPLACE"},
    )
    serial, may_rotate = fleet.unique("serial"), fleet.policy(*claim_statements("*"))
    thing, body["Resources"]["rotation"] = f"sensor-{serial}", rotation_policy(may_rotate)
    old = fleet.device(claim, fleet.template(body), serial, Issued="2025")

    def rotate(request):
        fleet.set_status(old, "INACTIVE")
        caller = arn("cert", request["claimCertificateId"])
        fleet.iot.detach_policy(policyName=may_rotate, target=caller)
        return {"allowProvisioning": caller == fleet.arn(old)}

    current = device(old, thing, version=version)
    new, token = current.certificate_from_csr()
    template = fleet.template(body, hook=hooks.at(rotate))
    answer = current.register(template, token, SerialNumber=serial, Issued="2026")
    assert answer.accepted and answer.body["thingName"] == thing
    assert current.end() == (NOT_AUTHORIZED if version == MQTTv5 else 128)
    with pytest.raises(Refused):
        device(old, thing, version=version)
    assert fleet.status(old) == "INACTIVE"
    assert fleet.attributes(thing) == {"issued": "2026"}
    device(new, thing, version=version)


def rotation_policy(name):
    return {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": name}}


COMMANDS = {
    "allow": "import json,sys; r=json.load(sys.stdin); print(json.dumps({'allowProvisioning': True,"
    " 'parameterOverrides': {'Location': r['clientId']}}))",
    "exit-3": "print('{\"allowProvisioning\": true}'); raise SystemExit(3)",
    "sleep": "import time; time.sleep(6); print('{\"allowProvisioning\": true}')",
    "garbage": "print('yes')",
    "endless": "while True: print('x' * 65536)",
}


@pytest.fixture(scope="module")
def with_commands(own_server, tmp_path_factory):
    """A server with commands as hooks, its fleet and its claim."""
    removed = tmp_path_factory.mktemp("removed") / "program"
    removed.symlink_to(sys.executable)
    commands = {name: [sys.executable, "-c", code] for name, code in COMMANDS.items()}
    commands["missing"] = [str(removed)]
    lines = [f"{name} = {json.dumps(command)}" for name, command in commands.items()]
    fleet = Fleet(own_server("\n".join(["[hooks.commands]", *lines])).start())
    removed.unlink()
    return fleet, fleet.claim("*")


def test_v8_a_command_allows_and_overrides(with_commands):
    fleet, claim = with_commands
    body = template_body(fleet.policy(*AS_ITSELF), parameters={"Location": {"Type": "String"}},
                         DeviceConfiguration={"location": {"Ref": "Location"}})  # fmt: skip
    template = fleet.template(body, hook="command:allow")
    with Device(fleet.server, claim) as asking:
        _, token = asking.certificate_from_csr()
        answer = asking.register(template, token, SerialNumber="1")
        assert answer.body["deviceConfiguration"] == {"location": asking.client_id}


@pytest.mark.parametrize("name", ["exit-3", "sleep", "garbage", "endless", "missing", "unlisted"])
def test_v9_a_command_that_does_not_allow_refuses(with_commands, name):
    fleet, claim = with_commands
    with Device(fleet.server, claim) as asking:
        check_denied(fleet, asking, fleet.template(hook=f"command:{name}"))
