"""`fleetwright hook test`: a template with its hook and role, tried without registering anything."""

import json
import sys

import pytest

from fleet import AS_ITSELF, ROLE_POLICY, Fleet, allow, document, template_body
from serving import run


@pytest.fixture
def hook_test(server):
    """Runs the command; gives its exit code and what it says, an object when that is JSON."""

    def call(template, *arguments, output="json", key=server.credentials, **parameters):
        pairs = [("--parameter", f"{name}={value}") for name, value in parameters.items()]
        done = run(
            *("hook", "test", "--api", server.api, "--credentials", key),
            *("--template", template, "--output", output),
            *(word for pair in pairs for word in pair),
            *arguments,
        )
        if done.returncode in (0, 3):
            return done.returncode, json.loads(done.stdout) if output == "json" else done.stdout
        return done.returncode, done.stderr

    return call


def test_the_plan_of_a_device_is_shown_and_nothing_is_registered(fleet, hooks, hook_test):
    group, policy, events = fleet.group(), fleet.policy(*AS_ITSELF), []

    def decide(event):
        events.append(event)
        return {"allowProvisioning": True, "parameterOverrides": {"Location": "Berlin"}}

    body = template_body(
        policy,
        parameters={"Location": {"Type": "String"}},
        thing={"ThingGroups": [group], "AttributePayload": {"where": {"Ref": "Location"}}},
        DeviceConfiguration={"broker": {"Ref": "Location"}},
    )
    template, serial = fleet.template(body, hook=hooks.at(decide)), fleet.unique("serial")
    code, told = hook_test(template, SerialNumber=serial)
    assert code == 0 and told["wouldRegister"] and "refused" not in told
    assert told["hook"]["verdict"] == "allow"
    assert told["hook"]["parameterOverrides"] == {"Location": "Berlin"}
    thing = told["plan"]["thing"]
    assert thing["name"] == f"sensor-{serial}" and thing["groups"] == [group]
    assert thing["attributes"] == {"where": "Berlin"}
    assert told["plan"]["policies"] == [{"name": policy}]
    assert told["plan"]["certificate"]["status"] == "ACTIVE"
    assert told["plan"]["deviceConfiguration"] == {"broker": "Berlin"}
    assert told["role"]["allows"] is True and told["remarks"] == []
    [event] = events
    assert event == told["event"] and event["parameters"] == {"SerialNumber": serial}
    assert event["templateArn"].endswith(f":provisioningtemplate/{template}")
    assert not fleet.exists(f"sensor-{serial}")


def test_a_refusal_and_a_failure_are_told_apart_and_say_why(fleet, hooks, hook_test):
    refuses = fleet.template(hook=hooks.at(lambda _: {"allowProvisioning": False}))
    code, told = hook_test(refuses, SerialNumber="SN-1")
    assert code == 3 and told["hook"]["verdict"] == "refuse"
    assert told["refused"]["by"] == "hook" and told["refused"]["errorCode"] == "AccessDenied"
    fails = fleet.template(hook=hooks.at(lambda _: 1 / 0))
    code, told = hook_test(fails, SerialNumber="SN-1")
    assert code == 3 and told["hook"]["verdict"] == "failed"
    assert "500" in told["hook"]["reason"] and "500" in told["refused"]["cause"]


def test_what_a_template_cannot_come_to_is_told(fleet, hook_test):
    code, told = hook_test(fleet.template())
    assert code == 3 and told["refused"]["by"] == "template"
    assert told["refused"]["errorMessage"] == "Cannot resolve reference value: SerialNumber"


def test_the_permission_that_its_role_lacks_is_named(fleet, hook_test):
    name, group = fleet.unique("role"), fleet.group()
    role = fleet.role(name)
    some = ["iot:CreateThing", "iot:AttachPolicy"]

    def give(actions):
        fleet.iam.put_role_policy(
            RoleName=name, PolicyName="p", PolicyDocument=document(allow(actions, "*"))
        )

    give(some)
    body = template_body(fleet.policy(*AS_ITSELF), thing={"ThingGroups": [group]})
    template = fleet.template(body, role=role)
    code, told = hook_test(template, SerialNumber="SN-1")
    assert code == 3 and told["refused"]["by"] == "role" and told["role"]["allows"] is False
    lacking = ["iot:AttachThingPrincipal", "iot:AddThingToThingGroup", "iot:UpdateCertificate"]
    assert lacking[0] in told["refused"]["errorMessage"]
    assert all(action in told["refused"]["cause"] for action in lacking)
    assert told["plan"]["thing"]["groups"] == [group], "the plan is shown all the same"
    # One that is needed for a change which depends on what is registered.
    give(some + [lacking[0], lacking[2]])
    code, told = hook_test(template, SerialNumber="SN-1")
    assert code == 3 and told["refused"]["by"] == "role"
    assert lacking[1] in told["refused"]["errorMessage"]
    fleet.iam.attach_role_policy(RoleName=name, PolicyArn=ROLE_POLICY)
    assert hook_test(template, SerialNumber="SN-1")[0] == 0


def test_names_that_the_registry_lacks_are_remarked(fleet, hook_test):
    body = template_body("no-such-policy", thing={"ThingGroups": ["no-such-group"]})
    _, told = hook_test(fleet.template(body), SerialNumber="SN-1")
    assert [remark.split(": ")[0] for remark in told["remarks"]] == [
        "The thing group 'no-such-group' does not exist",
        "The policy 'no-such-policy' does not exist",
    ]


def test_a_disabled_template_is_tried_before_it_is_enabled(fleet, hooks, hook_test):
    template = fleet.template(hook=hooks.at(lambda _: {"allowProvisioning": True}))
    fleet.iot.update_provisioning_template(templateName=template, enabled=False)
    code, told = hook_test(template, SerialNumber="SN-1")
    assert code == 3 and told["refused"]["by"] == "enabled"
    assert told["hook"]["verdict"] == "allow" and told["plan"]["thing"]["name"] == "sensor-SN-1"


def test_an_event_comes_from_a_file_and_parameters_count_above_it(
    fleet, hooks, hook_test, tmp_path
):
    events = []
    hook = hooks.at(lambda event: events.append(event) or {"allowProvisioning": True})
    template, path = fleet.template(hook=hook), tmp_path / "event.json"
    event = {"clientId": "line-7", "parameters": {"SerialNumber": "old", "Colour": "red"}}
    path.write_text(json.dumps(event))
    code, _ = hook_test(template, "--event", path, SerialNumber="new")
    assert code == 0 and events[0]["clientId"] == "line-7"
    assert events[0]["parameters"] == {"SerialNumber": "new", "Colour": "red"}
    path.write_text(json.dumps({"certificateId": "short"}))
    code, error = hook_test(template, "--event", path)
    assert code == 1 and "InvalidRequestException" in error and len(events) == 1


def test_people_read_a_text_without_colours_in_a_pipe(fleet, hooks, hook_test):
    template = fleet.template(hook=hooks.at(lambda _: {"allowProvisioning": True}))
    code, text = hook_test(template, SerialNumber="SN-1", output="text")
    assert code == 0 and "\x1b" not in text
    lines = {line[:12].strip(): line[12:].strip() for line in text.splitlines()}
    assert lines["Thing"] == "sensor-SN-1" and lines["The device"] == "would be registered"
    assert lines["Verdict"].startswith("allow after ")


def test_who_may_not_test_hooks_is_refused(fleet, hook_test):
    code, error = hook_test("no-such-template")
    assert code == 1 and "does not exist" in error
    template, user = fleet.template(), fleet.unique("user")
    fleet.iam.create_user(UserName=user)
    denied = document(allow("iot:*", "*"))
    fleet.iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=denied)
    key = fleet.iam.create_access_key(UserName=user)["AccessKey"]
    credentials = fleet.server.credentials.parent / f"{user}.credentials"
    credentials.write_text(
        f"[default]\naws_access_key_id = {key['AccessKeyId']}\n"
        f"aws_secret_access_key = {key['SecretAccessKey']}\n"
    )
    code, error = hook_test(template, key=credentials, SerialNumber="SN-1")
    assert code == 1 and "fleetwright:TestHook" in error


COMMAND = """
import json, sys
event = json.load(sys.stdin)
print("asked about", event["parameters"]["SerialNumber"], file=sys.stderr)
if event["parameters"]["SerialNumber"].startswith("bad"):
    sys.exit(3)
print(json.dumps({"allowProvisioning": True}))
"""


def test_the_event_of_a_refused_device_is_sent_again(own_server, tmp_path):
    script = tmp_path / "hook.py"
    script.write_text(COMMAND)
    config = f"""
[hooks]
record-events = 2

[hooks.commands]
python = ["{sys.executable}", "{script}"]
"""
    own = own_server(config)
    server = own.start()
    fleet = Fleet(server)
    template, other = fleet.template(hook="command:python"), fleet.template(hook="command:python")
    claim = fleet.claim(template)
    with pytest.raises(AssertionError):
        fleet.device(claim, template, "bad-serial-0001")

    def call(*arguments):
        reach = ("--api", server.api, "--credentials", server.credentials)
        return run(*arguments, *reach, "--output", "json")

    records = call("audit", "--operation", "RegisterThing", "--outcome", "denied").stdout
    [record] = map(json.loads, records.splitlines())
    assert "hook command:python" in record["reason"] and "exit status: 3" in record["reason"]
    assert "bad-serial-0001" not in records
    again = ("--audit-request-id", record["requestId"])
    done = call("hook", "test", "--template", template, *again)
    told = json.loads(done.stdout)
    assert done.returncode == 3 and told["hook"]["verdict"] == "failed"
    assert told["event"]["parameters"] == {"SerialNumber": "bad-serial-0001"}
    assert told["event"]["claimCertificateId"] == claim.id
    assert told["hook"]["log"] == "asked about bad-serial-0001\n"
    done = call("hook", "test", "--template", template, *again, "-p", "SerialNumber=good")
    assert done.returncode == 0
    done = call("hook", "test", "--template", other, *again)
    assert done.returncode == 1 and "recorded event" in done.stderr
