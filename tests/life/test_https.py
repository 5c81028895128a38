"""HTTPS with a client certificate: publishing and the data plane, under the device's policies."""

import base64
import http.client
import json
import time
import uuid

import pytest
from paho.mqtt.client import MQTTv5

from fleet import ALLOW_ALL, ROLE, Fleet, allow
from over_https import Https
from running import arn
from serving import run
from test_just_in_time import Line, jitp_body


def refused(answer):
    return answer.status, answer.headers["x-amzn-errortype"]


@pytest.fixture
def https(fleet):
    """Opens connections that end with the test."""
    opened = []

    def connect(identity, **options):
        opened.append(Https(fleet.server, identity, **options))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


@pytest.fixture(scope="module")
def publisher(fleet):
    return fleet.identity(
        allow("iot:Publish", arn("topic", "https/*")),
        allow("iot:RetainPublish", arn("topic", "https/kept")),
        allow("iot:GetRetainedMessage", arn("topic", "https/kept")),
    )


def test_subscribers_get_what_is_published(fleet, device, someone, publisher, https):
    listener = device(someone, version=MQTTv5)
    listener.subscribe("https/#")
    pairs = base64.b64encode(json.dumps([{"colour": "red"}]).encode()).decode()
    connection = https(publisher, alpn="x-amzn-http-ca")
    for path in ["/topics/https/a?qos=1", "/topics/https%2Fa?qos=1", "/topics/https/a"]:
        answer = connection.ask(
            "POST", f"{path}{'&' if '?' in path else '?'}contentType=text/plain", b"hello",
            x_amz_mqtt5_user_properties=pairs,
        )  # fmt: skip
        assert (answer.status, answer.body["message"]) == (200, "OK")
        assert uuid.UUID(answer.body["traceId"])
        heard = listener.next()
        assert (heard.topic, heard.payload) == ("https/a", b"hello")
        assert heard.qos == (1 if "qos=1" in path else 0)
        assert heard.properties.UserProperty == [("colour", "red")]
        assert heard.properties.ContentType == "text/plain"


def test_the_devices_policies_decide(fleet, publisher, https):
    connection = https(publisher)
    answer = connection.ask("POST", "/topics/elsewhere?qos=1", b"")
    assert refused(answer) == (403, "ForbiddenException")
    assert answer.body["message"] == "Forbidden" and answer.body["traceId"]
    assert connection.ask("POST", "/topics/https/x?qos=1", b"").status == 200
    # RETAIN needs a permission of its own.
    assert refused(connection.ask("POST", "/topics/https/x?retain=true", b""))[0] == 403
    assert refused(https(fleet.identity()).ask("POST", "/topics/https/x", b""))[0] == 403


def test_policies_of_a_request_have_no_client_id_and_no_thing(fleet, https):
    def publish(*statements):
        return https(fleet.identity(*statements)).ask("POST", "/topics/https/v", b"").status

    def when(test):
        return allow("iot:Publish", "*") | {"Condition": test}

    assert publish(allow("iot:Publish", arn("topic", "https/${iot:ClientId}"))) == 403
    for absent in ["iot:ClientId", "iot:Connection.Thing.ThingName"]:
        assert publish(when({"StringLike": {absent: "*"}})) == 403
    assert publish(when({"StringLike": {"iot:CertificateId": "*"}})) == 200
    assert publish(when({"StringEquals": {"iot:DomainName": "localhost"}})) == 200
    assert publish(when({"StringEquals": {"iot:DomainName": "elsewhere"}})) == 403


def test_a_change_of_policy_counts_from_the_next_request(fleet, https):
    policy = fleet.policy(allow("iot:Publish", "*"))
    identity = fleet.identity(policy=policy)
    connection = https(identity)
    assert connection.ask("POST", "/topics/https/p", b"").status == 200
    fleet.iot.detach_policy(policyName=policy, target=fleet.arn(identity))
    assert connection.ask("POST", "/topics/https/p", b"").status == 403


def test_a_retained_message_is_kept_and_read(fleet, device, someone, publisher, https):
    connection = https(publisher)
    assert connection.ask("POST", "/topics/https/kept?qos=1&retain=true", b"kept").status == 200
    listener = device(someone)
    listener.subscribe("https/kept")
    assert listener.next().payload == b"kept"
    answer = connection.ask("GET", "/retainedMessage/https%2Fkept")
    assert base64.b64decode(answer.body["payload"]) == b"kept"
    assert connection.ask("GET", "/retainedMessage").status == 403
    connection.ask("POST", "/topics/https/kept?retain=true", b"")


MALFORMED = [
    ("POST", "/topics/https/a?qos=2", b"", 400, "InvalidRequestException"),
    ("POST", "/topics/https/a?qos=1&retain=maybe", b"", 400, "InvalidRequestException"),
    ("POST", "/topics/https/a/b/c/d/e/f/g/h", b"", 400, "InvalidRequestException"),
    ("POST", "/topics/https/%23", b"", 400, "InvalidRequestException"),
    ("POST", "/topics/https/" + "a" * 300, b"", 400, "InvalidRequestException"),
    ("POST", "/topics/%24aws/things", b"", 400, "InvalidRequestException"),
    ("POST", "/topics/https/a", b"x" * (128 * 1024 + 1), 413, "RequestEntityTooLargeException"),
    ("PUT", "/topics/https/a", b"", 405, "MethodNotAllowedException"),
    ("GET", "/elsewhere", None, 404, "UnknownOperationException"),
    ("GET", "/things", None, 404, "UnknownOperationException"),
]


@pytest.mark.parametrize("method,path,body,status,name", MALFORMED)
def test_what_cannot_be_is_refused(someone, https, method, path, body, status, name):
    answer = https(someone).ask(method, path, body)
    assert refused(answer) == (status, name), answer.body
    assert answer.body["message"]


def test_http_1_0(someone, https):
    connection = https(someone)
    connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"
    assert connection.ask("POST", "/topics/https/old", b"").status == 200


@pytest.mark.parametrize("alpn", [None, "x-amzn-http-ca", "http/1.1"])
def test_alpn_or_the_first_bytes_tell_https_from_mqtt(someone, https, alpn):
    assert https(someone, alpn=alpn).ask("POST", "/topics/https/w", b"").status == 200


def test_every_endpoint_may_have_a_name_and_an_address(own_server):
    own = own_server("""
        [endpoints]
        data = "data.example"
        credentials = "credentials.example"
        jobs = "jobs.example"
        https-listen = "127.0.0.1:0"
        jobs-listen = ["127.0.0.1:0"]
    """)
    server = own.start()
    ready = json.loads((own.directory / "ready.json").read_text())
    fleet = Fleet(server)
    (address,), (jobs,) = ready["https"], ready["jobs"]
    port = address.rpartition(":")[2]

    def described(kind):
        return fleet.iot.describe_endpoint(endpointType=kind)["endpointAddress"]

    mqtt = server.mqtt.rpartition(":")[2]
    assert described("iot:Data-ATS") == described("iot:Data") == f"data.example:{mqtt}"
    assert described("iot:CredentialProvider") == f"credentials.example:{port}"
    assert described("iot:Jobs") == f"jobs.example:{jobs.rpartition(':')[2]}"

    identity = fleet.identity(ALLOW_ALL, allow("iot:AssumeRoleWithCertificate", "*"))
    publish, vend = ("POST", "/topics/a", b""), ("GET", "/role-aliases/nowhere/credentials")
    missing = "Role alias does not exist"
    for at, name, published, said in [
        (address, "data.example", 200, "This endpoint does not serve this path"),
        (address, "jobs.example", 200, "This endpoint does not serve this path"),
        (address, "credentials.example", 404, missing),
        (address, "localhost", 200, missing),
        (jobs, "jobs.example", 200, "This endpoint does not serve this path"),
        (server.mqtt, "data.example", 200, "This endpoint does not serve this path"),
        (server.mqtt, "credentials.example", 404, missing),
    ]:
        connection = Https(server, identity, address=at, host=name)
        assert connection.ask(*publish).status == published, (at, name)
        answer = connection.ask(*vend)
        assert (answer.status, answer.body["message"]) == (404, said), (at, name)
        connection.close()


def test_greengrass_discovery_is_refused_politely(fleet, https):
    allowed = fleet.identity(allow("greengrass:Discover", arn("thing", "core")))
    connection = https(allowed, alpn="x-amzn-http-ca")
    answer = connection.ask("GET", "/greengrass/discover/thing/core")
    assert refused(answer) == (404, "ResourceNotFoundException")
    assert "Greengrass" in answer.body["message"]
    answer = connection.ask("GET", "/greengrass/discover/thing/other")
    assert refused(answer) == (403, "ForbiddenException")


def test_shadows_are_reached_under_the_devices_policies(fleet, https):
    thing = fleet.unique("shadowed")
    fleet.iot.create_thing(thingName=thing)
    actions = ["iot:GetThingShadow", "iot:UpdateThingShadow"]
    connection = https(fleet.identity(allow(actions, arn("thing", thing))))
    body = json.dumps({"state": {"reported": {"on": True}}})
    answer = connection.ask("POST", f"/things/{thing}/shadow", body)
    assert (answer.status, answer.body["version"]) == (200, 1)
    answer = connection.ask("GET", f"/things/{thing}/shadow")
    assert answer.body["state"] == {"reported": {"on": True}}
    assert connection.ask("DELETE", f"/things/{thing}/shadow").status == 403
    assert connection.ask("GET", "/things/another/shadow").status == 403


def test_a_denial_is_in_the_audit_trail_and_a_message_is_not(fleet, https):
    identity = fleet.identity(allow("iot:Publish", arn("topic", "https/*")))
    connection = https(identity)
    assert connection.ask("POST", "/topics/https/x", b"").status == 200
    denied = connection.ask("POST", "/topics/elsewhere", b"")
    command = ["audit", "--endpoint-url", fleet.server.api, "--output", "json"]
    command += ["--credentials", fleet.server.credentials, "--who", identity.id]
    records, deadline = [], time.monotonic() + 30
    while not records and time.monotonic() < deadline:
        records = [json.loads(line) for line in run(*command).stdout.splitlines()]
    (record,) = records
    assert record["requestId"] == denied.headers["x-amzn-requestid"] == denied.body["traceId"]
    assert (record["operation"], record["outcome"]) == ("iotdata:Publish", "Denied")


def test_a_certificate_that_is_switched_off_publishes_no_more(fleet, https):
    identity = fleet.identity(ALLOW_ALL)
    connection = https(identity)
    assert connection.ask("POST", "/topics/https/r", b"").status == 200
    fleet.set_status(identity, "INACTIVE")
    with pytest.raises((http.client.HTTPException, OSError)):
        connection.ask("POST", "/topics/https/r", b"")


def test_a_first_connection_by_https_provisions_just_in_time(fleet, https):
    template = {"templateBody": jitp_body(fleet.policy(ALLOW_ALL)), "roleArn": ROLE}
    identity, _ = Line(fleet, registrationConfig=template).identity()
    invalid = "Certificate is invalid on this endpoint"
    answer = https(identity, alpn="x-amzn-http-ca").ask("POST", "/topics/https/first", b"")
    assert (answer.status, answer.body["message"]) == (403, invalid)
    assert https(identity).ask("POST", "/topics/https/first", b"").status == 200
    stranger, _ = Line(fleet).identity()
    for _ in range(2):
        again = https(stranger, alpn="x-amzn-http-ca").ask("POST", "/topics/https/first", b"")
        assert again.status == 403
