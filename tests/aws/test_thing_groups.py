import pytest

from running import arn


def line(name):
    return {"groupName": name, "groupArn": arn("thinggroup", name)}


def members_of(iot, group, **more):
    pages = iot.get_paginator("list_things_in_thing_group").paginate(
        thingGroupName=group, PaginationConfig={"PageSize": 2}, **more
    )
    return [name for page in pages for name in page["things"]]


@pytest.fixture
def tree(iot, unique):
    """Three groups, each in the one before."""
    names = [unique(kind) for kind in ("top", "middle", "bottom")]
    iot.create_thing_group(thingGroupName=names[0])
    for parent, name in zip(names, names[1:]):
        iot.create_thing_group(thingGroupName=name, parentGroupName=parent)
    return names


@pytest.fixture
def thing(iot, unique):
    name = unique("thing")
    iot.create_thing(thingName=name)
    return name


def test_a_group_is_described_with_those_above(iot, tree, unique, refused):
    top, middle, bottom = tree
    found = iot.describe_thing_group(thingGroupName=bottom)
    assert found["thingGroupName"] == bottom
    assert found["thingGroupArn"] == arn("thinggroup", bottom)
    assert len(found["thingGroupId"]) == 36 and found["version"] == 1
    metadata = found["thingGroupMetadata"]
    assert metadata["parentGroupName"] == middle and metadata["creationDate"]
    assert metadata["rootToParentThingGroups"] == [line(top), line(middle)]
    above = iot.describe_thing_group(thingGroupName=top)["thingGroupMetadata"]
    assert "parentGroupName" not in above
    code, status, _ = refused(iot.describe_thing_group, thingGroupName=unique("none"))
    assert (code, status) == ("ResourceNotFoundException", 404)


def test_a_group_is_updated_by_version(iot, tree, unique, refused):
    name = tree[0]
    properties = {
        "thingGroupDescription": "a group",
        "attributePayload": {"attributes": {"a": "1", "b": "2"}},
    }
    made = iot.update_thing_group(
        thingGroupName=name, thingGroupProperties=properties, expectedVersion=1
    )
    assert made["version"] == 2
    merge = {"attributePayload": {"attributes": {"a": "", "c": "3"}, "merge": True}}
    assert iot.update_thing_group(thingGroupName=name, thingGroupProperties=merge)["version"] == 3
    found = iot.describe_thing_group(thingGroupName=name)["thingGroupProperties"]
    assert found["thingGroupDescription"] == "a group"
    assert found["attributePayload"]["attributes"] == {"b": "2", "c": "3"}
    for members, expected in (
        ({"expectedVersion": 1}, ("VersionConflictException", 409)),
        ({"thingGroupName": unique("none")}, ("ResourceNotFoundException", 404)),
    ):
        asked = {"thingGroupName": name, "thingGroupProperties": merge} | members
        code, status, _ = refused(iot.update_thing_group, **asked)
        assert (code, status) == expected
    long = {"thingGroupDescription": "x" * 2029}
    code, status, _ = refused(
        iot.update_thing_group, thingGroupName=name, thingGroupProperties=long
    )
    assert (code, status) == ("InvalidRequestException", 400)


def test_a_group_is_deleted_when_it_has_no_children(iot, tree, unique, refused):
    code, status, message = refused(iot.delete_thing_group, thingGroupName=tree[0])
    assert (code, status) == ("InvalidRequestException", 400)
    assert message.endswith("when there are still child groups attached to it")
    code, status, _ = refused(iot.delete_thing_group, thingGroupName=tree[2], expectedVersion=7)
    assert (code, status) == ("VersionConflictException", 409)
    for name in reversed(tree):
        iot.delete_thing_group(thingGroupName=name, expectedVersion=1)
    iot.delete_thing_group(thingGroupName=tree[0])


def test_groups_are_listed_by_parent_prefix_and_depth(iot, tree, unique, refused):
    top, middle, bottom = tree

    def listed(**members):
        pages = iot.get_paginator("list_thing_groups").paginate(
            PaginationConfig={"PageSize": 2}, **members
        )
        return [item for page in pages for item in page["thingGroups"]]

    everything = listed()
    assert all(line(name) in everything for name in tree)
    tops = listed(recursive=False)
    assert line(top) in tops and line(middle) not in tops
    assert listed(parentGroup=top) == [line(middle)]
    assert listed(parentGroup=top, recursive=True) == [line(name) for name in sorted(tree[1:])]
    assert listed(namePrefixFilter=middle) == [line(middle)]
    assert listed(parentGroup=top, recursive=True, namePrefixFilter=bottom) == [line(bottom)]
    code, status, _ = refused(iot.list_thing_groups, parentGroup=unique("none"))
    assert (code, status) == ("ResourceNotFoundException", 404)
    for members in ({"namePrefixFilter": "a b"}, {"maxResults": 251}, {"nextToken": "%%%"}):
        code, status, _ = refused(iot.list_thing_groups, **members)
        assert (code, status) == ("InvalidRequestException", 400)


def test_things_enter_and_leave_by_name_or_arn(iot, tree, thing, unique, refused):
    group = tree[0]
    iot.add_thing_to_thing_group(thingName=thing, thingGroupName=group)
    by_arn = {"thingArn": arn("thing", thing), "thingGroupArn": arn("thinggroup", group)}
    iot.add_thing_to_thing_group(overrideDynamicGroups=True, **by_arn)
    assert members_of(iot, group) == [thing]
    assert iot.list_thing_groups_for_thing(thingName=thing)["thingGroups"] == [line(group)]
    for _ in range(2):
        iot.remove_thing_from_thing_group(**by_arn)
    assert members_of(iot, group) == []
    for operation in (iot.add_thing_to_thing_group, iot.remove_thing_from_thing_group):
        for members in (
            {"thingName": unique("none"), "thingGroupName": group},
            {"thingName": thing, "thingGroupName": unique("none")},
        ):
            code, status, _ = refused(operation, **members)
            assert (code, status) == ("ResourceNotFoundException", 404), members
        for members in (
            {"thingName": thing},
            {"thingGroupName": group},
            {"thingName": thing, "thingGroupName": group, "thingArn": arn("thing", "other")},
            {"thingName": thing, "thingGroupArn": arn("thing", thing)},
        ):
            code, status, _ = refused(operation, **members)
            assert (code, status) == ("InvalidRequestException", 400), members


def test_a_thing_is_in_one_group_of_a_hierarchy_and_in_ten_at_most(
    iot, tree, thing, unique, refused
):
    iot.add_thing_to_thing_group(thingName=thing, thingGroupName=tree[2])
    code, status, _ = refused(
        iot.add_thing_to_thing_group, thingName=thing, thingGroupName=tree[0]
    )
    assert (code, status) == ("InvalidRequestException", 400)
    names = sorted(unique("flat") for _ in range(10))
    for name in names:
        iot.create_thing_group(thingGroupName=name)
    for name in names[:9]:
        iot.add_thing_to_thing_group(thingName=thing, thingGroupName=name)
    code, status, _ = refused(
        iot.add_thing_to_thing_group, thingName=thing, thingGroupName=names[9]
    )
    assert (code, status) == ("InvalidRequestException", 400)
    pages = iot.get_paginator("list_thing_groups_for_thing").paginate(
        thingName=thing, PaginationConfig={"PageSize": 3}
    )
    listed = [item["groupName"] for page in pages for item in page["thingGroups"]]
    assert listed == sorted([tree[2], *names[:9]])


def test_things_of_a_group_are_paged_with_those_below(iot, tree, unique, refused):
    things = []
    for group in tree:
        for _ in range(2):
            things.append(unique("member"))
            iot.create_thing(thingName=things[-1])
            iot.add_thing_to_thing_group(thingName=things[-1], thingGroupName=group)
    assert members_of(iot, tree[0]) == things[:2]
    assert members_of(iot, tree[0], recursive=True) == things
    assert members_of(iot, tree[1], recursive=True) == things[2:]
    code, status, _ = refused(iot.list_things_in_thing_group, thingGroupName=unique("none"))
    assert (code, status) == ("ResourceNotFoundException", 404)
    code, status, _ = refused(
        iot.list_things_in_thing_group, thingGroupName=tree[0], nextToken="bm9uc2Vuc2U="
    )
    assert (code, status) == ("InvalidRequestException", 400)


def test_groups_of_a_thing_change_together(iot, tree, thing, unique, refused):
    top, _, bottom = tree
    iot.add_thing_to_thing_group(thingName=thing, thingGroupName=top)
    code, status, _ = refused(
        iot.update_thing_groups_for_thing,
        thingName=thing,
        thingGroupsToRemove=[top],
        thingGroupsToAdd=[unique("none")],
    )
    assert (code, status) == ("ResourceNotFoundException", 404)
    assert iot.list_thing_groups_for_thing(thingName=thing)["thingGroups"] == [line(top)]
    iot.update_thing_groups_for_thing(
        thingName=thing, thingGroupsToRemove=[top], thingGroupsToAdd=[bottom]
    )
    assert iot.list_thing_groups_for_thing(thingName=thing)["thingGroups"] == [line(bottom)]
    code, status, _ = refused(iot.update_thing_groups_for_thing, thingGroupsToAdd=[top])
    assert (code, status) == ("InvalidRequestException", 400)
    for operation in (iot.update_thing_groups_for_thing, iot.list_thing_groups_for_thing):
        code, status, _ = refused(operation, thingName=unique("none"))
        assert (code, status) == ("ResourceNotFoundException", 404)


def test_the_cli_walks_the_hierarchy(aws, tree, thing):
    top, middle, _ = tree
    aws("add-thing-to-thing-group", "--thing-name", thing, "--thing-group-name", middle)
    found = aws("list-things-in-thing-group", "--thing-group-name", top, "--recursive")
    assert found["things"] == [thing]
    found = aws("list-thing-groups", "--parent-group", top)
    assert found["thingGroups"] == [line(middle)]
