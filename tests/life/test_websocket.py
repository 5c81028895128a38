"""MQTT over WebSocket, signed as AWS's clients sign: who comes in, with which frames, for how long."""

import json
import time
import uuid

import boto3
import paho.mqtt.client as paho
import pytest
from awscrt import auth, mqtt
from awsiot import mqtt_connection_builder

import over_websocket
from device import Device
from fleet import ALLOW_ALL, Fleet, allow, document, make_client
from over_websocket import BINARY, CLOSE, PING, PONG, TEXT, Keys, Upgrade, host_of, presigned
from running import REGION, arn
from serving import free_port, moving

CONNACK, REFUSED = b"\x20\2\0\0", b"\x20\2\0\5"
PATIENCE = 30


@pytest.fixture(scope="session")
def caller(fleet):
    """A user with a key who may do everything of AWS IoT."""
    return User(fleet, ALLOW_ALL)


@pytest.fixture
def client_id():
    return f"ws-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def upgrade(server):
    """Makes connections that end with the test."""
    made = []

    def make(keys, signing=None, **options):
        host = host_of(server, options.get("tls", False))
        made.append(Upgrade(server, presigned(keys, host, **(signing or {})), **options))
        return made[-1]

    yield make
    for each in made:
        each.socket.close()


@pytest.fixture(scope="module")
def for_https(own_server):
    """A server that listens for HTTPS at an address of its own, and the port of that."""
    port = free_port()
    own = own_server(f'[endpoints]\nhttps-listen = ["127.0.0.1:{port}"]')
    return Fleet(own.start()), port


class User:
    """A user of IAM with a key, who may what `statements` allow."""

    def __init__(self, fleet, *statements):
        self.fleet, self.name = fleet, fleet.unique("user")
        self.arn = fleet.iam.create_user(UserName=self.name)["User"]["Arn"]
        self.id = fleet.iam.get_user(UserName=self.name)["User"]["UserId"]
        self.may(*statements)
        key = fleet.iam.create_access_key(UserName=self.name)["AccessKey"]
        self.keys = Keys(key["AccessKeyId"], key["SecretAccessKey"])

    def may(self, *statements):
        self.fleet.iam.put_user_policy(
            UserName=self.name, PolicyName="own", PolicyDocument=document(*statements)
        )

    def session(self, **options):
        """Keys of a session of this user's."""
        sts = boto3.client(
            "sts", region_name=REGION, endpoint_url=self.fleet.server.api,
            aws_access_key_id=self.keys.key, aws_secret_access_key=self.keys.secret,
        )  # fmt: skip
        made = sts.get_session_token(**options)["Credentials"]
        return Keys(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


def connected(upgrade, client_id, **options):
    """Sends a CONNECT, and reads its CONNACK."""
    upgrade.send(over_websocket.connect(client_id, **options))
    assert upgrade.frame() == (BINARY, CONNACK)
    return upgrade


# --- Clients ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("temporary", [False, True])
def test_the_sdk_comes_in_with_default_signing(for_https, client_id, temporary):
    """Where HTTPS is listened for it needs no ALPN; it offers `http/1.1` on port 443 alone."""
    fleet, port = for_https
    server, user = fleet.server, User(fleet, ALLOW_ALL)
    keys = user.session() if temporary else user.keys
    provider = auth.AwsCredentialsProvider.new_static(keys.key, keys.secret, keys.token)
    connection = mqtt_connection_builder.websockets_with_default_aws_signing(
        region=REGION,
        credentials_provider=provider,
        endpoint="localhost",
        port=port,
        ca_filepath=str(server.root_ca),
        client_id=client_id,
        clean_session=True,
        keep_alive_secs=60,
    )
    connection.connect().result(PATIENCE)
    listener = Device(server, fleet.identity(ALLOW_ALL))
    listener.subscribe(f"{client_id}/up", f"{client_id}/back")
    heard = []
    subscribed, _ = connection.subscribe(
        f"{client_id}/down", mqtt.QoS.AT_LEAST_ONCE, lambda topic, payload, **_: heard.append(payload)
    )
    subscribed.result(PATIENCE)
    connection.publish(f"{client_id}/up", "from the browser", mqtt.QoS.AT_LEAST_ONCE)[0].result(PATIENCE)
    assert listener.next().payload == b"from the browser"
    large = b"x" * 100_000
    listener.publish(f"{client_id}/down", large)
    connection.publish(f"{client_id}/back", large, mqtt.QoS.AT_LEAST_ONCE)[0].result(PATIENCE)
    assert listener.next().payload == large
    # It was sent before the acknowledgement of what was published after it.
    assert heard == [large]
    connection.disconnect().result(PATIENCE)
    listener.close()


@pytest.mark.parametrize("version", [paho.MQTTv311, paho.MQTTv5])
def test_paho_comes_in_at_the_api(server, caller, client_id, version):
    host, _, port = host_of(server).rpartition(":")
    client = paho.Client(
        paho.CallbackAPIVersion.VERSION2, client_id, protocol=version, transport="websockets"
    )
    client.ws_set_options(path=presigned(caller.keys, host_of(server)))
    heard = []
    client.on_connect = lambda *a: client.subscribe(f"{client_id}/echo", 1)
    client.on_subscribe = lambda *a: client.publish(f"{client_id}/echo", "echo", 1)
    client.on_message = lambda *a: (heard.append(a[2].payload), client.disconnect())
    client.connect(host, int(port))
    client.loop_forever()
    assert heard == [b"echo"]


# --- Signatures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", [True, False])
def test_a_signature_opens_the_gateway_and_the_api(caller, upgrade, client_id, tls):
    came = upgrade(caller.keys, tls=tls)
    assert came.status == 101
    assert came.headers["sec-websocket-protocol"] == "mqtt"
    assert came.headers["x-amzn-requestid"]
    connected(came, client_id)


def test_a_signature_may_be_in_the_header(server, caller, client_id):
    headers = over_websocket.signed_headers(caller.keys, host_of(server))
    with Upgrade(server, "/mqtt", headers=headers) as came:
        assert came.status == 101
        connected(came, client_id)
    headers["Authorization"] = headers["Authorization"][:-1] + "g"
    with Upgrade(server, "/mqtt", headers=headers) as wrong:
        assert wrong.status == 403


def test_a_session_token_is_signed_or_appended(caller, upgrade, client_id):
    keys = caller.session()
    for signs_token in [False, True]:
        came = upgrade(keys, {"signs_token": signs_token})
        assert came.status == 101
        connected(came, client_id)
    assert upgrade(Keys(keys.key, keys.secret)).status == 403
    assert upgrade(Keys(keys.key, keys.secret, keys.token[:-4] + "AAAA")).status == 403


@pytest.mark.parametrize(
    "signing, status",
    [
        ({"age": 240}, 101),
        ({"age": -240}, 101),
        ({"age": 360}, 403),
        ({"age": -360}, 403),
        ({"age": 360, "expires": 3600}, 101),
        ({"age": 360, "expires": 60}, 403),
        ({"expires": 604_801}, 403),
        ({"service": "iotdata"}, 101),
        ({"service": "iot"}, 403),
        ({"region": "eu-west-1"}, 403),
    ],
)
def test_a_signature_is_for_its_time_service_and_region(caller, upgrade, signing, status):
    assert upgrade(caller.keys, signing).status == status


def test_who_does_not_sign_is_refused(for_https):
    """Where there are no authorizers, which the CONNECT could be for."""
    fleet, _ = for_https
    server, caller = fleet.server, User(fleet, ALLOW_ALL)
    with Upgrade(server, "/mqtt") as unsigned:
        assert unsigned.status == 401
    with Upgrade(server, "/mqtt", tls=True) as unsigned:
        assert unsigned.status == 401
    good = presigned(caller.keys, host_of(server))
    flipped = good[:-1] + ("0" if good[-1] != "0" else "1")
    stranger = presigned(Keys("AKIAIOSFODNN7EXAMPLE", caller.keys.secret), host_of(server))
    another = presigned(Keys(caller.keys.key, "no secret of this key"), host_of(server))
    for address in [flipped, stranger, another, good + "&more=1"]:
        with Upgrade(server, address) as wrong:
            assert wrong.status == 403, address


@pytest.mark.parametrize(
    "options, status",
    [
        ({"subprotocol": "mqttv3.1"}, 101),
        ({"subprotocol": "wamp, mqtt"}, 101),
        ({"subprotocol": None}, 400),
        ({"subprotocol": "wamp"}, 400),
        ({"headers": {"Sec-WebSocket-Version": "8"}}, 426),
        ({"headers": {"Sec-WebSocket-Key": "short"}}, 400),
        ({"headers": {"Upgrade": "h2c"}}, 400),
        ({"headers": {"Connection": "keep-alive"}}, 400),
    ],
)
def test_an_upgrade_is_one_to_mqtt(caller, upgrade, options, status):
    assert upgrade(caller.keys, **options).status == status


# --- Rights ----------------------------------------------------------------------------------------


def test_the_policies_of_iam_decide(fleet, upgrade, device, someone, client_id):
    topic = f"{client_id}/mine"
    user = User(
        fleet,
        allow("iot:Connect", arn("client", client_id)),
        allow(["iot:Publish", "iot:Receive"], arn("topic", topic)),
        allow("iot:Subscribe", arn("topicfilter", topic)),
    )
    refused = upgrade(user.keys)
    refused.send(over_websocket.connect("another"))
    assert refused.frame() == (BINARY, REFUSED)
    assert refused.closed() is None

    came = connected(upgrade(user.keys), client_id)
    came.send(over_websocket.subscribe(topic))
    assert came.frame() == (BINARY, b"\x90\3\0\1\0")
    came.send(over_websocket.publish(topic, b"hello"))
    assert came.frame() == (BINARY, over_websocket.publish(topic, b"hello"))
    came.send(over_websocket.subscribe(f"{client_id}/other"))
    assert came.frame() == (BINARY, b"\x90\3\0\1\x80")
    # Withdrawn while connected: the next PUBLISH of MQTT 3.1.1 ends the connection.
    user.may(allow("iot:Connect", "*"))
    came.send(over_websocket.publish(topic, b"again"))
    assert came.closed() is None


def test_session_policies_narrow(fleet, caller, upgrade, client_id):
    role = fleet.unique("role")
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    made = fleet.iam.create_role(RoleName=role, AssumeRolePolicyDocument=document(trust))
    fleet.iam.put_role_policy(
        RoleName=role, PolicyName="own", PolicyDocument=document(ALLOW_ALL)
    )
    caller.may(ALLOW_ALL, allow("sts:AssumeRole", "*"))
    sts = make_client(fleet.server, "sts", aws_access_key_id=caller.keys.key,
                      aws_secret_access_key=caller.keys.secret)  # fmt: skip
    given = sts.assume_role(
        RoleArn=made["Role"]["Arn"],
        RoleSessionName="browser",
        Policy=document(allow("iot:Connect", arn("client", client_id))),
    )["Credentials"]
    keys = Keys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    other = upgrade(keys)
    other.send(over_websocket.connect("other"))
    assert other.frame() == (BINARY, REFUSED)
    came = connected(upgrade(keys), client_id)
    came.send(over_websocket.subscribe("a"))
    assert came.frame() == (BINARY, b"\x90\3\0\1\x80")
    # The role is gone: its sessions end.
    fleet.iam.delete_role_policy(RoleName=role, PolicyName="own")
    fleet.iam.delete_role(RoleName=role)
    assert came.closed() is None


def test_a_key_that_is_switched_off_ends_its_connections(fleet, upgrade, device, someone, client_id):
    user = User(fleet, ALLOW_ALL)
    watcher = device(someone)
    watcher.subscribe(f"$aws/events/presence/+/{client_id}", "gone")
    came = connected(upgrade(user.keys), client_id, will="gone")
    event = json.loads(watcher.next().payload)
    assert event["eventType"] == "connected" and event["principalIdentifier"] == user.id
    fleet.iam.update_access_key(
        UserName=user.name, AccessKeyId=user.keys.key, Status="Inactive"
    )
    assert came.closed() is None
    event = json.loads(watcher.next().payload)
    assert event["disconnectReason"] == "AUTH_ERROR"
    assert upgrade(user.keys).status == 403
    fleet.iam.update_access_key(UserName=user.name, AccessKeyId=user.keys.key, Status="Active")
    connected(upgrade(user.keys), client_id)
    # Neither was the will of the first published, nor anything else told.
    assert json.loads(watcher.next().payload)["eventType"] == "connected"


def test_provisioning_is_for_devices(caller, upgrade, client_id):
    came = connected(upgrade(caller.keys), client_id)
    came.send(over_websocket.publish("$aws/certificates/create/json", b"{}"))
    assert came.closed() is None


# --- Frames ----------------------------------------------------------------------------------------


def test_packets_and_frames_have_nothing_to_do_with_one_another(caller, upgrade, client_id):
    came = upgrade(caller.keys, tls=True)
    packet = over_websocket.connect(client_id)
    came.send(packet[:1], last=False)
    came.send(packet[1:7], opcode=0, last=False)
    came.send(b"ping", PING)
    came.send(packet[7:9], opcode=0)
    came.send(b"")
    came.send(packet[9:])
    assert came.frame() == (PONG, b"ping")
    assert came.frame() == (BINARY, CONNACK)
    topic = f"{client_id}/a"
    messages = [over_websocket.publish(topic, bytes([n]) * 40_000) for n in range(3)]
    came.send(over_websocket.subscribe(topic) + b"".join(messages))
    sent, got = b"\x90\3\0\1\0" + b"".join(messages), b""
    while len(got) < len(sent):
        opcode, payload = came.frame()
        assert opcode == BINARY
        got += payload
    assert got == sent


@pytest.mark.parametrize(
    "code, frame",
    [
        (1003, {"payload": b"\x10", "opcode": TEXT}),
        (1003, {"payload": b"\xff\xfe", "opcode": TEXT}),
        (1002, {"payload": b"\x10", "masked": False}),
        (1002, {"payload": b"\x10", "opcode": 5}),
        (1009, {"payload": bytes(400_000)}),
    ],
)
def test_frames_that_are_none_of_mqtts_end_the_connection(
    caller, upgrade, device, someone, client_id, code, frame
):
    watcher = device(someone)
    watcher.subscribe(f"{client_id}/will")
    came = connected(upgrade(caller.keys), client_id, will=f"{client_id}/will")
    try:
        came.send(**frame)
        assert came.closed() == code
    except (EOFError, OSError):
        assert code == 1009, "it may still be sending when it is cut off"
    assert watcher.next().payload == b"gone"


def test_what_frames_may_hold_is_counted_in_memory(own_server, client_id):
    """Of 16 MiB twelve are for what lasts: 84 times the largest message."""
    own = own_server("[mqtt]\nmemory-mib = 16")
    server = own.start()
    keys = User(Fleet(server), ALLOW_ALL).keys

    def come_in(number):
        came = Upgrade(server, presigned(keys, host_of(server, False)))
        try:
            came.send(over_websocket.connect(f"{client_id}-{number}"))
            if came.frame() == (BINARY, CONNACK):
                return came
        except (EOFError, OSError):
            pass
        came.socket.close()
        return None

    inside = []
    while came := come_in(len(inside)):
        inside.append(came)
    assert len(inside) == 84
    inside.pop().socket.close()
    deadline = time.monotonic() + PATIENCE
    while not (came := come_in("again")):
        assert time.monotonic() < deadline
    for each in [*inside, came]:
        each.socket.close()
    assert '"limit":"[mqtt] memory-mib"' in own.log.read_text()


def test_a_close_frame_is_a_clean_end_and_a_lost_connection_is_none(
    caller, upgrade, device, someone, client_id
):
    watcher = device(someone)
    watcher.subscribe(f"{client_id}/will", f"$aws/events/presence/disconnected/{client_id}")
    came = connected(upgrade(caller.keys), client_id, will=f"{client_id}/will")
    came.send(b"\x03\xe8", CLOSE)
    event = json.loads(watcher.next().payload)
    assert event["disconnectReason"] == "CLIENT_INITIATED_DISCONNECT"
    lost = connected(upgrade(caller.keys), client_id, will=f"{client_id}/will")
    lost.socket.close()
    heard = {watcher.next().topic for _ in range(2)}
    assert heard == {f"{client_id}/will", f"$aws/events/presence/disconnected/{client_id}"}


def test_what_speaks_no_mqtt_is_cut_off(caller, upgrade):
    came = upgrade(caller.keys)
    came.send(b"GET / HTTP/1.1\r\n\r\n")
    assert came.closed() is None


# --- Time ------------------------------------------------------------------------------------------


def test_a_connection_ends_after_a_day_and_its_will_is_sent(own_server, client_id, tmp_path):
    now = tmp_path / "now"
    now.write_text("+0")
    fleet = Fleet(own_server().start(faults=moving(now)))
    user, watcher = User(fleet, ALLOW_ALL), Device(fleet.server, fleet.identity(ALLOW_ALL))
    watcher.subscribe("will", f"$aws/events/presence/disconnected/{client_id}")
    with Upgrade(fleet.server, presigned(user.keys, host_of(fleet.server))) as came:
        connected(came, client_id, will="will")
        now.write_text("+23h")
        came.send(over_websocket.PINGREQ)
        assert came.frame() == (BINARY, over_websocket.PINGRESP)
        now.write_text("+25h")
        came.send(over_websocket.PINGREQ)
        assert came.closed() is None
    heard = {message.topic: message.payload for message in (watcher.next(), watcher.next())}
    assert heard.pop("will") == b"gone"
    assert json.loads(*heard.values())["disconnectReason"] == "WEBSOCKET_TTL_EXPIRATION"
    watcher.close()


def test_a_connection_ends_with_the_session_of_its_credentials(own_server, client_id, tmp_path):
    now = tmp_path / "now"
    now.write_text("+0")
    fleet = Fleet(own_server().start(faults=moving(now)))
    keys = User(fleet, ALLOW_ALL).session(DurationSeconds=900)
    address = presigned(keys, host_of(fleet.server), expires=3600)
    with Upgrade(fleet.server, address) as came:
        connected(came, client_id)
        now.write_text("+14m")
        came.send(over_websocket.PINGREQ)
        assert came.frame() == (BINARY, over_websocket.PINGRESP)
        now.write_text("+16m")
        came.send(over_websocket.PINGREQ)
        assert came.closed() is None
    with Upgrade(fleet.server, address) as late:
        assert late.status == 403
