"""Rates of one connection: who publishes too often is read more slowly, and loses nothing."""

import json

import pytest
from botocore.exceptions import ClientError

from device import Device
from fleet import ALLOW_ALL, Fleet, make_client


def test_who_publishes_too_often_waits(own_server):
    own = own_server("[mqtt]\npublishes-per-second = 5")
    server = own.start()
    identity = Fleet(server).identity(ALLOW_ALL)
    with Device(server, identity, "often") as often, Device(server, identity, "hears") as hears:
        hears.subscribe("often")
        for number in range(9):
            often.send("often", str(number), qos=1)
        assert [hears.next().payload for _ in range(9)] == [b"%d" % number for number in range(9)]
    lines = [line for line in own.log.read_text().splitlines() if "LimitReached" in line]
    assert len(lines) == 1 and "publishes-per-second" in lines[0] and "often" in lines[0]


def test_a_shadow_that_is_asked_too_often_answers_429(own_server):
    own = own_server("[shadows]\nrequests-per-second = 2\n[control]\nmetrics = true")
    server = own.start()
    data = make_client(server, "iot-data")
    identity = Fleet(server).identity(ALLOW_ALL)
    with Device(server, identity, "asks") as asks:
        asks.subscribe("$aws/things/often/shadow/+/+")
        codes = []
        for number in range(12):
            body = json.dumps({"state": {}, "clientToken": str(number)})
            asks.publish("$aws/things/often/shadow/update", body)
            while True:
                message = asks.next()
                if not message.topic.endswith("/documents"):
                    break
            answer = json.loads(message.payload)
            assert answer["clientToken"] == str(number)
            codes.append(answer.get("code", 200))
            if codes[-1] == 429:
                assert answer["message"] == "Too many requests"
        assert codes[:2] == [200, 200] and 429 in codes
        # HTTP counts for the same rate; another shadow has its own.
        with pytest.raises(ClientError) as refused:
            for _ in range(50):
                data.get_thing_shadow(thingName="often")
        assert refused.value.response["Error"]["Code"] == "ThrottlingException"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
        data.update_thing_shadow(thingName="seldom", payload=b'{"state":{}}')
    lines = [line for line in own.log.read_text().splitlines() if "LimitReached" in line]
    assert lines and "[shadows] requests-per-second" in lines[0] and "things/often" in lines[0]
