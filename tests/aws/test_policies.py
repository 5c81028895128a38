import json

import pytest

from running import arn

DOCUMENT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}],
    },
    indent=4,
)


@pytest.fixture
def certificate_arn(iot):
    return iot.create_keys_and_certificate()["certificateArn"]


@pytest.mark.parametrize("spelling", ["policy", "a.b@c,d=e+f_g"])
def test_a_policy_is_kept_as_it_was_sent(iot, unique, spelling):
    name = unique(spelling)
    made = iot.create_policy(policyName=name, policyDocument=DOCUMENT)
    assert made["policyName"] == name
    assert made["policyArn"] == arn("policy", name)
    assert made["policyDocument"] == DOCUMENT
    assert made["policyVersionId"] == "1"
    found = iot.get_policy(policyName=name)
    assert found["policyDocument"] == DOCUMENT
    assert found["policyArn"] == made["policyArn"]
    assert found["defaultVersionId"] == "1"
    assert found["generationId"]
    assert found["creationDate"] <= found["lastModifiedDate"]
    iot.delete_policy(policyName=name)


def test_a_second_policy_of_that_name_is_refused(iot, policy, refused):
    code, status, message = refused(iot.create_policy, policyName=policy, policyDocument=DOCUMENT)
    assert (code, status) == ("ResourceAlreadyExistsException", 409)
    assert policy in message


@pytest.mark.parametrize(
    "document",
    ["", "not JSON", "[]", "{}", DOCUMENT.replace("Allow", "Maybe"), DOCUMENT.replace("iot:", "")],
)
def test_what_is_no_policy_is_malformed(iot, unique, refused, document):
    code, status, message = refused(
        iot.create_policy, policyName=unique("bad"), policyDocument=document
    )
    assert (code, status) == ("MalformedPolicyException", 400)
    assert message


def test_a_policy_has_2048_characters_without_white_space(iot, unique, refused):
    def sized(characters):
        bare = json.dumps(json.loads(DOCUMENT), separators=(",", ":"))
        topic = arn("topic", "")
        rest = characters - len(bare) - len(topic) + 1
        return bare.replace('"*"', f'"{topic}{"x" * rest}"')

    assert len(sized(2048)) == 2048
    iot.create_policy(policyName=unique("big"), policyDocument=sized(2048) + " " * 5000)
    code, _, message = refused(
        iot.create_policy, policyName=unique("bigger"), policyDocument=sized(2049)
    )
    assert code == "MalformedPolicyException" and "2048" in message


def test_names_are_checked(iot, refused):
    for name in ("a b", "a/b", "x" * 129, "é"):
        code, status, message = refused(
            iot.create_policy, policyName=name, policyDocument=DOCUMENT
        )
        assert (code, status) == ("InvalidRequestException", 400), name
        assert "128 characters" in message


def test_unknown_policies_are_not_found(iot, unique, refused, certificate_arn):
    for operation, more in (
        (iot.get_policy, {}),
        (iot.delete_policy, {}),
        (iot.attach_policy, {"target": certificate_arn}),
    ):
        code, status, _ = refused(operation, policyName=unique("none"), **more)
        assert (code, status) == ("ResourceNotFoundException", 404)


def test_policies_are_listed_by_marker(iot, unique):
    names = [unique("listed") for _ in range(3)]
    for name in names:
        iot.create_policy(policyName=name, policyDocument=DOCUMENT)
    for ascending in (True, False):
        pages = iot.get_paginator("list_policies").paginate(
            ascendingOrder=ascending, PaginationConfig={"PageSize": 2}
        )
        listed = [item for page in pages for item in page["policies"]]
        found = [item["policyName"] for item in listed]
        assert set(names) <= set(found) and len(found) == len(set(found))
        assert all(item["policyArn"] == arn("policy", item["policyName"]) for item in listed)


def test_attaching_is_idempotent_and_listed(iot, policy, certificate_arn, refused):
    for _ in range(2):
        iot.attach_policy(policyName=policy, target=certificate_arn)
    listed = iot.list_attached_policies(target=certificate_arn)
    assert listed["policies"] == [{"policyName": policy, "policyArn": arn("policy", policy)}]
    code, status, _ = refused(iot.delete_policy, policyName=policy)
    assert (code, status) == ("DeleteConflictException", 409)
    for _ in range(2):
        iot.detach_policy(policyName=policy, target=certificate_arn)
    assert iot.list_attached_policies(target=certificate_arn)["policies"] == []
    iot.delete_policy(policyName=policy)


def test_attached_policies_are_paged(iot, unique, certificate_arn):
    names = [unique("attached") for _ in range(3)]
    for name in names:
        iot.create_policy(policyName=name, policyDocument=DOCUMENT)
        iot.attach_policy(policyName=name, target=certificate_arn)
    first = iot.list_attached_policies(target=certificate_arn, pageSize=2)
    second = iot.list_attached_policies(
        target=certificate_arn, pageSize=2, marker=first["nextMarker"]
    )
    listed = [item["policyName"] for item in first["policies"] + second["policies"]]
    assert sorted(listed) == sorted(names)
    assert not second.get("nextMarker")


def test_a_certificate_holds_ten_policies(iot, unique, certificate_arn, refused):
    names = [unique("ten") for _ in range(11)]
    for name in names:
        iot.create_policy(policyName=name, policyDocument=DOCUMENT)
    for name in names[:10]:
        iot.attach_policy(policyName=name, target=certificate_arn)
    code, status, message = refused(
        iot.attach_policy, policyName=names[10], target=certificate_arn
    )
    assert (code, status) == ("LimitExceededException", 410)
    assert "10" in message


def test_a_group_can_hold_a_policy(iot, unique, policy):
    group = iot.create_thing_group(thingGroupName=unique("group"))["thingGroupArn"]
    iot.attach_policy(policyName=policy, target=group)
    listed = iot.list_attached_policies(target=group)["policies"]
    assert [item["policyName"] for item in listed] == [policy]


def test_targets_are_checked(iot, policy, refused):
    for target in ("", "nonsense", arn("thing", "a"), arn("cert", "ff"), arn("policy", policy)):
        code, status, message = refused(iot.attach_policy, policyName=policy, target=target)
        assert (code, status) == ("InvalidRequestException", 400), target
        assert message
    code, status, _ = refused(iot.attach_policy, policyName=policy, target=arn("cert", "0" * 64))
    assert (code, status) == ("ResourceNotFoundException", 404)
    foreign = arn("cert", "0" * 64).replace("123456789012", "999999999999")
    code, _, _ = refused(iot.attach_policy, policyName=policy, target=foreign)
    assert code == "InvalidRequestException"


def test_the_cli_walks_a_policys_life(aws, unique, certificate_arn, tmp_path):
    name, file = unique("cli"), tmp_path / "policy.json"
    file.write_text(DOCUMENT)
    made = aws("create-policy", "--policy-name", name, "--policy-document", f"file://{file}")
    assert made["policyArn"] == arn("policy", name)
    assert aws("get-policy", "--policy-name", name)["policyDocument"] == DOCUMENT
    assert name in [item["policyName"] for item in aws("list-policies")["policies"]]
    aws("attach-policy", "--policy-name", name, "--target", certificate_arn)
    attached = aws("list-attached-policies", "--target", certificate_arn)["policies"]
    assert [item["policyName"] for item in attached] == [name]
    aws("detach-policy", "--policy-name", name, "--target", certificate_arn)
    aws("delete-policy", "--policy-name", name)
    assert "ResourceNotFoundException" in aws("get-policy", "--policy-name", name, fails=True)
