"""What will fail later is said when it comes in: by every operation that takes a template, a policy,
a role or a CA's registration, and by `fleetwright lint`."""

import json
import os
import pathlib
import subprocess

import pytest

from clients import make_client
from own_ca import OwnCa
from running import ACCOUNT, arn

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("FLEETWRIGHT_BIN", str(ROOT / "target/debug/fleetwright"))
OTHER = "105500000000"
REGISTRATION = "arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration"
CERTIFICATE = {
    "Type": "AWS::IoT::Certificate",
    "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}, "Status": "ACTIVE"},
}


def lints(answer):
    header = answer["ResponseMetadata"]["HTTPHeaders"].get("x-fleetwright-lint", "[]")
    return json.loads(header)


def said(answer):
    return " ".join(f"{line.get('path', '')}: {line['message']}" for line in lints(answer))


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource):
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def trust(service="iot.amazonaws.com", **condition):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return document(statement | ({"Condition": condition} if condition else {}))


ELSEWHERE = document(allow("iot:Connect", f"arn:aws:iot:eu-west-2:{OTHER}:client/*"))
UNFILLED = document(allow("iot:Publish", "arn:aws:iot:<aws-region>:ACCOUNT_ID:topic/a"))


def template(policy=None, parameter="Serial", **thing):
    properties = {"ThingName": {"Ref": parameter}} | thing
    policy = {"PolicyDocument": policy or {"Version": "2012-10-17", "Statement": [
        allow("iot:Connect", arn("client", "x"))]}}  # fmt: skip
    return json.dumps({
        "Parameters": {parameter: {"Type": "String"}},
        "Resources": {
            "thing": {"Type": "AWS::IoT::Thing", "Properties": properties},
            "certificate": CERTIFICATE,
            "policy": {"Type": "AWS::IoT::Policy", "Properties": policy},
        },
    })  # fmt: skip


@pytest.fixture(scope="session")
def iam(server):
    return make_client(server, "iam")


@pytest.fixture
def role(iam, unique):
    """Makes a role that may register, or less; gives its ARN."""

    def make(trust_policy=None, policy=REGISTRATION):
        name = unique("role")
        trusted = trust_policy or trust()
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)
        if policy:
            iam.attach_role_policy(RoleName=name, PolicyArn=policy)
        return made["Role"]["Arn"]

    return make


@pytest.fixture
def create(iot, unique):
    def make(role, body=None, **members):
        return iot.create_provisioning_template(
            templateName=unique("T"),
            templateBody=body or template(),
            provisioningRoleArn=role,
            **members,
        )

    return make


def test_a_template_that_works_has_no_lint(create, role):
    assert lints(create(role())) == []


def test_a_role_that_cannot_register_is_said_with_the_template(iot, create, role):
    missing = f"arn:aws:iam::{ACCOUNT}:role/nobody-made-this"
    away = {"StringEquals": {"aws:SourceAccount": OTHER}}
    for arn_, piece in (
        (missing, "does not exist"),
        (f"arn:aws:iam::{OTHER}:role/prov", f"account {OTHER} is not of this installation"),
        (role(trust("lambda.amazonaws.com")), "does not trust iot.amazonaws.com"),
        (role(trust(**away)), f"condition StringEquals aws:SourceAccount [{OTHER}]"),
        (role(policy=None), "does not allow iot:CreateThing, iot:AttachThingPrincipal, "),
    ):
        made = create(arn_)
        assert f"provisioningRoleArn: {arn_}" in said(made) and piece in said(made), said(made)
        name = made["templateName"]
        further = iot.create_provisioning_template_version(
            templateName=name, templateBody=template(ThingGroups=[]), setAsDefault=True
        )
        assert piece in said(further), said(further)
    good = role()
    assert lints(iot.update_provisioning_template(templateName=name, provisioningRoleArn=good)) == []
    changed = iot.update_provisioning_template(templateName=name, provisioningRoleArn=missing)
    assert "does not exist" in said(changed)


def test_a_role_is_asked_for_what_this_template_does_and_no_more(iam, iot, create, role, unique):
    group, narrow = unique("group"), role(policy=None)
    iot.create_thing_group(thingGroupName=group)
    most = ["iot:CreateThing", "iot:UpdateCertificate", "iot:CreatePolicy", "iot:AttachThingPrincipal",
            "iot:AttachPrincipalPolicy"]  # fmt: skip
    iam.put_role_policy(
        RoleName=narrow.rsplit("/", 1)[1], PolicyName="p", PolicyDocument=document(allow(most, "*"))
    )
    assert lints(create(narrow)) == []
    grouped = said(create(narrow, template(ThingGroups=[group])))
    assert f"does not allow iot:AddThingToThingGroup on {arn('thinggroup', group)}" in grouped
    assert "iot:CreateThing" not in grouped


@pytest.mark.parametrize(
    ("condition", "piece"),
    [
        ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, "IpAddress aws:SourceIp [192.0.2.0/24], which no"),
        ({"StringEquals": {"aws:SourceAccount": OTHER}}, f"aws:SourceAccount [{OTHER}], which no"),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, "MultiFactorAuthPresent [true], which no"),
        ({"DateLessThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"}}, "at some times only"),
        ({"NumericGreaterThan": {"aws:EpochTime": "1"}}, "at some times only"),
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, None),
        ({"Bool": {"aws:SecureTransport": "true"}}, None),
        ({"IpAddressIfExists": {"aws:SourceIp": "192.0.2.0/24"}}, None),
    ],
    ids=str,
)
def test_conditions_of_a_role_are_judged(iam, create, role, condition, piece):
    narrow = role(policy=None)
    name = narrow.rsplit("/", 1)[1]
    statement = allow("iot:*", "*") | {"Condition": condition}
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(statement))
    answer = create(narrow)
    assert (lints(answer) == []) if piece is None else (piece in said(answer)), said(answer)
    # A permission beside it that is free of conditions is enough, and a Deny is not.
    iam.attach_role_policy(RoleName=name, PolicyArn=REGISTRATION)
    assert lints(create(narrow)) == []
    denies = statement | {"Effect": "Deny"}
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(denies))
    answer = said(create(narrow))
    if piece is None:
        assert "does not allow iot:CreateThing" in answer
    else:
        assert ("at some times only" in answer) == ("at some times only" in piece)


def test_a_trust_of_some_times_is_said(create, role):
    while_open = {"DateLessThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"}}
    assert "trusts iot.amazonaws.com at some times only" in said(create(role(trust(**while_open))))


def test_a_cas_template_is_looked_at_as_one_of_type_jitp(iot, role, unique):
    ca = OwnCa(unique("ca"))
    config = {"templateBody": template(parameter="CommonName"), "roleArn": role(policy=None)}
    made = iot.register_ca_certificate(
        caCertificate=ca.pem,
        verificationCertificate=ca.verification(iot),
        registrationConfig=config,
        allowAutoRegistration=True,
    )
    assert "Cannot resolve reference value: CommonName" in said(made), said(made)
    assert "registrationConfig.roleArn:" in said(made) and "auto-registration" not in said(made)
    update = iot.update_ca_certificate
    off = update(certificateId=ca.id, newAutoRegistrationStatus="DISABLE")
    assert "has no effect until auto-registration is on" in said(off)
    config |= {"templateBody": template(parameter="AWS::IoT::Certificate::CommonName")}
    changed = update(certificateId=ca.id, registrationConfig=config | {"roleArn": role()})
    assert [line["path"] for line in lints(changed)] == ["registrationConfig"], said(changed)
    assert lints(update(certificateId=ca.id, newAutoRegistrationStatus="ENABLE")) == []


def test_templates_that_are_not_kept_are_looked_at_too(iot, role, unique, server):
    body = json.loads(template(policy=ELSEWHERE))
    made = iot.create_keys_and_certificate(setAsActive=True)
    body["Parameters"]["Id"] = {"Type": "String"}
    body["Resources"]["certificate"]["Properties"]["CertificateId"] = {"Ref": "Id"}
    registered = iot.register_thing(
        templateBody=json.dumps(body),
        parameters={"Serial": unique("s"), "Id": made["certificateId"]},
    )
    assert "region eu-west-2 is not of this installation" in said(registered)
    started = iot.start_thing_registration_task(
        templateBody=json.dumps(body),
        inputFileBucket="none",
        inputFileKey="none",
        roleArn=role(policy=None),
    )
    assert "region eu-west-2" in said(started) and "roleArn: arn:aws:iam" in said(started)


def test_policies_of_elsewhere_and_unfilled_samples_are_said(iot, iam, unique, server):
    name, user, role = unique("p"), unique("u"), unique("r")
    iam.create_user(UserName=user)
    made = iot.create_policy(policyName=name, policyDocument=ELSEWHERE)
    assert [line["code"] for line in lints(made)] == ["other-scope"]
    assert f"(us-east-1, {ACCOUNT})" in said(made)
    version = iot.create_policy_version(policyName=name, policyDocument=UNFILLED)
    assert [line["code"] for line in lints(version)] == ["placeholder"]
    managed = iam.create_policy(PolicyName=name, PolicyDocument=UNFILLED)
    assert [line["code"] for line in lints(managed)] == ["placeholder"]
    policy_arn = managed["Policy"]["Arn"]
    version = iam.create_policy_version(PolicyArn=policy_arn, PolicyDocument=ELSEWHERE)
    inline = iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=ELSEWHERE)
    away = {"StringEquals": {"aws:SourceAccount": OTHER}}
    made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust(**away))
    changed = iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust(**away))
    for answer in (version, inline, made, changed):
        assert [line["code"] for line in lints(answer)] == ["other-scope"], said(answer)
    assert f"policy p of user {user}" in server.log.read_text()
    here = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    changed = iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust(**here))
    assert lints(changed) == []


@pytest.mark.parametrize(
    "text, code, piece",
    [
        (template(), 0, "ok (fleet provisioning template)"),
        (ELSEWHERE, 1, "region eu-west-2 is not of this installation"),
        (UNFILLED, 1, "'<aws-region>' is a placeholder"),
        (trust(StringEquals={"aws:SourceAccount": OTHER}), 1, f"account is {ACCOUNT}, not {OTHER}"),
        (json.dumps({"templateBody": template(parameter="CommonName"), "roleArn": "r"}), 1,
         "Cannot resolve reference value: CommonName"),
        ('{"Resources": {}}', 2, "error"),
        ("[]", 2, "neither a template"),
    ],
)  # fmt: skip
def test_files_are_linted_without_a_server(tmp_path, text, code, piece):
    file = tmp_path / "file.json"
    file.write_text(text)
    command = [BINARY, "lint", "--region", "us-east-1", "--account", ACCOUNT, file]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, piece in done.stdout) == (code, True), done.stdout + done.stderr
    done = subprocess.run([*command, "--output", "json"], capture_output=True, text=True, timeout=60)
    (found,) = json.loads(done.stdout)["files"]
    assert done.returncode == code and found["file"] == str(file)
    worst = {finding["severity"] for finding in found["findings"]}
    assert worst == ({"error"} if code == 2 else {"warning"} if code else set())


def test_a_kind_may_be_said_and_a_missing_file_is_an_error(tmp_path):
    file = tmp_path / "policy.json"
    file.write_text(document(allow("iot:Publsh", arn("topic", "a"))))
    for arguments, code in (
        ([file], 1),
        (["--kind", "identity-policy", file], 0),
        (["--kind", "trust-policy", file], 2),
        ([tmp_path / "missing.json"], 2),
        ([], 2),
    ):
        done = subprocess.run([BINARY, "lint", *arguments], capture_output=True, timeout=60)
        assert done.returncode == code, (arguments, done.stdout)
