"""The audit trail: every call leaves a record, readable with `fleetwright audit`."""

import json
import os
import pathlib
import subprocess
import time

import pytest
from botocore.exceptions import ClientError

from clients import make_client

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 20


@pytest.fixture
def audit(server):
    """Runs `fleetwright audit`; gives its records, or the error's text when it fails."""

    def run(*arguments, fails=False, output="json"):
        binary = os.environ.get("FLEETWRIGHT_BIN", str(ROOT / "target/debug/fleetwright"))
        command = [binary, "audit", "--api", server.api, "--credentials", server.credentials]
        command += ["--output", output, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if fails:
            assert done.returncode != 0, done.stdout
            return done.stderr
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()] if output == "json" else done

    return run


@pytest.fixture
def record_of(audit):
    """The record of a request, once it is written."""

    def find(request_id, *arguments):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = [r for r in audit(*arguments) if r["requestId"] == request_id]
            if found:
                [record] = found
                return record
            time.sleep(0.05)
        raise AssertionError(f"no record of {request_id}")

    return find


def request_id(answer):
    return answer["ResponseMetadata"]["RequestId"]


def test_a_call_is_recorded_with_names_and_never_with_values(iot, unique, record_of):
    name = unique("thing")
    secret = "hunter2-hunter2"
    answer = iot.create_thing(thingName=name, attributePayload={"attributes": {"pin": secret}})
    record = record_of(request_id(answer), "--operation", "CreateThing")
    assert record["resource"] == name
    assert record["parameters"] == "attributePayload"
    assert record["principal"].startswith("arn:aws:iam::")
    assert record["outcome"] == "Accepted" and record["sourceAddress"] == "127.0.0.1"
    assert record["code"] is None and secret not in json.dumps(record)


def test_a_request_for_a_service_that_is_not_here_is_recorded_by_its_name(server, record_of):
    with pytest.raises(ClientError) as caught:
        make_client(server, "dynamodb").get_item(TableName="devices", Key={"id": {"S": "1"}})
    record = record_of(request_id(caught.value.response), "--outcome", "rejected")
    assert record["operation"] == "dynamodb:GetItem"
    assert record["code"] == "NotImplementedException"
    assert record["principal"] == "anonymous" and record["reason"].startswith("There is no DynamoDB")


def test_a_refusal_is_recorded_with_its_code_and_reason(iot, unique, record_of):
    with pytest.raises(ClientError) as caught:
        iot.describe_thing(thingName=unique("nobody"))
    record = record_of(request_id(caught.value.response), "--outcome", "rejected")
    assert record["code"] == "ResourceNotFoundException"
    assert record["operation"] == "DescribeThing"
    assert record["reason"] == caught.value.response["Error"]["Message"]


def test_a_stranger_is_recorded_as_nobody(server, record_of):
    stranger = make_client(server, access_key="AKIDNOBODY", secret="wrong")
    with pytest.raises(ClientError) as caught:
        stranger.list_things()
    record = record_of(request_id(caught.value.response), "--outcome", "denied")
    assert record["principal"] == "anonymous" and record["operation"] == "unknown"
    assert record["code"] == "UnrecognizedClientException"


def test_calls_of_iam_are_recorded_under_its_name_without_their_values(server, unique, record_of):
    name, secret = unique("role"), "hunter3-hunter3"
    iam = make_client(server, "iam")
    with pytest.raises(ClientError) as caught:
        iam.get_role(RoleName=name)
    record = record_of(request_id(caught.value.response), "--operation", "iam:GetRole")
    assert record["resource"] == name and record["code"] == "NoSuchEntity"
    allow = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    answer = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, Description=secret)
    record = record_of(request_id(answer), "--operation", "iam:CreateRole")
    assert record["parameters"] == "AssumeRolePolicyDocument,Description,RoleName"
    assert record["outcome"] == "Accepted" and secret not in json.dumps(record)


def test_calls_of_sts_and_of_the_data_plane_are_recorded(server, unique, record_of):
    answer = make_client(server, "sts").get_caller_identity()
    assert record_of(request_id(answer))["operation"] == "sts:GetCallerIdentity"
    topic = unique("topic")
    data = make_client(server, "iot-data")
    answer = data.publish(topic=topic, qos=1, payload=json.dumps({"secret-name": 1}))
    record = record_of(request_id(answer), "--operation", "iotdata:Publish")
    assert record["resource"] == topic and record["parameters"] == "qos"


def test_filters_choose_and_wrong_ones_are_refused(iot, audit, record_of):
    answer = iot.list_things()
    record_of(request_id(answer), "--operation", "ListThings", "--since", "1h")
    assert {r["operation"] for r in audit("--operation", "ListThings")} == {"ListThings"}
    assert audit("--who", "no such principal") == []
    assert "is not a time" in audit("--since", "soon", fails=True)
    table = audit("--operation", "ListThings", output="table").stdout
    assert "Accepted" in table and "ListThings" in table
    assert not [r for r in audit() if r["operation"] == "ReadAudit"]


def test_who_follows_hears_of_what_comes(iot, server, unique):
    binary = os.environ.get("FLEETWRIGHT_BIN", str(ROOT / "target/debug/fleetwright"))
    command = [binary, "audit", "--api", server.api, "--credentials", server.credentials]
    command += ["--follow", "--output", "json", "--operation", "CreateThingGroup"]
    following = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        first, second = unique("group"), unique("group")
        iot.create_thing_group(thingGroupName=first)
        heard = []
        while first not in heard:
            heard.append(json.loads(following.stdout.readline())["resource"])
        iot.create_thing_group(thingGroupName=second)
        while second not in heard:
            heard.append(json.loads(following.stdout.readline())["resource"])
        assert len(heard) == len(set(heard))
    finally:
        following.kill()
        following.wait()


def test_work_on_a_function_is_recorded_without_code_and_variables(
    functions, create, function, record_of
):
    made = create(Environment={"Variables": {"PIN": "hunter2-hunter2"}})
    record = record_of(request_id(made), "--operation", "lambda:CreateFunction")
    assert record["resource"] == made["FunctionName"] and record["outcome"] == "Accepted"
    assert set(record["parameters"].split(",")) >= {"Code", "Environment", "Role"}
    assert "hunter2" not in json.dumps(record)
    with pytest.raises(ClientError) as caught:
        functions.invoke(FunctionName=function, Payload=b'{"pin": "hunter2"')
    record = record_of(request_id(caught.value.response), "--operation", "lambda:Invoke")
    assert record["code"] == "InvalidRequestContentException" and record["parameters"] == ""
    with pytest.raises(ClientError) as caught:
        functions.update_function_configuration(FunctionName=function, Timeout=901)
    record = record_of(request_id(caught.value.response))
    assert record["code"] == "InvalidParameterValueException"
    assert (record["resource"], record["parameters"]) == (function, "Timeout")
