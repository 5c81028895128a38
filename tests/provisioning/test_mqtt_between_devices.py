"""What every MQTT client takes for granted between two devices: the ground that the standard's
interoperability suites cover; sessions that outlive their connection are in
tests/life/test_sessions.py."""

import queue

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from device import VERSIONS, MQTTv5
from fleet import ALLOW_ALL

QOS_NOT_SUPPORTED = 155
QUIET = 0.5


@pytest.fixture(scope="module")
def anybody(fleet):
    """An identity that may do everything."""
    return fleet.identity(ALLOW_ALL)


@pytest.fixture
def pair(device, anybody):
    """Two devices of one version: who writes and who reads."""

    def pair(version):
        return device(anybody, version=version), device(anybody, version=version)

    return pair


def properties(**values):
    made = Properties(PacketTypes.PUBLISH)
    for name, value in values.items():
        setattr(made, name, value)
    return made


def payloads(device, count):
    return [device.next().payload for _ in range(count)]


def silent(device):
    with pytest.raises(queue.Empty):
        device.next(timeout=QUIET)
    return True


def until_end(device, writer, topic):
    """Everything that came before a last message, which shows that nothing else is to come."""
    writer.publish(topic, b"the end")
    came = []
    while not came or came[-1].payload != b"the end":
        came.append(device.next())
    return came[:-1]


@pytest.mark.parametrize("version", VERSIONS)
def test_messages_keep_their_order_and_the_lower_quality_of_service(fleet, pair, version):
    topic = fleet.unique("order")
    writer, reader = pair(version)
    assert reader.subscribe(topic, qos=1) == [1]
    for number in range(100):
        writer.send(topic, str(number).encode(), qos=number % 2)
    came = [reader.next() for _ in range(100)]
    for qos in (0, 1):
        numbers = [int(message.payload) for message in came if message.qos == qos]
        assert numbers == list(range(qos, 100, 2))


@pytest.mark.parametrize("version", VERSIONS)
def test_who_subscribes_with_qos_0_gets_qos_0(fleet, pair, version):
    topic = fleet.unique("plain")
    writer, reader = pair(version)
    assert reader.subscribe(topic, qos=0) == [0]
    writer.publish(topic, b"x", qos=1)
    assert reader.next().qos == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_quality_of_service_2_is_granted_as_1(fleet, pair, version):
    assert pair(version)[1].subscribe(fleet.unique("two"), qos=2) == [1]


@pytest.mark.parametrize("version", VERSIONS)
def test_publishing_with_qos_2_ends_the_connection(fleet, pair, version):
    writer, _ = pair(version)
    if version == MQTTv5:
        # The client was told that it must not: 3.2.2.3.4, Maximum QoS.
        assert writer.properties.MaximumQoS == 1
    writer.send(fleet.unique("two"), b"x", qos=2)
    assert writer.end() == (QOS_NOT_SUPPORTED if version == MQTTv5 else 128)


@pytest.mark.parametrize("version", VERSIONS)
def test_filters_that_overlap_bring_one_copy_with_the_highest_qos(fleet, pair, version):
    base = fleet.unique("overlap")
    writer, reader = pair(version)
    assert reader.subscribe(f"{base}/#", qos=1) == [1]
    assert reader.subscribe(f"{base}/+", qos=0) == [0]
    writer.publish(f"{base}/a", b"once", qos=1)
    came = until_end(reader, writer, f"{base}/a")
    assert [(message.payload, message.qos) for message in came] == [(b"once", 1)]


FILTERS = [
    ("{0}/+", "{0}/a", True),
    ("{0}/+", "{0}/a/b", False),
    ("{0}/+", "{0}", False),
    ("{0}/+/b", "{0}/a/b", True),
    ("{0}/+/b", "{0}//b", True),
    ("+/{0}", "/{0}", True),
    ("{0}/#", "{0}/a/b/c", True),
    ("{0}/a", "{0}/A", False),
    ("{0}/a", "{0}/a/", False),
    # AWS's own: here the standard would have # match its parent level as well.
    ("{0}/#", "{0}", False),
    ("{0}/+/#", "{0}/a", False),
]


@pytest.mark.parametrize(("pattern", "published", "heard"), FILTERS)
def test_a_filter_matches_what_it_should(fleet, pair, pattern, published, heard):
    base = fleet.unique("match")
    writer, reader = pair(MQTTv5)
    assert reader.subscribe(pattern.format(base), f"{base}/last") == [1, 1]
    writer.publish(published.format(base), b"x")
    came = [message.payload for message in until_end(reader, writer, f"{base}/last")]
    assert came == ([b"x"] if heard else [])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_filter_of_wildcards_alone_sees_nothing_reserved(fleet, device, anybody, pair, version):
    topic = fleet.unique("reserved")
    writer, reader = pair(version)
    assert reader.subscribe("#", "+/#") == [1, 1]
    # Somebody comes and goes: that is told on $aws/events, and to nobody here.
    device(anybody, version=version).close()
    reserved = [m.topic for m in until_end(reader, writer, topic) if m.topic.startswith("$")]
    assert reserved == []


@pytest.mark.parametrize("version", VERSIONS)
def test_unsubscribing_ends_one_filter_and_no_other(fleet, pair, version):
    kept, left = fleet.unique("kept"), fleet.unique("left")
    writer, reader = pair(version)
    assert reader.subscribe(kept, left) == [1, 1]
    writer.publish(left, b"before")
    assert payloads(reader, 1) == [b"before"]
    reader.client.unsubscribe(left)
    # Its own next packet is acknowledged after the one before.
    assert reader.publish(fleet.unique("elsewhere")) in (0, 16)
    writer.publish(kept, b"still")
    assert payloads(reader, 1) == [b"still"]
    writer.publish(left, b"after")
    assert until_end(reader, writer, kept) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_will_comes_when_its_device_is_cut_off_and_only_then(fleet, device, anybody, version):
    topic = fleet.unique("will")
    reader = device(anybody, version=version)
    assert reader.subscribe(topic) == [1]

    def with_a_will():
        configure = lambda client: client.will_set(topic, b"cut off", qos=1)  # noqa: E731
        return device(anybody, version=version, configure=configure)

    with_a_will().cut()
    assert payloads(reader, 1) == [b"cut off"]
    with_a_will().close()
    assert until_end(reader, device(anybody, version=version), topic) == []


def test_a_disconnect_of_mqtt_5_may_ask_for_the_will(fleet, device, anybody):
    topic = fleet.unique("will")
    reader = device(anybody, version=MQTTv5)
    assert reader.subscribe(topic) == [1]
    configure = lambda client: client.will_set(topic, b"as asked", qos=1)  # noqa: E731
    leaving = device(anybody, version=MQTTv5, configure=configure)
    reason = ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message")
    leaving.client.disconnect(reasoncode=reason)
    assert payloads(reader, 1) == [b"as asked"]


def test_properties_of_a_message_arrive_as_they_were_sent(fleet, pair):
    topic = fleet.unique("properties")
    writer, reader = pair(MQTTv5)
    assert reader.subscribe(topic) == [1]
    sent = properties(
        UserProperty=[("a", "2"), ("c", "3"), ("a", "1")],
        PayloadFormatIndicator=1,
        ContentType="text/plain",
        ResponseTopic=f"{topic}/answers",
        CorrelationData=b"\x00\x01",
        MessageExpiryInterval=60,
    )
    for qos in (0, 1):
        writer.client.publish(topic, "grüß dich", qos, properties=sent)
        came = reader.next()
        assert came.payload.decode() == "grüß dich"
        for name in ("UserProperty", "PayloadFormatIndicator", "ContentType", "ResponseTopic",
                     "CorrelationData"):  # fmt: skip
            assert getattr(came.properties, name) == getattr(sent, name), name
        assert 0 < came.properties.MessageExpiryInterval <= 60


def test_a_reader_of_3_1_1_gets_the_message_without_its_properties(fleet, device, anybody):
    topic = fleet.unique("mixed")
    writer, reader = device(anybody, version=MQTTv5), device(anybody)
    assert reader.subscribe(topic) == [1]
    writer.client.publish(topic, b"x", 1, properties=properties(ContentType="text/plain"))
    assert payloads(reader, 1) == [b"x"]


def subscribe(device, topic, **options):
    _, mid = device.client.subscribe(topic, options=SubscribeOptions(qos=1, **options))
    assert [code for code in device._ack(mid)] == [1]


@pytest.mark.parametrize("no_local", [False, True])
def test_no_local_keeps_a_device_s_own_messages_from_it(fleet, pair, no_local):
    topic = fleet.unique("local")
    writer, reader = pair(MQTTv5)
    subscribe(writer, topic, noLocal=no_local)
    subscribe(reader, topic, noLocal=no_local)
    writer.publish(topic, b"mine")
    assert payloads(reader, 1) == [b"mine"]
    expected = [] if no_local else [b"mine"]
    assert [message.payload for message in until_end(writer, reader, topic)] == expected


@pytest.mark.parametrize("as_published", [False, True])
def test_the_retain_flag_is_passed_on_only_on_request(fleet, pair, as_published):
    topic = fleet.unique("flag")
    writer, reader = pair(MQTTv5)
    subscribe(reader, topic, retainAsPublished=as_published)
    for retain in (False, True):
        writer.publish(topic, b"x", retain=retain)
        assert reader.next().retain == (retain and as_published)
    writer.publish(topic, b"", retain=True)


def test_a_topic_alias_of_the_client_stands_for_its_topic(fleet, pair):
    topic = fleet.unique("alias")
    writer, reader = pair(MQTTv5)
    assert writer.properties.TopicAliasMaximum >= 1
    assert reader.subscribe(topic) == [1]
    writer.client.publish(topic, b"first", 1, properties=properties(TopicAlias=1))
    writer.client.publish("", b"second", 1, properties=properties(TopicAlias=1))
    came = [reader.next(), reader.next()]
    assert [(message.topic, message.payload) for message in came] == [
        (topic, b"first"),
        (topic, b"second"),
    ]


def test_no_more_is_under_way_than_the_client_takes(fleet, device, anybody):
    topic = fleet.unique("window")
    writer = device(anybody, version=MQTTv5)

    class Small:
        """A reader that acknowledges by hand, with a Receive Maximum of its own."""

        def __init__(self, receive_maximum):
            self.asked = Properties(PacketTypes.CONNECT)
            self.asked.ReceiveMaximum = receive_maximum

        def __call__(self, client):
            client.manual_ack_set(True)
            connect = client.connect
            client.connect = lambda *where: connect(*where, properties=self.asked)

    reader = device(anybody, version=MQTTv5, configure=Small(2))
    assert reader.subscribe(topic) == [1]
    for number in range(6):
        writer.publish(topic, str(number).encode())
    for number in range(0, 6, 2):
        under_way = [reader.next(), reader.next()]
        assert [message.payload for message in under_way] == [b"%d" % number, b"%d" % (number + 1)]
        assert silent(reader)
        for message in under_way:
            reader.client.ack(message.mid, message.qos)


def test_what_is_too_large_for_one_reader_reaches_the_others(fleet, device, anybody):
    topic = fleet.unique("large")
    asked = Properties(PacketTypes.CONNECT)
    asked.MaximumPacketSize = 1024

    def small(client):
        connect = client.connect
        client.connect = lambda *where: connect(*where, properties=asked)

    writer = device(anybody, version=MQTTv5)
    reader = device(anybody, version=MQTTv5)
    little = device(anybody, version=MQTTv5, configure=small)
    for each in (reader, little):
        assert each.subscribe(topic) == [1]
    writer.publish(topic, b"x" * 4096)
    assert [len(message.payload) for message in until_end(reader, writer, topic)] == [4096]
    assert payloads(little, 1) == [b"the end"]


def test_a_client_without_an_id_is_given_one(device, anybody):
    def nameless(client):
        client._client_id = b""

    ids = {device(anybody, version=MQTTv5, configure=nameless).properties.AssignedClientIdentifier
           for _ in range(2)}  # fmt: skip
    assert len(ids) == 2 and all(ids)
