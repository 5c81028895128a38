"""What is logged of devices: set with AWS's operations, in force in the server's log."""

import socket
import time

import pytest

from clients import make_client
from running import ACCOUNT

ROLE = f"arn:aws:iam::{ACCOUNT}:role/logs"


@pytest.fixture(scope="module")
def own(start_server):
    """A server of our own: its log's level changes."""
    return start_server("logging")


@pytest.fixture(scope="module")
def logging_iot(own):
    return make_client(own)


def refused_connection(server):
    """What logs a line of the gateway: a peer that speaks no TLS."""
    host, port = server.mqtt.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
        while peer.recv(1024):
            pass


def lines(server):
    return sum("fleetwright_gateway" in line for line in server.log.read_text().splitlines())


def is_logged(server):
    """Whether such a line comes; the level takes effect after the answer."""
    before = lines(server)
    refused_connection(server)
    for _ in range(10):
        if lines(server) > before:
            return True
        time.sleep(0.05)
    return False


def until(server, wanted):
    for _ in range(40):
        if is_logged(server) == wanted:
            return
    raise AssertionError(f"logged is not {wanted}")


def test_options_are_in_force(own, logging_iot, refused):
    iot = logging_iot
    code, status, _ = refused(iot.get_v2_logging_options)
    assert (code, status) == ("NotConfiguredException", 404)
    assert refused(iot.list_v2_logging_levels)[0] == "NotConfiguredException"
    assert "roleArn" not in iot.get_logging_options()
    until(own, True)
    iot.set_v2_logging_options(roleArn=ROLE, defaultLogLevel="DISABLED")
    found = iot.get_v2_logging_options()
    assert (found["roleArn"], found["defaultLogLevel"]) == (ROLE, "DISABLED")
    assert found["disableAllLogs"] is False
    until(own, False)
    iot.set_v2_logging_options(roleArn=ROLE, defaultLogLevel="DEBUG")
    until(own, True)
    iot.set_v2_logging_options(disableAllLogs=True)
    found = iot.get_v2_logging_options()
    assert (found["defaultLogLevel"], found["disableAllLogs"]) == ("DEBUG", True)
    until(own, False)
    # The older operations say the same.
    iot.set_v2_logging_options(defaultLogLevel="ERROR")
    assert iot.get_logging_options()["logLevel"] == "ERROR"
    iot.set_logging_options(loggingOptionsPayload={"roleArn": ROLE, "logLevel": "INFO"})
    assert iot.get_v2_logging_options()["defaultLogLevel"] == "INFO"
    until(own, True)


def test_levels_of_targets_are_kept(logging_iot, refused):
    iot = logging_iot
    iot.set_v2_logging_options(roleArn=ROLE, defaultLogLevel="INFO")
    wanted = [
        {"logTarget": {"targetType": "CLIENT_ID", "targetName": "a"}, "logLevel": "DEBUG"},
        {"logTarget": {"targetType": "THING_GROUP", "targetName": "g"}, "logLevel": "ERROR"},
    ]
    for target in wanted:
        iot.set_v2_logging_level(**target)
    default = {"logTarget": {"targetType": "DEFAULT"}, "logLevel": "INFO"}
    listed = iot.list_v2_logging_levels()
    assert listed["logTargetConfigurations"] == [default, *wanted] and "nextToken" not in listed
    pages = iot.get_paginator("list_v2_logging_levels").paginate(PaginationConfig={"PageSize": 2})
    found = sum((page["logTargetConfigurations"] for page in pages), [])
    assert found == [default, *wanted]
    of_kind = iot.list_v2_logging_levels(targetType="CLIENT_ID")["logTargetConfigurations"]
    assert of_kind == wanted[:1]
    for _ in range(2):
        iot.delete_v2_logging_level(targetType="CLIENT_ID", targetName="a")
    assert iot.list_v2_logging_levels()["logTargetConfigurations"] == [default, wanted[1]]
    iot.set_v2_logging_level(logTarget={"targetType": "DEFAULT"}, logLevel="WARN")
    assert iot.get_v2_logging_options()["defaultLogLevel"] == "WARN"
    for members in (
        {"logTarget": {"targetType": "NOTHING", "targetName": "a"}, "logLevel": "INFO"},
        {"logTarget": {"targetType": "CLIENT_ID"}, "logLevel": "INFO"},
        {"logTarget": {"targetType": "CLIENT_ID", "targetName": "a"}, "logLevel": "LOUD"},
    ):
        error = refused(iot.set_v2_logging_level, **members)
        assert error[:2] == ("InvalidRequestException", 400), members
