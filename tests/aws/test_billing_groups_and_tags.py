import pytest

from running import ACCOUNT, arn


@pytest.fixture
def billing(iot, unique):
    name = unique("billing")
    iot.create_billing_group(billingGroupName=name, tags=[{"Key": "team", "Value": "a"}])
    return name


@pytest.fixture
def thing(iot, unique):
    name = unique("thing")
    iot.create_thing(thingName=name)
    return name


def test_a_billing_group_is_updated_by_version(iot, billing, unique, refused):
    properties = {"billingGroupDescription": "who pays"}
    made = iot.update_billing_group(
        billingGroupName=billing, billingGroupProperties=properties, expectedVersion=1
    )
    assert made["version"] == 2
    found = iot.describe_billing_group(billingGroupName=billing)
    assert found["billingGroupName"] == billing and found["version"] == 2
    assert found["billingGroupArn"] == arn("billinggroup", billing)
    assert len(found["billingGroupId"]) == 36
    assert found["billingGroupProperties"] == properties
    assert found["billingGroupMetadata"]["creationDate"]
    for members, expected in (
        ({"expectedVersion": 1}, ("VersionConflictException", 409)),
        ({"billingGroupName": unique("none")}, ("ResourceNotFoundException", 404)),
        (
            {"billingGroupProperties": {"billingGroupDescription": "x" * 2029}},
            ("InvalidRequestException", 400),
        ),
    ):
        asked = {"billingGroupName": billing, "billingGroupProperties": properties} | members
        code, status, _ = refused(iot.update_billing_group, **asked)
        assert (code, status) == expected
    code, status, _ = refused(iot.describe_billing_group, billingGroupName=unique("none"))
    assert (code, status) == ("ResourceNotFoundException", 404)


def test_things_enter_move_and_leave(iot, billing, thing, unique, refused):
    other = unique("other")
    iot.create_billing_group(billingGroupName=other)
    iot.add_thing_to_billing_group(thingName=thing, billingGroupName=other)
    by_arn = {"thingArn": arn("thing", thing), "billingGroupArn": arn("billinggroup", billing)}
    for _ in range(2):
        iot.add_thing_to_billing_group(**by_arn)
    assert iot.describe_thing(thingName=thing)["billingGroupName"] == billing
    assert iot.list_things_in_billing_group(billingGroupName=other)["things"] == []
    # Not there is no error.
    iot.remove_thing_from_billing_group(thingName=thing, billingGroupName=other)
    assert iot.list_things_in_billing_group(billingGroupName=billing)["things"] == [thing]
    iot.remove_thing_from_billing_group(**by_arn)
    assert "billingGroupName" not in iot.describe_thing(thingName=thing)
    for operation in (iot.add_thing_to_billing_group, iot.remove_thing_from_billing_group):
        for members in (
            {"thingName": unique("none"), "billingGroupName": billing},
            {"thingName": thing, "billingGroupName": unique("none")},
        ):
            code, status, _ = refused(operation, **members)
            assert (code, status) == ("ResourceNotFoundException", 404)
        wrong = {"thingName": thing, "billingGroupArn": arn("thing", thing)}
        code, status, _ = refused(operation, **wrong)
        assert (code, status) == ("InvalidRequestException", 400)


def test_a_deleted_group_leaves_its_things(iot, billing, thing, refused):
    iot.add_thing_to_billing_group(thingName=thing, billingGroupName=billing)
    code, status, _ = refused(
        iot.delete_billing_group, billingGroupName=billing, expectedVersion=5
    )
    assert (code, status) == ("VersionConflictException", 409)
    for _ in range(2):
        iot.delete_billing_group(billingGroupName=billing)
    assert "billingGroupName" not in iot.describe_thing(thingName=thing)


def test_groups_and_their_things_are_paged(iot, billing, unique, refused):
    names = [unique("paged") for _ in range(3)]
    for name in names:
        iot.create_billing_group(billingGroupName=name)
        iot.create_thing(thingName=name, billingGroupName=billing)
    pages = iot.get_paginator("list_billing_groups").paginate(
        namePrefixFilter=names[0].rsplit("-", 1)[0], PaginationConfig={"PageSize": 2}
    )
    listed = [item for page in pages for item in page["billingGroups"]]
    expected = [{"groupName": n, "groupArn": arn("billinggroup", n)} for n in sorted(names)]
    assert listed == expected
    pages = iot.get_paginator("list_things_in_billing_group").paginate(
        billingGroupName=billing, PaginationConfig={"PageSize": 2}
    )
    assert [name for page in pages for name in page["things"]] == sorted(names)
    code, status, _ = refused(iot.list_things_in_billing_group, billingGroupName=unique("none"))
    assert (code, status) == ("ResourceNotFoundException", 404)
    for members in ({"namePrefixFilter": "a b"}, {"maxResults": 251}, {"nextToken": "%%%"}):
        code, status, _ = refused(iot.list_billing_groups, **members)
        assert (code, status) == ("InvalidRequestException", 400)


@pytest.fixture
def taggable(iot, billing, policy, unique):
    """The ARN of a resource of each kind that this file can make."""
    name = unique("r")
    made = [
        arn("billinggroup", billing),
        arn("policy", policy),
        iot.create_thing_type(thingTypeName=name)["thingTypeArn"],
        iot.create_thing_group(thingGroupName=name)["thingGroupArn"],
    ]
    return made


def tags_of(iot, resource):
    tags = iot.list_tags_for_resource(resourceArn=resource)["tags"]
    return {tag["Key"]: tag["Value"] for tag in tags}


def test_every_kind_of_resource_is_tagged_and_untagged(iot, taggable):
    for resource in taggable:
        tags = [{"Key": "team", "Value": "b"}, {"Key": "site", "Value": ""}]
        iot.tag_resource(resourceArn=resource, tags=tags)
        assert tags_of(iot, resource) == {"team": "b", "site": ""}, resource
        for _ in range(2):
            iot.untag_resource(resourceArn=resource, tagKeys=["team", "none"])
        assert tags_of(iot, resource) == {"site": ""}


def test_tags_of_what_cannot_have_them_are_refused(iot, billing, thing, unique, refused):
    tags = [{"Key": "a", "Value": "1"}]
    for resource, expected in (
        (arn("billinggroup", unique("none")), ("ResourceNotFoundException", 404)),
        (arn("thing", thing), ("InvalidRequestException", 400)),
        (f"arn:aws:iot:eu-west-1:{ACCOUNT}:policy/a", ("InvalidRequestException", 400)),
        ("nothing", ("InvalidRequestException", 400)),
    ):
        for operation, more in (
            (iot.tag_resource, {"tags": tags}),
            (iot.untag_resource, {"tagKeys": ["a"]}),
            (iot.list_tags_for_resource, {}),
        ):
            code, status, _ = refused(operation, resourceArn=resource, **more)
            assert (code, status) == expected, (resource, operation)
    many = [{"Key": f"k{n}", "Value": "1"} for n in range(50)]
    resource = arn("billinggroup", billing)
    code, status, _ = refused(iot.tag_resource, resourceArn=resource, tags=many)
    assert (code, status) == ("LimitExceededException", 410)
    assert tags_of(iot, resource) == {"team": "a"}
    for operation, more in (
        (iot.tag_resource, {"tags": []}),
        (iot.tag_resource, {"tags": [{"Key": "a!", "Value": "1"}]}),
        (iot.untag_resource, {"tagKeys": []}),
        (iot.untag_resource, {"tagKeys": ["a!"]}),
        (iot.list_tags_for_resource, {"nextToken": "eA=="}),
    ):
        code, status, _ = refused(operation, resourceArn=resource, **more)
        assert (code, status) == ("InvalidRequestException", 400), more


def test_the_cli_tags_and_bills(aws, billing, thing):
    resource = arn("billinggroup", billing)
    aws("tag-resource", "--resource-arn", resource, "--tags", "Key=site,Value=north")
    tags = aws("list-tags-for-resource", "--resource-arn", resource)["tags"]
    assert {"Key": "site", "Value": "north"} in tags
    aws("untag-resource", "--resource-arn", resource, "--tag-keys", "site")
    aws("add-thing-to-billing-group", "--thing-name", thing, "--billing-group-name", billing)
    found = aws("list-things-in-billing-group", "--billing-group-name", billing)
    assert found["things"] == [thing]
