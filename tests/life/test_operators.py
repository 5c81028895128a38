"""Who is connected, ending a connection, a message to one client, a live trace."""

import json
import subprocess

import pytest
from botocore.exceptions import ClientError
from paho.mqtt.client import MQTTv5

from fleet import allow, make_client
from running import arn
from serving import BINARY


@pytest.fixture(scope="module")
def data(fleet):
    return make_client(fleet.server, "iot-data")


@pytest.fixture
def command(server):
    def run(*arguments, **options):
        reach = ["--endpoint-url", server.api, "--credentials", str(server.credentials)]
        return subprocess.run(
            [BINARY, *arguments, *reach], capture_output=True, text=True, timeout=30, **options
        )

    return run


def code(refused):
    return refused.value.response["Error"]["Code"]


def test_a_connection_is_shown_and_then_how_it_ended(data, device, someone, command):
    listener = device(someone, "seen", version=MQTTv5)
    listener.subscribe("seen/one", qos=0)
    listener.subscribe("seen/two")
    shown = data.get_connection(clientId="seen", includeSocketInformation=True)
    assert shown["connected"] and shown["clientId"] == "seen" and shown["sourceIp"] == "127.0.0.1"
    assert shown["sourcePort"] and shown["connectedSince"] and shown["sessionExpiry"] == 0
    assert "sourceIp" not in data.get_connection(clientId="seen")
    first = data.list_subscriptions(clientId="seen", maxResults=1)
    assert first["subscriptions"] == [{"topicFilter": "seen/one", "qos": 0}]
    rest = data.list_subscriptions(clientId="seen", nextToken=first["nextToken"])
    assert rest["subscriptions"] == [{"topicFilter": "seen/two", "qos": 1}]
    listed = command("connections", "--output", "json").stdout.splitlines()
    listed = [json.loads(line) for line in listed]
    (mine,) = [each for each in listed if each["clientId"] == "seen"]
    assert mine["mqttVersion"] == "5" and len(mine["subscriptions"]) == 2
    assert "seen/one seen/two" in command("connections").stdout

    assert command("disconnect", "seen").returncode == 0
    listener.end()
    shown = data.get_connection(clientId="seen")
    assert not shown["connected"] and shown["disconnectReason"] == "API_INITIATED_DISCONNECT"
    assert shown["disconnectedSince"]
    with pytest.raises(ClientError) as refused:
        data.delete_connection(clientId="seen")
    assert code(refused) == "ResourceNotFoundException"
    assert "is not connected" in command("disconnect", "seen").stderr


def test_a_message_for_one_client_needs_no_subscription(fleet, data, device, someone):
    receiver = device(someone, "one", version=MQTTv5)
    data.send_direct_message(clientId="one", topic="straight/one", payload=b"hi", confirmation=True)
    heard = receiver.next()
    assert (heard.topic, heard.payload, heard.qos) == ("straight/one", b"hi", 1)
    data.send_direct_message(clientId="one", topic="straight/one", payload=b"again")
    assert receiver.next().qos == 0
    for topic, error in [("$aws/x", "InvalidRequestException"), ("a/+", "InvalidRequestException")]:
        with pytest.raises(ClientError) as refused:
            data.send_direct_message(clientId="one", topic=topic, payload=b"")
        assert code(refused) == error
    with pytest.raises(ClientError) as refused:
        data.send_direct_message(clientId="nobody-there", topic="t", payload=b"")
    assert code(refused) == "ResourceNotFoundException"
    # The receiver's own policies decide too.
    deaf = fleet.identity(allow("iot:Connect", arn("client", "deaf")))
    device(deaf, "deaf")
    with pytest.raises(ClientError) as refused:
        data.send_direct_message(clientId="deaf", topic="t", payload=b"")
    assert code(refused) == "ForbiddenException"


def test_a_trace_shows_packets_and_reasons(fleet, server, device):
    identity = fleet.identity(
        allow("iot:Connect", arn("client", "traced")), allow("iot:Publish", arn("topic", "may"))
    )
    reach = ["--endpoint-url", server.api, "--credentials", str(server.credentials)]
    traced = subprocess.Popen(
        [BINARY, "trace", "traced", "--lines", "5", "--output", "json", *reach],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert "tracing traced" in traced.stderr.readline()
        connection = device(identity, "traced", version=MQTTv5)
        connection.publish("may", b"secret")
        connection.send("must-not", b"", qos=1)
        out, _ = traced.communicate(timeout=30)
    finally:
        traced.kill()
    lines = [json.loads(line) for line in out.splitlines()]
    what = [line["what"] for line in lines]
    assert what[0].startswith("CONNECT V5") and "from 127.0.0.1" in what[0]
    assert what[1].startswith("CONNACK accepted")
    assert what[2].startswith("PUBLISH may") and "6 bytes" in what[2]
    assert what[3].startswith("PUBLISH must-not")
    assert "iot:Publish" in what[4] and "denied" in what[4]
    assert not any("payload" in line for line in lines)


def test_who_uses_a_service_that_is_not_offered_is_logged_once(server, device, someone):
    connection = device(someone, "absent", version=MQTTv5)
    for _ in range(2):
        connection.publish("$aws/things/absent/defender/metrics/json", b"{}")
    lines = [line for line in server.log.read_text().splitlines() if "ServiceNotOffered" in line]
    (line,) = [line for line in lines if "absent" in line]
    assert "Device Defender" in line
