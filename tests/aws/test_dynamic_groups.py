"""Dynamic thing groups: membership by query, following the registry."""

import pytest


@pytest.fixture(autouse=True)
def indexed(iot):
    iot.update_indexing_configuration(
        thingIndexingConfiguration={
            "thingIndexingMode": "REGISTRY",
            "thingConnectivityIndexingMode": "STATUS",
        }
    )


@pytest.fixture
def dynamic(iot, unique):
    """Makes dynamic groups, which go with the test: there may be a hundred."""
    made = []

    def make(query, **more):
        name = unique("dynamic")
        made.append(name)
        return iot.create_dynamic_thing_group(thingGroupName=name, queryString=query, **more)

    yield make
    for name in made:
        iot.delete_dynamic_thing_group(thingGroupName=name)


@pytest.fixture
def members(iot):
    """The things in a group."""

    def members(group):
        name = group["thingGroupName"]
        return sorted(iot.list_things_in_thing_group(thingGroupName=name)["things"])

    return members


@pytest.fixture
def rooms(iot, unique):
    """A prefix, and makes things of it with a temperature."""
    prefix = unique("room")

    def make(number, temperature):
        name = f"{prefix}-{number}"
        attributes = {"attributes": {"temperature": str(temperature)}}
        iot.create_thing(thingName=name, attributePayload=attributes)
        return name

    return prefix, make


def test_a_dynamic_group_is_made_described_changed_and_deleted(iot, aws, unique):
    name = unique("warm")
    made = aws("create-dynamic-thing-group", "--thing-group-name", name,
               "--query-string", f"attributes.temperature>60 {name}")  # fmt: skip
    assert made["indexName"] == "AWS_Things"
    assert made["queryVersion"] == "2017-09-30"
    assert made["queryString"] == f"attributes.temperature>60 {name}"
    assert made["thingGroupArn"].endswith(f":thinggroup/{name}")
    again = iot.create_dynamic_thing_group(thingGroupName=name, queryString=made["queryString"])
    assert again["thingGroupId"] == made["thingGroupId"]
    described = aws("describe-thing-group", "--thing-group-name", name)
    assert described["status"] == "ACTIVE"
    assert (described["queryString"], described["version"]) == (made["queryString"], 1)
    assert (described["indexName"], described["queryVersion"]) == ("AWS_Things", "2017-09-30")
    assert name in {group["groupName"] for group in iot.list_thing_groups()["thingGroups"]}
    changed = aws("update-dynamic-thing-group", "--thing-group-name", name, "--expected-version", 1,
                  "--thing-group-properties", "thingGroupDescription=warmer",
                  "--query-string", f"attributes.temperature>65 {name}")  # fmt: skip
    assert changed == {"version": 2}
    described = iot.describe_thing_group(thingGroupName=name)
    assert described["queryString"] == f"attributes.temperature>65 {name}"
    assert described["thingGroupProperties"]["thingGroupDescription"] == "warmer"
    assert aws("delete-dynamic-thing-group", "--thing-group-name", name) is None
    iot.delete_dynamic_thing_group(thingGroupName=name)


def test_a_group_has_the_things_that_were_there_before_it(dynamic, members, rooms):
    prefix, make = rooms
    warm = [make(number, 61 + number) for number in range(3)]
    make(9, 20)
    assert members(dynamic(f"thingName:{prefix}* attributes.temperature>60")) == warm


def test_membership_follows_the_registry(iot, dynamic, members, rooms, unique):
    prefix, make = rooms
    group = dynamic(f"thingName:{prefix}* AND attributes.temperature>60")
    assert members(group) == []
    warm, cold = make(1, 61), make(2, 20)
    assert members(group) == [warm]
    heat = {"attributes": {"temperature": "70"}}
    iot.update_thing(thingName=cold, attributePayload=heat)
    assert members(group) == [warm, cold]
    names = iot.list_thing_groups_for_thing(thingName=cold)["thingGroups"]
    assert [name["groupName"] for name in names] == [group["thingGroupName"]]
    cool = {"attributes": {"temperature": "10"}}
    iot.update_thing(thingName=warm, attributePayload=cool)
    assert members(group) == [cold]
    iot.delete_thing(thingName=cold)
    assert members(group) == []


def test_membership_follows_types_groups_and_billing_groups(iot, dynamic, members, rooms, unique):
    prefix, make = rooms
    kind, static, billing = unique("kind"), unique("static"), unique("billing")
    iot.create_thing_type(thingTypeName=kind)
    iot.create_thing_group(thingGroupName=static)
    iot.create_billing_group(billingGroupName=billing)
    name = make(1, 1)
    by_type, by_group, by_billing = (
        dynamic(f"thingTypeName:{kind}"),
        dynamic(f"thingGroupNames:{static}"),
        dynamic(f"thingGroupNames:{billing}"),
    )
    iot.update_thing(thingName=name, thingTypeName=kind)
    assert members(by_type) == [name]
    iot.update_thing(thingName=name, removeThingType=True)
    assert members(by_type) == []
    iot.add_thing_to_thing_group(thingGroupName=static, thingName=name)
    assert members(by_group) == [name]
    iot.delete_thing_group(thingGroupName=static)
    assert members(by_group) == []
    iot.add_thing_to_billing_group(billingGroupName=billing, thingName=name)
    assert members(by_billing) == [name]
    iot.delete_billing_group(billingGroupName=billing)
    assert members(by_billing) == []


def test_another_query_has_other_things(iot, dynamic, members, rooms):
    prefix, make = rooms
    warm, hot = make(1, 61), make(2, 99)
    group = dynamic(f"thingName:{prefix}* attributes.temperature>60")
    assert members(group) == [warm, hot]
    name = group["thingGroupName"]
    query = f"thingName:{prefix}* attributes.temperature<90"
    iot.update_dynamic_thing_group(
        thingGroupName=name, thingGroupProperties={}, queryString=query
    )
    assert members(group) == [warm]
    version = {"thingGroupName": name, "thingGroupProperties": {}, "expectedVersion": 1}
    with pytest.raises(iot.exceptions.VersionConflictException):
        iot.update_dynamic_thing_group(**version)


def test_nobody_is_added_or_removed_by_hand(iot, dynamic, rooms, refused):
    prefix, make = rooms
    name = make(1, 61)
    group = dynamic(f"thingName:{prefix}*")["thingGroupName"]
    for call, members in (
        (iot.add_thing_to_thing_group, {"thingGroupName": group, "thingName": name}),
        (iot.remove_thing_from_thing_group, {"thingGroupName": group, "thingName": name}),
        (iot.update_thing_groups_for_thing, {"thingName": name, "thingGroupsToAdd": [group]}),
        (iot.update_thing_groups_for_thing, {"thingName": name, "thingGroupsToRemove": [group]}),
    ):
        code, status, message = refused(call, **members)
        assert (code, status) == ("InvalidRequestException", 400)
        assert "dynamic" in message


def test_a_dynamic_group_has_no_policies_parents_or_children(iot, dynamic, policy, refused, unique):
    group = dynamic("thingName:nothing")
    for call, members in (
        (iot.attach_policy, {"policyName": policy, "target": group["thingGroupArn"]}),
        (
            iot.create_thing_group,
            {"thingGroupName": unique("child"), "parentGroupName": group["thingGroupName"]},
        ),
    ):
        code, status, message = refused(call, **members)
        assert (code, status) == ("InvalidRequestException", 400)
        assert "dynamic" in message


def test_each_kind_of_group_has_its_own_operations(iot, dynamic, refused, unique):
    group, static = dynamic("thingName:nothing")["thingGroupName"], unique("static")
    iot.create_thing_group(thingGroupName=static)
    properties = {"thingGroupProperties": {}}
    for call, members, advice in (
        (iot.update_thing_group, {"thingGroupName": group} | properties, "UpdateDynamic"),
        (iot.delete_thing_group, {"thingGroupName": group}, "DeleteDynamic"),
        (iot.update_dynamic_thing_group, {"thingGroupName": static} | properties, "UpdateThing"),
        (iot.delete_dynamic_thing_group, {"thingGroupName": static}, "DeleteThing"),
    ):
        code, _, message = refused(call, **members)
        assert code == "InvalidRequestException" and advice in message
    exists = {"thingGroupName": static, "queryString": "thingName:nothing"}
    assert refused(iot.create_dynamic_thing_group, **exists)[0] == "ResourceAlreadyExistsException"
    other = {"thingGroupName": group, "queryString": "thingName:other"}
    assert refused(iot.create_dynamic_thing_group, **other)[0] == "ResourceAlreadyExistsException"


def test_what_is_no_query_and_what_is_no_index_is_refused(iot, dynamic, refused, unique):
    name = {"thingGroupName": unique("dynamic")}
    broken = refused(iot.create_dynamic_thing_group, **name, queryString="thingName:(")
    assert broken[:2] == ("InvalidQueryException", 400)
    index = {"queryString": "*", "indexName": "AWS_Other"}
    assert refused(iot.create_dynamic_thing_group, **name, **index)[0] == "ResourceNotFoundException"
    group = dynamic("thingName:nothing")["thingGroupName"]
    update = {"thingGroupName": group, "thingGroupProperties": {}, "queryString": "\""}
    assert refused(iot.update_dynamic_thing_group, **update)[:2] == ("InvalidQueryException", 400)
    missing = {"thingGroupName": unique("none"), "thingGroupProperties": {}}
    code = refused(iot.update_dynamic_thing_group, **missing)[0]
    assert code == "ResourceNotFoundException"


def test_things_stay_indexed_while_there_are_dynamic_groups(iot, dynamic, refused):
    dynamic("thingName:nothing")
    off = {"thingIndexingMode": "OFF"}
    code, _, message = refused(iot.update_indexing_configuration, thingIndexingConfiguration=off)
    assert code == "InvalidRequestException" and "dynamic" in message


def test_the_hundred_and_first_dynamic_group_is_refused(iot, dynamic, refused, unique):
    existing = iot.get_paginator("list_thing_groups").paginate(recursive=True).search("thingGroups[]")
    described = [iot.describe_thing_group(thingGroupName=g["groupName"]) for g in existing]
    for _ in range(100 - sum("queryString" in group for group in described)):
        dynamic("thingName:nothing")
    one_more = {"thingGroupName": unique("dynamic"), "queryString": "thingName:nothing"}
    code, status, message = refused(iot.create_dynamic_thing_group, **one_more)
    assert (code, status) == ("LimitExceededException", 410)
    assert "100" in message


def test_the_newest_dynamic_group_gives_way_to_static_ones(iot, dynamic, rooms, unique, refused):
    prefix, make = rooms
    name = make(1, 1)
    dynamic_groups = [dynamic(f"thingName:{prefix}*")["thingGroupName"] for _ in range(2)]
    statics = [unique("static") for _ in range(9)]
    for group in statics:
        iot.create_thing_group(thingGroupName=group)
    for group in statics[:8]:
        iot.add_thing_to_thing_group(thingGroupName=group, thingName=name)
    last = {"thingGroupName": statics[8], "thingName": name}
    code, _, message = refused(iot.add_thing_to_thing_group, **last)
    assert code == "InvalidRequestException" and "10" in message
    iot.add_thing_to_thing_group(**last, overrideDynamicGroups=True)
    groups = iot.list_thing_groups_for_thing(thingName=name)["thingGroups"]
    names = {group["groupName"] for group in groups}
    assert names == {*statics, dynamic_groups[0]}
    # A place that becomes free is taken again.
    iot.remove_thing_from_thing_group(thingGroupName=statics[0], thingName=name)
    groups = iot.list_thing_groups_for_thing(thingName=name)["thingGroups"]
    assert dynamic_groups[1] in {group["groupName"] for group in groups}
