import pytest

from running import arn


def test_a_thing_is_described_as_it_was_made(iot, unique):
    name = unique("thing:with")
    kind = iot.create_thing_type(thingTypeName=unique("type"))["thingTypeName"]
    billing = iot.create_billing_group(billingGroupName=unique("billing"))["billingGroupName"]
    members = {
        "thingTypeName": kind,
        "billingGroupName": billing,
        "attributePayload": {"attributes": {"a": "1", "b/c": "[x]=y", "d": "#", "e": ""}},
    }
    made = iot.create_thing(thingName=name, **members)
    assert made["thingName"] == name
    assert made["thingArn"] == arn("thing", name)
    assert len(made["thingId"]) == 36
    found = iot.describe_thing(thingName=name)
    assert found["thingId"] == made["thingId"] and found["thingArn"] == made["thingArn"]
    assert found["defaultClientId"] == name
    assert found["version"] == 1
    assert found["thingTypeName"] == kind
    assert found["billingGroupName"] == billing
    attributes = {"a": "1", "b/c": "[x]=y", "d": "#"}
    assert {k: v for k, v in found["attributes"].items() if v} == attributes
    again = iot.create_thing(thingName=name, **members)
    assert again["thingId"] == made["thingId"]


def test_a_bare_thing_has_empty_attributes(iot, unique):
    name = unique("bare")
    iot.create_thing(thingName=name)
    found = iot.describe_thing(thingName=name)
    assert found["attributes"] == {}
    assert "thingTypeName" not in found and "billingGroupName" not in found


def test_a_different_thing_of_that_name_is_refused(iot, unique, refused):
    name = unique("thing")
    iot.create_thing(thingName=name)
    code, status, message = refused(
        iot.create_thing, thingName=name, attributePayload={"attributes": {"a": "1"}}
    )
    assert (code, status) == ("ResourceAlreadyExistsException", 409)
    assert name in message


def test_things_are_checked(iot, unique, refused):
    cases = [
        {"thingName": "a b"},
        {"thingName": "x" * 129},
        {"attributePayload": {"attributes": {"a": "with space"}}},
        {"attributePayload": {"attributes": {"a b": "1"}}},
        {"attributePayload": {"attributes": {"a": "x" * 801}}},
        {"attributePayload": {"attributes": {str(i): "1" for i in range(4)}}},
    ]
    for case in cases:
        members = {"thingName": unique("bad")} | case
        code, status, message = refused(iot.create_thing, **members)
        assert (code, status) == ("InvalidRequestException", 400), case
        assert message
    for missing in ({"thingTypeName": "none"}, {"billingGroupName": "none"}):
        code, status, _ = refused(iot.create_thing, thingName=unique("bad"), **missing)
        assert (code, status) == ("ResourceNotFoundException", 404), missing


def test_a_deleted_thing_is_gone(iot, unique, refused):
    name = unique("thing")
    iot.create_thing(thingName=name)
    code, status, message = refused(iot.delete_thing, thingName=name, expectedVersion=9)
    assert (code, status) == ("VersionConflictException", 409)
    assert message == f"The version for thing {name} does not match the expected version."
    iot.delete_thing(thingName=name, expectedVersion=1)
    code, status, _ = refused(iot.describe_thing, thingName=name)
    assert (code, status) == ("ResourceNotFoundException", 404)
    iot.delete_thing(thingName=name)


def test_things_are_listed_by_token_and_filter(iot, unique, refused):
    kind = iot.create_thing_type(thingTypeName=unique("type"))["thingTypeName"]
    value = unique("value")
    names = [unique("thing") for _ in range(5)]
    for name in names:
        attributes = {"attributes": {"batch": value}}
        iot.create_thing(thingName=name, thingTypeName=kind, attributePayload=attributes)
    pages = iot.get_paginator("list_things").paginate(
        thingTypeName=kind, PaginationConfig={"PageSize": 2}
    )
    listed = [item for page in pages for item in page["things"]]
    assert sorted(item["thingName"] for item in listed) == sorted(names)
    item = listed[0]
    assert item["thingArn"] == arn("thing", item["thingName"])
    assert (item["version"], item["thingTypeName"]) == (1, kind)
    assert item["attributes"] == {"batch": value}
    by_value = {"attributeName": "batch", "attributeValue": value}
    assert len(iot.list_things(**by_value)["things"]) == 5
    by_prefix = by_value | {"attributeValue": value[:-1], "usePrefixAttributeValue": True}
    assert len(iot.list_things(**by_prefix)["things"]) >= 5
    assert iot.list_things(**(by_value | {"attributeValue": value[:-1]}))["things"] == []
    for members in ({"maxResults": 251}, {"nextToken": "%%%"}):
        code, _, _ = refused(iot.list_things, **members)
        assert code == "InvalidRequestException"


def test_a_thing_without_principals_has_none(iot, unique, refused):
    name = unique("thing")
    iot.create_thing(thingName=name)
    assert iot.list_thing_principals(thingName=name)["principals"] == []
    code, status, _ = refused(iot.list_thing_principals, thingName=unique("none"))
    assert (code, status) == ("ResourceNotFoundException", 404)


def test_thing_types_are_idempotent_for_equal_properties(iot, unique, refused):
    name = unique("type")
    properties = {"thingTypeDescription": "a type", "searchableAttributes": ["a", "b"]}
    made = iot.create_thing_type(thingTypeName=name, thingTypeProperties=properties)
    assert made["thingTypeName"] == name
    assert made["thingTypeArn"] == arn("thingtype", name)
    assert len(made["thingTypeId"]) == 36
    again = iot.create_thing_type(thingTypeName=name, thingTypeProperties=properties)
    assert again["thingTypeId"] == made["thingTypeId"]
    code, status, _ = refused(iot.create_thing_type, thingTypeName=name)
    assert (code, status) == ("ResourceAlreadyExistsException", 409)
    many = {"searchableAttributes": ["a", "b", "c", "d"]}
    code, _, _ = refused(
        iot.create_thing_type, thingTypeName=unique("type"), thingTypeProperties=many
    )
    assert code == "InvalidRequestException"


def test_thing_groups_are_idempotent_for_equal_properties(iot, unique, refused):
    parent, name = unique("parent"), unique("group")
    iot.create_thing_group(thingGroupName=parent)
    members = {
        "parentGroupName": parent,
        "thingGroupProperties": {
            "thingGroupDescription": "a group",
            "attributePayload": {"attributes": {"a": "1"}},
        },
    }
    made = iot.create_thing_group(thingGroupName=name, **members)
    assert made["thingGroupArn"] == arn("thinggroup", name)
    assert len(made["thingGroupId"]) == 36
    again = iot.create_thing_group(thingGroupName=name, **members)
    assert again["thingGroupId"] == made["thingGroupId"]
    code, status, _ = refused(iot.create_thing_group, thingGroupName=name)
    assert (code, status) == ("ResourceAlreadyExistsException", 409)
    # The model has no ResourceNotFoundException for it.
    code, status, message = refused(
        iot.create_thing_group, thingGroupName=unique("group"), parentGroupName="none"
    )
    assert (code, status) == ("InvalidRequestException", 400)
    assert message == "Cannot create group using non-existing group as parent : none"


def test_tags_are_among_the_equal_properties_of_a_thing_group(iot, unique, refused):
    name, tag = unique("group"), {"Key": "k", "Value": "v"}
    made = iot.create_thing_group(thingGroupName=name, tags=[tag])
    again = iot.create_thing_group(thingGroupName=name, tags=[tag])
    assert again["thingGroupId"] == made["thingGroupId"]
    for tags in ([], [tag | {"Value": "w"}]):
        code, status, _ = refused(iot.create_thing_group, thingGroupName=name, tags=tags)
        assert (code, status) == ("ResourceAlreadyExistsException", 409)


def test_billing_groups_are_idempotent_for_equal_properties(iot, unique, refused):
    name = unique("billing")
    members = {"billingGroupProperties": {"billingGroupDescription": "a group"}}
    made = iot.create_billing_group(billingGroupName=name, **members)
    assert made["billingGroupArn"] == arn("billinggroup", name)
    assert len(made["billingGroupId"]) == 36
    again = iot.create_billing_group(billingGroupName=name, **members)
    assert again["billingGroupId"] == made["billingGroupId"]
    code, status, _ = refused(iot.create_billing_group, billingGroupName=name)
    assert (code, status) == ("ResourceAlreadyExistsException", 409)


def test_tags_are_checked(iot, unique, refused):
    iot.create_billing_group(
        billingGroupName=unique("tagged"), tags=[{"Key": "team", "Value": "a b"}]
    )
    for tags in (
        [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}],
        [{"Key": f"k{i}", "Value": "1"} for i in range(51)],
        [{"Key": "x" * 129, "Value": "1"}],
        [{"Key": "a", "Value": "x" * 257}],
    ):
        code, _, _ = refused(iot.create_billing_group, billingGroupName=unique("b"), tags=tags)
        assert code in ("InvalidRequestException", "LimitExceededException"), tags


def test_the_cli_walks_the_registry(aws, unique):
    kind, group, billing, name = (unique(k) for k in ("type", "group", "billing", "thing"))
    aws("create-thing-type", "--thing-type-name", kind)
    aws("create-thing-group", "--thing-group-name", group)
    aws("create-billing-group", "--billing-group-name", billing)
    made = aws(
        *("create-thing", "--thing-name", name, "--thing-type-name", kind),
        *("--billing-group-name", billing, "--attribute-payload", "attributes={a=1}"),
    )
    assert made["thingArn"] == arn("thing", name)
    assert aws("describe-thing", "--thing-name", name)["attributes"] == {"a": "1"}
    listed = aws("list-things", "--thing-type-name", kind)["things"]
    assert [item["thingName"] for item in listed] == [name]
    assert aws("list-thing-principals", "--thing-name", name)["principals"] == []
    aws("delete-thing", "--thing-name", name)
    assert "ResourceNotFoundException" in aws("describe-thing", "--thing-name", name, fails=True)


@pytest.mark.parametrize("operation", ["thing", "thing-type", "thing-group", "billing-group"])
def test_the_cli_sees_invalid_names_refused(aws, operation):
    error = aws(f"create-{operation}", f"--{operation}-name", "a b", fails=True)
    assert "InvalidRequestException" in error and "'a b' is not valid" in error
