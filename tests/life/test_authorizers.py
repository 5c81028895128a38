"""Custom authorizers at CONNECT: who is asked, with what, and what the answer opens, for how long."""

import base64
import http.server
import json
import re
import threading
import urllib.parse
import uuid

import pytest
from awsiot import mqtt_connection_builder
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

import over_websocket
from device import Device, MQTTv5, MQTTv311, Refused
from fleet import ALLOW_ALL, Fleet, allow, document
from over_websocket import BINARY, Upgrade
from running import arn, hook_server
from serving import free_port, moving

PATIENCE = 30
NAME, SIGNATURE = "x-amz-customauthorizer-name", "x-amz-customauthorizer-signature"
OPTIONS = ["--mqtt-listen", "127.0.0.4:443"]
OPTIONS += ["--hostname", "localhost", "--hostname", "127.0.0.4"]
BOTH = pytest.mark.parametrize("version", [MQTTv311, MQTTv5], ids=["3.1.1", "5"])


class Function:
    """The function of an authorizer: keeps the events, and answers as the test says."""

    def __init__(self):
        self.silent = threading.Event()
        self.anew()
        function = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                function.events.append(json.loads(body))
                if function.answer is None:
                    function.silent.wait(PATIENCE)
                    return
                self.send_response(function.status)
                self.end_headers()
                self.wfile.write(json.dumps(function.answer).encode())

            def log_message(self, *_):
                pass

        self.server = hook_server(Handler)
        self.url = "http://127.0.0.1:{}/".format(self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def anew(self):
        self.events, self.answer, self.status = [], yes(ALLOW_ALL), 200


def yes(*statements, principal="someone", **more):
    policies = [document(*statements)] if statements else []
    return {"isAuthenticated": True, "principalId": principal, "policyDocuments": policies} | more


class Signing:
    """A key that signs tokens."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, token):
        signed = self.key.sign(token.encode(), padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(signed).decode()


SIGNING = Signing()


@pytest.fixture(scope="module")
def shared():
    made = Function()
    yield made
    made.silent.set()
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def function(shared):
    shared.anew()
    return shared


def authorizer(fleet, function, *, signed=False, **options):
    name = fleet.unique("authorizer")
    if signed:
        options |= {"tokenKeyName": "tok", "tokenSigningPublicKeys": {"k": SIGNING.public.decode()}}
    fleet.iot.create_authorizer(
        authorizerName=name,
        authorizerFunctionArn=function.url,
        signingDisabled=not signed,
        **{"status": "ACTIVE"} | options,
    )
    return name


@pytest.fixture
def unsigned(fleet, function):
    """An active authorizer that takes whatever comes."""
    name = authorizer(fleet, function)
    yield name
    fleet.iot.update_authorizer(authorizerName=name, status="INACTIVE")


@pytest.fixture
def signed(fleet, function):
    """An active authorizer whose tokens, in `tok`, are signed."""
    name = authorizer(fleet, function, signed=True)
    yield name
    fleet.iot.update_authorizer(authorizerName=name, status="INACTIVE")


@pytest.fixture
def client_id():
    return f"custom-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def custom(server):
    """Connects over TLS with ALPN `mqtt`, without a certificate."""
    opened = []

    def connect(username, password=None, client_id=None, **options):
        def configure(client):
            client.username_pw_set(username, password)

        opened.append(
            Device(server, None, client_id, alpn="mqtt", configure=configure, **options)
        )
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


def user(name, **parameters):
    query = {NAME: name} if name else {}
    if "signature" in parameters:
        query[SIGNATURE] = parameters.pop("signature")
    return "me?" + urllib.parse.urlencode(query | parameters, quote_via=urllib.parse.quote)


# --- Who is asked, with what ------------------------------------------------------------------------


def test_the_function_is_told_what_the_client_sent(custom, function, unsigned, client_id):
    username = user(unsigned) + "&SDK=PythonV2&Version=1.31.0"
    client = custom(username, "test", client_id)
    (event,) = function.events
    assert re.fullmatch("[0-9a-f-]{36}", event["connectionMetadata"].pop("id"))
    assert event == {
        "signatureVerified": False,
        "protocols": ["tls", "mqtt"],
        "protocolData": {
            "tls": {"serverName": "localhost"},
            "mqtt": {"username": username, "password": "dGVzdA==", "clientId": client_id},
        },
        "connectionMetadata": {},
    }
    client.subscribe(f"{client_id}/a")
    client.publish(f"{client_id}/a", b"hello")
    assert client.next().payload == b"hello"


@BOTH
def test_a_token_is_signed(custom, function, signed, version):
    custom(user(signed, tok="t", signature=SIGNING.sign("t")), version=version)
    (event,) = function.events
    assert event["token"] == "t" and event["signatureVerified"] is True
    # As sloppy clients send it: Base64 without percent-encoding.
    custom(f"?{NAME}={signed}&tok=t&{SIGNATURE}={SIGNING.sign('t')}", version=version)
    assert len(function.events) == 2
    for wrong in [
        user(signed, tok="t", signature=SIGNING.sign("u")),
        user(signed, tok="t", signature=Signing().sign("t")),
        user(signed, tok="t", signature="no Base64"),
        user(signed, tok="t"),
        user(signed, signature=SIGNING.sign("t")),
        user(signed),
    ]:
        with pytest.raises(Refused) as refused:
            custom(wrong, version=version)
        assert refused.value.args == (135,)
    assert len(function.events) == 2, "a function is not called for a token that is not signed"


def test_who_names_no_authorizer_that_is_there_is_refused(fleet, custom, function, client_id):
    inactive = authorizer(fleet, function, status="INACTIVE")
    for name in ["none-of-that-name", inactive, None, "no name"]:
        with pytest.raises(Refused):
            custom(user(name))
    assert function.events == []


def test_the_default_is_asked_for_who_names_none(own_server, function, client_id):
    fleet = Fleet(own_server().start())
    name = authorizer(fleet, function)
    fleet.iot.set_default_authorizer(authorizerName=name)

    def connect():
        return Device(fleet.server, None, client_id, alpn="mqtt",
                      configure=lambda client: client.username_pw_set("me", "secret"))  # fmt: skip

    connect().close()
    assert len(function.events) == 1
    fleet.iot.clear_default_authorizer()
    with pytest.raises(Refused):
        connect()
    assert len(function.events) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"isAuthenticated": False},
        {"isAuthenticated": "true"},
        yes(ALLOW_ALL, principal="a-b"),
        yes(ALLOW_ALL) | {"policyDocuments": [document(ALLOW_ALL)] * 11},
        yes(allow("iot:Connect", "x" * 2048)),
        yes() | {"policyDocuments": ["{}"]},
        yes(),
        yes(allow("iot:Publish", "*")),
        [],
    ],
    ids=["no", "no Boolean", "principal", "eleven", "long", "no policy", "none", "no Connect", "list"],
)  # fmt: skip
def test_what_is_not_plainly_yes_refuses(custom, function, unsigned, answer):
    function.answer = answer
    with pytest.raises(Refused):
        custom(user(unsigned))
    assert len(function.events) == 1


def test_a_function_that_fails_or_is_silent_refuses(custom, function, unsigned):
    function.status = 500
    with pytest.raises(Refused):
        custom(user(unsigned))
    function.answer = None
    with pytest.raises(Refused):
        custom(user(unsigned))


def test_without_the_protocol_or_a_certificate_there_is_no_handshake(server, unsigned):
    with pytest.raises(Refused) as refused:
        Device(server, None, configure=lambda client: client.username_pw_set(user(unsigned)))
    assert refused.value.args == (None,)


def test_a_certificate_goes_before_an_authorizer(device, someone, function, unsigned):
    device(someone, configure=lambda client: client.username_pw_set(user(unsigned)))
    assert function.events == []


# --- What it opens -----------------------------------------------------------------------------------


def test_its_policies_and_no_others_decide(custom, function, unsigned, device, someone, client_id):
    mine = f"{client_id}/mine"
    function.answer = yes(
        allow("iot:Connect", arn("client", client_id)),
        allow(["iot:Publish", "iot:Receive"], arn("topic", f"{client_id}/${{iot:ClientId}}")),
        allow(["iot:Publish", "iot:Receive"], arn("topic", mine)),
        allow("iot:Subscribe", arn("topicfilter", mine)),
        principal="press7",
    )
    watcher = device(someone)
    watcher.subscribe(f"$aws/events/presence/+/{client_id}")
    client = custom(user(unsigned), client_id=client_id, version=MQTTv5)
    event = json.loads(watcher.next().payload)
    assert event["principalIdentifier"] == "press7"
    assert client.subscribe(mine) == [1]
    assert client.subscribe(f"{client_id}/other") == [135]
    assert client.publish(f"{client_id}/{client_id}", b"") in (0, 16)
    assert client.publish(f"{client_id}/other", b"") == 135
    with pytest.raises(Refused):
        custom(user(unsigned), client_id=f"{client_id}-2")


def test_a_failed_connect_is_an_event(custom, function, unsigned, device, someone, client_id):
    watcher = device(someone)
    watcher.subscribe(f"$aws/events/presence/+/{client_id}")
    function.answer = {"isAuthenticated": False}
    with pytest.raises(Refused):
        custom(user(unsigned), client_id=client_id)
    event = json.loads(watcher.next().payload)
    assert event["eventType"] == "connect_failed"
    assert event["connectFailureReason"] == "AUTHORIZATION_FAILED"


@pytest.fixture
def moved(own_server, tmp_path):
    """A fleet whose server's clock the test sets ahead."""
    now = tmp_path / "now"
    now.write_text("+0")
    return Fleet(own_server().start(faults=moving(now))), now


def of(fleet, name, client_id, **options):
    return Device(fleet.server, None, client_id, alpn="mqtt", version=MQTTv5,
                  configure=lambda client: client.username_pw_set(user(name)), **options)  # fmt: skip


def test_policies_are_refreshed(moved, function, client_id):
    fleet, now = moved
    name = authorizer(fleet, function)
    topics = [f"{client_id}/a", f"{client_id}/b"]
    function.answer = yes(ALLOW_ALL, refreshAfterInSeconds=300)
    client = of(fleet, name, client_id)
    assert client.publish(topics[0], b"") in (0, 16)
    function.answer = yes(
        allow("iot:Connect", "*"), allow("iot:Publish", arn("topic", topics[1])),
        refreshAfterInSeconds=300,
    )  # fmt: skip
    now.write_text("+4m")
    assert client.publish(topics[0], b"") in (0, 16)
    assert len(function.events) == 1
    now.write_text("+6m")
    assert client.publish(topics[0], b"") == 135
    assert client.publish(topics[1], b"") in (0, 16)
    assert len(function.events) == 2 and function.events[0] == function.events[1]
    # The second refresh says no.
    function.answer = {"isAuthenticated": False}
    now.write_text("+12m")
    client.client.publish(topics[1], b"", 1)
    client.end()
    assert len(function.events) == 3


def test_an_authorizer_that_is_switched_off_refreshes_nothing(moved, function, client_id):
    fleet, now = moved
    name = authorizer(fleet, function)
    function.answer = yes(ALLOW_ALL, refreshAfterInSeconds=300)
    client = of(fleet, name, client_id)
    fleet.iot.update_authorizer(authorizerName=name, status="INACTIVE")
    assert client.publish(f"{client_id}/a", b"") in (0, 16)
    now.write_text("+6m")
    client.client.publish(f"{client_id}/a", b"", 1)
    client.end()
    assert len(function.events) == 1


@pytest.mark.parametrize("answered, least, most", [(300, "+4m", "+6m"), (1, "+4m", "+6m"),
                                                   (None, "+23h", "+25h")])  # fmt: skip
def test_a_connection_ends_when_its_authorizer_says(
    moved, function, client_id, answered, least, most
):
    fleet, now = moved
    name = authorizer(fleet, function)
    function.answer = yes(ALLOW_ALL, disconnectAfterInSeconds=answered)
    watcher = Device(fleet.server, fleet.identity(ALLOW_ALL))
    watcher.subscribe(f"{client_id}/will", f"$aws/events/presence/disconnected/{client_id}")

    def will(client):
        client.username_pw_set(user(name))
        client.will_set(f"{client_id}/will", b"gone")

    client = Device(fleet.server, None, client_id, alpn="mqtt", version=MQTTv5, configure=will)
    now.write_text(least)
    assert client.publish(f"{client_id}/a", b"") in (0, 16)
    now.write_text(most)
    client.client.publish(f"{client_id}/a", b"", 1)
    client.end()
    heard = {message.topic: message.payload for message in (watcher.next(), watcher.next())}
    assert heard.pop(f"{client_id}/will") == b"gone"
    assert json.loads(*heard.values())["disconnectReason"] == "CUSTOMAUTH_TTL_EXPIRATION"
    watcher.close()


# --- WebSocket and the SDK ---------------------------------------------------------------------------


def test_an_upgrade_names_its_authorizer(server, function, signed, client_id):
    headers = {NAME: signed, "tok": "t", SIGNATURE: SIGNING.sign("t")}
    with Upgrade(server, "/mqtt?a=b", headers=headers, tls=True) as came:
        assert came.status == 101
        came.send(over_websocket.connect(client_id))
        assert came.frame() == (BINARY, b"\x20\2\0\0")
    (event,) = function.events
    assert event["protocols"] == ["tls", "http"] and event["token"] == "t"
    told = event["protocolData"]["http"]
    assert told["queryString"] == "?a=b"
    assert told["headers"]["tok"] == "t" and told["headers"]["upgrade"] == "websocket"
    query = urllib.parse.urlencode(headers)
    with Upgrade(server, f"/mqtt?{query}") as came:
        assert came.status == 101
    assert function.events[1]["protocols"] == ["http"]
    with Upgrade(server, "/mqtt", headers=headers | {"tok": "u"}) as wrong:
        assert wrong.status == 403
    assert len(function.events) == 2
    function.answer = {"isAuthenticated": False}
    with Upgrade(server, "/mqtt", headers=headers) as denied:
        assert denied.status == 403
    with Upgrade(server, "/mqtt", headers=headers | {NAME: "none-of-that-name"}) as nobody:
        assert nobody.status == 403


def test_an_upgrade_that_shows_nothing_has_its_connect_to_do_so(server, function, unsigned, client_id):
    with Upgrade(server, "/mqtt") as came:
        assert came.status == 101
        came.send(over_websocket.connect(client_id))
        assert came.frame() == (BINARY, b"\x20\2\0\5")
        assert came.closed() is None
    assert function.events == []


@pytest.fixture(scope="module")
def on_443(own_server):
    port = free_port()
    own = own_server(f'[endpoints]\nhttps-listen = ["127.0.0.1:{port}"]')
    try:
        return Fleet(own.start(options=OPTIONS)), port
    except AssertionError as error:
        if not re.search("Permission denied|Address already in use", str(error)):
            raise
        return pytest.skip("port 443 cannot be had here")


@pytest.mark.parametrize("over", ["TLS", "WebSocket"])
def test_the_sdk_connects_by_an_authorizer(on_443, function, client_id, over):
    fleet, port = on_443
    name = authorizer(fleet, function, signed=True)
    options = {
        "auth_username": "me",
        "auth_password": "secret",
        "auth_authorizer_name": name,
        "auth_authorizer_signature": SIGNING.sign("token"),
        "auth_token_key_name": "tok",
        "auth_token_value": "token",
        "ca_filepath": str(fleet.server.root_ca),
        "client_id": client_id,
        "clean_session": True,
        "keep_alive_secs": 60,
    }
    if over == "TLS":
        made = mqtt_connection_builder.direct_with_custom_authorizer(
            endpoint="127.0.0.4", **options
        )
    else:
        made = mqtt_connection_builder.websockets_with_custom_authorizer(
            endpoint="localhost", port=port, **options
        )
    made.connect().result(PATIENCE)
    made.disconnect().result(PATIENCE)
    (event,) = function.events
    assert event["signatureVerified"] is True
    assert event["protocols"] == (["tls", "mqtt"] if over == "TLS" else ["tls", "http", "mqtt"])
    assert base64.b64decode(event["protocolData"]["mqtt"]["password"]) == b"secret"
