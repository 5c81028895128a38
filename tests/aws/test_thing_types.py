from running import arn

PROPAGATING = [
    {"userPropertyKey": "model", "thingAttribute": "model"},
    {"userPropertyKey": "id", "connectionAttribute": "iot:ClientId"},
]


def test_a_type_is_described_as_it_was_made(iot, unique, refused):
    name = unique("type")
    properties = {
        "thingTypeDescription": "a type",
        "searchableAttributes": ["a", "b"],
        "mqtt5Configuration": {"propagatingAttributes": PROPAGATING},
    }
    made = iot.create_thing_type(thingTypeName=name, thingTypeProperties=properties)
    found = iot.describe_thing_type(thingTypeName=name)
    assert found["thingTypeName"] == name and found["thingTypeArn"] == arn("thingtype", name)
    assert found["thingTypeId"] == made["thingTypeId"]
    assert found["thingTypeProperties"] == properties
    assert found["thingTypeMetadata"]["deprecated"] is False
    assert found["thingTypeMetadata"]["creationDate"]
    (listed,) = iot.list_thing_types(thingTypeName=name)["thingTypes"]
    assert listed["thingTypeProperties"] == properties
    code, status, _ = refused(iot.describe_thing_type, thingTypeName=unique("none"))
    assert (code, status) == ("ResourceNotFoundException", 404)


def test_types_are_paged(iot, unique, refused):
    names = [unique("paged") for _ in range(3)]
    for name in names:
        iot.create_thing_type(thingTypeName=name)
    pages = iot.get_paginator("list_thing_types").paginate(PaginationConfig={"PageSize": 2})
    listed = [item["thingTypeName"] for page in pages for item in page["thingTypes"]]
    assert set(names) <= set(listed) and listed == sorted(listed)
    assert iot.list_thing_types(thingTypeName=unique("none"))["thingTypes"] == []
    for members in ({"maxResults": 251}, {"nextToken": "%%%"}, {"thingTypeName": "a b"}):
        code, status, _ = refused(iot.list_thing_types, **members)
        assert (code, status) == ("InvalidRequestException", 400)


def test_only_propagating_attributes_change(iot, unique, refused):
    name = unique("type")
    iot.create_thing_type(
        thingTypeName=name, thingTypeProperties={"thingTypeDescription": "as it was"}
    )
    update = {"mqtt5Configuration": {"propagatingAttributes": PROPAGATING[:1]}}
    iot.update_thing_type(thingTypeName=name, thingTypeProperties=update)
    found = iot.describe_thing_type(thingTypeName=name)["thingTypeProperties"]
    assert found["mqtt5Configuration"] == update["mqtt5Configuration"]
    assert found["thingTypeDescription"] == "as it was"
    both = PROPAGATING[0] | PROPAGATING[1]
    for properties in (
        {"thingTypeDescription": "other"},
        {"searchableAttributes": ["a"]},
        {"mqtt5Configuration": {"propagatingAttributes": [both]}},
        {"mqtt5Configuration": {"propagatingAttributes": PROPAGATING[:1] * 21}},
    ):
        code, status, _ = refused(
            iot.update_thing_type, thingTypeName=name, thingTypeProperties=properties
        )
        assert (code, status) == ("InvalidRequestException", 400), properties
    code, status, _ = refused(iot.update_thing_type, thingTypeName=unique("none"))
    assert (code, status) == ("ResourceNotFoundException", 404)


def test_a_type_is_deprecated_before_it_is_deleted(iot, unique, refused):
    name = unique("type")
    iot.create_thing_type(thingTypeName=name)
    code, status, message = refused(iot.delete_thing_type, thingTypeName=name)
    assert (code, status) == ("InvalidRequestException", 400) and "deprecate" in message
    for _ in range(2):
        iot.deprecate_thing_type(thingTypeName=name)
    metadata = iot.describe_thing_type(thingTypeName=name)["thingTypeMetadata"]
    assert metadata["deprecated"] is True and metadata["deprecationDate"]
    code, status, message = refused(iot.delete_thing_type, thingTypeName=name)
    assert (code, status) == ("InvalidRequestException", 400) and "5 minutes" in message
    iot.deprecate_thing_type(thingTypeName=name, undoDeprecate=True)
    metadata = iot.describe_thing_type(thingTypeName=name)["thingTypeMetadata"]
    assert metadata["deprecated"] is False and "deprecationDate" not in metadata
    iot.create_thing(thingName=unique("thing"), thingTypeName=name)
    for operation in (iot.deprecate_thing_type, iot.delete_thing_type):
        code, status, _ = refused(operation, thingTypeName=unique("none"))
        assert (code, status) == ("ResourceNotFoundException", 404)


def test_the_cli_deprecates_and_lifts_it(aws, unique):
    name = unique("type")
    aws("create-thing-type", "--thing-type-name", name)
    aws("deprecate-thing-type", "--thing-type-name", name)
    aws("deprecate-thing-type", "--thing-type-name", name, "--undo-deprecate")
    found = aws("describe-thing-type", "--thing-type-name", name)
    assert found["thingTypeMetadata"]["deprecated"] is False
