"""What is published on `$aws/events/…`, seen by a subscriber whose policy allows it."""

import json

import pytest
from botocore.exceptions import ClientError

from device import Refused
from fleet import ALLOW_ALL, allow
from own_ca import OwnCa
from running import arn

REGISTRY = ["THING", "THING_TYPE", "THING_TYPE_ASSOCIATION", "THING_GROUP"]
REGISTRY += ["THING_GROUP_MEMBERSHIP", "THING_GROUP_HIERARCHY", "CERTIFICATE", "POLICY"]
REGISTRY += ["CA_CERTIFICATE"]


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

    def hear(*filters):
        hearing = device(fleet.identity(ALLOW_ALL))
        assert hearing.subscribe(*filters) == [1] * len(filters)

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


def test_a_ca_certificate_is_told_from_its_registration_to_its_end(fleet, hear, published):
    ca = OwnCa(fleet.unique("ca"))
    next_events = hear("$aws/events/caCertificate/#")
    ca.register(fleet.iot, allowAutoRegistration=True)
    fleet.iot.update_ca_certificate(certificateId=ca.id, newStatus="INACTIVE")
    fleet.iot.delete_ca_certificate(certificateId=ca.id)
    told = next_events(ca.id, 3)
    place = f"caCertificate/{ca.id}"
    assert [topic for topic, _ in told] == [
        f"{place}/created", f"{place}/updated", f"{place}/deleted",
    ]  # fmt: skip
    created, updated, _ = (body for _, body in told)
    assert created["eventType"] == "CA_CERTIFICATE_EVENT" and created["operation"] == "CREATED"
    assert created["caCertificateId"] == ca.id and created["caCertificateStatus"] == "ACTIVE"
    assert created["autoRegistrationStatus"] == "ENABLE"
    assert updated["caCertificateStatus"] == "INACTIVE"
    assert updated["versionNumber"] > created["versionNumber"]


def test_a_kind_that_is_off_does_not_tell_of_ca_certificates(fleet, hear):
    next_events = hear("$aws/events/caCertificate/#", "$aws/events/thing/#")
    ca, mark = OwnCa(fleet.unique("ca")), fleet.unique("x")
    fleet.iot.update_event_configurations(eventConfigurations={"THING": {"Enabled": True}})
    ca.register(fleet.iot)
    fleet.iot.create_thing(thingName=mark)
    [(topic, _)] = next_events("", 1)
    assert topic == f"thing/{mark}/created"
    fleet.iot.update_event_configurations(eventConfigurations={"THING": {"Enabled": False}})


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


@pytest.mark.parametrize("kind", ["EXCLUSIVE_THING", "NON_EXCLUSIVE_THING"])
def test_events_of_a_connection_name_the_thing_of_an_exclusive_attachment(
    fleet, device, hear, kind
):
    client, thing = fleet.unique("client"), fleet.unique("thing")
    next_events = hear("$aws/events/#")
    identity = fleet.identity(ALLOW_ALL)
    fleet.iot.create_thing(thingName=thing)
    fleet.iot.attach_thing_principal(
        thingName=thing, principal=fleet.arn(identity), thingPrincipalType=kind
    )
    with device(identity, client) as connected:
        assert connected.subscribe("some/topic") == [1]
    named = thing if kind == "EXCLUSIVE_THING" else None
    told = next_events(client, 3)
    assert [body.get("thingName") for _, body in told] == [named] * 3, told


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
