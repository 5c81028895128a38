"""Message enrichment: what a thing's type adds to the messages that the thing publishes."""

import paho.mqtt.packettypes
import pytest
from paho.mqtt.properties import Properties

from device import Device, MQTTv5, MQTTv311
from fleet import ALLOW_ALL

RULES = [
    {"userPropertyKey": "site", "thingAttribute": "place"},
    {"userPropertyKey": "device", "connectionAttribute": "iot:ClientId"},
    {"userPropertyKey": "absent", "thingAttribute": "nothing"},
]


@pytest.fixture
def typed(fleet):
    """A thing of a type with these rules, and its identity; attached as asked."""

    def make(rules, **attachment):
        kind, thing = fleet.unique("type"), fleet.unique("thing")
        settings = {"mqtt5Configuration": {"propagatingAttributes": rules}} if rules else {}
        fleet.iot.create_thing_type(thingTypeName=kind, thingTypeProperties=settings)
        fleet.iot.create_thing(
            thingName=thing, thingTypeName=kind, attributePayload={"attributes": {"place": "north"}}
        )
        identity = fleet.identity(ALLOW_ALL)
        fleet.iot.attach_thing_principal(
            thingName=thing, principal=fleet.arn(identity), **attachment
        )
        return kind, thing, identity

    return make


@pytest.fixture
def hearing(fleet, device):
    """Subscribes in a version; gives what the next message carries as user properties."""

    def hear(topic, version=MQTTv5):
        listener = device(fleet.identity(ALLOW_ALL), version=version)
        assert listener.subscribe(topic) == [1]

        def following():
            message = listener.next()
            return getattr(message.properties, "UserProperty", []) if message.properties else None

        return following

    return hear


@pytest.mark.parametrize("version", [MQTTv311, MQTTv5])
def test_messages_carry_what_the_type_says(fleet, device, typed, hearing, version):
    _, thing, identity = typed(RULES)
    topic = fleet.unique("topic")
    following, plain = hearing(topic), hearing(topic, MQTTv311)
    device(identity, thing, version=version).publish(topic, b"x")
    assert following() == [("site", "north"), ("device", thing)]
    assert plain() is None


def test_a_thing_of_an_exclusive_attachment_counts_under_any_client_id(
    fleet, device, typed, hearing
):
    _, _, identity = typed(RULES, thingPrincipalType="EXCLUSIVE_THING")
    topic, client = fleet.unique("topic"), fleet.unique("client")
    following = hearing(topic)
    device(identity, client).publish(topic, b"x")
    assert following() == [("site", "north"), ("device", client)]


def test_who_is_no_such_thing_publishes_as_ever(fleet, device, typed, hearing):
    _, thing, identity = typed(RULES)
    _, untyped, other = typed([])
    topic = fleet.unique("topic")
    following = hearing(topic)
    device(identity, fleet.unique("client")).publish(topic, b"x")
    assert following() == []
    device(other, untyped).publish(topic, b"x")
    assert following() == []
    device(identity, thing).publish(topic, b"x")
    assert following() == [("site", "north"), ("device", thing)]


def test_the_registrys_word_replaces_the_devices(fleet, device, typed, hearing):
    _, thing, identity = typed(RULES)
    topic = fleet.unique("topic")
    following = hearing(topic)
    sender = device(identity, thing, version=MQTTv5)
    properties = Properties(paho.mqtt.packettypes.PacketTypes.PUBLISH)
    properties.UserProperty = [("site", "south"), ("own", "1"), ("absent", "mine")]
    sender.client.publish(topic, b"x", 1, properties=properties)
    assert following() == [("own", "1"), ("site", "north"), ("device", thing)]


def test_changes_of_thing_and_type_count_for_open_connections(fleet, device, typed, hearing):
    kind, thing, identity = typed(RULES)
    topic = fleet.unique("topic")
    following = hearing(topic)
    sender = device(identity, thing)
    fleet.iot.update_thing(
        thingName=thing, attributePayload={"attributes": {"place": "west"}, "merge": True}
    )
    sender.publish(topic, b"x")
    assert following() == [("site", "west"), ("device", thing)]
    rules = [{"userPropertyKey": "where", "thingAttribute": "place"}]
    fleet.iot.update_thing_type(
        thingTypeName=kind,
        thingTypeProperties={"mqtt5Configuration": {"propagatingAttributes": rules}},
    )
    sender.publish(topic, b"x")
    assert following() == [("where", "west")]


def test_retained_messages_and_wills_carry_it_too(fleet, device, typed, hearing):
    _, thing, identity = typed(RULES)
    kept, will = fleet.unique("kept"), fleet.unique("will")
    expected = [("site", "north"), ("device", thing)]
    following = hearing(will)
    sender = Device(
        fleet.server, identity, thing, configure=lambda client: client.will_set(will, b"gone", 1)
    )
    sender.publish(kept, b"x", retain=True)
    sender.cut()
    assert following() == expected
    assert hearing(kept)() == expected
