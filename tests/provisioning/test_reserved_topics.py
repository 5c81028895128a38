"""Every way in for a message × the reserved topics: who may publish to them, and that nothing
published there ever reaches a subscriber."""

import json

import pytest

from fleet import ALLOW_ALL, make_client
from packets import (
    CONNACK,
    DISCONNECT,
    PUBACK,
    PUBLISH,
    SUBACK,
    V5,
    V311,
    Wire,
    connect,
    publish,
    subscribe,
)

INVALID_TOPIC = 144
FORGED = [
    "$aws/events/presence/connected/x",
    "$aws/events/thing/x/created",
    "$aws/things/T/shadow/update/delta",
    "$aws/things/T/shadow/update/documents",
    "$aws/things/T/shadow/get/accepted",
    "$aws/things/T/jobs/notify",
    "$aws/things/T/jobs/notify-next",
    "$aws/things/T/jobs/get/accepted",
    "$aws/things/T/streams/s/data/json",
    "$aws/things/T/defender/metrics/json/accepted",
    "$aws/things/T/tunnels/notify",
    "$aws/certificates/create/json/accepted",
    "$aws/provisioning-templates/t/provision/json/rejected",
    "$aws/device_location/d/get_position_estimate/accepted",
    "$aws/sitewise/a",
    "$aws/rules/r/a",
    "$aws/unknown",
    "$SYS/x",
    "$share/g/a",
]
# Request topic, and where it is answered: to the asker, or to whoever subscribed.
TO_ASKER = {
    "$aws/things/T/jobs/get": "accepted",
    "$aws/things/T/jobs/start-next": "accepted",
    "$aws/things/T/jobs/$next/get": "accepted",
    "$aws/things/T/jobs/j/get": "rejected",
    "$aws/things/T/jobs/j/update": "rejected",
    "$aws/things/T/streams/s/describe/json": None,
}
# Requests that subscribers see as any message; a will may be one, and changes nothing.
SHOWN = [
    "$aws/things/T/shadow/get",
    "$aws/things/T/shadow/update",
    "$aws/things/T/shadow/name/s/delete",
]
TO_SUBSCRIBERS = [
    *SHOWN,
    "$aws/things/T/defender/metrics/json",
    "$aws/device_location/d/get_position_estimate",
]


@pytest.fixture(scope="module")
def anybody(fleet):
    return fleet.identity(ALLOW_ALL)


@pytest.fixture
def wire(server, anybody):
    opened = []

    def open_(level=V5, will=None, client="reserved"):
        opened.append(Wire(server, anybody))
        opened[-1].send(connect(client, level=level, will=will))
        return opened[-1]

    yield open_
    for each in opened:
        each.tls.close()


@pytest.fixture
def heard(device, anybody, fleet):
    """What was heard on `$aws/#` without the lifecycle events, until a message of the test's own."""
    end = fleet.unique("end")
    hearing = device(anybody)
    hearing.subscribe("$aws/#", end)

    def heard():
        hearing.publish(end)
        found = []
        while (message := hearing.next()).topic != end:
            if not message.topic.startswith(("$aws/events/presence/", "$aws/events/subscr")):
                found.append(message.topic)
        return [topic for topic in found if topic.startswith("$aws/")]

    return heard


@pytest.mark.parametrize("level", [V311, V5])
@pytest.mark.parametrize("retain", [False, True])
def test_no_will_has_a_reserved_topic(wire, heard, level, retain):
    for topic in [*FORGED, *TO_ASKER, *TO_SUBSCRIBERS, "$aws/certificates/create/json"]:
        if topic in SHOWN and not retain:
            continue
        refused = wire(level, (topic, b"forged", 1, retain))
        code = refused.expect(CONNACK)[1]
        assert code == (INVALID_TOPIC if level == V5 else 5), topic
        assert refused.rest() == []
    assert wire(level, ("ordinary", b"will", 1, retain)).expect(CONNACK)[1] == 0
    assert heard() == []


def test_no_publish_forges_what_the_server_says(wire, heard):
    for topic in FORGED:
        online = wire()
        online.expect(CONNACK)
        online.send(publish(topic, b"forged", qos=1))
        assert online.expect(PUBACK)[2] == INVALID_TOPIC, topic
        online.send(publish(topic, b"forged"))
        assert online.expect(DISCONNECT)[0] == INVALID_TOPIC, topic
        old = wire(V311)
        old.expect(CONNACK)
        old.send(publish(topic, b"forged", qos=1, level=V311))
        assert old.rest() == [], topic
    assert heard() == []


@pytest.mark.parametrize("level", [V311, V5])
def test_what_nobody_offers_is_answered_to_its_asker_alone(wire, heard, level):
    online = wire(level)
    online.expect(CONNACK)
    for topic, outcome in TO_ASKER.items():
        payload = json.dumps({"clientToken": "k", "c": "k"}).encode()
        online.send(publish(topic, payload, qos=1, level=level))
        got = {}
        for _ in range(2):
            kind, body = online.next()
            got[kind] = body
        assert set(got) == {PUBACK, PUBLISH}, (topic, got)
        expected = f"{topic}/{outcome}" if outcome else "$aws/things/T/streams/s/rejected/json"
        assert got[PUBLISH][2:].startswith(expected.encode()), got
        answer = json.loads(got[PUBLISH][got[PUBLISH].index(b"{") :])
        assert answer.get("clientToken", answer.get("c")) == "k"
    assert heard() == []


@pytest.mark.parametrize("level", [V311, V5])
def test_shadows_are_answered_to_subscribers(wire, heard, level):
    online = wire(level)
    online.expect(CONNACK)
    online.send(subscribe("$aws/things/T/shadow/get/+", level=level))
    online.expect(SUBACK)
    online.send(publish("$aws/things/T/shadow/get", b"", level=level))
    body = online.expect(PUBLISH)
    answer = json.loads(body[body.index(b"{") :])
    assert answer == {"code": 404, "message": "No shadow exists with name: 'T'"}
    for topic in TO_SUBSCRIBERS[1:]:
        online.send(publish(topic, b"{}", qos=1, level=level))
        online.expect(PUBACK)
    expected = []
    for topic in TO_SUBSCRIBERS:
        expected += [topic] * (topic in SHOWN) + [f"{topic}/rejected"]
    assert heard() == expected


def test_the_data_plane_has_the_same_rule(server, heard):
    data = make_client(server, "iot-data")
    for topic in [*FORGED, *TO_ASKER, "$aws/certificates/create/json"]:
        with pytest.raises(data.exceptions.InvalidRequestException):
            data.publish(topic=topic, payload=b"forged")
    for topic in [*FORGED, *TO_SUBSCRIBERS]:
        with pytest.raises(data.exceptions.InvalidRequestException):
            data.publish(topic=topic, payload=b"forged", retain=True)
    data.publish(topic="$aws/things/T/shadow/get", payload=b"{}")
    data.publish(topic="ordinary", payload=b"{}")
    assert heard() == ["$aws/things/T/shadow/get", "$aws/things/T/shadow/get/rejected"]
