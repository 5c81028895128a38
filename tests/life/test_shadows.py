"""Device shadows: by MQTT with paho and AWS's own SDK, over HTTP with boto3."""

import json
import queue
import threading
import uuid

import awsiot
import boto3
import pytest
from awscrt import io, mqtt, mqtt_request_response
from awsiot import iotshadow, mqtt5_client_builder, mqtt_connection_builder
from botocore.exceptions import ClientError

from device import Device
from fleet import ALLOW_ALL, Fleet, allow, make_client
from running import arn

PATIENCE = 20
QUIET = 0.4


@pytest.fixture
def thing():
    """No thing need be registered for a shadow."""
    return f"thing-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def data(server):
    return make_client(server, "iot-data")


class Watcher:
    """What everybody is told of one shadow."""

    def __init__(self, device, prefix):
        self.device, self.prefix = device, prefix
        assert device.subscribe(f"{prefix}/#") == [1]

    def ask(self, operation, body=None):
        payload = body if isinstance(body, (str, bytes)) else json.dumps(body)
        assert self.device.publish(f"{self.prefix}/{operation}", payload if body is not None else b"") == 0

    def next(self):
        """The next message that is not a request: those are seen by who subscribes, as on AWS."""
        while True:
            message = self.device.next(PATIENCE)
            name = message.topic.removeprefix(f"{self.prefix}/")
            if name not in ("get", "update", "delete"):
                return name, json.loads(message.payload)

    def nothing(self):
        with pytest.raises(queue.Empty):
            while True:
                self.device.next(QUIET)


@pytest.fixture
def watch(device, someone):
    return lambda prefix: Watcher(device(someone), prefix)


def prefix(thing, name=None):
    return f"$aws/things/{thing}/shadow" + (f"/name/{name}" if name else "")


@pytest.mark.parametrize("name", [None, "s$1"], ids=["classic", "named"])
def test_the_life_of_a_shadow(watch, thing, name):
    shadow = watch(prefix(thing, name))
    absent = {"code": 404, "message": f"No shadow exists with name: '{name or thing}'"}
    shadow.ask("get")
    assert shadow.next() == ("get/rejected", absent)
    shadow.ask("get", {"clientToken": "a"})
    assert shadow.next() == ("get/rejected", absent | {"clientToken": "a"})

    shadow.ask("update", {"state": {"reported": {"foo": 1}}, "clientToken": "t"})
    topic, accepted = shadow.next()
    assert topic == "update/accepted"
    stamp = accepted.pop("timestamp")
    assert accepted == {
        "state": {"reported": {"foo": 1}}, "version": 1, "clientToken": "t",
        "metadata": {"reported": {"foo": {"timestamp": stamp}}},
    }  # fmt: skip
    topic, documents = shadow.next()
    assert (topic, documents["current"]["version"]) == ("update/documents", 1)

    shadow.ask("update", {"state": {"desired": {"foo": 2}}})
    assert [shadow.next()[0] for _ in range(3)] == [
        "update/accepted", "update/delta", "update/documents"
    ]  # fmt: skip
    shadow.ask("get", {})
    topic, whole = shadow.next()
    assert (topic, whole["version"]) == ("get/accepted", 2)
    assert whole["state"] == {"desired": {"foo": 2}, "reported": {"foo": 1}, "delta": {"foo": 2}}
    assert set(whole["metadata"]) == {"desired", "reported"}

    shadow.ask("update", {"state": {"desired": {"foo": 3}}, "version": 1})
    assert shadow.next() == ("update/rejected", {"code": 409, "message": "Version conflict"})
    shadow.ask("update", b"\xff")
    assert shadow.next()[1]["code"] == 415
    shadow.ask("update", {"state": {"desired": {"x": "y" * 8192}}})
    assert shadow.next()[1]["code"] == 413

    shadow.ask("delete", {"clientToken": "d"})
    topic, deleted = shadow.next()
    assert (topic, deleted["version"], deleted["clientToken"]) == ("delete/accepted", 2, "d")
    shadow.ask("delete")
    assert shadow.next() == ("delete/rejected", absent)
    # Its name goes on counting.
    shadow.ask("update", {"state": {}})
    assert shadow.next()[1]["version"] == 4


def test_requests_are_messages_too_and_a_will_is_no_more_than_that(device, someone, data, thing):
    request, update = f"{prefix(thing)}/get", f"{prefix(thing)}/update"
    body = json.dumps({"state": {"desired": {"a": 1}}})
    watching, asking = device(someone), device(someone)
    assert watching.subscribe(request, update, f"{update}/documents") == [1, 1, 1]
    asking.publish(request, b"{}")
    data.publish(topic=request, payload=b"by HTTP", qos=1)
    asking.publish(update, body)
    heard = [watching.next() for _ in range(4)]
    assert [(message.topic, message.payload) for message in heard[:3]] == [
        (request, b"{}"), (request, b"by HTTP"), (update, body.encode())
    ]  # fmt: skip
    assert heard[3].topic == f"{update}/documents"
    # By a will the shadow is not changed.
    device(someone, configure=lambda client: client.will_set(update, b'{"state":null}', 1)).cut()
    will = watching.next()
    assert (will.topic, will.payload) == (update, b'{"state":null}')
    asking.publish(update, json.dumps({"state": {"desired": {"b": 2}}}))
    watching.next()
    documents = json.loads(watching.next().payload)
    assert documents["current"]["state"]["desired"] == {"a": 1, "b": 2}
    assert documents["current"]["version"] == 2


def test_a_deletion_may_name_the_version(watch, thing):
    shadow = watch(prefix(thing))
    for _ in range(2):
        shadow.ask("update", {"state": {"reported": {"a": 1}}})
        shadow.next(), shadow.next()
    for version in (1, 3):
        shadow.ask("delete", {"version": version, "clientToken": "d"})
        topic, refused = shadow.next()
        assert topic == "delete/rejected"
        assert refused == {"code": 409, "message": "Version conflict", "clientToken": "d"}
    shadow.ask("delete", {"version": 2})
    topic, deleted = shadow.next()
    assert (topic, deleted["version"]) == ("delete/accepted", 2)


def test_others_hear_the_answers_if_their_policies_let_them(device, fleet, someone, thing):
    asking = device(someone)
    listening = [
        device(fleet.identity(allow("iot:Connect", "*"), allow("iot:Subscribe", "*"), *more))
        for more in [[allow("iot:Receive", arn("topic", f"{prefix(thing)}/*"))], []]
    ]
    for each in listening:
        assert each.subscribe(f"{prefix(thing)}/get/rejected") == [1]
    assert asking.publish(f"{prefix(thing)}/get") == 0
    assert json.loads(listening[0].next().payload)["code"] == 404
    with pytest.raises(queue.Empty):
        listening[1].next(QUIET)


def test_http_is_told_to_subscribers_and_its_refusals_are_not(data, watch, thing):
    shadow = watch(prefix(thing))
    body = json.dumps({"state": {"desired": {"a": 1}}}).encode()
    answered = json.loads(data.update_thing_shadow(thingName=thing, payload=body)["payload"].read())
    assert answered["version"] == 1
    assert [shadow.next()[0] for _ in range(3)] == [
        "update/accepted", "update/delta", "update/documents"
    ]  # fmt: skip
    found = json.loads(data.get_thing_shadow(thingName=thing)["payload"].read())
    assert found["state"] == {"desired": {"a": 1}, "delta": {"a": 1}}
    for call, members, code, status, message in [
        (data.update_thing_shadow, {"payload": b"no"}, "InvalidRequestException", 400, "Invalid JSON"),
        (data.update_thing_shadow, {"payload": b'{"state":{},"version":9}'}, "ConflictException", 409,
         "Version conflict"),
        (data.get_thing_shadow, {"shadowName": "none"}, "ResourceNotFoundException", 404,
         "No shadow exists with name: 'none'"),
        (data.delete_thing_shadow, {"shadowName": "none"}, "ResourceNotFoundException", 404,
         "No shadow exists with name: 'none'"),
        (data.update_thing_shadow, {"payload": b'{"state":"\xff"}'},
         "UnsupportedDocumentEncodingException", 415,
         "Unsupported documented encoding; supported encoding is UTF-8"),
    ]:  # fmt: skip
        with pytest.raises(ClientError) as refused:
            call(thingName=thing, **members)
        answer = refused.value.response
        assert answer["Error"]["Code"] == code
        assert answer["Error"]["Message"] == message
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    shadow.nothing()
    data.delete_thing_shadow(thingName=thing)
    assert shadow.next()[0] == "delete/accepted"


def test_named_shadows_are_listed_in_pages(data, thing):
    data.update_thing_shadow(thingName=thing, payload=b'{"state":{}}')
    for name in "cab":
        data.update_thing_shadow(thingName=thing, shadowName=name, payload=b'{"state":{}}')
    first = data.list_named_shadows_for_thing(thingName=thing, pageSize=2)
    assert first["results"] == ["a", "b"]
    rest = data.list_named_shadows_for_thing(thingName=thing, nextToken=first["nextToken"])
    assert rest["results"] == ["c"]
    assert "nextToken" not in rest
    data.delete_thing_shadow(thingName=thing, shadowName="a")
    assert data.list_named_shadows_for_thing(thingName=thing)["results"] == ["b", "c"]
    assert data.list_named_shadows_for_thing(thingName="nothing")["results"] == []


def test_http_asks_the_callers_policies_by_shadow(server, fleet, thing):
    user = fleet.unique("user")
    fleet.iam.create_user(UserName=user)
    statement = allow("iot:UpdateThingShadow", arn("thing", f"{thing}/mine"))
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    fleet.iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=policy)
    key = fleet.iam.create_access_key(UserName=user)["AccessKey"]
    data = boto3.client(
        "iot-data", endpoint_url=server.api, region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"],
    )  # fmt: skip
    data.update_thing_shadow(thingName=thing, shadowName="mine", payload=b'{"state":{}}')
    for members in [{"shadowName": "other"}, {}]:
        with pytest.raises(ClientError) as refused:
            data.update_thing_shadow(thingName=thing, payload=b'{"state":{}}', **members)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_publish_over_http_is_a_request(data, watch, thing):
    shadow = watch(prefix(thing))
    data.publish(topic=f"{prefix(thing)}/update", qos=1, payload=b'{"state":{"reported":{"a":1}}}')
    assert shadow.next()[0] == "update/accepted"


def test_what_was_acknowledged_survives_kill_9(own_server, thing):
    own = own_server()
    server = own.start()
    identity = Fleet(server).identity(ALLOW_ALL)
    with Device(server, identity) as device:
        for number in range(5):
            body = json.dumps({"state": {"reported": {"n": number}}})
            assert device.publish(f"{prefix(thing)}/update", body) == 0
        own.kill()
    server = own.start()
    found = make_client(server, "iot-data").get_thing_shadow(thingName=thing)
    assert json.loads(found["payload"].read())["state"] == {"reported": {"n": 4}}


def test_awss_own_client(server, someone, thing):
    """The shadow client of awsiotsdk, as its samples use it."""
    port = server.mqtt.rpartition(":")[2]
    connection = mqtt_connection_builder.mtls_from_bytes(
        endpoint="localhost", port=int(port), client_id=f"sdk-{thing}",
        cert_bytes=someone.certificate_pem.encode(),
        pri_key_bytes=someone.private_key_pem.encode(),
        ca_bytes=server.root_ca.read_bytes(), clean_session=False, keep_alive_secs=30,
        client_bootstrap=io.ClientBootstrap.get_or_create_static_default(),
    )  # fmt: skip
    connection.connect().result(PATIENCE)
    client = iotshadow.IotShadowClient(connection)
    heard = queue.Queue()
    at_least_once = mqtt.QoS.AT_LEAST_ONCE
    subscribed = [
        client.subscribe_to_update_shadow_accepted(
            iotshadow.UpdateShadowSubscriptionRequest(thing_name=thing), at_least_once,
            lambda answer: heard.put(("accepted", answer)),
        ),
        client.subscribe_to_shadow_delta_updated_events(
            iotshadow.ShadowDeltaUpdatedSubscriptionRequest(thing_name=thing), at_least_once,
            lambda answer: heard.put(("delta", answer)),
        ),
        client.subscribe_to_get_shadow_accepted(
            iotshadow.GetShadowSubscriptionRequest(thing_name=thing), at_least_once,
            lambda answer: heard.put(("get", answer)),
        ),
        client.subscribe_to_get_shadow_rejected(
            iotshadow.GetShadowSubscriptionRequest(thing_name=thing), at_least_once,
            lambda answer: heard.put(("rejected", answer)),
        ),
    ]
    for future, _ in subscribed:
        future.result(PATIENCE)
    client.publish_get_shadow(
        iotshadow.GetShadowRequest(thing_name=thing, client_token="1"), at_least_once
    ).result(PATIENCE)
    kind, answer = heard.get(timeout=PATIENCE)
    assert (kind, answer.code, answer.client_token) == ("rejected", 404, "1")
    state = iotshadow.ShadowState(desired={"color": "red"}, reported={"color": "blue"})
    client.publish_update_shadow(
        iotshadow.UpdateShadowRequest(thing_name=thing, state=state, client_token="2"),
        at_least_once,
    ).result(PATIENCE)
    answers = dict(heard.get(timeout=PATIENCE) for _ in range(2))
    assert answers["accepted"].client_token == "2"
    assert answers["delta"].state == {"color": "red"}
    client.publish_get_shadow(
        iotshadow.GetShadowRequest(thing_name=thing), at_least_once
    ).result(PATIENCE)
    kind, answer = heard.get(timeout=PATIENCE)
    assert (kind, answer.state.delta) == ("get", {"color": "red"})
    connection.disconnect().result(PATIENCE)


def test_awss_second_client(server, someone, thing):
    """`IotShadowClientV2` of awsiotsdk: requests with their answers, and streams."""
    host, port = "localhost", int(server.mqtt.rpartition(":")[2])
    up = threading.Event()
    connection = mqtt5_client_builder.mtls_from_bytes(
        endpoint=host, port=port, client_id=f"sdk2-{thing}",
        cert_bytes=someone.certificate_pem.encode(),
        pri_key_bytes=someone.private_key_pem.encode(),
        ca_bytes=server.root_ca.read_bytes(),
        on_lifecycle_connection_success=lambda _: up.set(),
    )  # fmt: skip
    connection.start()
    assert up.wait(PATIENCE)
    client = iotshadow.IotShadowClientV2(
        connection,
        mqtt_request_response.ClientOptions(
            max_request_response_subscriptions=4, max_streaming_subscriptions=2,
            operation_timeout_in_seconds=PATIENCE,
        ),
    )  # fmt: skip
    heard, listens = queue.Queue(), threading.Event()
    stream = client.create_shadow_delta_updated_stream(
        iotshadow.ShadowDeltaUpdatedSubscriptionRequest(thing_name=thing),
        awsiot.ServiceStreamOptions(
            incoming_event_listener=heard.put,
            subscription_status_listener=lambda _: listens.set(),
        ),
    )
    stream.open()
    assert listens.wait(PATIENCE)
    with pytest.raises(awsiot.V2ServiceException) as refused:
        client.get_shadow(iotshadow.GetShadowRequest(thing_name=thing)).result(PATIENCE)
    assert refused.value.modeled_error.code == 404
    state = iotshadow.ShadowState(desired={"color": "red"}, reported={"color": "blue"})
    updated = client.update_shadow(
        iotshadow.UpdateShadowRequest(thing_name=thing, state=state)
    ).result(PATIENCE)
    assert (updated.version, updated.state.desired) == (1, {"color": "red"})
    assert heard.get(timeout=PATIENCE).state == {"color": "red"}
    whole = client.get_shadow(iotshadow.GetShadowRequest(thing_name=thing)).result(PATIENCE)
    assert whole.state.delta == {"color": "red"}
    deleted = client.delete_shadow(iotshadow.DeleteShadowRequest(thing_name=thing)).result(PATIENCE)
    assert deleted.version == 1
    connection.stop()
