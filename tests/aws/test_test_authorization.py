import json

import pytest

from running import arn


def statement(effect, action, resource):
    return {"Effect": effect, "Action": action, "Resource": resource}


@pytest.fixture
def keep(iot, unique):
    """Keeps a policy of these statements; gives its name."""

    def make(*statements):
        name = unique("policy")
        text = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iot.create_policy(policyName=name, policyDocument=text)
        return name

    return make


@pytest.fixture
def device(iot, keep):
    """A certificate that may publish to a/* but not to a/secret, with its policy."""
    name = keep(
        statement("Allow", "iot:Publish", arn("topic", "a/*")),
        statement("Deny", "iot:Publish", arn("topic", "a/secret")),
        statement("Allow", "iot:Connect", arn("client", "${iot:ClientId}")),
    )
    certificate = iot.create_keys_and_certificate(setAsActive=True)["certificateArn"]
    iot.attach_policy(policyName=name, target=certificate)
    return certificate, name


def ask(iot, principal, action, *resources, **more):
    infos = [{"actionType": action, "resources": list(resources)}]
    (result,) = iot.test_authorization(principal=principal, authInfos=infos, **more)["authResults"]
    assert result["authInfo"] == infos[0]
    return result


def names(policies):
    assert all(item["policyArn"] == arn("policy", item["policyName"]) for item in policies)
    return [item["policyName"] for item in policies]


def test_allowed_and_denied_are_told_with_their_policies(iot, device):
    certificate, name = device
    found = ask(iot, certificate, "PUBLISH", arn("topic", "a/b"))
    assert found["authDecision"] == "ALLOWED"
    assert names(found["allowed"]["policies"]) == [name]
    found = ask(iot, certificate, "PUBLISH", arn("topic", "a/secret"))
    assert found["authDecision"] == "EXPLICIT_DENY"
    assert names(found["denied"]["explicitDeny"]["policies"]) == [name]
    assert found["allowed"]["policies"] == []
    found = ask(iot, certificate, "SUBSCRIBE", arn("topicfilter", "a/b"))
    assert found["authDecision"] == "IMPLICIT_DENY"
    assert names(found["denied"]["implicitDeny"]["policies"]) == [name]


def test_one_denied_resource_denies_them_all(iot, device):
    certificate, _ = device
    both = arn("topic", "a/b"), arn("topic", "b")
    assert ask(iot, certificate, "PUBLISH", *both)["authDecision"] == "IMPLICIT_DENY"


def test_a_client_id_that_is_asked_for_is_named_when_missing(iot, device):
    certificate, _ = device
    client = arn("client", "robot")
    found = ask(iot, certificate, "CONNECT", client, clientId="robot")
    assert (found["authDecision"], found["missingContextValues"]) == ("ALLOWED", [])
    found = ask(iot, certificate, "CONNECT", client)
    assert found["authDecision"] == "IMPLICIT_DENY"
    assert found["missingContextValues"] == ["iot:ClientId"]


def test_policies_can_be_added_and_skipped(iot, device, keep, unique, refused):
    certificate, name = device
    wider = keep(statement("Allow", "iot:Subscribe", "*"))
    found = ask(
        *(iot, certificate, "SUBSCRIBE", arn("topicfilter", "x")), policyNamesToAdd=[wider]
    )
    assert found["authDecision"] == "ALLOWED"
    found = ask(*(iot, certificate, "PUBLISH", arn("topic", "a/b")), policyNamesToSkip=[name])
    assert found["authDecision"] == "IMPLICIT_DENY"
    infos = [{"actionType": "PUBLISH", "resources": [arn("topic", "a")]}]
    code, status, _ = refused(
        iot.test_authorization,
        principal=certificate,
        authInfos=infos,
        policyNamesToAdd=[unique("none")],
    )
    assert (code, status) == ("ResourceNotFoundException", 404)


def test_a_things_group_counts_when_the_client_is_the_thing(iot, device, keep, unique):
    certificate, _ = device
    thing, group = unique("thing"), unique("group")
    iot.create_thing(thingName=thing)
    iot.create_thing_group(thingGroupName=group)
    iot.add_thing_to_thing_group(thingName=thing, thingGroupName=group)
    iot.attach_thing_principal(thingName=thing, principal=certificate)
    own = arn("topic", "things/${iot:Connection.Thing.ThingName}")
    iot.attach_policy(
        policyName=keep(statement("Allow", "iot:Publish", own)), target=arn("thinggroup", group)
    )
    asked = iot, certificate, "PUBLISH", arn("topic", f"things/{thing}")
    assert ask(*asked, clientId=thing)["authDecision"] == "ALLOWED"
    assert ask(*asked, clientId="other")["authDecision"] == "IMPLICIT_DENY"


def test_what_cannot_be_asked_is_refused(iot, device, refused):
    certificate, _ = device
    good = {"actionType": "PUBLISH", "resources": [arn("topic", "a")]}
    for members in (
        {"principal": certificate, "authInfos": [good] * 11},
        {"principal": certificate, "authInfos": [good | {"actionType": "EAT"}]},
        {"principal": certificate, "authInfos": [good | {"resources": []}]},
        {"principal": certificate, "authInfos": [good | {"resources": ["a"]}]},
        {"principal": certificate, "authInfos": [{"resources": good["resources"]}]},
        {"authInfos": [good]},
        {"principal": "nobody", "authInfos": [good]},
        {"principal": certificate, "cognitoIdentityPoolId": "pool", "authInfos": [good]},
    ):
        code, status, message = refused(iot.test_authorization, **members)
        assert (code, status) == ("InvalidRequestException", 400), members
        assert message
    unknown = arn("cert", "0" * 64)
    code, status, _ = refused(iot.test_authorization, principal=unknown, authInfos=[good])
    assert (code, status) == ("ResourceNotFoundException", 404)
