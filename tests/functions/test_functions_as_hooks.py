"""Hooks as they stand in the wild decide about real devices."""

import json
import time

import pytest

from deploying import wild
from device import Device, rejection
from fleet import AS_ITSELF, claim_statements, template_body
from running import ACCOUNT, arn
from test_audit_of_devices import records_of

DENIED = (403, "AccessDenied")
PYTHON = {"Runtime": "python3.12"}
NODE = {"Runtime": "nodejs20.x"}


def register(site, claim, template, serial):
    """The answer to a device; a refused one has left nothing but its unused certificate."""
    with Device(site.server, claim) as asking:
        identity, token = asking.certificate_from_csr()
        answer = asking.register(template, token, SerialNumber=serial)
    if not answer.accepted:
        assert not site.exists(f"sensor-{serial}")
        assert site.status(identity) == "PENDING_ACTIVATION"
        assert site.policies(identity) == []
    return answer


def check_allowed(site, claim, template, serial, where):
    answer = register(site, claim, template, serial)
    assert answer.accepted, answer.body
    assert site.attributes(f"sensor-{serial}") == {"where": where}


def check_denied(site, claim, template, serial):
    answer = register(site, claim, template, serial)
    assert not answer.accepted, answer.body
    assert rejection(answer.body)[:2] == DENIED
    assert "secret-of-the-hook" not in answer.body["errorMessage"]


def test_the_hook_of_the_tutorials(site, claim):
    files = {"lambda_function.py": (wild("seattle.py")["seattle.py"])}
    hook = site.deploy(files, Handler="lambda_function.pre_provisioning_hook", **PYTHON)
    check_allowed(site, claim, site.hooked(hook), site.unique("s"), "Seattle")


def test_a_hook_that_reads_its_table_of_known_devices(site, claim):
    files = wild("known_devices.py", **{"devices.csv": "serial,location\nSN-1,Berlin\n"})
    hook = site.deploy(files, Handler="known_devices.lambda_handler", **PYTHON)
    template = site.hooked(hook)
    check_allowed(site, claim, template, "SN-1", "Berlin")
    check_denied(site, claim, template, "SN-2")


def test_a_hook_that_asks_our_registry_with_boto3(site, claim):
    site.iam.put_role_policy(
        RoleName="functions",
        PolicyName="describe",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Action": "iot:DescribeThing",
                    "Resource": arn("thing", "announced-*"),
                },
            }
        ),
    )
    hook = site.deploy(wild("registry.py"), Handler="registry.handler", MemorySize=256, **PYTHON)
    template, serial = site.hooked(hook), site.unique("s")
    check_denied(site, claim, template, serial)
    site.iot.create_thing(
        thingName=f"announced-{serial}", attributePayload={"attributes": {"location": "Oslo"}}
    )
    check_allowed(site, claim, template, serial, "Oslo")
    # Without its role's permission the hook fails, and a hook that fails refuses.
    site.iam.delete_role_policy(RoleName="functions", PolicyName="describe")
    check_denied(site, claim, template, f"{serial}-again")


@pytest.mark.parametrize(
    ("file", "where", "options"),
    [
        ("asynchronous.py", "loop", PYTHON | {"Handler": "asynchronous.handler"}),
        ("hook.mjs", "node", NODE | {"Handler": "hook.handler"}),
        ("hook.js", "task", NODE | {"Handler": "hook.handler"}),
    ],
)
def test_hooks_of_every_make_allow_and_refuse(site, claim, file, where, options):
    template = site.hooked(site.deploy(wild(file), **options))
    check_allowed(site, claim, template, site.unique("good"), where)
    check_denied(site, claim, template, site.unique("bad"))


def test_a_hook_uses_a_dependency_inside_its_zip_file(site, claim):
    colours = {"colour_codes/__init__.py": "def code(name):\n    return {'red': 'ff0000'}[name]\n"}
    files = wild("with_dependency.py", **colours)
    hook = site.deploy(files, Handler="with_dependency.handler", **PYTHON)
    check_allowed(site, claim, site.hooked(hook), site.unique("s"), "ff0000")


@pytest.fixture(scope="module")
def misbehaving(site):
    files = wild("misbehaving.py")
    return site.hooked(site.deploy(files, Handler="misbehaving.handler", **PYTHON))


@pytest.mark.parametrize(
    ("what", "where"), [("prints", "somewhere"), ("forks", "somewhere"), ("string_true", "text")]
)
def test_odd_hooks_that_allow_are_believed(site, claim, misbehaving, what, where):
    check_allowed(site, claim, misbehaving, site.unique(what), where)


@pytest.mark.parametrize(
    "what",
    [
        *("raises", "sleeps", "prints_without_end", "forks_without_end", "fills_memory", "writes_a_gigabyte", "spins"),
        *("exits", "kills_itself", "string_yes", "nothing", "number", "text", "not_json"),
        *("large", "refuses_with_overrides", "no_such_behaviour"),
    ],
)
def test_whatever_else_a_hook_does_refuses(site, claim, misbehaving, what):
    check_denied(site, claim, misbehaving, site.unique(what))
    # And the next device is none the worse for it.
    check_allowed(site, claim, misbehaving, site.unique("prints"), "somewhere")


@pytest.mark.parametrize(
    "files",
    [
        {"app.py": "import nothing_of_this_name\n"},
        {"app.py": "raise SystemExit('at the start')\n"},
        {"app.py": "def other(event, context): pass\n"},
        {"other.py": ""},
        {"app.py": "def handler(event, context)\n"},
        {"app.py": "import time\ntime.sleep(60)\n"},
    ],
)
def test_a_hook_that_cannot_be_initialized_refuses(site, claim, files):
    check_denied(site, claim, site.hooked(site.deploy(files)), site.unique("s"))


def test_a_hook_needs_permission_for_the_very_template(site, claim):
    hook = site.deploy(wild("seattle.py"), Handler="seattle.pre_provisioning_hook")
    template = site.hooked(hook, permit=False)
    check_denied(site, claim, template, site.unique("s"))
    assert "aws lambda add-permission" in site.read_log()
    template_arn = arn("provisioningtemplate", template)
    site.permit(hook, SourceArn=arn("provisioningtemplate", "another"))
    check_denied(site, claim, template, site.unique("s"))
    site.permit(hook, SourceArn=template_arn, SourceAccount="210987654321")
    check_denied(site, claim, template, site.unique("s"))
    site.permit(hook, SourceArn=template_arn, SourceAccount=ACCOUNT)
    check_allowed(site, claim, template, site.unique("s"), "Seattle")


def test_an_alias_needs_a_permission_of_its_own_and_stays_with_its_version(site, claim):
    hook = site.deploy(wild("seattle.py"), Handler="seattle.pre_provisioning_hook", Publish=True)
    hook = hook.removesuffix(":1")
    site.functions.create_alias(FunctionName=hook, Name="live", FunctionVersion="1")
    template = site.hooked(f"{hook}:live", permit=False)
    site.permit(hook)
    check_denied(site, claim, template, site.unique("s"))
    site.permit(f"{hook}:live")
    check_allowed(site, claim, template, site.unique("s"), "Seattle")


def test_a_function_that_is_gone_or_elsewhere_refuses(site, claim):
    hook = site.deploy(wild("seattle.py"), Handler="seattle.pre_provisioning_hook")
    template = site.hooked(hook)
    check_allowed(site, claim, template, site.unique("s"), "Seattle")
    site.functions.delete_function(FunctionName=hook)
    check_denied(site, claim, template, site.unique("s"))


ROTATING = """
import os, time, boto3

def handler(event, context):
    iot = boto3.client("iot")
    iot.create_thing(thingName="asked-" + event["parameters"]["SerialNumber"])
    caller = event["claimCertificateId"]
    if os.environ["OFF"] == "by the hook":
        iot.update_certificate(certificateId=caller, newStatus="INACTIVE")
    while iot.describe_certificate(certificateId=caller)["certificateDescription"]["status"] == "ACTIVE":
        time.sleep(0.05)
    return {"allowProvisioning": True}
"""


@pytest.mark.parametrize("off", ["by the hook", "by an operator"])
def test_a_rotation_goes_on_when_its_hook_switches_the_caller_off_and_nobody_else(
    site, claim, off
):
    """AWS's rotation sample does that; an operator's word, once acknowledged, is final."""
    statement = {"Effect": "Allow", "Resource": "*",
                 "Action": ["iot:UpdateCertificate", "iot:DescribeCertificate", "iot:CreateThing"]}  # fmt: skip
    site.iam.put_role_policy(
        RoleName="functions", PolicyName="rotate",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}),
    )  # fmt: skip
    hook = site.deploy({"app.py": ROTATING}, Environment={"Variables": {"OFF": off}},
                       MemorySize=256, **PYTHON)  # fmt: skip
    site.permit(hook)
    body = template_body(site.policy(*AS_ITSELF), override={"AttributePayload": "DO_NOTHING"})
    body["Resources"]["rotation"] = {
        "Type": "AWS::IoT::Policy",
        "Properties": {"PolicyName": site.policy(*claim_statements("*"))},
    }
    serial = site.unique("serial")
    old = site.device(claim, site.template(body), serial)
    template = site.template(body, hook=hook)
    with Device(site.server, old, f"sensor-{serial}") as current:
        new, token = current.certificate_from_csr()
        topic = f"$aws/provisioning-templates/{template}/provision"
        request = {"certificateOwnershipToken": token, "parameters": {"SerialNumber": serial}}
        if off == "by the hook":
            assert current.register(template, token, SerialNumber=serial).accepted
        else:
            current.send(f"{topic}/json", json.dumps(request))
            deadline = time.monotonic() + 30
            while not site.exists(f"asked-{serial}"):
                assert time.monotonic() < deadline, "the hook was not asked"
                time.sleep(0.02)
            site.set_status(old, "INACTIVE")
        assert current.end()
    if off == "by an operator":
        (refused,) = (
            each for each in records_of(site.server, f"sensor-{serial}", 2)
            if each["operation"] == "RegisterThing"
        )  # fmt: skip
        assert refused["code"] == "AccessDenied", refused
    assert site.status(old) == "INACTIVE"
    assert site.status(new) == ("ACTIVE" if off == "by the hook" else "PENDING_ACTIVATION")
    site.iam.delete_role_policy(RoleName="functions", PolicyName="rotate")
