"""A revocation is final when it is acknowledged: every way to end a certificate, at every moment
of its connection's life. What the server is in the middle of is held there by the test: a CONNECT
that is not sent yet, a hook that does not answer, a subscriber that does not read."""

import json
import threading
import time

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from device import CREATE, CREATE_FROM_CSR, Device, MQTTv5, Refused, provision
from fleet import ALLOW_ALL, AS_ITSELF, Fleet, allow, claim_statements, template_body
from identity import Identity, make_csr, make_key
from running import ACCOUNT, arn
from test_audit_of_devices import records_of
from packets import (
    CONNACK,
    DISCONNECT,
    PUBLISH,
    SUBACK,
    V5,
    V311,
    Wire,
    connect,
    publish,
    subscribe,
)

LEVELS = [V311, V5]
NOT_AUTHORIZED = 135
CSR = json.dumps({"certificateSigningRequest": make_csr(make_key())}).encode()


def inactive(fleet, identity):
    fleet.set_status(identity, "INACTIVE")


def revoked(fleet, identity):
    fleet.set_status(identity, "REVOKED")


def deleted(fleet, identity):
    fleet.set_status(identity, "INACTIVE")
    fleet.iot.delete_certificate(certificateId=identity.id, forceDelete=True)


def transferred(fleet, identity):
    fleet.set_status(identity, "INACTIVE")
    for policy in fleet.policies(identity):
        fleet.iot.detach_policy(policyName=policy, target=fleet.arn(identity))
    fleet.iot.transfer_certificate(certificateId=identity.id, targetAwsAccount=ACCOUNT)


WAYS = [inactive, revoked, deleted, transferred]


@pytest.fixture
def wire(server):
    """Opens connections by hand that end with the test."""
    opened = []

    def open_(identity, client_id=None, *, on=server, level=V5, will=None, **options):
        opened.append(Wire(on, identity, **options))
        if client_id:
            opened[-1].send(connect(client_id, level=level, will=will))
            assert opened[-1].expect(CONNACK)[1] == 0
        return opened[-1]

    yield open_
    for each in opened:
        each.tls.close()


@pytest.fixture
def hear(device, fleet):
    """Subscribes; gives a function that gives what came before a message of the test's own."""

    def hear(*filters):
        end = fleet.unique("end")
        hearing = device(fleet.identity(ALLOW_ALL))
        assert hearing.subscribe(*filters, end) == [1] * (len(filters) + 1)

        def heard():
            hearing.publish(end, b"")
            found = []
            while (message := hearing.next()).topic != end:
                found.append(message.payload)
            return found

        return heard

    return hear


def only_goodbye(wire, level):
    """From now on there is at most the reason why, and the end."""
    rest = wire.rest()
    if level == V5:
        assert [(kind, body[0]) for kind, body in rest] in (
            [],
            [(DISCONNECT, NOT_AUTHORIZED)],
        ), rest
    else:
        assert rest == []


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("off", WAYS)
def test_a_connect_that_was_held_back_is_refused(fleet, wire, hear, off, level):
    topic, client = fleet.unique("t"), fleet.unique("client")
    heard = hear(topic, f"$aws/events/presence/connected/{client}")
    identity = fleet.identity(ALLOW_ALL)
    held_back = wire(identity)
    off(fleet, identity)
    held_back.send(connect(client, level=level), publish(topic, b"late", level=level))
    for kind, body in held_back.rest():
        assert kind == CONNACK and body[1] != 0, (kind, body)
    assert heard() == []


@pytest.mark.parametrize("off", WAYS)
def test_whoever_waits_with_its_connect_is_ended_at_once(fleet, wire, off):
    identity = fleet.identity(ALLOW_ALL)
    held_back = wire(identity)
    off(fleet, identity)
    assert held_back.rest() == []


def test_whoever_was_refused_took_over_no_client_id(fleet, wire, device):
    identity, client = fleet.identity(ALLOW_ALL), fleet.unique("client")
    holder = device(fleet.identity(ALLOW_ALL), client)
    held_back = wire(identity)
    inactive(fleet, identity)
    held_back.send(connect(client))
    held_back.rest()
    assert holder.publish("still/here") == 0


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("off", WAYS)
def test_no_packet_after_it_is_carried_out(fleet, wire, hear, device, off, level):
    topic, kept = fleet.unique("t"), fleet.unique("kept")
    heard = hear(topic)
    device(fleet.identity(ALLOW_ALL)).publish(kept, b"kept", retain=True)
    identity = fleet.identity(ALLOW_ALL)
    online = wire(identity, fleet.unique("client"), level=level)
    off(fleet, identity)
    online.send(
        publish(topic, b"late", qos=1, level=level),
        publish(topic, b"late", qos=1, packet_id=2, retain=True, level=level),
        subscribe(kept, packet_id=3, level=level),
        publish(f"{CREATE}/json", b"{}", level=level),
    )
    only_goodbye(online, level)
    assert heard() == []
    late = device(fleet.identity(ALLOW_ALL))
    late.subscribe(topic)
    late.publish(topic, b"live")
    assert late.next().payload == b"live", "a message was retained after the end"


@pytest.mark.parametrize("off", WAYS)
def test_a_subscriber_that_does_not_read_gets_nothing_that_waited(fleet, wire, device, off):
    """Its messages wait in queues of the server's: what is not in the kernel's hands stays."""
    topic, count, size = fleet.unique("t"), 400, 100_000
    identity = fleet.identity(ALLOW_ALL)
    slow = wire(identity, fleet.unique("client"), receive_buffer=4096)
    slow.send(subscribe(topic))
    slow.expect(SUBACK)
    publisher = device(fleet.identity(ALLOW_ALL))
    for number in range(count):
        publisher.send(topic, number.to_bytes(4, "big") + bytes(size))
    publisher.publish(topic, b"before")
    off(fleet, identity)
    publisher.publish(topic, b"after")
    bodies = [body for kind, body in slow.rest() if kind == PUBLISH]
    assert len(bodies) < count
    assert not any(body.endswith((b"before", b"after")) for body in bodies)


@pytest.mark.parametrize("retain", [False, True])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("off", WAYS)
def test_its_will_is_neither_published_nor_retained(fleet, wire, hear, device, off, level, retain):
    topic = fleet.unique("will")
    heard, identity = hear(topic), fleet.identity(ALLOW_ALL)
    online = wire(identity, fleet.unique("c"), level=level, will=(topic, b"will", 1, retain))
    off(fleet, identity)
    only_goodbye(online, level)
    assert heard() == []
    late = device(fleet.identity(ALLOW_ALL))
    late.subscribe(topic)
    late.publish(topic, b"live")
    assert late.next().payload == b"live"


def with_delayed_will(topic):
    properties = Properties(PacketTypes.WILLMESSAGE)
    properties.WillDelayInterval = 1
    return {
        "version": MQTTv5, "clean": False, "expiry": 600,
        "configure": lambda client: client.will_set(topic, "will", 1, properties=properties),
    }  # fmt: skip


@pytest.mark.parametrize("off", WAYS)
def test_a_will_that_waits_for_its_delay_is_not_published(fleet, device, hear, off):
    topic, identity, another = fleet.unique("will"), fleet.identity(ALLOW_ALL), fleet.unique("will")
    heard, due = hear(topic), device(fleet.identity(ALLOW_ALL))
    due.subscribe(another)
    device(identity, fleet.unique("kept"), **with_delayed_will(topic)).cut()
    off(fleet, identity)
    # This one's time is over later.
    device(fleet.identity(ALLOW_ALL), fleet.unique("kept"), **with_delayed_will(another)).cut()
    assert due.next().payload == b"will"
    assert heard() == []


@pytest.mark.parametrize("off", WAYS)
def test_it_does_not_resume_its_session(fleet, device, off):
    """The session is the client id's: whoever may connect with that has it, as after a renewal."""
    topic, client, identity = fleet.unique("t"), fleet.unique("kept"), fleet.identity(ALLOW_ALL)
    options = {"version": MQTTv5, "clean": False, "expiry": 600}
    kept = device(identity, client, **options)
    kept.subscribe(topic)
    kept.close()
    publisher = device(fleet.identity(ALLOW_ALL))
    publisher.publish(topic, b"before")
    off(fleet, identity)
    publisher.publish(topic, b"after")
    with pytest.raises(Refused):
        device(identity, client, **options)
    other = device(fleet.identity(ALLOW_ALL), client, **options)
    assert other.session_present
    assert [other.next().payload for _ in range(2)] == [b"before", b"after"]


@pytest.mark.parametrize("retain", [False, True])
@pytest.mark.parametrize("level", LEVELS)
def test_a_will_whose_right_was_withdrawn_is_not_published(
    fleet, wire, hear, device, level, retain
):
    topic = fleet.unique("will")
    heard, identity = hear(topic), fleet.identity(allow("iot:Connect", "*"))
    right = fleet.policy(allow(["iot:Publish", "iot:RetainPublish"], arn("topic", topic)))
    fleet.iot.attach_policy(policyName=right, target=fleet.arn(identity))
    will = (topic, b"will", 1, retain)
    for withdrawn in (False, True):
        if withdrawn:
            device(fleet.identity(ALLOW_ALL)).publish(topic, b"", retain=True)
        client = fleet.unique("client")
        gone = hear(f"$aws/events/presence/disconnected/{client}")
        online = wire(identity, client, level=level, will=will)
        if withdrawn:
            fleet.iot.detach_policy(policyName=right, target=fleet.arn(identity))
        online.tls.close()
        deadline = time.monotonic() + 30
        while not gone() and time.monotonic() < deadline:
            time.sleep(0.02)
        told = [payload for payload in heard() if payload == b"will"]
        assert told == ([] if withdrawn else [b"will"])
        late = device(fleet.identity(ALLOW_ALL))
        late.subscribe(topic)
        late.publish(topic, b"live")
        assert late.next().payload == (b"will" if retain and not withdrawn else b"live")


class Held:
    """A hook that answers when it is let go, and allows."""

    def __init__(self, hooks):
        self.entered, self.leave = threading.Event(), threading.Event()
        self.url = hooks.at(self._decide)

    def _decide(self, _):
        self.entered.set()
        self.leave.wait(4)
        return {"allowProvisioning": True}


def issued(fleet):
    pages = fleet.iot.get_paginator("list_certificates").paginate()
    return sum(len(page["certificates"]) for page in pages)


@pytest.mark.parametrize("off", WAYS)
def test_what_a_hook_allows_after_it_is_discarded_and_so_is_what_waits_behind(
    fleet, wire, hooks, device, off
):
    hook, serial = Held(hooks), fleet.unique("serial")
    template = fleet.template(hook=hook.url)
    identity = fleet.identity(*claim_statements("*"))
    with device(identity) as asking:
        new, token = asking.certificate_from_csr()
    client = fleet.unique("claim")
    online = wire(identity, client)
    body = {"certificateOwnershipToken": token, "parameters": {"SerialNumber": serial}}
    requests = [publish(f"{provision(template)}/json", json.dumps(body).encode())]
    requests += [publish(f"{CREATE_FROM_CSR}/json", CSR), publish(f"{CREATE}/json", b"{}")] * 10
    online.send(*requests)
    assert hook.entered.wait(30)
    before = issued(fleet)
    off(fleet, identity)
    after = issued(fleet)
    # Its end does not wait for the hook.
    only_goodbye(online, V5)
    hook.leave.set()
    (record,) = records_of(fleet.server, client, 1)
    assert (record["operation"], record["code"]) == ("RegisterThing", "AccessDenied"), record
    assert not fleet.exists(f"sensor-{serial}")
    assert fleet.status(new) == "PENDING_ACTIVATION"
    assert issued(fleet) == after == before - (off is deleted)


@pytest.mark.parametrize("off", WAYS)
def test_a_rotation_that_was_under_way_renews_nobody_who_was_revoked(
    fleet, claim, wire, hooks, off
):
    """`INACTIVE` is what a rotation hook does to its caller (V15); the rest ends that, too."""
    hook, serial = Held(hooks), fleet.unique("serial")
    may_rotate = fleet.policy(*claim_statements("*"))
    body = template_body(fleet.policy(*AS_ITSELF), override={"AttributePayload": "DO_NOTHING"})
    body["Resources"]["rotation"] = {
        "Type": "AWS::IoT::Policy",
        "Properties": {"PolicyName": may_rotate},
    }
    old = fleet.device(claim, fleet.template(body), serial)
    with Device(fleet.server, old, f"sensor-{serial}") as current:
        new, token = current.certificate_from_csr()
    topic = provision(fleet.template(body, hook=hook.url))
    body = {"certificateOwnershipToken": token, "parameters": {"SerialNumber": serial}}
    online = wire(old, f"sensor-{serial}")
    online.send(publish(f"{topic}/json", json.dumps(body).encode()))
    assert hook.entered.wait(30)
    if off in (deleted, transferred):
        detach = {"thingName": f"sensor-{serial}", "principal": fleet.arn(old)}
        fleet.iot.detach_thing_principal(**detach)
    off(fleet, old)
    hook.leave.set()
    if off is inactive:
        kind, answer = online.next()
        assert kind == PUBLISH and b"/accepted" in answer
    only_goodbye(online, V5)
    assert fleet.status(new) == ("ACTIVE" if off is inactive else "PENDING_ACTIVATION")


def test_the_end_of_a_trusted_users_claim_is_as_final(own_server, hooks):
    fleet = Fleet(own_server("claim-seconds = 4").start())
    hook = Held(hooks)
    template = fleet.template(hook=hook.url)
    made = fleet.iot.create_provisioning_claim(templateName=template)
    identity = Identity(made["certificatePem"], made["keyPair"]["PrivateKey"])
    with Wire(fleet.server, identity) as held_back, Wire(fleet.server, identity) as online:
        online.send(connect("online"))
        online.expect(CONNACK)
        online.send(publish(f"{CREATE_FROM_CSR}/json", CSR))
        answer = online.expect(PUBLISH)
        made = json.loads(answer[answer.index(b"{") :])
        body = {
            "certificateOwnershipToken": made["certificateOwnershipToken"],
            "parameters": {"SerialNumber": "1"},
        }
        requests = [publish(f"{CREATE_FROM_CSR}/json", CSR)] * 5
        online.send(
            publish(f"{provision(template)}/json", json.dumps(body).encode()), *requests
        )
        assert hook.entered.wait(30)
        before = issued(fleet)
        only_goodbye(online, V5)
        held_back.send(connect("late"))
        assert all(body[1] != 0 for kind, body in held_back.rest() if kind == CONNACK)
        hook.leave.set()
        time.sleep(0.2)
        assert not fleet.exists("sensor-1") and issued(fleet) == before
