"""Who a caller is, and temporary credentials."""

import json

import pytest

from clients import make_client
from running import ACCOUNT


@pytest.fixture(scope="module")
def sts(server):
    return make_client(server, "sts")


@pytest.fixture(scope="module")
def iam(server):
    return make_client(server, "iam")


def document(effect="Allow", **members):
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": effect, **members}]}
    )


def trust(principal, **condition):
    members = {"Condition": condition} if condition else {}
    return document(Principal=principal, Action="sts:AssumeRole", **members)


def client_of(server, made, service="sts"):
    keys = made["Credentials"]
    return make_client(
        server, service, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]
    )


@pytest.fixture
def role(iam, unique):
    def make(policy, **members):
        name = unique("role")
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy, **members)
        return made["Role"]

    return make


@pytest.fixture
def user(iam, unique, server):
    """A user without any right, and its STS client."""
    name = unique("user")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return name, arn, make_client(server, "sts", key["AccessKeyId"], key["SecretAccessKey"])


ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def test_the_administrator_is_a_user_of_the_account(sts):
    found = sts.get_caller_identity()
    assert found["Account"] == ACCOUNT
    assert found["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/admin"
    assert found["UserId"].startswith("AIDA")


def test_unknown_keys_and_wrong_secrets_are_refused_in_xml(server, refused, user, iam):
    stranger = make_client(server, "sts", "AKIAAAAAAAAAAAAAAAAA", "x" * 40)
    assert refused(stranger.get_caller_identity)[:2] == ("InvalidClientTokenId", 403)
    key = iam.create_access_key(UserName=user[0])["AccessKey"]["AccessKeyId"]
    forger = make_client(server, "sts", key, "x" * 40)
    assert refused(forger.get_caller_identity)[:2] == ("SignatureDoesNotMatch", 403)


def test_an_assumed_role_is_somebody_else(server, sts, role):
    made_role = role(trust(ROOT))
    made = sts.assume_role(RoleArn=made_role["Arn"], RoleSessionName="me")
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{made_role['RoleName']}/me"
    assert made["AssumedRoleUser"]["Arn"] == arn
    assert made["Credentials"]["AccessKeyId"].startswith("ASIA")
    found = client_of(server, made).get_caller_identity()
    assert found["Arn"] == arn
    assert found["UserId"] == f"{made_role['RoleId']}:me"


def test_a_session_has_the_roles_rights_and_no_more(server, sts, iam, role, refused):
    made_role = role(trust(ROOT))
    iam.put_role_policy(
        RoleName=made_role["RoleName"],
        PolicyName="read",
        PolicyDocument=document(Action="iot:List*", Resource="*"),
    )
    made = sts.assume_role(RoleArn=made_role["Arn"], RoleSessionName="me")
    iot = client_of(server, made, "iot")
    iot.list_things()
    code, status, _ = refused(iot.create_thing, thingName="never")
    assert (code, status) == ("AccessDeniedException", 403)
    narrowed = sts.assume_role(
        RoleArn=made_role["Arn"],
        RoleSessionName="me",
        Policy=document(Action="iot:ListPolicies", Resource="*"),
    )
    iot = client_of(server, narrowed, "iot")
    iot.list_policies()
    assert refused(iot.list_things)[0] == "AccessDeniedException"


def test_without_or_with_a_foreign_session_token_a_session_is_refused(
    server, sts, role, refused
):
    made_role = role(trust(ROOT))
    one, two = (
        sts.assume_role(RoleArn=made_role["Arn"], RoleSessionName=name)["Credentials"]
        for name in ("one", "two")
    )
    for token in (None, two["SessionToken"], one["SessionToken"][:-8] + "AAAAAAA="):
        client = make_client(server, "sts", one["AccessKeyId"], one["SecretAccessKey"], token)
        assert refused(client.get_caller_identity)[:2] == ("InvalidClientTokenId", 403)


def test_a_role_that_trusts_nobody_here_is_not_assumed(sts, role, refused):
    made_role = role(trust({"Service": "iot.amazonaws.com"}))
    code, status, message = refused(
        sts.assume_role, RoleArn=made_role["Arn"], RoleSessionName="me"
    )
    assert (code, status) == ("AccessDenied", 403)
    assert "sts:AssumeRole" in message and made_role["Arn"] in message


def test_a_role_that_trusts_the_account_needs_the_callers_own_right(iam, role, user, refused):
    name, _, sts = user
    made_role = role(trust(ROOT))
    asked = {"RoleArn": made_role["Arn"], "RoleSessionName": "me"}
    assert refused(sts.assume_role, **asked)[0] == "AccessDenied"
    policy = document(Action="sts:AssumeRole", Resource=made_role["Arn"])
    iam.put_user_policy(UserName=name, PolicyName="assume", PolicyDocument=policy)
    sts.assume_role(**asked)


def test_a_role_that_names_the_user_needs_nothing_more(role, user):
    _, arn, sts = user
    made_role = role(trust({"AWS": arn}))
    sts.assume_role(RoleArn=made_role["Arn"], RoleSessionName="me")


def test_an_external_id_must_be_the_one_that_the_role_asks_for(server, sts, role, refused):
    made_role = role(trust(ROOT, StringEquals={"sts:ExternalId": "secret-1"}))
    asked = {"RoleArn": made_role["Arn"], "RoleSessionName": "me"}
    assert refused(sts.assume_role, **asked)[0] == "AccessDenied"
    assert refused(sts.assume_role, **asked, ExternalId="other")[0] == "AccessDenied"
    condition = "but for its condition StringEquals sts:ExternalId [secret-1]"
    log = server.log.read_text()
    told = [line for line in log.splitlines() if made_role["Arn"] in line and condition in line]
    assert told and "the request has [other]" in told[-1], log[-2000:]
    sts.assume_role(**asked, ExternalId="secret-1")


def test_durations_are_within_the_roles(sts, role, refused):
    made_role = role(trust(ROOT), MaxSessionDuration=7200)
    asked = {"RoleArn": made_role["Arn"], "RoleSessionName": "me"}
    sts.assume_role(**asked, DurationSeconds=7200)
    for seconds in (7201, 43201):
        code, status, _ = refused(sts.assume_role, **asked, DurationSeconds=seconds)
        assert (code, status) == ("ValidationError", 400)
    code, _, _ = refused(sts.assume_role, RoleArn=made_role["Arn"], RoleSessionName="a b")
    assert code == "ValidationError"


def test_a_role_made_anew_does_not_take_old_sessions(server, sts, iam, role, refused):
    made_role = role(trust(ROOT))
    made = sts.assume_role(RoleArn=made_role["Arn"], RoleSessionName="me")
    iam.delete_role(RoleName=made_role["RoleName"])
    iam.create_role(RoleName=made_role["RoleName"], AssumeRolePolicyDocument=trust(ROOT))
    code, _, _ = refused(client_of(server, made).get_caller_identity)
    assert code == "InvalidClientTokenId"


def test_a_session_token_of_a_user_is_the_user(server, sts, refused):
    made = sts.get_session_token(DurationSeconds=900)
    session = client_of(server, made)
    assert session.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/admin"
    client_of(server, made, "iot").list_things()
    assert refused(session.get_session_token)[0] == "AccessDenied"
