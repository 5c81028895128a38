"""Fleet indexing: its configuration, searches with AWS's query language, aggregations."""

import json

import pytest

EVERYTHING = {
    "thingIndexingMode": "REGISTRY",
    "thingConnectivityIndexingMode": "STATUS",
    "customFields": [
        {"name": "attributes.size", "type": "Number"},
        {"name": "attributes.color", "type": "String"},
        {"name": "attributes.lit", "type": "Boolean"},
    ],
}


@pytest.fixture
def indexed(iot):
    """Things and groups are indexed."""
    iot.update_indexing_configuration(
        thingIndexingConfiguration=EVERYTHING,
        thingGroupIndexingConfiguration={"thingGroupIndexingMode": "ON"},
    )


@pytest.fixture
def not_indexed(iot):
    """Nothing is indexed, nor are there dynamic groups that need it."""
    for group in iot.list_thing_groups(recursive=True)["thingGroups"]:
        described = iot.describe_thing_group(thingGroupName=group["groupName"])
        if "queryString" in described:
            iot.delete_dynamic_thing_group(thingGroupName=group["groupName"])
    iot.update_indexing_configuration(
        thingIndexingConfiguration={"thingIndexingMode": "OFF"},
        thingGroupIndexingConfiguration={"thingGroupIndexingMode": "OFF"},
    )


@pytest.fixture
def lamps(iot, unique, indexed):
    """A prefix and three things: lamps of a type, one in a group."""
    prefix, kind, group = unique("lamp"), unique("kind"), unique("hall")
    iot.create_thing_type(thingTypeName=kind)
    iot.create_thing_group(thingGroupName=group)
    for number, (size, color, lit) in enumerate(
        [("75", "red", "true"), ("80.5", "green", "true"), ("large", "red", "no")]
    ):
        attributes = {"size": size, "color": color, "lit": lit}
        name = f"{prefix}-{number}"
        iot.create_thing(
            thingName=name, thingTypeName=kind, attributePayload={"attributes": attributes}
        )
    iot.add_thing_to_thing_group(thingGroupName=group, thingName=f"{prefix}-0")
    return prefix, kind, group


@pytest.fixture
def found(iot):
    """The names of the things that a query finds."""

    def search(query, **more):
        answer = iot.search_index(queryString=query, **more)
        return [thing["thingName"] for thing in answer["things"]]

    return search


def test_nothing_is_indexed_until_it_is_switched_on(iot, not_indexed, refused):
    configuration = iot.get_indexing_configuration()
    assert configuration["thingIndexingConfiguration"]["thingIndexingMode"] == "OFF"
    assert configuration["thingGroupIndexingConfiguration"]["thingGroupIndexingMode"] == "OFF"
    assert iot.list_indices()["indexNames"] == []
    not_ready, not_found = ("IndexNotReadyException", 400), ("ResourceNotFoundException", 404)
    for call, members, wanted in (
        (iot.search_index, {"queryString": "*"}, not_ready),
        (iot.search_index, {"queryString": "*", "indexName": "AWS_ThingGroups"}, not_ready),
        (iot.get_statistics, {"queryString": "*"}, not_ready),
        (iot.describe_index, {"indexName": "AWS_Things"}, not_found),
        (iot.create_dynamic_thing_group, {"thingGroupName": "a", "queryString": "*"}, not_found),
    ):
        code, status, message = refused(call, **members)
        assert (code, status) == wanted
        assert "UpdateIndexingConfiguration" in message


def test_the_configuration_is_answered_as_it_was_set(iot, indexed, aws):
    things = iot.get_indexing_configuration()["thingIndexingConfiguration"]
    assert things["customFields"] == EVERYTHING["customFields"]
    assert things["thingConnectivityIndexingMode"] == "STATUS"
    managed = {field["name"]: field["type"] for field in things["managedFields"]}
    assert managed["registry.version"] == "Number"
    assert managed["connectivity.connected"] == "Boolean"
    # What was answered can be handed back.
    iot.update_indexing_configuration(thingIndexingConfiguration=things)
    assert sorted(aws("list-indices")["indexNames"]) == ["AWS_ThingGroups", "AWS_Things"]
    assert aws("describe-index", "--index-name", "AWS_Things") == {
        "indexName": "AWS_Things",
        "indexStatus": "ACTIVE",
        "schema": "REGISTRY_AND_CONNECTIVITY_STATUS",
    }
    groups = aws("describe-index", "--index-name", "AWS_ThingGroups")
    assert groups["schema"] == "THING_GROUPS"


def test_shadows_are_accepted_and_empty_and_device_defender_is_refused(iot, indexed, refused, found):
    shadows = {
        "thingIndexingMode": "REGISTRY_AND_SHADOW",
        "namedShadowIndexingMode": "ON",
        "filter": {"namedShadowNames": ["config"]},
        "customFields": [{"name": "shadow.desired.power", "type": "Boolean"}],
    }
    iot.update_indexing_configuration(thingIndexingConfiguration=shadows)
    answer = iot.get_indexing_configuration()["thingIndexingConfiguration"]
    assert answer["filter"] == {"namedShadowNames": ["config"]}
    assert iot.describe_index(indexName="AWS_Things")["schema"] == "MULTI_INDEXING_MODE"
    assert found("shadow.desired.power:true") == []
    defender = {"thingIndexingMode": "REGISTRY", "deviceDefenderIndexingMode": "VIOLATIONS"}
    code, _, message = refused(
        iot.update_indexing_configuration, thingIndexingConfiguration=defender
    )
    assert code == "InvalidRequestException" and "Device Defender" in message


@pytest.mark.parametrize(
    "configuration",
    [
        {"thingIndexingMode": "OFF", "thingConnectivityIndexingMode": "STATUS"},
        {"thingIndexingMode": "EVERYTHING"},
        {"thingIndexingMode": "REGISTRY", "customFields": [{"name": "thingName", "type": "String"}]},
        {
            "thingIndexingMode": "REGISTRY",
            "customFields": [{"name": "shadow.desired.a", "type": "String"}],
        },
        {
            "thingIndexingMode": "REGISTRY",
            "customFields": [{"name": f"attributes.{n}", "type": "String"} for n in range(6)],
        },
    ],
)
def test_a_configuration_that_does_not_go_together_is_refused(iot, indexed, refused, configuration):
    code, status, _ = refused(
        iot.update_indexing_configuration, thingIndexingConfiguration=configuration
    )
    assert (code, status) == ("InvalidRequestException", 400)
    things = iot.get_indexing_configuration()["thingIndexingConfiguration"]
    assert things["thingIndexingMode"] == "REGISTRY"


def test_a_thing_is_found_by_all_that_it_is(iot, lamps, found):
    prefix, kind, group = lamps
    thing = iot.describe_thing(thingName=f"{prefix}-0")
    assert found(f"thingName:{prefix}-0") == [f"{prefix}-0"]
    assert found(f"thingName:{prefix.upper()}-0") == [f"{prefix}-0"]
    assert found(f"thingId:{thing['thingId']}") == [f"{prefix}-0"]
    assert found(f"thingTypeName:{kind}") == [f"{prefix}-{n}" for n in range(3)]
    assert found(f"thingGroupNames:{group}") == [f"{prefix}-0"]
    assert found(group) == [f"{prefix}-0"]
    only = f"thingName:{prefix}*"
    assert found(f"{only} AND attributes.size>75") == [f"{prefix}-1"]
    assert found(f"{only} attributes.size:[75 TO 80.5]") == [f"{prefix}-0", f"{prefix}-1"]
    assert found(f"{only} NOT attributes.color:red") == [f"{prefix}-1"]
    assert found(f"{only} AND (attributes.color:green OR attributes.lit:no)") == [
        f"{prefix}-1",
        f"{prefix}-2",
    ]
    answer = iot.search_index(queryString=f"thingName:{prefix}-0")["things"][0]
    assert answer == {
        "thingName": f"{prefix}-0",
        "thingId": thing["thingId"],
        "thingTypeName": kind,
        "thingGroupNames": [group],
        "attributes": thing["attributes"],
        "connectivity": {"connected": False},
    }


def test_a_billing_group_is_among_the_groups(iot, lamps, found, unique):
    prefix, _, group = lamps
    billing = unique("billing")
    iot.create_billing_group(billingGroupName=billing)
    iot.add_thing_to_billing_group(billingGroupName=billing, thingName=f"{prefix}-0")
    assert found(f"thingGroupNames:{billing}") == [f"{prefix}-0"]
    answer = iot.search_index(queryString=f"thingName:{prefix}-0")["things"][0]
    assert sorted(answer["thingGroupNames"]) == sorted([group, billing])


def test_what_changes_is_found_as_it_is_now(iot, lamps, found):
    prefix, _, group = lamps
    name, only = f"{prefix}-2", f"thingName:{prefix}*"
    iot.update_thing(thingName=name, attributePayload={"attributes": {"size": "9"}, "merge": True})
    assert found(f"{only} attributes.size<10") == [name]
    iot.delete_thing(thingName=name)
    assert found(f"{only} attributes.size<10") == []
    iot.delete_thing_group(thingGroupName=group)
    assert found(f"thingGroupNames:{group}") == []


@pytest.mark.parametrize(
    "query",
    ["{only}", "attributes.color:* {only}", "thingTypeName:{kind}", "thingGroupNames:{group}"],
)
def test_pages_hold_everything_once_however_it_is_looked_for(iot, lamps, query):
    prefix, kind, group = lamps
    for number in range(3):
        iot.add_thing_to_thing_group(thingGroupName=group, thingName=f"{prefix}-{number}")
    query = query.format(only=f"thingName:{prefix}*", kind=kind, group=group)
    names, token = [], {}
    for _ in range(9):
        answer = iot.search_index(queryString=query, maxResults=1, **token)
        assert len(answer["things"]) <= 1
        names += [thing["thingName"] for thing in answer["things"]]
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    assert names == [f"{prefix}-{n}" for n in range(3)]


def test_groups_are_found_by_name_description_and_parents(iot, indexed, unique, aws):
    parent, child = unique("house"), unique("room")
    iot.create_thing_group(
        thingGroupName=parent,
        thingGroupProperties={
            "thingGroupDescription": f"The old house of {parent}",
            "attributePayload": {"attributes": {"floors": "3"}},
        },
    )
    made = iot.create_thing_group(thingGroupName=child, parentGroupName=parent)
    found = aws("search-index", "--index-name", "AWS_ThingGroups",
                "--query-string", f"thingGroupName:{child}")  # fmt: skip
    assert found["thingGroups"] == [
        {
            "thingGroupName": child,
            "thingGroupId": made["thingGroupId"],
            "attributes": {},
            "parentGroupNames": [parent],
        }
    ]

    def names(query):
        answer = iot.search_index(indexName="AWS_ThingGroups", queryString=query)
        return [group["thingGroupName"] for group in answer["thingGroups"]]

    assert names(f"parentGroupNames:{parent}") == [child]
    assert names(f'thingGroupDescription:"old house of {parent}"') == [parent]
    assert names(f"thingGroupName:{parent} AND attributes.floors>2") == [parent]
    count = iot.get_statistics(
        indexName="AWS_ThingGroups", queryString=f"thingGroupName:{parent}"
    )
    assert count["statistics"]["count"] == 1


@pytest.mark.parametrize(
    "query", ["(", "thingName:", "a OR", "attributes.a:[1 TO", "a b c d e f g h i j k l m", "a~"]
)
def test_what_is_no_query_is_refused(iot, indexed, refused, query):
    for call in (iot.search_index, iot.get_statistics, iot.get_cardinality):
        code, status, message = refused(call, queryString=query)
        assert (code, status) == ("InvalidQueryException", 400) and message


def test_other_members_of_a_search_are_checked(iot, indexed, refused):
    other = {"queryString": "*", "indexName": "AWS_Other"}
    assert refused(iot.search_index, **other)[0] == "ResourceNotFoundException"
    version = {"queryString": "*", "queryVersion": "2016-03-23"}
    assert refused(iot.search_index, **version)[0] == "InvalidRequestException"
    token = {"queryString": "*", "nextToken": "foreign"}
    assert refused(iot.search_index, **token)[0] == "InvalidRequestException"


def test_statistics_of_numbers_texts_and_truth_values(iot, lamps, aws):
    only = f"thingName:{lamps[0]}*"
    sizes = iot.get_statistics(queryString=only, aggregationField="attributes.size")["statistics"]
    assert sizes["count"] == 2
    assert (sizes["minimum"], sizes["maximum"], sizes["sum"]) == (75.0, 80.5, 155.5)
    assert sizes["average"] == pytest.approx(77.75)
    assert sizes["variance"] == pytest.approx(7.5625)
    assert sizes["stdDeviation"] == pytest.approx(2.75)
    colors = iot.get_statistics(queryString=only, aggregationField="attributes.color")
    assert colors["statistics"] == {"count": 3}
    lit = iot.get_statistics(queryString=only, aggregationField="attributes.lit")["statistics"]
    assert (lit["count"], lit["average"]) == (2, 1.0)
    versions = aws("get-statistics", "--query-string", only)["statistics"]
    assert (versions["count"], versions["sum"]) == (3, 3.0)


def test_cardinality_percentiles_and_buckets(iot, lamps, aws):
    only = f"thingName:{lamps[0]}*"
    colors = {"queryString": only, "aggregationField": "attributes.color"}
    assert iot.get_cardinality(**colors)["cardinality"] == 2
    nothing = iot.get_cardinality(queryString="thingName:none", aggregationField="attributes.color")
    assert nothing["cardinality"] == 0
    sizes = {"queryString": only, "aggregationField": "attributes.size"}
    middle = iot.get_percentiles(percents=[50.0, 100.0], **sizes)["percentiles"]
    assert middle == [{"percent": 50.0, "value": 77.75}, {"percent": 100.0, "value": 80.5}]
    assert len(iot.get_percentiles(**sizes)["percentiles"]) == 7
    assert aws("get-percentiles", "--query-string", "thingName:none",
               "--aggregation-field", "attributes.size") == {"percentiles": []}  # fmt: skip
    buckets = aws("get-buckets-aggregation", "--query-string", only,
                  "--aggregation-field", "attributes.color",
                  "--buckets-aggregation-type", json.dumps({"termsAggregation": {"maxBuckets": 1}}))  # fmt: skip
    assert buckets == {"totalCount": 3, "buckets": [{"keyValue": "red", "count": 2}]}
    groups = iot.get_buckets_aggregation(
        queryString=only,
        aggregationField="registry.thingGroupNames",
        bucketsAggregationType={"termsAggregation": {}},
    )
    assert groups["buckets"] == [{"keyValue": lamps[2], "count": 1}]


def test_a_field_that_cannot_be_aggregated_is_refused(iot, indexed, refused):
    unknown = {"queryString": "*", "aggregationField": "attributes.unknown"}
    texts = {"queryString": "*", "aggregationField": "attributes.color"}
    kind = {"bucketsAggregationType": {"termsAggregation": {}}}
    for call, members in (
        (iot.get_statistics, unknown),
        (iot.get_cardinality, unknown),
        (iot.get_percentiles, unknown),
        (iot.get_percentiles, texts),
        (iot.get_buckets_aggregation, unknown | kind),
    ):
        code, status, message = refused(call, **members)
        assert (code, status) == ("InvalidAggregationException", 400)
        assert "attributes." in message


def test_connectivity_of_a_thing_that_never_connected(iot, lamps, refused, found):
    name = f"{lamps[0]}-0"
    answer = iot.get_thing_connectivity_data(thingName=name)
    assert (answer["connected"], answer["disconnectReason"]) == (False, "UNKNOWN")
    never = f"thingName:{name} AND connectivity.connected:false"
    (thing,) = iot.search_index(queryString=never)["things"]
    assert thing["connectivity"] == {"connected": False}
    assert found(f"thingName:{lamps[0]}* AND connectivity.connected:false") == [
        f"{lamps[0]}-{number}" for number in range(3)
    ]
    assert found(f"thingName:{lamps[0]}* AND connectivity.connected:true") == []
    assert found(f"thingName:{lamps[0]}* AND connectivity.timestamp:*") == []
    missing = refused(iot.get_thing_connectivity_data, thingName=f"{name}-none")
    assert missing[:2] == ("ResourceNotFoundException", 404)
    registry = {"thingIndexingMode": "REGISTRY"}
    iot.update_indexing_configuration(thingIndexingConfiguration=registry)
    assert found(never) == []
    assert "connectivity" not in iot.search_index(queryString=f"thingName:{name}")["things"][0]
    code, status, message = refused(iot.get_thing_connectivity_data, thingName=name)
    assert (code, status) == ("IndexNotReadyException", 400)
    assert "thingConnectivityIndexingMode" in message
