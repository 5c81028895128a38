import pytest

from running import arn


@pytest.fixture
def thing(iot, unique):
    name = unique("thing")
    iot.create_thing(thingName=name, attributePayload={"attributes": {"a": "1", "b": "2"}})
    return name


@pytest.fixture
def certificate_arn(iot):
    return iot.create_keys_and_certificate()["certificateArn"]


def test_attributes_are_merged_replaced_and_removed(iot, thing):
    def update(attributes, merge):
        payload = {"attributes": attributes, "merge": merge}
        iot.update_thing(thingName=thing, attributePayload=payload)
        found = iot.describe_thing(thingName=thing)
        return found["version"], found["attributes"]

    assert update({"b": "3", "c": "4"}, True) == (2, {"a": "1", "b": "3", "c": "4"})
    assert update({"a": ""}, True) == (3, {"b": "3", "c": "4"})
    assert update({"d": "5"}, False) == (4, {"d": "5"})
    assert update({}, False) == (5, {})


def test_a_type_is_set_and_removed(iot, thing, unique, refused):
    kind = iot.create_thing_type(thingTypeName=unique("type"))["thingTypeName"]
    iot.update_thing(thingName=thing, thingTypeName=kind)
    assert iot.describe_thing(thingName=thing)["thingTypeName"] == kind
    iot.deprecate_thing_type(thingTypeName=kind)
    # It had the type before.
    iot.update_thing(thingName=thing, thingTypeName=kind)
    code, _, message = refused(
        iot.create_thing, thingName=unique("late"), thingTypeName=kind
    )
    assert code == "InvalidRequestException" and kind in message
    code, status, _ = refused(
        iot.update_thing, thingName=thing, thingTypeName=kind, removeThingType=True
    )
    assert (code, status) == ("InvalidRequestException", 400)
    iot.update_thing(thingName=thing, removeThingType=True)
    found = iot.describe_thing(thingName=thing)
    assert "thingTypeName" not in found and found["attributes"] == {"a": "1", "b": "2"}


def test_updates_are_checked(iot, thing, unique, refused):
    for members, expected in (
        ({"expectedVersion": 9}, ("VersionConflictException", 409)),
        ({"thingTypeName": unique("none")}, ("ResourceNotFoundException", 404)),
        ({"thingTypeName": "a b"}, ("InvalidRequestException", 400)),
        (
            {"attributePayload": {"attributes": {"c": "1", "d": "1"}, "merge": True}},
            ("InvalidRequestException", 400),
        ),
        ({"attributePayload": {"attributes": {"a": "b c"}}}, ("InvalidRequestException", 400)),
    ):
        code, status, _ = refused(iot.update_thing, thingName=thing, **members)
        assert (code, status) == expected, members
    assert iot.describe_thing(thingName=thing)["version"] == 1
    iot.update_thing(thingName=thing, expectedVersion=1, attributePayload={"attributes": {}})
    code, status, _ = refused(iot.update_thing, thingName=unique("none"))
    assert (code, status) == ("ResourceNotFoundException", 404)


def test_principals_are_attached_listed_and_detached(iot, thing, unique, refused):
    certificates = [iot.create_keys_and_certificate()["certificateArn"] for _ in range(3)]
    for certificate in certificates + certificates[:1]:
        iot.attach_thing_principal(thingName=thing, principal=certificate)
    pages = iot.get_paginator("list_thing_principals").paginate(
        thingName=thing, PaginationConfig={"PageSize": 2}
    )
    assert [item for page in pages for item in page["principals"]] == certificates
    pages = iot.get_paginator("list_thing_principals_v2").paginate(
        thingName=thing, PaginationConfig={"PageSize": 2}
    )
    listed = [item for page in pages for item in page["thingPrincipalObjects"]]
    shared = [{"principal": c, "thingPrincipalType": "NON_EXCLUSIVE_THING"} for c in certificates]
    assert listed == shared
    code, status, message = refused(iot.delete_thing, thingName=thing)
    assert (code, status) == ("InvalidRequestException", 400) and "principals" in message
    for certificate in certificates * 2:
        iot.detach_thing_principal(thingName=thing, principal=certificate)
    assert iot.list_thing_principals(thingName=thing)["principals"] == []
    iot.delete_thing(thingName=thing)


def test_things_of_a_principal_are_paged(iot, certificate_arn, unique, refused):
    names = sorted(unique("thing") for _ in range(3))
    for name in names:
        iot.create_thing(thingName=name)
        iot.attach_thing_principal(thingName=name, principal=certificate_arn)
    pages = iot.get_paginator("list_principal_things").paginate(
        principal=certificate_arn, PaginationConfig={"PageSize": 2}
    )
    assert [name for page in pages for name in page["things"]] == names
    pages = iot.get_paginator("list_principal_things_v2").paginate(
        principal=certificate_arn, PaginationConfig={"PageSize": 2}
    )
    listed = [item["thingName"] for page in pages for item in page["principalThingObjects"]]
    assert listed == names
    for operation in (iot.list_principal_things, iot.list_principal_things_v2):
        code, status, _ = refused(operation, principal=arn("cert", "0" * 64))
        assert (code, status) == ("ResourceNotFoundException", 404)
        code, status, _ = refused(operation, principal="nobody")
        assert (code, status) == ("InvalidRequestException", 400)


def test_an_exclusive_thing_is_its_principals_only_one(iot, thing, certificate_arn, unique, refused):
    other = unique("other")
    iot.create_thing(thingName=other)
    exclusive = {"principal": certificate_arn, "thingPrincipalType": "EXCLUSIVE_THING"}
    for _ in range(2):
        iot.attach_thing_principal(thingName=thing, **exclusive)
    (item,) = iot.list_principal_things_v2(**exclusive)["principalThingObjects"]
    assert item == {"thingName": thing, "thingPrincipalType": "EXCLUSIVE_THING"}
    kind = "NON_EXCLUSIVE_THING"
    listed = iot.list_thing_principals_v2(thingName=thing, thingPrincipalType=kind)
    assert listed["thingPrincipalObjects"] == []
    code, status, _ = refused(
        iot.attach_thing_principal, thingName=other, principal=certificate_arn
    )
    assert (code, status) == ("InvalidRequestException", 400)
    iot.detach_thing_principal(thingName=thing, principal=certificate_arn)
    iot.attach_thing_principal(thingName=other, principal=certificate_arn)
    code, status, _ = refused(iot.attach_thing_principal, thingName=thing, **exclusive)
    assert (code, status) == ("InvalidRequestException", 400)


def test_unknown_things_and_principals_are_refused(iot, thing, certificate_arn, unique, refused):
    for operation in (iot.attach_thing_principal, iot.detach_thing_principal):
        for name, principal in (
            (unique("none"), certificate_arn),
            (thing, arn("cert", "0" * 64)),
        ):
            code, status, _ = refused(operation, thingName=name, principal=principal)
            assert (code, status) == ("ResourceNotFoundException", 404)
        code, status, _ = refused(operation, thingName=thing, principal="nobody")
        assert (code, status) == ("InvalidRequestException", 400)
    for members in ({"thingPrincipalType": "MINE"},):
        code, status, _ = refused(iot.list_thing_principals_v2, thingName=thing, **members)
        assert (code, status) == ("InvalidRequestException", 400)


def test_filters_of_things_are_checked(iot, refused):
    for members in (
        {"attributeValue": "a"},
        {"attributeName": "a b"},
        {"attributeName": "a", "attributeValue": "b c"},
        {"thingTypeName": "a b"},
    ):
        code, status, _ = refused(iot.list_things, **members)
        assert (code, status) == ("InvalidRequestException", 400), members


def test_claims_and_devices_are_not_confused_in_the_list(iot):
    made = iot.create_keys_and_certificate()["certificateId"]
    pages = iot.get_paginator("list_certificates").paginate(PaginationConfig={"PageSize": 50})
    listed = [item["certificateId"] for page in pages for item in page["certificates"]]
    assert made in listed and len(listed) == len(set(listed))


def test_the_cli_updates_and_attaches(aws, iot, thing, certificate_arn):
    aws("update-thing", "--thing-name", thing, "--attribute-payload", "attributes={z=9},merge=true")
    assert aws("describe-thing", "--thing-name", thing)["attributes"]["z"] == "9"
    aws("attach-thing-principal", "--thing-name", thing, "--principal", certificate_arn)
    assert aws("list-principal-things", "--principal", certificate_arn)["things"] == [thing]
    aws("detach-thing-principal", "--thing-name", thing, "--principal", certificate_arn)
