"""Ways by which a user with some rights could get more, and does not."""

import json

import pytest

from clients import make_client
from own_ca import OwnCa
from running import ACCOUNT, arn

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
TEMPLATE = json.dumps({"Parameters": {"AWS::IoT::Certificate::Id": {"Type": "String"}},
    "Resources": {"certificate": {"Type": "AWS::IoT::Certificate", "Properties": {
        "CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}}}}})  # fmt: skip
BULK = json.dumps({"Parameters": {"CSR": {"Type": "String"}}, "Resources": {"certificate": {
    "Type": "AWS::IoT::Certificate",
    "Properties": {"CertificateSigningRequest": {"Ref": "CSR"}}}}})  # fmt: skip


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions, resource="*", **condition):
    more = {"Condition": condition} if condition else {}
    return {"Effect": "Allow", "Action": actions, "Resource": resource} | more


@pytest.fixture(scope="module")
def iam(server):
    return make_client(server, "iam")


@pytest.fixture
def user(server, iam, unique):
    """Makes a user with these statements; gives its name and its clients by service."""

    def make(*statements):
        name = unique("user")
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(
                UserName=name, PolicyName="given", PolicyDocument=document(*statements)
            )
        key = iam.create_access_key(UserName=name)["AccessKey"]
        secret = key["AccessKeyId"], key["SecretAccessKey"]
        return name, lambda service: make_client(server, service, *secret)

    return make


@pytest.fixture
def roles(iam, unique):
    """The ARNs of a narrow role and of a powerful one, both for AWS IoT."""

    def make(kind, policy):
        name = unique(kind)
        statement = {"Effect": "Allow", "Principal": {"Service": "iot.amazonaws.com"}}
        trust = document(statement | {"Action": "sts:AssumeRole"})
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
        return made

    registration = "arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration"
    return make("narrow", registration), make("powerful", ADMINISTRATOR)


def ways_to_pass(iot, unique):
    """Every offered operation by which AWS IoT is given a role: a call with it."""
    ca = OwnCa(unique("ca"))
    config = {"templateBody": TEMPLATE}
    return {
        "CreateProvisioningTemplate": lambda role: iot.create_provisioning_template(
            templateName=unique("t"), templateBody=TEMPLATE, provisioningRoleArn=role,
            type="JITP",
        ),
        "StartThingRegistrationTask": lambda role: iot.start_thing_registration_task(
            templateBody=BULK, inputFileBucket="bucket", inputFileKey="key", roleArn=role,
        ),
        "RegisterCACertificate": lambda role: iot.register_ca_certificate(
            caCertificate=ca.pem, certificateMode="SNI_ONLY",
            registrationConfig=config | {"roleArn": role},
        ),
        "UpdateCACertificate": lambda role: iot.update_ca_certificate(
            certificateId=ca.id, registrationConfig=config | {"roleArn": role},
        ),
        "CreateRoleAlias": lambda role: iot.create_role_alias(
            roleAlias=unique("alias"), roleArn=role,
        ),
    }  # fmt: skip


PASSING = [
    "CreateProvisioningTemplate", "StartThingRegistrationTask", "RegisterCACertificate",
    "UpdateCACertificate", "CreateRoleAlias",
]  # fmt: skip


@pytest.mark.parametrize("operation", PASSING)
def test_a_role_is_passed_only_by_who_may_pass_it(user, roles, unique, refused, operation):
    narrow, powerful = roles
    _, client = user(allow("iot:*"))
    code, status, message = refused(
        ways_to_pass(client("iot"), unique)[operation], role=powerful
    )
    assert (code, status) == ("AccessDeniedException", 403)
    assert "iam:PassRole" in message and powerful in message
    _, client = user(allow("iot:*"), allow("iam:PassRole", narrow))
    way = ways_to_pass(client("iot"), unique)[operation]
    assert "iam:PassRole" in refused(way, role=powerful)[2]


def test_a_function_gets_no_role_that_its_maker_may_not_pass(user, roles, unique, refused):
    """A function works with its role: whoever makes or changes one must be allowed to pass it."""
    narrow, powerful = roles
    to = {"StringEquals": {"iam:PassedToService": "iot.amazonaws.com"}}
    _, client = user(allow("lambda:*"), allow("iam:PassRole", [narrow, powerful], **to))
    members = {"FunctionName": unique("f"), "Role": powerful}
    code = {"Runtime": "python3.12", "Handler": "a.b", "Code": {"ZipFile": b"x"}}
    for operation, more in (("create_function", code), ("update_function_configuration", {})):
        call = getattr(client("lambda"), operation)
        name, status, message = refused(call, **members, **more)
        assert (name, status) == ("AccessDeniedException", 403), message
        assert "iam:PassRole" in message and powerful in message


def test_a_role_may_be_passed_to_the_named_service_only(user, roles, unique, refused):
    narrow, _ = roles
    to = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    _, client = user(allow("iot:*"), allow("iam:PassRole", narrow, **to))
    way = ways_to_pass(client("iot"), unique)["CreateProvisioningTemplate"]
    assert "iam:PassRole" in refused(way, role=narrow)[2]
    to = {"StringEquals": {"iam:PassedToService": "iot.amazonaws.com"}}
    _, client = user(allow("iot:*"), allow("iam:PassRole", narrow, **to))
    ways_to_pass(client("iot"), unique)["CreateProvisioningTemplate"](narrow)


def test_a_template_takes_no_other_role_by_its_update(iot, user, roles, unique, refused):
    narrow, powerful = roles
    template = unique("t")
    iot.create_provisioning_template(
        templateName=template, templateBody=TEMPLATE, provisioningRoleArn=narrow, type="JITP"
    )
    _, client = user(allow("iot:*"), allow("iam:PassRole", narrow))
    update = client("iot").update_provisioning_template
    code, _, message = refused(update, templateName=template, provisioningRoleArn=powerful)
    assert code == "AccessDeniedException" and "iam:PassRole" in message
    found = iot.describe_provisioning_template(templateName=template)
    assert found["provisioningRoleArn"] == narrow
    update(templateName=template, description="no role is passed")


@pytest.mark.parametrize("operation", ["attach_policy", "attach_principal_policy"])
def test_a_policy_is_attached_only_where_the_user_may(iot, user, policy, refused, operation):
    own, foreign = (iot.create_keys_and_certificate()["certificateArn"] for _ in range(2))
    _, client = user(allow(["iot:AttachPolicy", "iot:AttachPrincipalPolicy"], own))
    attach = getattr(client("iot"), operation)
    target = "target" if operation == "attach_policy" else "principal"
    assert refused(attach, policyName=policy, **{target: foreign})[0] == "AccessDeniedException"
    # A certificate's id in another spelling is the same certificate.
    shouted = foreign.replace(foreign[-64:], foreign[-64:].upper())
    assert refused(attach, policyName=policy, **{target: shouted})[0] == "AccessDeniedException"
    attach(policyName=policy, **{target: own})
    assert iot.list_attached_policies(target=foreign)["policies"] == []


def test_a_group_is_no_way_round_to_a_policy(iot, user, policy, unique, refused):
    group = unique("group")
    iot.create_thing_group(thingGroupName=group)
    _, client = user(allow("iot:AttachPolicy", arn("cert", "*")))
    code, _, _ = refused(
        client("iot").attach_policy, policyName=policy, target=arn("thinggroup", group)
    )
    assert code == "AccessDeniedException"


def test_a_new_version_of_a_policy_is_as_guarded_as_its_attachment(iot, user, policy, refused):
    """Who may attach a policy may not write what it says."""
    _, client = user(allow(["iot:AttachPolicy", "iot:CreatePolicy"]))
    wide = document(allow("iot:*"))
    for operation, members in (
        ("create_policy_version", {"policyDocument": wide, "setAsDefault": True}),
        ("set_default_policy_version", {"policyVersionId": "1"}),
    ):
        call = getattr(client("iot"), operation)
        assert refused(call, policyName=policy, **members)[0] == "AccessDeniedException"


def test_registering_a_thing_needs_every_right_that_its_template_uses(user, policy, refused):
    body = json.dumps({"Parameters": {}, "Resources": {
        "certificate": {"Type": "AWS::IoT::Certificate", "Properties": {
            "CertificateId": "0a" * 32, "Status": "ACTIVE"}},
        "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": policy}},
    }})  # fmt: skip
    _, client = user(allow(["iot:RegisterThing", "iot:UpdateCertificate"]))
    code, _, message = refused(client("iot").register_thing, templateBody=body)
    assert code == "AccessDeniedException" and "iot:AttachPolicy" in message


def test_a_user_cannot_give_itself_more(iam, user, refused, unique):
    name, client = user(allow(["iam:Get*", "iam:List*", "sts:*"]))
    own = client("iam")
    group = unique("group")
    iam.create_group(GroupName=group)
    iam.attach_group_policy(GroupName=group, PolicyArn=ADMINISTRATOR)
    everything = document(allow("*"))
    for operation, members in (
        ("attach_user_policy", {"UserName": name, "PolicyArn": ADMINISTRATOR}),
        ("put_user_policy", {
            "UserName": name, "PolicyName": "more", "PolicyDocument": everything}),
        ("delete_user_policy", {"UserName": name, "PolicyName": "given"}),
        ("add_user_to_group", {"UserName": name, "GroupName": group}),
        ("create_access_key", {"UserName": "admin"}),
        ("put_group_policy", {
            "GroupName": group, "PolicyName": "more", "PolicyDocument": everything}),
    ):  # fmt: skip
        code, status, _ = refused(getattr(own, operation), **members)
        assert (code, status) == ("AccessDenied", 403), operation


def test_a_managed_policy_is_widened_only_by_who_may(iam, user, refused, unique):
    made = iam.create_policy(PolicyName=unique("p"), PolicyDocument=document(allow("iot:List*")))
    name, client = user(allow(["iam:CreatePolicy", "iam:AttachUserPolicy"], "*"))
    arn_of = made["Policy"]["Arn"]
    for operation, members in (
        ("create_policy_version", {"PolicyDocument": document(allow("*")), "SetAsDefault": True}),
        ("set_default_policy_version", {"VersionId": "v1"}),
    ):
        call = getattr(client("iam"), operation)
        assert refused(call, PolicyArn=arn_of, **members)[0] == "AccessDenied"


def test_a_role_that_trusts_another_is_not_opened_by_changing_its_trust(iam, user, refused, unique):
    role = unique("role")
    trust = document({
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/admin"},
    })  # fmt: skip
    made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=ADMINISTRATOR)
    _, client = user(allow("sts:AssumeRole"))
    asked = {"RoleArn": made, "RoleSessionName": "me"}
    assert refused(client("sts").assume_role, **asked)[0] == "AccessDenied"
    code, _, _ = refused(
        client("iam").update_assume_role_policy, RoleName=role, PolicyDocument=trust
    )
    assert code == "AccessDenied"


def test_a_narrowed_session_stays_narrow(server, iam, user, refused, unique):
    role = unique("role")
    trust = document({
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    })  # fmt: skip
    made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=ADMINISTRATOR)
    _, client = user(allow("sts:AssumeRole", made))
    narrow = client("sts").assume_role(
        RoleArn=made, RoleSessionName="me",
        Policy=document(allow(["iot:ListThings", "sts:AssumeRole"])),
    )["Credentials"]  # fmt: skip
    keys = narrow["AccessKeyId"], narrow["SecretAccessKey"], narrow["SessionToken"]
    make_client(server, "iot", *keys).list_things()
    sts = make_client(server, "sts", *keys)
    assert refused(sts.get_session_token)[0] == "AccessDenied"
    assert refused(sts.assume_role, RoleArn=made, RoleSessionName="wide")[0] == "AccessDenied"
    code, _, _ = refused(make_client(server, "iam", *keys).create_user, UserName=unique("u"))
    assert code == "AccessDenied"
