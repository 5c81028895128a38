"""What is published on `$aws/events/…`, seen by a subscriber whose policy allows it."""

import json

import pytest
from botocore.exceptions import ClientError

from device import Refused
from fleet import ALLOW_ALL, allow
from running import arn

REGISTRY = ["THING", "THING_TYPE", "THING_TYPE_ASSOCIATION", "THING_GROUP"]
REGISTRY += ["THING_GROUP_MEMBERSHIP", "THING_GROUP_HIERARCHY", "CERTIFICATE", "POLICY"]


@pytest.fixture
def published(fleet):
    """All kinds of events are published for the time of a test."""

    def switch(enabled):
        kinds = {kind: {"Enabled": enabled} for kind in REGISTRY}
        fleet.iot.update_event_configurations(eventConfigurations=kinds)

    switch(True)
    yield
    switch(False)


@pytest.fixture
def hear(device, fleet):
    """Subscribes; gives a function that gives the next events about a name, by topic."""

    def hear(topic_filter):
        hearing = device(fleet.identity(ALLOW_ALL))
        assert hearing.subscribe(topic_filter) == [1]

        def of(name, count):
            found = []
            while len(found) < count:
                message = hearing.next()
                if name in message.topic:
                    topic = message.topic.removeprefix("$aws/events/")
                    found.append((topic, json.loads(message.payload)))
            return found

        return of

    return hear


def test_a_thing_is_told_with_all_that_it_is(fleet, hear, published):
    name, kind = fleet.unique("thing"), fleet.unique("type")
    next_events = hear("$aws/events/thing/#")
    fleet.iot.create_thing_type(thingTypeName=kind)
    made = fleet.iot.create_thing(
        thingName=name, thingTypeName=kind, attributePayload={"attributes": {"site": "north"}}
    )
    fleet.iot.delete_thing(thingName=name)
    (created, body), (deleted, gone) = next_events(name, 2)
    assert (created, deleted) == (f"thing/{name}/created", f"thing/{name}/deleted")
    assert body.pop("eventId") != gone["eventId"]
    assert body.pop("timestamp") > 1_600_000_000_000
    assert body == {
        "eventType": "THING_EVENT",
        "operation": "CREATED",
        "accountId": "123456789012",
        "thingId": made["thingId"],
        "thingName": name,
        "versionNumber": 1,
        "thingTypeName": kind,
        "attributes": {"site": "north"},
    }
    assert gone["operation"] == "DELETED"


def test_types_groups_certificates_and_policies_are_told(fleet, hear, published):
    mark = fleet.unique("x")
    next_events = hear("$aws/events/#")
    fleet.iot.create_thing_type(thingTypeName=mark)
    fleet.iot.create_thing(thingName=mark, thingTypeName=mark)
    fleet.iot.create_thing_group(thingGroupName=mark)
    fleet.iot.create_thing_group(thingGroupName=f"{mark}-b", parentGroupName=mark)
    document = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW_ALL]})
    fleet.iot.create_policy(policyName=mark, policyDocument=document)
    told = dict(next_events(mark, 7))
    assert set(told) == {
        f"thingType/{mark}/created",
        f"thing/{mark}/created",
        f"thingTypeAssociation/thing/{mark}/thingType/{mark}/added",
        f"thingGroup/{mark}/created",
        f"thingGroup/{mark}-b/created",
        f"thingGroupHierarchy/thingGroup/{mark}/childThingGroup/{mark}-b/added",
        f"policy/{mark}/created",
    }
    above = told[f"thingGroup/{mark}-b/created"]["rootToParentThingGroups"]
    assert [group["groupArn"] for group in above] == [arn("thinggroup", mark)]
    certificate = fleet.iot.create_keys_and_certificate(setAsActive=True)["certificateId"]
    [(topic, body)] = next_events(certificate, 1)
    assert topic == f"certificate/{certificate}/created"
    assert body["certificateStatus"] == "ACTIVE"


def test_a_refused_operation_and_a_kind_that_is_off_tell_nothing(fleet, hear):
    fleet.iot.update_event_configurations(eventConfigurations={"THING_TYPE": {"Enabled": True}})
    mark = fleet.unique("x")
    next_events = hear("$aws/events/#")
    fleet.iot.create_thing(thingName=mark)
    with pytest.raises(ClientError):
        fleet.iot.create_thing_type(thingTypeName="no spaces here")
    fleet.iot.create_thing_type(thingTypeName=mark)
    [(topic, _)] = next_events(mark, 1)
    assert topic == f"thingType/{mark}/created"
    fleet.iot.update_event_configurations(eventConfigurations={"THING_TYPE": {"Enabled": False}})


def test_event_configurations_are_kept_and_unknown_ones_refused(fleet):
    fleet.iot.update_event_configurations(eventConfigurations={"JOB": {"Enabled": True}})
    found = fleet.iot.describe_event_configurations()
    assert found["eventConfigurations"]["JOB"] == {"Enabled": True}
    assert found["eventConfigurations"]["CA_CERTIFICATE"] == {"Enabled": False}
    assert found["creationDate"] <= found["lastModifiedDate"]
    fleet.iot.update_event_configurations(eventConfigurations={"JOB": {}})
    found = fleet.iot.describe_event_configurations()
    assert found["eventConfigurations"]["JOB"] == {"Enabled": False}
    with pytest.raises(ClientError, match="SHADOW.*is no type of event"):
        fleet.iot.update_event_configurations(eventConfigurations={"SHADOW": {}})


def test_a_connection_is_told_from_begin_to_end(fleet, device, hear):
    client = fleet.unique("client")
    next_events = hear("$aws/events/#")
    identity = fleet.identity(ALLOW_ALL)
    with device(identity, client) as connected:
        assert connected.subscribe("some/topic") == [1]
    told = dict(next_events(client, 3))
    begun = told[f"presence/connected/{client}"]
    assert begun["clientId"] == client and begun["ipAddress"] == "127.0.0.1"
    assert told[f"subscriptions/subscribed/{client}"]["topics"] == ["some/topic"]
    ended = told[f"presence/disconnected/{client}"]
    assert ended["versionNumber"] == begun["versionNumber"]
    assert ended["clientInitiatedDisconnect"] is True
    assert ended["disconnectReason"] == "CLIENT_INITIATED_DISCONNECT"


def test_a_connection_that_its_policies_refuse_is_told(fleet, device, hear):
    client = fleet.unique("client")
    next_events = hear("$aws/events/presence/#")
    with pytest.raises(Refused):
        device(fleet.identity(allow("iot:Publish", "*")), client)
    [(topic, body)] = next_events(client, 1)
    assert topic == f"presence/connect_failed/{client}"
    assert body["connectFailureReason"] == "AUTHORIZATION_FAILED"


def test_no_device_publishes_events(fleet, device, hear):
    client = fleet.unique("client")
    next_events = hear("$aws/events/#")
    liar = device(fleet.identity(ALLOW_ALL), client)
    liar.publish(f"$aws/events/thing/{client}/created", b"{}", qos=0)
    told = dict(next_events(client, 2))
    assert set(told) == {f"presence/connected/{client}", f"presence/disconnected/{client}"}
