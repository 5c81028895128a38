"""Retained messages: kept per topic, durable, for exact filters only."""

import subprocess

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from device import NOT_AUTHORIZED, VERSIONS, Device, MQTTv5
from fleet import ALLOW_ALL, Fleet, allow
from running import arn


@pytest.fixture(scope="module")
def anybody(fleet):
    return fleet.identity(ALLOW_ALL)


def nothing_more(device, topic="the/end"):
    """Whatever was to come has come once a message published after it is there."""
    device.subscribe(topic)
    device.publish(topic, b"end")
    message = device.next()
    return message.topic == topic and message.payload == b"end"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_topic_keeps_its_latest_message(fleet, device, anybody, version):
    topic = fleet.unique("kept")
    with device(anybody, version=version) as publisher:
        publisher.publish(topic, b"first", retain=True)
        publisher.publish(topic, b"second", retain=True)
        publisher.publish(topic, b"not kept")
    late = device(anybody, version=version)
    late.subscribe(topic)
    message = late.next()
    assert (message.payload, message.retain, message.qos) == (b"second", True, 1)
    late.publish(topic, b"third", retain=True)
    live = late.next()
    assert (live.payload, live.retain) == (b"third", False)


def test_an_empty_payload_removes_it_and_is_delivered(fleet, device, anybody):
    topic = fleet.unique("gone")
    first = device(anybody)
    first.publish(topic, b"kept", retain=True)
    first.subscribe(topic)
    assert first.next().payload == b"kept"
    first.publish(topic, b"", retain=True)
    assert first.next().payload == b""
    late = device(anybody)
    late.subscribe(topic)
    assert nothing_more(late, fleet.unique("end"))


def test_wildcards_and_shares_get_none(fleet, device, anybody):
    topic = fleet.unique("level") + "/a"
    late = device(anybody, version=MQTTv5)
    late.publish(topic, b"kept", retain=True)
    level = topic.partition("/")[0]
    late.subscribe(f"{level}/+", f"{level}/#", f"$share/s/{topic}")
    assert nothing_more(late, fleet.unique("end"))


def test_retain_handling_is_the_subscribers_choice(fleet, device, anybody):
    topic = fleet.unique("handling")
    late = device(anybody, version=MQTTv5)
    late.publish(topic, b"kept", retain=True)

    def subscribe(handling):
        options = SubscribeOptions(qos=1, retainHandling=handling)
        _, mid = late.client.subscribe(topic, options=options)
        return late._ack(mid)

    subscribe(SubscribeOptions.RETAIN_DO_NOT_SEND)
    assert nothing_more(late, fleet.unique("end"))
    subscribe(SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
    assert nothing_more(late, fleet.unique("end"))
    subscribe(SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE)
    assert late.next().payload == b"kept"


def test_properties_are_kept_and_the_expiry_counts_down(fleet, device, anybody):
    topic = fleet.unique("properties")
    sender = device(anybody, version=MQTTv5)
    assert sender.properties.RetainAvailable == 1
    properties = Properties(PacketTypes.PUBLISH)
    properties.ContentType = "text/plain"
    properties.UserProperty = [("k", "1"), ("k", "2")]
    properties.MessageExpiryInterval = 600
    sent = sender.client.publish(topic, b"kept", 1, True, properties)
    assert sender._ack(sent.mid) is not None
    late = device(anybody, version=MQTTv5)
    late.subscribe(topic)
    found = late.next().properties
    assert found.ContentType == "text/plain"
    assert found.UserProperty == [("k", "1"), ("k", "2")]
    assert 500 < found.MessageExpiryInterval <= 600


def test_retaining_and_receiving_need_their_permissions(fleet, device, anybody):
    topic = fleet.unique("allowed")
    connect = allow("iot:Connect", arn("client", "*"))
    publish = allow("iot:Publish", arn("topic", topic))
    subscribe = allow("iot:Subscribe", arn("topicfilter", "*"))
    writer = device(fleet.identity(connect, publish), version=MQTTv5)
    assert writer.publish(topic, b"plain") == 0
    assert writer.publish(topic, b"kept", retain=True) == NOT_AUTHORIZED
    keeper = fleet.identity(connect, publish, allow("iot:RetainPublish", arn("topic", topic)))
    assert device(keeper, version=MQTTv5).publish(topic, b"kept", retain=True) == 0
    end = fleet.unique("end")
    own = allow(["iot:Publish", "iot:Receive"], arn("topic", end))
    deaf = device(fleet.identity(connect, subscribe, own), version=MQTTv5)
    deaf.subscribe(topic)
    assert nothing_more(deaf, end)
    hearing = device(anybody)
    hearing.subscribe(topic)
    assert hearing.next().payload == b"kept"


def test_a_retained_will_is_kept(fleet, device, anybody):
    topic = fleet.unique("will")
    dying = device(anybody, configure=lambda c: c.will_set(topic, b"gone", 1, retain=True))
    watcher = device(anybody)
    watcher.subscribe(topic)
    dying.cut()
    assert watcher.next().payload == b"gone"
    late = device(anybody)
    late.subscribe(topic)
    message = late.next()
    assert (message.payload, message.retain) == (b"gone", True)


def test_mosquitto_hears_what_was_kept_before_a_kill(own_server, tmp_path):
    server = own_server()
    running = server.start()
    fleet = Fleet(running)
    identity = fleet.identity(ALLOW_ALL)
    with Device(running, identity) as publisher:
        assert publisher.publish("kept/through/it", b"still here", retain=True) == 0
    server.kill()
    running = server.start()
    port = running.mqtt.rpartition(":")[2]
    command = ["mosquitto_sub", "-h", "localhost", "-p", port, "-t", "kept/through/it", "-C", "1"]
    command += ["--cafile", running.root_ca, "--cert", identity.certificate_file]
    command += ["--key", identity.key_file, "-W", "20", "-F", "%r %p"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "1 still here", done.stderr
