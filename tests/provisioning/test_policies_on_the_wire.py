"""What a device notices of its policies: each denial of the gateway specification, section 2."""

import pytest

from device import NOT_AUTHORIZED, VERSIONS, MQTTv5, MQTTv311, Refused
from fleet import ALLOW_ALL, allow, deny, template_body
from running import arn

CONNECT = allow("iot:Connect", "*")
FAILURE_311 = 0x80


def lost(version):
    """What paho reports at the end: a reason was told in MQTT 5, none in 3.1.1."""
    return NOT_AUTHORIZED if version == MQTTv5 else 128


def topic_of(fleet, name):
    return f"{fleet.unique('topic')}/{name}"


@pytest.fixture
def listener(device, fleet):
    """Hears everything of a topic, to show what was delivered and what was not."""

    def listener(topic):
        listening = device(fleet.identity(ALLOW_ALL))
        assert listening.subscribe(topic) == [1]
        return listening

    return listener


@pytest.mark.parametrize("qos", [0, 1])
def test_a_denied_publish_closes_mqtt_311(fleet, device, listener, qos):
    good, bad = topic_of(fleet, "good"), topic_of(fleet, "bad")
    hearing = listener(bad)
    denied = device(fleet.identity(CONNECT, allow("iot:Publish", arn("topic", good))))
    assert denied.publish(good) == 0
    denied.publish(bad, qos=qos)
    assert denied.end() == 128
    device(fleet.identity(ALLOW_ALL)).publish(bad, b"the end")
    assert hearing.next().payload == b"the end"


def test_a_denied_publish_of_mqtt_5_is_told_and_stays(fleet, device, listener):
    good, bad = topic_of(fleet, "good"), topic_of(fleet, "bad")
    hearing, heard = listener(bad), listener(good)
    identity = fleet.identity(CONNECT, allow("iot:Publish", arn("topic", good)))
    denied = device(identity, version=MQTTv5)
    assert denied.publish(bad, b"denied") == NOT_AUTHORIZED
    assert denied.publish(good, b"allowed") == 0
    assert heard.next().payload == b"allowed"
    denied.publish(bad, b"denied", qos=0)
    assert denied.end() == NOT_AUTHORIZED
    device(fleet.identity(ALLOW_ALL)).publish(bad, b"the end")
    assert hearing.next().payload == b"the end"


@pytest.mark.parametrize("version", VERSIONS)
def test_an_explicit_deny_wins(fleet, device, version):
    topic = topic_of(fleet, "secret")
    identity = fleet.identity(ALLOW_ALL, deny("iot:Publish", arn("topic", topic)))
    denied = device(identity, version=version)
    assert denied.publish(f"{topic}/but/not/this") == 0
    denied.publish(topic, qos=0)
    assert denied.end() == lost(version)


@pytest.mark.parametrize(("version", "refusal"), [(MQTTv311, FAILURE_311), (MQTTv5, 135)])
def test_a_denied_filter_is_refused_beside_granted_ones(fleet, device, version, refusal):
    good, bad = topic_of(fleet, "good"), topic_of(fleet, "bad")
    rights = [
        CONNECT,
        allow(["iot:Publish", "iot:Receive"], arn("topic", good)),
        allow("iot:Subscribe", arn("topicfilter", good)),
        # A right to the topic is none to the filter.
        allow(["iot:Publish", "iot:Receive", "iot:Subscribe"], arn("topic", bad)),
    ]
    subscriber = device(fleet.identity(*rights), version=version)
    assert subscriber.subscribe(good, bad, good) == [1, refusal, 1]
    assert subscriber.publish(bad) == 0
    assert subscriber.publish(good, b"x") == 0
    assert subscriber.next().topic == good
    assert subscriber.messages.empty()


@pytest.mark.parametrize("version", VERSIONS)
def test_filters_are_matched_as_text(fleet, device, version):
    base = fleet.unique("topic")
    allowed = [arn("topicfilter", f"{base}/{rest}") for rest in ("+/a", "x/*")]
    identity = fleet.identity(CONNECT, allow("iot:Subscribe", *allowed))
    subscriber = device(identity, version=version)
    refusal = 135 if version == MQTTv5 else FAILURE_311
    asked = [f"{base}/+/a", f"{base}/1/a", f"{base}/x/#", f"{base}/#", "#"]
    assert subscriber.subscribe(*asked) == [1, refusal, 1, refusal, refusal]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_denied_delivery_is_silence(fleet, device, version):
    base = fleet.unique("topic")
    rights = [
        CONNECT,
        allow("iot:Publish", arn("topic", f"{base}/*")),
        allow("iot:Subscribe", arn("topicfilter", f"{base}/*")),
        allow("iot:Receive", arn("topic", f"{base}/heard")),
    ]
    subscriber = device(fleet.identity(*rights), version=version)
    assert subscriber.subscribe(f"{base}/#") == [1]
    for name in ("silent", "heard", "silent", "heard"):
        assert subscriber.publish(f"{base}/{name}", name.encode()) == 0
    assert [subscriber.next().payload for _ in range(2)] == [b"heard", b"heard"]
    assert subscriber.messages.empty()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_denied_connect_is_told_in_the_connack(fleet, device, version):
    identity = fleet.identity(allow("iot:Connect", arn("client", "me")))
    with pytest.raises(Refused) as caught:
        device(identity, "somebody-else", version=version)
    assert caught.value.args == (NOT_AUTHORIZED,)
    device(identity, "me", version=version)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_will_needs_the_right_to_publish_it(fleet, device, listener, version):
    topic, client = topic_of(fleet, "will"), fleet.unique("client")

    def with_will(client):
        client.will_set(topic, b"gone", 1)

    with pytest.raises(Refused) as caught:
        device(fleet.identity(CONNECT), version=version, configure=with_will)
    assert caught.value.args == (NOT_AUTHORIZED,)
    hearing = listener(topic)
    identity = fleet.identity(CONNECT, allow("iot:Publish", arn("topic", topic)))
    device(identity, client, version=version, configure=with_will).cut()
    assert hearing.next().payload == b"gone"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("status", ["INACTIVE", "REVOKED"])
def test_a_certificate_switched_off_ends_its_live_sessions(fleet, device, version, status):
    identity = fleet.identity(ALLOW_ALL)
    sessions = [device(identity, version=version) for _ in range(2)]
    bystander = device(fleet.identity(ALLOW_ALL), version=version)
    fleet.set_status(identity, status)
    assert [session.end() for session in sessions] == [lost(version)] * 2
    with pytest.raises(Refused):
        device(identity, version=version)
    assert bystander.publish("still/here") == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_a_detached_policy_counts_at_once(fleet, device, version):
    topic = topic_of(fleet, "t")
    identity = fleet.identity(CONNECT)
    policy = fleet.policy(allow(["iot:Publish", "iot:Receive"], arn("topic", topic)),
                          allow("iot:Subscribe", arn("topicfilter", topic)))  # fmt: skip
    fleet.iot.attach_policy(policyName=policy, target=fleet.arn(identity))
    live = device(identity, version=version)
    assert live.subscribe(topic) == [1]
    assert live.publish(topic, b"1") == 0
    assert live.next().payload == b"1"
    fleet.iot.detach_policy(policyName=policy, target=fleet.arn(identity))
    refusal = 135 if version == MQTTv5 else FAILURE_311
    assert live.subscribe(f"{topic}") == [refusal]
    live.publish(topic, b"2", qos=0)
    assert live.end() == lost(version)
    assert live.messages.empty()


@pytest.mark.parametrize("version", VERSIONS)
def test_an_attached_policy_counts_at_once(fleet, device, version):
    topic = topic_of(fleet, "t")
    identity = fleet.identity(CONNECT)
    live = device(identity, version=version)
    wider = fleet.policy(allow(["iot:Publish", "iot:Receive"], arn("topic", topic)),
                         allow("iot:Subscribe", arn("topicfilter", topic)))  # fmt: skip
    fleet.iot.attach_policy(policyName=wider, target=fleet.arn(identity))
    assert live.subscribe(topic) == [1]
    assert live.publish(topic, b"1") == 0
    assert live.next().payload == b"1"
    silence = fleet.policy(deny("iot:Receive", "*"))
    fleet.iot.attach_policy(policyName=silence, target=fleet.arn(identity))
    assert live.publish(topic, b"2") == 0
    fleet.iot.detach_policy(policyName=silence, target=fleet.arn(identity))
    assert live.publish(topic, b"3") == 0
    assert live.next().payload == b"3"
    denial = fleet.policy(deny("iot:Publish", "*"))
    fleet.iot.attach_policy(policyName=denial, target=fleet.arn(identity))
    live.publish(topic, b"4", qos=0)
    assert live.end() == lost(version)
    assert live.messages.empty()


@pytest.mark.parametrize("version", VERSIONS)
def test_thing_variables_follow_the_thing(fleet, claim, device, version):
    attribute = "${iot:Connection.Thing.Attributes[site]}"
    policy = fleet.policy(
        allow("iot:Connect", "*"), allow("iot:Publish", arn("topic", f"{attribute}/*"))
    )
    body = template_body(
        policy,
        parameters={"Site": {"Type": "String"}},
        thing={"AttributePayload": {"site": {"Ref": "Site"}}},
        override={"AttributePayload": "REPLACE"},
    )
    template, serial = fleet.template(body), fleet.unique("serial")
    identity = fleet.device(claim, template, serial, Site="berlin")
    # Another client id is not bound to the thing, and the variable has no value.
    unbound = device(identity, fleet.unique("client"), version=version)
    unbound.publish("berlin/x", qos=0)
    assert unbound.end() == lost(version)
    live = device(identity, f"sensor-{serial}", version=version)
    assert live.publish("berlin/x") == 0
    fleet.device(claim, template, serial, Site="paris")
    assert live.publish("paris/x") == 0
    live.publish("berlin/x", qos=0)
    assert live.end() == lost(version)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_group_s_policy_counts_for_its_things(fleet, claim, device, version):
    group, serial, topic = fleet.group(), fleet.unique("serial"), topic_of(fleet, "t")
    body = template_body(fleet.policy(CONNECT), thing={"ThingGroups": [group]})
    identity = fleet.device(claim, fleet.template(body), serial)
    live = device(identity, f"sensor-{serial}", version=version)
    unbound = device(identity, fleet.unique("client"), version=version)
    policy = fleet.policy(allow("iot:Publish", arn("topic", topic)))
    target = arn("thinggroup", group)
    fleet.iot.attach_policy(policyName=policy, target=target)
    assert live.publish(topic) == 0
    unbound.publish(topic, qos=0)
    assert unbound.end() == lost(version)
    fleet.iot.detach_policy(policyName=policy, target=target)
    live.publish(topic, qos=0)
    assert live.end() == lost(version)


@pytest.mark.parametrize(("version", "told"), [(MQTTv311, 128), (MQTTv5, 142)])
def test_a_newcomer_takes_over_the_client_id(fleet, device, version, told):
    client = fleet.unique("client")
    first = device(fleet.identity(ALLOW_ALL), client, version=version)
    second = device(fleet.identity(ALLOW_ALL), client, version=version)
    assert first.end() == told
    assert second.publish("still/here") == 0
    # Whoever may not connect takes over nothing.
    stranger = fleet.identity(allow("iot:Connect", arn("client", "other")))
    with pytest.raises(Refused):
        device(stranger, client, version=version)
    assert second.publish("still/here") == 0
