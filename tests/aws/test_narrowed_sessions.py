"""Sessions that are narrowed by a session policy do not get free by assuming a role."""

import itertools
import json

import pytest

from clients import make_client
from running import ACCOUNT

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(actions, resource="*", effect="Allow"):
    return {"Effect": effect, "Action": actions, "Resource": resource}


def trust(principal, condition=None):
    said = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return document(said | ({"Condition": condition} if condition else {}))


@pytest.fixture(scope="module")
def iam(server):
    return make_client(server, "iam")


@pytest.fixture(scope="module")
def sts(server):
    return make_client(server, "sts")


@pytest.fixture
def role(iam, unique):
    """An administrator's role with this trust policy: its name and ARN."""

    def make(policy):
        name = unique("role")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)["Role"]["Arn"]
        iam.attach_role_policy(RoleName=name, PolicyArn=ADMINISTRATOR)
        return name, arn

    return make


def client_of(server, made, service="sts"):
    keys = made["Credentials"]
    return make_client(
        server, service, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]
    )


def trusts(name, arn):
    """Every way by which a role may let sessions of another in, and whether a session that is
    narrowed comes through: always, if its policy allows it, or never."""
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/me"
    named = {"ArnEquals": {"aws:PrincipalArn": arn}}
    session_name = {"StringEquals": {"sts:RoleSessionName": "out"}}
    return {
        "account": (trust({"AWS": ROOT}), "never"),
        "account id": (trust({"AWS": ACCOUNT}), "never"),
        "role": (trust({"AWS": arn}), "if allowed"),
        "role, by a condition": (trust({"AWS": ROOT}, named), "never"),
        "anybody, by a condition": (trust({"AWS": "*"}, named), "if allowed"),
        "anybody": (trust({"AWS": "*"}), "if allowed"),
        "role and a condition": (trust({"AWS": arn}, session_name), "if allowed"),
        "session": (trust({"AWS": session}), "always"),
        "session and role": (trust({"AWS": [session, arn]}), "always"),
        "another session": (trust({"AWS": session + "2"}), "another"),
    }


ALLOWING = {
    "nothing of STS": (document(statement("iot:ListPolicies")), False),
    "another role": (document(statement("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/x")), False),
    "all but that": (document({
        "Effect": "Allow", "NotAction": "sts:AssumeRole", "Resource": "*"}), False),
    "to assume roles": (document(statement("sts:AssumeRole")), True),
}  # fmt: skip
WAYS = list(trusts("n", "arn:aws:iam::1:role/n"))


@pytest.mark.parametrize(("way", "policy"), list(itertools.product(WAYS, ALLOWING)))
def test_a_session_policy_limits_who_may_be_assumed(server, sts, role, refused, way, policy):
    name, arn = role(trust({"AWS": ROOT}))
    trusting, limited = trusts(name, arn)[way]
    _, target = role(trusting)
    narrowing, allows = ALLOWING[policy]
    narrowed = client_of(
        server, sts.assume_role(RoleArn=arn, RoleSessionName="me", Policy=narrowing)
    )
    ask = {"RoleArn": target, "RoleSessionName": "out"}
    if limited == "always" or (limited == "if allowed" and allows):
        assert narrowed.assume_role(**ask)["Credentials"]
    else:
        assert refused(narrowed.assume_role, **ask)[:2] == ("AccessDenied", 403)
    # The same session, not narrowed.
    free = client_of(server, sts.assume_role(RoleArn=arn, RoleSessionName="me"))
    if limited == "another":
        assert refused(free.assume_role, **ask)[0] == "AccessDenied"
    else:
        assert free.assume_role(**ask)["Credentials"]


@pytest.mark.parametrize("way", ["role", "session", "account"])
def test_an_explicit_deny_of_the_session_holds_even_where_it_is_named(
    server, sts, role, refused, way
):
    name, arn = role(trust({"AWS": ROOT}))
    _, target = role(trusts(name, arn)[way][0])
    policy = document(statement("*"), statement("sts:AssumeRole", target, "Deny"))
    narrowed = client_of(server, sts.assume_role(RoleArn=arn, RoleSessionName="me", Policy=policy))
    assert refused(narrowed.assume_role, RoleArn=target, RoleSessionName="out")[0] == "AccessDenied"


@pytest.mark.parametrize("way", ["role", "account", "anybody"])
def test_a_managed_session_policy_limits_likewise(server, sts, iam, role, unique, refused, way):
    name, arn = role(trust({"AWS": ROOT}))
    _, target = role(trusts(name, arn)[way][0])
    managed = iam.create_policy(
        PolicyName=unique("narrow"), PolicyDocument=document(statement("iot:*"))
    )["Policy"]["Arn"]
    narrowed = client_of(
        server,
        sts.assume_role(RoleArn=arn, RoleSessionName="me", PolicyArns=[{"arn": managed}]),
    )
    assert refused(narrowed.assume_role, RoleArn=target, RoleSessionName="out")[0] == "AccessDenied"


def test_a_chain_stays_as_narrow_as_its_last_session(server, sts, role, refused):
    _, first = role(trust({"AWS": ROOT}))
    _, second = role(trust({"AWS": first}))
    _, third = role(trust({"AWS": [first, second]}))
    one = client_of(server, sts.assume_role(
        RoleArn=first, RoleSessionName="me", Policy=document(statement("sts:AssumeRole", second))))
    assert refused(one.assume_role, RoleArn=third, RoleSessionName="me")[0] == "AccessDenied"
    two = one.assume_role(
        RoleArn=second, RoleSessionName="me", Policy=document(statement("iot:ListPolicies"))
    )
    assert client_of(server, two, "iot").list_policies()
    two = client_of(server, two)
    assert refused(two.assume_role, RoleArn=third, RoleSessionName="me")[0] == "AccessDenied"


@pytest.mark.parametrize("by", ["user", "account"])
def test_a_session_token_is_its_user_and_cannot_be_narrowed_away(
    server, iam, role, unique, refused, by
):
    name = unique("user")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    user = make_client(server, "sts", key["AccessKeyId"], key["SecretAccessKey"])
    token = client_of(server, user.get_session_token())
    assert refused(token.get_session_token)[0] == "AccessDenied"
    _, target = role(trust({"AWS": arn if by == "user" else ROOT}))
    ask = {"RoleArn": target, "RoleSessionName": "me"}
    if by == "account":
        assert refused(token.assume_role, **ask)[0] == "AccessDenied"
        iam.put_user_policy(
            UserName=name, PolicyName="p",
            PolicyDocument=document(statement("sts:AssumeRole", target)),
        )  # fmt: skip
    assert token.assume_role(**ask)["Credentials"]
    iam.put_user_policy(
        UserName=name, PolicyName="p",
        PolicyDocument=document(statement("sts:AssumeRole", target, "Deny")),
    )  # fmt: skip
    assert refused(token.assume_role, **ask)[0] == "AccessDenied"
