"""The data plane over HTTP: Publish and retained messages."""

import json

import pytest

from clients import make_client


@pytest.fixture(scope="module")
def data(server):
    return make_client(server, "iot-data")


def test_a_retained_message_is_kept_listed_and_removed(data, unique):
    topic = unique("kept") + "/with/levels"
    data.publish(
        topic=topic,
        payload=b"\x00payload",
        qos=1,
        retain=True,
        contentType="text/plain",
        userProperties=json.dumps([{"a": "1"}, {"a": "2"}]),
    )
    found = data.get_retained_message(topic=topic)
    assert (found["topic"], found["payload"], found["qos"]) == (topic, b"\x00payload", 1)
    assert json.loads(found["userProperties"]) == [{"a": "1"}, {"a": "2"}]
    pages = data.get_paginator("list_retained_messages").paginate(
        PaginationConfig={"PageSize": 1}
    )
    listed = {each["topic"]: each for page in pages for each in page["retainedTopics"]}
    assert listed[topic]["payloadSize"] == 8
    assert listed[topic]["lastModifiedTime"] == found["lastModifiedTime"]
    data.publish(topic=topic, payload=b"", retain=True)
    with pytest.raises(data.exceptions.ResourceNotFoundException):
        data.get_retained_message(topic=topic)


def test_without_retain_nothing_is_kept(data, unique):
    topic = unique("passing")
    data.publish(topic=topic, payload=b"gone", qos=1)
    with pytest.raises(data.exceptions.ResourceNotFoundException):
        data.get_retained_message(topic=topic)


@pytest.mark.parametrize(
    "members, word",
    [
        ({"topic": "a/+"}, "wildcards"),
        ({"topic": "x" * 257}, "256"),
        ({"topic": "$aws/events/x"}, "reserved"),
        ({"qos": 2}, "qos"),
        ({"messageExpiry": 604801}, "messageExpiry"),
        ({"responseTopic": "a/#"}, "responseTopic"),
        ({"correlationData": "not base64!"}, "correlation-data"),
        ({"userProperties": "{}"}, "user properties"),
        ({"payloadFormatIndicator": "NONE"}, "payload format"),
    ],
)
def test_members_are_checked(data, members, word):
    with pytest.raises(data.exceptions.InvalidRequestException) as caught:
        data.publish(**{"topic": "a", "payload": b"p"} | members)
    assert word in str(caught.value)


def test_a_payload_has_128_kilobytes(data, unique):
    data.publish(topic=unique("big"), payload=b"x" * 131072)
    with pytest.raises(data.exceptions.ClientError) as caught:
        data.publish(topic=unique("big"), payload=b"x" * 131073)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
