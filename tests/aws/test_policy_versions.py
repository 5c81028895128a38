import json

import pytest

from running import arn


def document(topic="*", effect="Allow", action="iot:Publish"):
    statement = {"Effect": effect, "Action": action, "Resource": topic}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def certificate_arn(iot):
    return iot.create_keys_and_certificate(setAsActive=True)["certificateArn"]


def test_versions_live_and_the_default_decides(iot, policy, refused):
    made = iot.create_policy_version(policyName=policy, policyDocument=document())
    assert made["policyArn"] == arn("policy", policy)
    assert made["policyDocument"] == document()
    assert (made["policyVersionId"], made["isDefaultVersion"]) == ("2", False)
    found = iot.get_policy_version(policyName=policy, policyVersionId="2")
    assert found["policyDocument"] == document() and found["policyName"] == policy
    assert found["isDefaultVersion"] is False and found["generationId"]
    iot.set_default_policy_version(policyName=policy, policyVersionId="2")
    assert iot.get_policy(policyName=policy)["policyDocument"] == document()
    listed = iot.list_policy_versions(policyName=policy)["policyVersions"]
    shown = [(item["versionId"], item["isDefaultVersion"]) for item in listed]
    assert shown == [("2", True), ("1", False)] and listed[0]["createDate"]
    code, status, _ = refused(iot.delete_policy_version, policyName=policy, policyVersionId="2")
    assert (code, status) == ("DeleteConflictException", 409)
    code, status, _ = refused(iot.delete_policy, policyName=policy)
    assert (code, status) == ("DeleteConflictException", 409)
    iot.delete_policy_version(policyName=policy, policyVersionId="1")
    third = iot.create_policy_version(
        policyName=policy, policyDocument=document(), setAsDefault=True
    )
    assert (third["policyVersionId"], third["isDefaultVersion"]) == ("3", True)


def test_the_sixth_version_is_refused(iot, policy, refused):
    for _ in range(4):
        iot.create_policy_version(policyName=policy, policyDocument=document())
    code, status, message = refused(
        iot.create_policy_version, policyName=policy, policyDocument=document()
    )
    assert (code, status) == ("VersionsLimitExceededException", 409)
    assert policy in message


def test_unknown_and_malformed_versions_are_refused(iot, policy, unique, refused):
    for operation in (
        iot.get_policy_version,
        iot.delete_policy_version,
        iot.set_default_policy_version,
    ):
        for name, version in ((policy, "9"), (policy, "99999999999"), (unique("none"), "1")):
            code, status, _ = refused(operation, policyName=name, policyVersionId=version)
            assert (code, status) == ("ResourceNotFoundException", 404)
        code, status, _ = refused(operation, policyName=policy, policyVersionId="one")
        assert (code, status) == ("InvalidRequestException", 400)
    code, status, _ = refused(
        iot.create_policy_version, policyName=policy, policyDocument="not JSON"
    )
    assert (code, status) == ("MalformedPolicyException", 400)
    for operation, more in (
        (iot.create_policy_version, {"policyDocument": document()}),
        (iot.list_policy_versions, {}),
    ):
        code, status, _ = refused(operation, policyName=unique("none"), **more)
        assert (code, status) == ("ResourceNotFoundException", 404)


def test_a_long_value_is_cut_in_the_message(iot, unique, refused):
    bad = document(action="x" * 1500)
    code, _, message = refused(iot.create_policy, policyName=unique("bad"), policyDocument=bad)
    assert code == "MalformedPolicyException"
    assert "is not an action" in message and len(message) < 300


def test_targets_and_principals_of_a_policy_are_paged(iot, policy, unique, refused):
    certificates = [iot.create_keys_and_certificate()["certificateArn"] for _ in range(2)]
    groups = [iot.create_thing_group(thingGroupName=unique("g"))["thingGroupArn"] for _ in "ab"]
    for target in certificates + groups:
        iot.attach_policy(policyName=policy, target=target)
    pages = iot.get_paginator("list_targets_for_policy").paginate(
        policyName=policy, PaginationConfig={"PageSize": 1}
    )
    assert [item for page in pages for item in page["targets"]] == certificates + groups
    for ascending, expected in ((True, certificates), (False, certificates[::-1])):
        pages = iot.get_paginator("list_policy_principals").paginate(
            policyName=policy, ascendingOrder=ascending, PaginationConfig={"PageSize": 1}
        )
        assert [item for page in pages for item in page["principals"]] == expected
    for operation in (iot.list_targets_for_policy, iot.list_policy_principals):
        code, status, _ = refused(operation, policyName=unique("none"))
        assert (code, status) == ("ResourceNotFoundException", 404)
        code, status, _ = refused(operation, policyName=policy, marker="bm9uc2Vuc2U=")
        assert (code, status) == ("InvalidRequestException", 400)


def test_the_older_names_attach_and_detach(iot, policy, unique, certificate_arn, refused):
    other = unique("other")
    iot.create_policy(policyName=other, policyDocument=document())
    for name in (policy, other, other):
        iot.attach_principal_policy(policyName=name, principal=certificate_arn)
    for ascending in (True, False):
        pages = iot.get_paginator("list_principal_policies").paginate(
            principal=certificate_arn, ascendingOrder=ascending, PaginationConfig={"PageSize": 1}
        )
        listed = [item["policyName"] for page in pages for item in page["policies"]]
        assert listed == sorted((policy, other), reverse=not ascending)
    for _ in range(2):
        iot.detach_principal_policy(policyName=policy, principal=certificate_arn)
    unknown = arn("cert", "0" * 64)
    for operation in (iot.attach_principal_policy, iot.detach_principal_policy):
        for name, principal in ((unique("none"), certificate_arn), (policy, unknown)):
            code, status, _ = refused(operation, policyName=name, principal=principal)
            assert (code, status) == ("ResourceNotFoundException", 404)
        code, status, _ = refused(operation, policyName=policy, principal="nobody")
        assert (code, status) == ("InvalidRequestException", 400)
    code, status, _ = refused(iot.list_principal_policies, principal=unknown)
    assert (code, status) == ("ResourceNotFoundException", 404)


def test_an_eleventh_policy_is_refused_by_the_older_name(iot, unique, certificate_arn, refused):
    names = [unique("p") for _ in range(11)]
    for name in names:
        iot.create_policy(policyName=name, policyDocument=document())
    for name in names[:10]:
        iot.attach_principal_policy(policyName=name, principal=certificate_arn)
    code, status, _ = refused(
        iot.attach_principal_policy, policyName=names[10], principal=certificate_arn
    )
    assert (code, status) == ("LimitExceededException", 410)


def test_an_unknown_policy_is_already_detached(iot, policy, unique, certificate_arn, refused):
    iot.detach_policy(policyName=unique("none"), target=certificate_arn)
    for target in (arn("cert", "0" * 64), arn("thinggroup", unique("none"))):
        code, status, message = refused(iot.detach_policy, policyName=policy, target=target)
        assert (code, status) == ("InvalidRequestException", 400)
        assert "Invalid Target" in message


def test_effective_policies_are_those_of_the_connection(iot, policy, unique, certificate_arn, refused):
    parent, child, thing = unique("parent"), unique("child"), unique("thing")
    iot.create_thing_group(thingGroupName=parent)
    iot.create_thing_group(thingGroupName=child, parentGroupName=parent)
    of_group = unique("ofgroup")
    iot.create_policy(policyName=of_group, policyDocument=document())
    iot.attach_policy(policyName=of_group, target=arn("thinggroup", parent))
    iot.attach_policy(policyName=policy, target=certificate_arn)
    iot.create_thing(thingName=thing)
    iot.add_thing_to_thing_group(thingGroupName=child, thingName=thing)

    def names(**members):
        found = iot.get_effective_policies(**members)["effectivePolicies"]
        assert all(item["policyArn"] == arn("policy", item["policyName"]) for item in found)
        assert all(json.loads(item["policyDocument"]) for item in found)
        return [item["policyName"] for item in found]

    assert names(principal=certificate_arn) == [policy]
    assert names(thingName=thing) == [of_group]
    assert names(principal=arn("thinggroup", child)) == [of_group]
    # The certificate is not the thing's: as which it cannot connect.
    assert names(principal=certificate_arn, thingName=thing) == [policy]
    iot.attach_thing_principal(thingName=thing, principal=certificate_arn)
    assert names(principal=certificate_arn, thingName=thing) == sorted((policy, of_group))
    for members in (
        {"principal": arn("cert", "0" * 64)},
        {"principal": certificate_arn, "thingName": unique("none")},
        {"thingName": unique("none")},
        {"principal": arn("thinggroup", unique("none"))},
    ):
        code, status, _ = refused(iot.get_effective_policies, **members)
        assert (code, status) == ("ResourceNotFoundException", 404), members
    for members in ({}, {"principal": "nobody"}, {"cognitoIdentityPoolId": "us-east-1:pool"}):
        code, status, _ = refused(iot.get_effective_policies, **members)
        assert (code, status) == ("InvalidRequestException", 400), members


def test_the_cli_works_with_versions(aws, policy):
    made = aws(
        *("create-policy-version", "--policy-name", policy, "--set-as-default"),
        *("--policy-document", document()),
    )
    assert made["policyVersionId"] == "2" and made["isDefaultVersion"] is True
    aws("delete-policy-version", "--policy-name", policy, "--policy-version-id", "1")
    listed = aws("list-policy-versions", "--policy-name", policy)["policyVersions"]
    assert [item["versionId"] for item in listed] == ["2"]
