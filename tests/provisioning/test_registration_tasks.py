"""Bulk registration: from a directory and from an S3-compatible store, stopped and killed."""

import http.client
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.exceptions import ClientError

from device import Device
from fleet import AS_ITSELF, ROLE, ROLE_POLICY, Fleet, allow, document
from identity import Identity, key_pem, make_csr, make_key
from serving import PATIENCE, free_port

TYPE = {"Type": "String"}


def body(policy):
    thing = {"ThingName": {"Ref": "ThingName"}, "AttributePayload": {"serial": {"Ref": "Serial"}}}
    return json.dumps(
        {
            "Parameters": {"ThingName": TYPE, "Serial": TYPE, "CSR": TYPE},
            "Resources": {
                "thing": {"Type": "AWS::IoT::Thing", "Properties": thing},
                "certificate": {
                    "Type": "AWS::IoT::Certificate",
                    "Properties": {"CertificateSigningRequest": {"Ref": "CSR"}},
                },
                "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": policy}},
            },
        }
    )


class Plant:
    """A server whose bulk input comes from a directory, and the operator's side of it."""

    def __init__(self, own, directory):
        self.own, self.directory = own, directory
        self.fleet = Fleet(own.start())
        self.iot = self.fleet.iot
        self.key = make_key()
        self.csr = make_csr(self.key)
        self.body = body(self.fleet.policy(*AS_ITSELF))

    def line(self, thing, **more):
        return json.dumps({"ThingName": thing, "Serial": "1", "CSR": self.csr} | more)

    def put(self, *lines):
        """The key of a file of these lines in the bucket."""
        key = self.fleet.unique("input") + ".jsonl"
        (self.directory / "plant" / key).write_text("\n".join(lines) + "\n")
        return key

    def start(self, key, bucket="plant", **changed):
        members = {"templateBody": self.body, "inputFileBucket": bucket, "inputFileKey": key}
        members |= {"roleArn": ROLE} | changed
        return self.iot.start_thing_registration_task(**members)["taskId"]

    def describe(self, task):
        return self.iot.describe_thing_registration_task(taskId=task)

    def end(self, task):
        deadline = time.monotonic() + PATIENCE
        while (found := self.describe(task))["status"] in ("InProgress", "Cancelling"):
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
        return found

    def links(self, task, kind, **paging):
        found = self.iot.list_thing_registration_task_reports(
            taskId=task, reportType=kind, **paging
        )
        assert found["reportType"] == kind
        return found

    def report(self, task, kind):
        lines = []
        for link in self.links(task, kind)["resourceLinks"]:
            with urllib.request.urlopen(link) as answer:
                lines += [json.loads(line) for line in answer.read().splitlines()]
        return lines


@pytest.fixture(scope="module")
def plant(own_server, tmp_path_factory):
    directory = tmp_path_factory.mktemp("buckets")
    (directory / "plant").mkdir()
    own = own_server(f'[bulk]\ndirectory = "{directory}"')
    return Plant(own, directory)


def test_every_line_becomes_a_thing_or_an_error_of_the_reports(plant):
    good, again = plant.fleet.unique("thing"), plant.fleet.unique("thing")
    lines = [
        plant.line(good),
        "{not json",
        plant.line("a name"),
        "",
        json.dumps({"ThingName": "x", "Serial": "1"}),
        json.dumps({"ThingName": 7}),
        json.dumps({"ThingName": "x", "pad": "x" * 256 * 1024}),
        plant.line(again),
    ]
    task = plant.start(plant.put(*lines))
    ended = plant.end(task)
    assert ended["status"] == "Completed" and ended["percentageProgress"] == 100
    assert (ended["successCount"], ended["failureCount"]) == (2, 5)
    assert (ended["roleArn"], ended["inputFileBucket"]) == (ROLE, "plant")
    assert ended["templateBody"] == plant.body and ended["creationDate"]
    results = plant.report(task, "RESULTS")
    assert [each["line"] for each in results] == [1, 8]
    response = results[0]["response"]
    assert response["resourceArns"]["thing"].endswith(f"thing/{good}")
    errors = plant.report(task, "ERRORS")
    assert [each["line"] for each in errors] == [2, 3, 5, 6, 7]
    assert errors[0]["offset"] == len(lines[0]) + 1
    assert {each["errorCode"] for each in errors} == {"InvalidRequestException"}
    assert all(each["message"] for each in errors)
    identity = Identity(response["certificatePem"], key_pem(plant.key))
    with Device(plant.fleet.server, identity, good):
        pass


def test_lines_of_one_thing_are_taken_in_the_order_of_the_file(plant):
    """As a factory's export has them that was run again: the first counts, later ones differ."""
    things = [plant.fleet.unique("thing") for _ in range(4)]
    first, other = ([plant.line(thing, Serial=serial) for thing in things] for serial in ("1", "2"))
    task = plant.start(plant.put(*first, *other, *other, *first))
    ended = plant.end(task)
    # Equal properties are no conflict.
    assert [each["line"] for each in plant.report(task, "RESULTS")] == [1, 2, 3, 4, 13, 14, 15, 16]
    assert ended["failureCount"] == 8
    for thing in things:
        described = plant.iot.describe_thing(thingName=thing)
        assert described["attributes"] == {"serial": "1"}, described


def test_the_tasks_role_must_allow_what_a_line_changes(plant):
    fleet, missing = plant.fleet, "arn:aws:iam::123456789012:role/nobody-made-this"
    name = fleet.unique("role")
    narrow = fleet.role(name)
    fleet.iam.put_role_policy(
        RoleName=name, PolicyName="most", PolicyDocument=document(
            allow(["iot:CreateThing", "iot:CreateCertificateFromCsr", "iot:AttachThing*"], "*")
        ),
    )  # fmt: skip
    stranger = fleet.role(fleet.unique("role"), ROLE_POLICY, service="lambda.amazonaws.com")
    for role, why in (
        (missing, "does not exist"),
        (stranger, "does not trust iot.amazonaws.com"),
        (narrow, "does not allow iot:AttachPolicy"),
    ):
        thing = fleet.unique("thing")
        task = plant.start(plant.put(plant.line(thing)), roleArn=role)
        assert plant.end(task)["failureCount"] == 1
        (error,) = plant.report(task, "ERRORS")
        assert error["errorCode"] == "UnauthorizedException"
        assert error["message"] == f"The role of this registration task {why}."
        assert not fleet.exists(thing)
    fleet.iam.attach_role_policy(RoleName=name, PolicyArn=ROLE_POLICY)
    task = plant.start(plant.put(plant.line(thing)), roleArn=narrow)
    assert plant.end(task)["successCount"] == 1 and fleet.exists(thing)


def test_roles_are_left_alone_if_the_configuration_says_so(own_server, tmp_path):
    (tmp_path / "plant").mkdir()
    own = own_server(f'check-role = false\n[bulk]\ndirectory = "{tmp_path}"')
    plant = Plant(own, tmp_path)
    missing = "arn:aws:iam::123456789012:role/nobody-made-this"
    task = plant.start(plant.put(plant.line("thing")), roleArn=missing)
    assert plant.end(task)["successCount"] == 1


def test_reports_are_for_those_who_hold_the_link(plant):
    task = plant.start(plant.put(plant.line(plant.fleet.unique("thing"))))
    plant.end(task)
    assert plant.links(task, "ERRORS")["resourceLinks"] == []
    (link,) = plant.links(task, "RESULTS")["resourceLinks"]
    head, _, token = link.rpartition("/")
    # Not the last digit: some of its bits stand for nothing.
    changed = token[:-8] + ("B" if token[-8] == "A" else "A") + token[-7:]
    for wrong in [f"{head}/{changed}", f"{head}/x", f"{head}/{'A' * 600}"]:
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(wrong)
        assert caught.value.code == 404


def test_one_task_at_a_time_and_a_stopped_one_ends_early(plant):
    count = 3000
    names = [f"stopped-{n}" for n in range(count)]
    task = plant.start(plant.put(*(plant.line(name) for name in names)))
    with pytest.raises(ClientError) as caught:
        plant.start("other.jsonl")
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidRequestException" and task in error["Message"]
    in_progress = plant.iot.list_thing_registration_tasks(status="InProgress")["taskIds"]
    assert in_progress == [task]
    plant.iot.stop_thing_registration_task(taskId=task)
    ended = plant.end(task)
    assert ended["status"] == "Cancelled" and ended["successCount"] < count
    plant.iot.stop_thing_registration_task(taskId=task)
    assert ended["percentageProgress"] < 100
    assert plant.iot.list_thing_registration_tasks(status="InProgress")["taskIds"] == []
    assert task in plant.iot.list_thing_registration_tasks(status="Cancelled")["taskIds"]


def test_a_killed_server_goes_on_and_registers_no_line_twice(plant):
    count, prefix = 600, plant.fleet.unique("killed")
    lines = [plant.line(f"{prefix}-{n}", Serial=str(n)) for n in range(count)]
    key = plant.put(*lines)
    task = plant.start(key)
    deadline = time.monotonic() + PATIENCE
    while plant.describe(task)["successCount"] < 20:
        assert time.monotonic() < deadline
    plant.own.kill()
    # The input is the server's own by now.
    (plant.directory / "plant" / key).write_text("{}")
    plant.fleet.server = plant.own.start()
    ended = plant.end(task)
    assert (ended["status"], ended["successCount"]) == ("Completed", count), ended
    results = plant.report(task, "RESULTS")
    assert [each["line"] for each in results] == list(range(1, count + 1))
    for n in (0, 20, count // 2, count - 1):
        principals = plant.fleet.principals(f"{prefix}-{n}")
        assert principals == [results[n]["response"]["resourceArns"]["certificate"]]
    listed = set()
    for page in plant.iot.get_paginator("list_certificates").paginate(pageSize=250):
        listed |= {each["certificateArn"] for each in page["certificates"]}
    held = set()
    for page in plant.iot.get_paginator("list_things").paginate(maxResults=250):
        names = [each["thingName"] for each in page["things"]]
        held |= {p for name in names if name.startswith(prefix) for p in plant.fleet.principals(name)}
    ours = {each["response"]["resourceArns"]["certificate"] for each in results}
    assert held == ours <= listed


@pytest.mark.parametrize(
    ("bucket", "key"),
    [("plant", "absent"), ("plant", "../secret"), ("absent", "x"), ("...", "secret")],
)
def test_an_input_that_is_not_there_fails_the_task_and_says_why(plant, bucket, key):
    (plant.directory / "secret").write_text(plant.line("secret") + "\n")
    ended = plant.end(plant.start(key, bucket))
    assert ended["status"] == "Failed" and bucket in ended["message"]
    assert ended["successCount"] == 0
    with pytest.raises(ClientError) as caught:
        plant.iot.stop_thing_registration_task(taskId=ended["taskId"])
    assert caught.value.response["Error"]["Code"] == "InvalidRequestException"


def test_what_is_not_a_task_is_refused(plant):
    def refused(operation, **members):
        with pytest.raises(ClientError) as caught:
            operation(**members)
        return caught.value.response["Error"]["Code"]

    for changed in [{"roleArn": "x" * 20}, {"templateBody": "{}"}, {"inputFileKey": "a b"},
                    {"inputFileBucket": "a/b/c"}]:  # fmt: skip
        assert refused(plant.start, key="x", **changed) == "InvalidRequestException"
    absent = {"taskId": "00000000-0000-4000-8000-000000000000"}
    assert refused(plant.iot.describe_thing_registration_task, **absent) == (
        "ResourceNotFoundException"
    )
    assert refused(plant.iot.stop_thing_registration_task, taskId="x") == (
        "ResourceNotFoundException"
    )
    reports = plant.iot.list_thing_registration_task_reports
    assert refused(reports, reportType="ERRORS", **absent) == "InvalidRequestException"
    assert refused(reports, reportType="x", **absent) == "InvalidRequestException"
    assert refused(plant.iot.list_thing_registration_tasks, status="x") == (
        "InvalidRequestException"
    )


@pytest.fixture(scope="module")
def s3():
    """moto's S3, which checks signatures once it has its user: the endpoint and a key."""
    port = free_port()
    environment = os.environ | {"INITIAL_NO_AUTH_ACTION_COUNT": "3"}
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            probe = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            probe.request("GET", "/moto-api/")
            probe.getresponse()
            break
        except OSError:
            assert server.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
    url = f"http://127.0.0.1:{port}"
    iam = boto3.client("iam", endpoint_url=url, aws_access_key_id="x", aws_secret_access_key="x",
                       region_name="us-east-1")  # fmt: skip
    iam.create_user(UserName="store")
    made = iam.create_access_key(UserName="store")["AccessKey"]
    iam.put_user_policy(
        UserName="store", PolicyName="all", PolicyDocument=document(allow("s3:*", "*"))
    )
    yield url, made["AccessKeyId"], made["SecretAccessKey"]
    server.kill()
    server.wait()


def test_the_input_may_lie_in_an_s3_compatible_store(own_server, s3, tmp_path):
    url, key_id, secret = s3
    bucket, key = "factory", "day-1/it's-(new)!.jsonl"
    store = boto3.client("s3", endpoint_url=url, aws_access_key_id=key_id,
                         aws_secret_access_key=secret, region_name="us-east-1")  # fmt: skip
    store.create_bucket(Bucket=bucket)
    credentials = tmp_path / "credentials"

    def configure(secret):
        text = f"[default]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n"
        credentials.write_text(text)

    configure(secret)
    config = f'[bulk]\ns3-endpoint = "{url}"\ns3-credentials-file = "{credentials}"'
    plant = Plant(own_server(config), tmp_path)
    names = [plant.fleet.unique("thing") for _ in range(20)]
    store.put_object(Bucket=bucket, Key=key, Body="\n".join(map(plant.line, names)).encode())
    ended = plant.end(plant.start(key, bucket))
    assert (ended["status"], ended["successCount"]) == ("Completed", 20), ended
    assert all(plant.fleet.exists(name) for name in names)
    ended = plant.end(plant.start("absent", bucket))
    assert ended["status"] == "Failed" and "NoSuchKey" in ended["message"]
    configure("another")
    ended = plant.end(plant.start(key, bucket))
    assert ended["status"] == "Failed" and "SignatureDoesNotMatch" in ended["message"]
