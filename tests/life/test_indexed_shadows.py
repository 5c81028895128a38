"""Shadows in fleet indexing: searched, shown, and followed by dynamic groups."""

import json

import pytest

from fleet import Fleet, make_client


@pytest.fixture(scope="module")
def account(own_server):
    server = own_server().start()
    fleet = Fleet(server)
    fleet.iot.update_indexing_configuration(
        thingIndexingConfiguration={
            "thingIndexingMode": "REGISTRY_AND_SHADOW",
            "namedShadowIndexingMode": "ON",
            "filter": {"namedShadowNames": ["config"]},
        }
    )
    return fleet, make_client(server, "iot-data")


def update(data, thing, state, **name):
    body = json.dumps({"state": state}).encode()
    data.update_thing_shadow(thingName=thing, payload=body, **name)


def names(iot, query):
    return [thing["thingName"] for thing in iot.search_index(queryString=query)["things"]]


def test_things_are_found_and_shown_with_their_shadows(account):
    fleet, data = account
    thing, other = fleet.unique("thing"), fleet.unique("thing")
    fleet.iot.create_thing(thingName=thing)
    fleet.iot.create_thing(thingName=other)
    update(data, thing, {"desired": {"a": 1}, "reported": {"a": 0}})
    update(data, thing, {"reported": {"interval": 60}}, shadowName="config")
    update(data, thing, {"reported": {"secret": 1}}, shadowName="unindexed")
    update(data, "nobody-registered", {"reported": {"a": 0}})
    for query, found in [
        ("shadow.reported.a:0", [thing]),
        ("shadow.hasDelta:true", [thing]),
        ("shadow.name.config.reported.interval>50", [thing]),
        ("shadow.name.unindexed.reported.secret:1", []),
        ("shadow.metadata.desired.a.timestamp>1000000000", [thing]),
        ("shadow.metadata.desired.a.timestamp<1000000000", []),
        ("shadow.name.config.metadata.reported.interval.timestamp:[1000000000 TO 9000000000]", [thing]),
        ("shadow.metadata.reported.interval.timestamp:*", []),
        (f"thingName:{other} AND shadow.reported.a:*", []),
    ]:
        assert names(fleet.iot, query) == found, query
    (shown,) = fleet.iot.search_index(queryString=f"thingName:{thing}")["things"]
    shadow = json.loads(shown["shadow"])
    assert shadow["desired"] == {"a": 1} and shadow["hasDelta"] is True
    assert shadow["name"]["config"]["reported"] == {"interval": 60}
    assert "unindexed" not in shadow["name"]
    assert fleet.iot.describe_index(indexName="AWS_Things")["schema"] == "MULTI_INDEXING_MODE"


def test_dynamic_groups_follow_shadows(account):
    fleet, data = account
    thing, group = fleet.unique("thing"), fleet.unique("group")
    fleet.iot.create_thing(thingName=thing)
    fleet.iot.create_dynamic_thing_group(
        thingGroupName=group, queryString="shadow.reported.battery<20"
    )
    members = lambda: fleet.iot.list_things_in_thing_group(thingGroupName=group)["things"]  # noqa: E731
    assert members() == []
    update(data, thing, {"reported": {"battery": 10}})
    assert members() == [thing]
    update(data, thing, {"reported": {"battery": 80}})
    assert members() == []
    update(data, thing, {"reported": {"battery": 5}})
    data.delete_thing_shadow(thingName=thing)
    assert members() == []
