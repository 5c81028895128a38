"""IAM: users, roles, groups, policies and keys."""

import json
import subprocess
import sys

import pytest

from clients import make_client
from running import ACCOUNT

DOCUMENT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "iot:ListThings", "Resource": "*"}],
    }
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "iot.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
REGISTRATION = "arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration"


@pytest.fixture(scope="module")
def iam(server):
    return make_client(server, "iam")


@pytest.fixture
def user(iam, unique):
    name = unique("user")
    iam.create_user(UserName=name)
    return name


@pytest.fixture
def role(iam, unique):
    name = unique("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    return name


def test_the_tutorials_role_is_made_with_aws_iam(server, unique, tmp_path):
    name, trust = unique("role"), tmp_path / "trust.json"
    trust.write_text(TRUST)

    def aws(*arguments):
        command = [sys.executable, "-m", "awscli", "--endpoint-url", server.api]
        command += ["--output", "json", "iam", *arguments]
        done = subprocess.run(command, env=server.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}")

    made = aws(
        *("create-role", "--role-name", name, "--path", "/service-role/"),
        *("--assume-role-policy-document", f"file://{trust}"),
    )["Role"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/service-role/{name}"
    assert made["AssumeRolePolicyDocument"] == json.loads(TRUST)
    aws("attach-role-policy", "--role-name", name, "--policy-arn", REGISTRATION)
    attached = aws("list-attached-role-policies", "--role-name", name)["AttachedPolicies"]
    assert attached == [{"PolicyName": "AWSIoTThingsRegistration", "PolicyArn": REGISTRATION}]


def test_a_users_life(iam, unique, refused):
    name = unique("User")
    made = iam.create_user(UserName=name, Path="/team/", Tags=[{"Key": "a", "Value": "b"}])
    made = made["User"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/{name}"
    assert made["UserId"].startswith("AIDA")
    found = iam.get_user(UserName=name.lower())["User"]
    assert (found["UserName"], found["UserId"]) == (name, made["UserId"])
    assert name in [u["UserName"] for u in iam.list_users(PathPrefix="/team/")["Users"]]
    assert refused(iam.create_user, UserName=name.upper())[:2] == ("EntityAlreadyExists", 409)
    iam.delete_user(UserName=name)
    assert refused(iam.get_user, UserName=name)[:2] == ("NoSuchEntity", 404)


def test_wrong_tags_are_refused_and_right_ones_come_back(iam, role, refused):
    wrong = [{"Key": "a", "Value": "<&>"}]
    assert refused(iam.tag_role, RoleName=role, Tags=wrong)[:2] == ("ValidationError", 400)
    tags = [{"Key": "cost centre", "Value": "a/b=c+d"}]
    iam.tag_role(RoleName=role, Tags=tags)
    assert iam.list_role_tags(RoleName=role)["Tags"] == tags
    assert iam.get_role(RoleName=role)["Role"]["Tags"] == tags
    iam.untag_role(RoleName=role, TagKeys=["cost centre", "never there"])
    assert iam.list_role_tags(RoleName=role)["Tags"] == []


def test_a_key_signs_until_it_is_switched_off(server, iam, user, refused):
    made = iam.create_access_key(UserName=user)["AccessKey"]
    key, secret = made["AccessKeyId"], made["SecretAccessKey"]
    assert len(secret) == 40 and key.startswith("AKIA")
    sts = make_client(server, "sts", key, secret)
    assert sts.get_caller_identity()["Arn"].endswith(f":user/{user}")
    iam.create_access_key(UserName=user)
    assert refused(iam.create_access_key, UserName=user)[:2] == ("LimitExceeded", 409)
    iam.update_access_key(UserName=user, AccessKeyId=key, Status="Inactive")
    listed = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    assert {item["AccessKeyId"]: item["Status"] for item in listed}[key] == "Inactive"
    assert refused(sts.get_caller_identity)[0] == "InvalidClientTokenId"
    assert refused(iam.delete_user, UserName=user)[:2] == ("DeleteConflict", 409)
    for item in listed:
        iam.delete_access_key(UserName=user, AccessKeyId=item["AccessKeyId"])
    assert refused(iam.delete_access_key, UserName=user, AccessKeyId=key)[0] == "NoSuchEntity"
    iam.delete_user(UserName=user)


def test_a_user_may_do_what_its_policies_say_and_no_more(server, iam, user, refused):
    made = iam.create_access_key(UserName=user)["AccessKey"]
    iot = make_client(server, "iot", made["AccessKeyId"], made["SecretAccessKey"])
    assert refused(iot.list_things)[0] == "AccessDeniedException"
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=DOCUMENT)
    iot.list_things()
    assert refused(iot.list_policies)[0] == "AccessDeniedException"
    own = make_client(server, "iam", made["AccessKeyId"], made["SecretAccessKey"])
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    code, status, _ = refused(own.attach_user_policy, UserName=user, PolicyArn=administrator)
    assert (code, status) == ("AccessDenied", 403)
    iam.delete_user_policy(UserName=user, PolicyName="p")
    assert refused(iot.list_things)[0] == "AccessDeniedException"


def test_a_group_gives_its_rights_to_its_users(server, iam, user, unique, refused):
    group = unique("group")
    iam.create_group(GroupName=group)
    iam.put_group_policy(GroupName=group, PolicyName="p", PolicyDocument=DOCUMENT)
    made = iam.create_access_key(UserName=user)["AccessKey"]
    iot = make_client(server, "iot", made["AccessKeyId"], made["SecretAccessKey"])
    assert refused(iot.list_things)[0] == "AccessDeniedException"
    iam.add_user_to_group(GroupName=group, UserName=user)
    iot.list_things()
    assert [u["UserName"] for u in iam.get_group(GroupName=group)["Users"]] == [user]
    groups = iam.list_groups_for_user(UserName=user)["Groups"]
    assert [item["GroupName"] for item in groups] == [group]
    assert refused(iam.delete_group, GroupName=group)[0] == "DeleteConflict"
    iam.remove_user_from_group(GroupName=group, UserName=user)
    assert refused(iot.list_things)[0] == "AccessDeniedException"


@pytest.mark.parametrize("kind", ["user", "role"])
def test_inline_policies_of_users_and_roles(iam, kind, user, role, refused):
    owner = {"UserName": user} if kind == "user" else {"RoleName": role}
    put, get = getattr(iam, f"put_{kind}_policy"), getattr(iam, f"get_{kind}_policy")
    names = ("a", "b", "c")
    for name in names:
        put(**owner, PolicyName=name, PolicyDocument=DOCUMENT)
    assert get(**owner, PolicyName="a")["PolicyDocument"] == json.loads(DOCUMENT)
    pages = iam.get_paginator(f"list_{kind}_policies").paginate(
        **owner, PaginationConfig={"PageSize": 2}
    )
    assert [name for page in pages for name in page["PolicyNames"]] == list(names)
    code, status, message = refused(
        put, **owner, PolicyName="d", PolicyDocument=DOCUMENT.replace("Allow", "Maybe")
    )
    assert (code, status) == ("MalformedPolicyDocument", 400) and "Maybe" in message
    assert refused(getattr(iam, f"delete_{kind}"), **owner)[0] == "DeleteConflict"
    for name in names:
        getattr(iam, f"delete_{kind}_policy")(**owner, PolicyName=name)
    assert refused(get, **owner, PolicyName="a")[:2] == ("NoSuchEntity", 404)


def test_a_managed_policys_life(iam, role, unique, refused):
    name = unique("policy")
    arn = iam.create_policy(PolicyName=name, PolicyDocument=DOCUMENT)["Policy"]["Arn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:policy/{name}"
    again = {"PolicyName": name, "PolicyDocument": DOCUMENT}
    assert refused(iam.create_policy, **again)[:2] == ("EntityAlreadyExists", 409)
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    entities = iam.list_entities_for_policy(PolicyArn=arn)
    assert [item["RoleName"] for item in entities["PolicyRoles"]] == [role]
    assert refused(iam.delete_policy, PolicyArn=arn)[:2] == ("DeleteConflict", 409)
    for n in range(2, 6):
        made = iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=DOCUMENT, SetAsDefault=n == 5
        )
        assert made["PolicyVersion"]["VersionId"] == f"v{n}"
    sixth = {"PolicyArn": arn, "PolicyDocument": DOCUMENT}
    assert refused(iam.create_policy_version, **sixth)[:2] == ("LimitExceeded", 409)
    default = {"PolicyArn": arn, "VersionId": "v5"}
    assert refused(iam.delete_policy_version, **default)[0] == "DeleteConflict"
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    for n in range(2, 6):
        iam.delete_policy_version(PolicyArn=arn, VersionId=f"v{n}")
    found = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert found["Document"] == json.loads(DOCUMENT) and found["IsDefaultVersion"]
    iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    assert refused(iam.detach_role_policy, RoleName=role, PolicyArn=arn)[0] == "NoSuchEntity"
    iam.delete_policy(PolicyArn=arn)
    assert refused(iam.get_policy, PolicyArn=arn)[:2] == ("NoSuchEntity", 404)


def test_awss_policies_are_there_and_cannot_be_changed(iam, refused):
    found = iam.get_policy(PolicyArn=REGISTRATION)["Policy"]
    assert found["Path"] == "/service-role/"
    version = iam.get_policy_version(PolicyArn=REGISTRATION, VersionId=found["DefaultVersionId"])
    assert len(version["PolicyVersion"]["Document"]["Statement"][0]["Action"]) == 30
    names = [item["PolicyName"] for item in iam.list_policies(Scope="AWS")["Policies"]]
    assert {"AdministratorAccess", "AWSIoTFullAccess", "AWSIoTThingsRegistration"} <= set(names)
    assert refused(iam.delete_policy, PolicyArn=REGISTRATION)[:2] == ("AccessDenied", 403)


def test_roles_are_updated_and_listed(iam, role, refused):
    iam.update_role(RoleName=role, Description="mine", MaxSessionDuration=7200)
    other = TRUST.replace("iot.amazonaws.com", "credentials.iot.amazonaws.com")
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=other)
    found = iam.get_role(RoleName=role)["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("mine", 7200)
    assert found["AssumeRolePolicyDocument"] == json.loads(other)
    roles = iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 1})
    assert role in [item["RoleName"] for page in roles for item in page["Roles"]]
    code, _, _ = refused(
        iam.update_assume_role_policy, RoleName=role, PolicyDocument=DOCUMENT
    )
    assert code == "MalformedPolicyDocument"


def test_openid_connect_providers(iam, unique, refused):
    host = f"{unique('issuer')}.example"
    made = iam.create_open_id_connect_provider(Url=f"https://{host}/a", ClientIDList=["me"])
    arn = made["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}/a"
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (found["Url"], found["ClientIDList"]) == (f"{host}/a", ["me"])
    listed = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert {"Arn": arn} in listed
    again = {"Url": f"https://{host}/a"}
    assert refused(iam.create_open_id_connect_provider, **again)[0] == "EntityAlreadyExists"
    for url in ("http://issuer.example", "issuer.example", f"https://{host}/?q"):
        assert refused(iam.create_open_id_connect_provider, Url=url)[0] == "ValidationError"
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (
        refused(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn)[0]
        == "NoSuchEntity"
    )


def test_what_is_known_but_not_offered_says_so(iam, refused):
    assert refused(iam.get_account_summary)[:2] == ("NotImplemented", 501)


def test_a_role_has_no_instance_profiles(iam, role, refused):
    assert iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"] == []
    error = refused(iam.list_instance_profiles_for_role, RoleName="absent")
    assert error[:2] == ("NoSuchEntity", 404)
