"""Sessions that outlive their connections, and what waits for them."""

import queue
import time
import urllib.request
import uuid

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from device import Device, MQTTv5, MQTTv311
from fleet import ALLOW_ALL, Fleet, allow, document
from running import arn

QUIET = 0.5
# Bytes of output that may wait for one client: `Limits::output_bytes`.
OUTPUT = 128 * 1024
BOTH = pytest.mark.parametrize("version", [MQTTv311, MQTTv5], ids=["3.1.1", "5"])


@pytest.fixture
def client_id():
    return f"kept-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def publisher(device, someone):
    return device(someone)


def keeps(connect, identity, client_id, version=MQTTv5, **options):
    """A connection whose session is kept, and resumed if it is there."""
    if version == MQTTv5:
        options = {"expiry": 600} | options
    return connect(identity, client_id, version=version, **({"clean": False} | options))


def leave(device):
    # The client acknowledges a message after it has handed it on: it has, when it hears an answer.
    device.unsubscribe("of/no/subscription")
    device.client.disconnect()
    device.end()
    device.client.loop_stop()


def payloads(device, count):
    return [device.next().payload.decode() for _ in range(count)]


def nothing(device, timeout=QUIET):
    with pytest.raises(queue.Empty):
        device.next(timeout)


@BOTH
def test_what_was_published_meanwhile_arrives_in_order(
    device, someone, publisher, client_id, version
):
    first = keeps(device, someone, client_id, version)
    assert not first.session_present
    assert first.subscribe(f"{client_id}/+") == [1]
    leave(first)
    for number in range(25):
        assert publisher.publish(f"{client_id}/{number % 2}", str(number)) == 0
    again = keeps(device, someone, client_id, version)
    assert again.session_present
    assert payloads(again, 25) == [str(number) for number in range(25)]
    # Acknowledged: not sent to the next.
    leave(again)
    third = keeps(device, someone, client_id, version)
    assert third.session_present
    nothing(third)


@BOTH
def test_qos_0_never_waits(device, someone, publisher, client_id, version):
    first = keeps(device, someone, client_id, version)
    assert first.subscribe(f"{client_id}/one") == [1]
    assert first.subscribe(f"{client_id}/zero", qos=0) == [0]
    leave(first)
    publisher.publish(f"{client_id}/one", "a", qos=0)
    publisher.publish(f"{client_id}/zero", "b", qos=1)
    publisher.publish(f"{client_id}/one", "c", qos=1)
    again = keeps(device, someone, client_id, version)
    assert payloads(again, 1) == ["c"]
    nothing(again)


@BOTH
def test_a_clean_start_ends_the_session(device, someone, publisher, client_id, version):
    first = keeps(device, someone, client_id, version)
    first.subscribe(client_id)
    leave(first)
    publisher.publish(client_id, "lost")
    clean = device(someone, client_id, version=version)
    assert not clean.session_present
    leave(clean)
    again = keeps(device, someone, client_id, version)
    assert not again.session_present
    nothing(again)


@BOTH
def test_what_was_not_acknowledged_is_sent_again_with_dup(
    device, someone, publisher, client_id, version
):
    first = keeps(device, someone, client_id, version,
                  configure=lambda client: client.manual_ack_set(True))  # fmt: skip
    first.subscribe(client_id)
    publisher.publish(client_id, "unacknowledged")
    got = first.next()
    assert not got.dup
    first.cut()
    again = keeps(device, someone, client_id, version)
    assert again.session_present
    got = again.next()
    assert (got.payload, got.dup) == (b"unacknowledged", True)


@BOTH
def test_the_newcomer_has_the_session(device, someone, publisher, client_id, version):
    first = keeps(device, someone, client_id, version)
    first.subscribe(client_id)
    second = keeps(device, someone, client_id, version)
    first.end()
    assert second.session_present
    publisher.publish(client_id, "x")
    assert payloads(second, 1) == ["x"]


def test_a_session_of_the_other_version_is_not_resumed(device, someone, publisher, client_id):
    first = keeps(device, someone, client_id, MQTTv311)
    first.subscribe(client_id)
    leave(first)
    publisher.publish(client_id, "lost")
    other = keeps(device, someone, client_id, MQTTv5)
    assert not other.session_present
    nothing(other)


def test_the_longest_expiry_is_granted_and_told(device, someone, client_id):
    told = keeps(device, someone, client_id, expiry=0xFFFFFFFF).properties
    assert told.SessionExpiryInterval == 3600
    assert not hasattr(keeps(device, someone, client_id, expiry=600).properties,
                       "SessionExpiryInterval")  # fmt: skip


def test_without_an_expiry_the_session_ends_with_the_connection(
    device, someone, publisher, client_id
):
    first = keeps(device, someone, client_id, expiry=None)
    first.subscribe(client_id)
    leave(first)
    publisher.publish(client_id, "lost")
    again = keeps(device, someone, client_id)
    assert not again.session_present
    nothing(again)


def disconnect_with(device, expiry):
    properties = Properties(PacketTypes.DISCONNECT)
    properties.SessionExpiryInterval = expiry
    device.client.disconnect(properties=properties)
    return device.end()


def test_disconnect_may_end_the_session(device, someone, client_id):
    disconnect_with(keeps(device, someone, client_id), 0)
    assert not keeps(device, someone, client_id).session_present


def test_disconnect_cannot_begin_one(device, someone, client_id):
    first = device(someone, client_id, version=MQTTv5)
    disconnect_with(first, 60)
    assert not keeps(device, someone, client_id).session_present


def test_an_expired_session_is_not_resumed(device, someone, publisher, client_id):
    short = keeps(device, someone, client_id, expiry=1)
    assert short.subscribe(client_id) == [1]
    leave(short)
    publisher.publish(client_id, "lost")
    time.sleep(1.2)
    again = keeps(device, someone, client_id)
    assert not again.session_present
    nothing(again)


def test_sessions_end_while_the_server_is_away(own_server, client_id):
    own = own_server()
    server = own.start()
    identity = Fleet(server).identity(ALLOW_ALL)
    for name, expiry in [("short", 600), ("long", 3600)]:
        with Device(server, identity, f"{client_id}-{name}", version=MQTTv5, expiry=expiry):
            pass
    own.stop()
    server = own.start(later="+30m")
    for name, present in [("short", False), ("long", True)]:
        with Device(server, identity, f"{client_id}-{name}", version=MQTTv5, expiry=3600,
                    clean=False) as again:  # fmt: skip
            assert again.session_present == present, name


def test_message_expiry_counts_while_it_waits(device, someone, publisher, client_id):
    first = keeps(device, someone, client_id)
    first.subscribe(client_id)
    leave(first)
    fives = device(someone, version=MQTTv5)
    for seconds in [1, 100]:
        properties = Properties(PacketTypes.PUBLISH)
        properties.MessageExpiryInterval = seconds
        sent = fives.client.publish(client_id, str(seconds), 1, properties=properties)
        fives._ack(sent.mid)
    nothing(fives, 1.2)
    again = keeps(device, someone, client_id)
    message = again.next()
    assert message.payload == b"100"
    assert 90 <= message.properties.MessageExpiryInterval <= 99
    nothing(again)


def test_what_is_unsubscribed_does_not_wait(device, someone, publisher, client_id):
    first = keeps(device, someone, client_id)
    first.subscribe(f"{client_id}/a", f"{client_id}/b")
    first.unsubscribe(f"{client_id}/a")
    leave(first)
    publisher.publish(f"{client_id}/a", "a")
    publisher.publish(f"{client_id}/b", "b")
    again = keeps(device, someone, client_id)
    assert payloads(again, 1) == ["b"]
    nothing(again)


def test_rights_are_those_of_today(device, fleet, someone, publisher, client_id):
    connect = allow("iot:Connect", arn("client", client_id))
    subscribe = allow("iot:Subscribe", arn("topicfilter", f"{client_id}/*"))
    receive = allow("iot:Receive", arn("topic", f"{client_id}/*"))
    policy = fleet.policy(connect, subscribe, receive)
    identity = fleet.identity(policy=policy)

    def say(*statements):
        fleet.iot.create_policy_version(
            policyName=policy, policyDocument=document(*statements), setAsDefault=True
        )

    first = keeps(device, identity, client_id)
    assert first.subscribe(f"{client_id}/x") == [1]
    leave(first)
    publisher.publish(f"{client_id}/x", "withheld")
    say(connect, subscribe)
    again = keeps(device, identity, client_id)
    assert again.session_present
    nothing(again)
    leave(again)
    # What may not be subscribed to any more is dropped.
    say(connect, receive)
    keeps(device, identity, client_id)
    say(connect, subscribe, receive)
    publisher.publish(f"{client_id}/x", "to nobody")
    last = keeps(device, identity, client_id)
    assert last.session_present
    nothing(last)


def test_another_certificate_may_resume(device, fleet, someone, publisher, client_id):
    first = keeps(device, someone, client_id)
    first.subscribe(client_id)
    leave(first)
    publisher.publish(client_id, "rotated")
    again = keeps(device, fleet.identity(ALLOW_ALL), client_id)
    assert again.session_present
    assert payloads(again, 1) == ["rotated"]


def test_a_group_queues_while_nobody_is_there(device, someone, publisher, client_id):
    group = f"$share/g/{client_id}/#"
    members = [keeps(device, someone, f"{client_id}-{each}") for each in "ab"]
    # The server knows later than they do that they are gone.
    publisher.subscribe(*[f"$aws/events/presence/disconnected/{client_id}-{each}" for each in "ab"])
    for member in members:
        assert member.subscribe(group) == [1]
        leave(member)
        publisher.next()
    for number in range(10):
        publisher.publish(f"{client_id}/x", str(number))
    again = keeps(device, someone, f"{client_id}-b")
    assert payloads(again, 10) == [str(number) for number in range(10)]
    # Somebody is there: it is not queued for the group.
    publisher.publish(f"{client_id}/x", "now")
    assert payloads(again, 1) == ["now"]
    other = keeps(device, someone, f"{client_id}-a")
    nothing(other)


def test_a_delayed_will_is_not_published_to_who_comes_back(device, someone, publisher, client_id):
    publisher.subscribe(f"{client_id}/will")

    def with_will(delay):
        def configure(client):
            properties = Properties(PacketTypes.WILLMESSAGE)
            properties.WillDelayInterval = delay
            client.will_set(f"{client_id}/will", "gone", 1, properties=properties)

        return configure

    keeps(device, someone, client_id, configure=with_will(60)).cut()
    back = keeps(device, someone, client_id, configure=with_will(60))
    assert back.session_present
    nothing(publisher)
    back.cut()
    nothing(publisher)
    # The session ends before the delay does.
    device(someone, client_id, version=MQTTv5)
    assert publisher.next().payload == b"gone"
    keeps(device, someone, client_id, configure=with_will(1)).cut()
    assert publisher.next().payload == b"gone"


def test_a_full_queue_drops_the_newest_and_says_so(own_server, client_id):
    own = own_server("[mqtt]\nsession-queue-messages = 3")
    server = own.start()
    identity = Fleet(server).identity(ALLOW_ALL)
    options = {"version": MQTTv5, "expiry": 600, "clean": False}
    with Device(server, identity, client_id, **options) as first:
        first.subscribe(client_id)
    with Device(server, identity) as publisher:
        for number in range(5):
            assert publisher.publish(client_id, str(number)) == 0
    with Device(server, identity, client_id, **options) as again:
        assert payloads(again, 3) == ["0", "1", "2"]
        nothing(again)
    own.stop()
    assert '"messages_dropped_session_queue"' in own.log.read_text()


def test_what_is_read_from_queues_counts_in_memory_and_waits_while_it_is_short(own_server):
    """Eight clients that acknowledge nothing: each could be sent 4 MiB, and all have 16 together.

    Of MQTT 3.1.1: what it was sent is held, to be sent again."""
    own = own_server("[mqtt]\nmemory-mib = 16\n[control]\nmetrics = true")
    server, count, size = own.start(), 60, 100_000
    identity = Fleet(server).identity(ALLOW_ALL)
    options = {"version": MQTTv311, "clean": False}
    names = [f"away-{n}" for n in range(8)]
    for name in names:
        with Device(server, identity, name, **options) as away:
            away.subscribe("large")
    with Device(server, identity) as publisher:
        for number in range(count):
            assert publisher.publish("large", number.to_bytes(4, "big") + bytes(size)) == 0
    held, silent = [], []
    for name in names:
        silent.append(Device(server, identity, name, hear=lambda _: held.append(held_bytes(server)),
                             configure=lambda client: client.manual_ack_set(True),
                             **options))  # fmt: skip
    for device in silent:
        device.next()
    for device in silent:
        device.cut()
    # Four megabytes were on their way to each, and never was more held than is allowed, but for what
    # each is being written.
    assert 6 * size < max(held) <= (16 << 20) + len(names) * OUTPUT, max(held)
    for name in names:
        with Device(server, identity, name, **options) as back:
            got = [int.from_bytes(back.next().payload[:4], "big") for _ in range(count)]
        assert got == list(range(count)), name


def test_a_queue_that_has_wholly_expired_holds_nobody_up(device, someone, publisher, client_id):
    """More than one page of it."""
    first = keeps(device, someone, client_id)
    first.subscribe(client_id)
    leave(first)
    short = Properties(PacketTypes.PUBLISH)
    short.MessageExpiryInterval = 1
    five = device(someone, version=MQTTv5)
    for _ in range(40):
        five.client.publish(client_id, "short", 1, properties=short).wait_for_publish(30)
    time.sleep(1.2)
    again = keeps(device, someone, client_id)
    publisher.publish(client_id, "long")
    assert payloads(again, 1) == ["long"]


def held_bytes(server):
    with urllib.request.urlopen(f"{server.api}/metrics", timeout=30) as answer:
        (line,) = [line for line in answer if line.startswith(b"fleetwright_mqtt_held_bytes ")]
    return int(line.split()[1])


@BOTH
def test_what_was_acknowledged_survives_kill_9(own_server, client_id, version):
    own = own_server()
    server = own.start()
    identity = Fleet(server).identity(ALLOW_ALL)
    options = {"version": version, "clean": False, "expiry": 600}
    with Device(server, identity, client_id, **options) as first:
        first.subscribe(client_id)
    online = Device(server, identity, f"{client_id}-online", **options,
                    configure=lambda client: client.manual_ack_set(True))  # fmt: skip
    online.subscribe(client_id)
    with Device(server, identity) as publisher:
        for number in range(3):
            assert publisher.publish(client_id, str(number)) == 0
        assert payloads(online, 3) == ["0", "1", "2"]
        own.kill()
    server = own.start()
    for name in [client_id, f"{client_id}-online"]:
        with Device(server, identity, name, **options) as again:
            assert again.session_present
            assert payloads(again, 3) == ["0", "1", "2"]
