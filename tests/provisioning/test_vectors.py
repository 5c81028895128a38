"""The acceptance vectors of the provisioning specification, on paho-mqtt.

Names begin with the vector's number. A message that must not come is ruled out by one that must
come after it, not by waiting.
"""

import re

import cbor2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from device import CREATE, CREATE_FROM_CSR, NOT_AUTHORIZED, VERSIONS, MQTTv5, provision, rejection
from fleet import ALLOW_ALL, AS_ITSELF, allow, template_body
from identity import Identity, key_pem, make_csr, make_key, public_bytes
from running import arn

EMPTY_TOKEN = (
    400,
    "InvalidCertificateOwnershipToken",
    "Certificate ownership token cannot be empty.",
)


def check_keys_answer(fleet, body):
    """What CreateKeysAndCertificate promises; gives the device's identity."""
    assert list(body) == [
        "certificateId",
        "certificatePem",
        "privateKey",
        "certificateOwnershipToken",
    ]
    identity = Identity(body["certificatePem"], body["privateKey"])
    assert body["certificateId"] == identity.id
    assert body["privateKey"].startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    key = serialization.load_pem_private_key(body["privateKey"].encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey) and key.key_size == 2048
    assert public_bytes(key.public_key()) == public_bytes(identity.certificate.public_key())
    token = body["certificateOwnershipToken"]
    assert re.fullmatch(r"[!-~]{1,511}", token)
    assert fleet.status(identity) == "PENDING_ACTIVATION"
    return identity


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("payload", [b"", b"{}", b'{"x":1}'])
def test_v1_the_answer_comes_unsubscribed_and_once(fleet, claim, device, payload, version):
    asking = device(claim, version=version)
    asking.send(f"{CREATE}/json", payload, qos=0)
    check_keys_answer(fleet, asking.answer(CREATE).body)
    asking.send(f"{provision('none')}/json", b"{}")
    assert asking.answer(provision("none")).body["errorCode"] == EMPTY_TOKEN[1]


def test_v1_a_sample_that_subscribes_only_to_rejected_is_provisioned(
    fleet, claim, template, device
):
    """As AWS's samples do: subscribe to `/rejected`, ask with QoS 0, take whatever comes."""
    asking = device(claim)
    register = provision(template)
    asking.subscribe(f"{CREATE}/json/rejected", f"{register}/json/rejected", qos=1)
    asking.send(f"{CREATE}/json", b"{}")
    made = asking.answer(CREATE)
    identity = check_keys_answer(fleet, made.body)
    serial = fleet.unique("serial")
    answer = asking.register(
        template, made.body["certificateOwnershipToken"], SerialNumber=serial
    )
    assert answer.accepted and answer.body["thingName"] == f"sensor-{serial}"
    device(identity, f"sensor-{serial}")


@pytest.mark.parametrize("version", VERSIONS)
def test_v2_only_the_asker_of_a_shared_claim_hears_the_answer_once(claim, device, version):
    asker, other = (device(claim, version=version) for _ in range(2))
    topics = [f"{CREATE_FROM_CSR}/json/{outcome}" for outcome in ("accepted", "rejected")]
    for each in (asker, other):
        assert each.subscribe(*topics) == [1, 1]
    asker.certificate_from_csr()
    for each in (other, asker):
        assert each.rejected(provision("none"))[1] == EMPTY_TOKEN[1]
        assert each.messages.empty()


@pytest.mark.parametrize("version", VERSIONS)
def test_v3_a_subscriber_of_everything_sees_no_provisioning(
    fleet, claim, template, device, version
):
    spy = device(fleet.identity(ALLOW_ALL), version=version)
    for each in ("#", "$aws/#", "+/+/+/json/accepted", "$aws/certificates/#",
                 "$share/group/#", f"{CREATE_FROM_CSR}/json/accepted",
                 f"{provision(template)}/json/accepted", f"{CREATE_FROM_CSR}/json"):  # fmt: skip
        spy.subscribe(each)
    asking = device(claim)
    _, token = asking.certificate_from_csr()
    assert asking.register(template, token, SerialNumber=fleet.unique("serial")).accepted
    device(fleet.identity(ALLOW_ALL)).publish("the/end", b"")
    # It hears of connections and subscriptions, which are events, and of nothing else.
    while (message := spy.next()).topic != "the/end":
        assert message.topic.startswith("$aws/events/"), message.topic
        assert token.encode() not in message.payload
    # Subscribed twice to it, with `#` and with `$share/group/#`: nothing else may have come.
    while not spy.messages.empty():
        assert spy.next().topic.startswith(("the/end", "$aws/events/"))


@pytest.mark.parametrize("kind", ["P-256", "P-384", "P-521", "RSA-2048", "RSA-3072"])
def test_v4_a_good_key_gets_its_certificate(fleet, claim, template, device, kind):
    asking = device(claim)
    key = make_key(kind)
    csr = {"certificateSigningRequest": make_csr(key, "serial 42")}
    body = asking.accepted(CREATE_FROM_CSR, csr)
    assert set(body) == {"certificateId", "certificatePem", "certificateOwnershipToken"}
    identity = Identity(body["certificatePem"], key_pem(key))
    assert body["certificateId"] == identity.id
    assert public_bytes(identity.certificate.public_key()) == public_bytes(key.public_key())
    serial = fleet.unique("serial")
    token = body["certificateOwnershipToken"]
    assert asking.register(template, token, SerialNumber=serial).accepted
    device(identity, f"sensor-{serial}").close()


def test_v4_a_weak_key_is_rejected(claim, device):
    csr = {"certificateSigningRequest": make_csr(make_key("RSA-1024"))}
    status, code, message = device(claim).rejected(CREATE_FROM_CSR, csr)
    assert (status, code) == (400, "InvalidCertificateSigningRequest")
    assert "1024" in message


def test_v5_the_same_csr_twice_gives_two_good_certificates(fleet, claim, template, device):
    asking, key = device(claim), make_key()
    csr = {"certificateSigningRequest": make_csr(key)}
    made = [asking.accepted(CREATE_FROM_CSR, csr) for _ in range(2)]
    assert made[0]["certificateId"] != made[1]["certificateId"]
    for body in made:
        serial = fleet.unique("serial")
        token = body["certificateOwnershipToken"]
        assert asking.register(template, token, SerialNumber=serial).accepted
        device(Identity(body["certificatePem"], key_pem(key)), f"sensor-{serial}")


@pytest.mark.parametrize("form", ["json", "cbor"])
@pytest.mark.parametrize("body", [{}, {"certificateOwnershipToken": ""}, {"parameters": {}}])
def test_v6_registering_without_a_token_is_rejected_in_aws_words(claim, device, form, body):
    assert device(claim).rejected(provision("any"), body, form) == EMPTY_TOKEN


def test_v7_a_pseudo_parameter_of_cloudformation_cannot_be_resolved(fleet, claim, device):
    body = template_body(
        fleet.policy(*AS_ITSELF), thing={"AttributePayload": {"region": {"Ref": "AWS::Region"}}}
    )
    name, asking = fleet.template(body), device(claim)
    identity, token = asking.certificate_from_csr()
    serial = fleet.unique("serial")
    answer = asking.register(name, token, SerialNumber=serial)
    assert rejection(answer.body) == (
        400,
        "InvalidParameters",
        "Cannot resolve reference value: AWS::Region",
    )
    assert not fleet.exists(f"sensor-{serial}")
    assert fleet.status(identity) == "PENDING_ACTIVATION"
    assert fleet.policies(identity) == []


def test_v10_an_empty_device_configuration_is_present(fleet, claim, template, device):
    asking = device(claim)
    _, token = asking.certificate_from_csr()
    serial = fleet.unique("serial")
    answer = asking.register(template, token, SerialNumber=serial)
    assert answer.body == {"deviceConfiguration": {}, "thingName": f"sensor-{serial}"}


@pytest.mark.parametrize("version", VERSIONS)
def test_v11_cbor_end_to_end(fleet, claim, template, device, version):
    asking = device(claim, version=version)
    identity = check_keys_answer(fleet, asking.accepted(CREATE, form="cbor", raw=b""))
    key = make_key()
    made = asking.accepted(
        CREATE_FROM_CSR, {"certificateSigningRequest": make_csr(key)}, form="cbor"
    )
    identity = Identity(made["certificatePem"], key_pem(key))
    assert made["certificateId"] == identity.id
    serial = fleet.unique("serial")
    token = made["certificateOwnershipToken"]
    answer = asking.register(template, token, form="cbor", SerialNumber=serial)
    assert answer.body == {"deviceConfiguration": {}, "thingName": f"sensor-{serial}"}
    device(identity, f"sensor-{serial}", version=version)
    # A rejection is CBOR, too, and asked in the forms that other encoders make.
    indefinite = b"\xbf\x69extra key\xf5\xff"
    assert asking.rejected(provision(template), form="cbor", raw=indefinite) == EMPTY_TOKEN
    tagged = cbor2.dumps({"certificateOwnershipToken": "unknown", "parameters": {"a": "ä"}})
    assert asking.rejected(provision(template), form="cbor", raw=tagged)[1] == EMPTY_TOKEN[1]


@pytest.mark.parametrize("version", VERSIONS)
def test_v14_the_new_identity_connects_while_the_claim_session_stays(
    fleet, claim, template, device, version
):
    asking = device(claim, version=version)
    identity, token = asking.certificate_from_csr()
    serial = fleet.unique("serial")
    thing = asking.register(template, token, SerialNumber=serial).body["thingName"]
    assert fleet.status(identity) == "ACTIVE"
    assert fleet.principals(thing) == [fleet.arn(identity)]
    assert fleet.attributes(thing) == {"serial": serial}
    new = device(identity, thing, version=version)
    assert new.subscribe(f"fleet/{thing}/#") == [1]
    assert new.publish(f"fleet/{thing}/state", b"up") == 0
    assert new.next().payload == b"up"
    asking.certificate_from_csr()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("qos", [0, 1])
def test_v17_create_does_not_grant_create_from_csr(fleet, device, version, qos):
    narrow = fleet.identity(
        allow("iot:Connect", "*"), allow("iot:Publish", arn("topic", f"{CREATE}/*"))
    )
    asking = device(narrow, version=version)
    assert asking.accepted(CREATE)
    code = asking.publish(f"{CREATE_FROM_CSR}/json", b"{}", qos)
    if (version, qos) == (MQTTv5, 1):
        assert code == NOT_AUTHORIZED
        assert asking.accepted(CREATE)
    else:
        assert code is None
        assert asking.end() == (NOT_AUTHORIZED if version == MQTTv5 else 128)
    assert asking.messages.empty()


@pytest.mark.parametrize(("asked", "in_force"), [(0, 1200), (10, 30), (2000, 1200), (60, 60)])
def test_v19_keep_alive_in_force_is_told(claim, device, asked, in_force):
    connack = device(claim, version=MQTTv5, keepalive=asked).properties
    # Absent means: as asked.
    assert getattr(connack, "ServerKeepAlive", asked) == in_force


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "options",
    [
        {"host": "127.0.0.1"},  # an address is no server name: the client sends no SNI
        {"alpn": "x-amzn-mqtt-ca"},
        {"username": "?SDK=PythonV2&Version=1.31.0"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_v21_clients_of_the_wild_are_let_in(claim, device, options, version):
    device(claim, version=version, **options).certificate_from_csr()
