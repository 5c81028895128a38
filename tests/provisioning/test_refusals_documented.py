"""docs/refusals.md: each row's refusal is provoked, and the line that the row promises is logged.
Rows and provocations match one to one."""

import datetime
import http.client
import json
import pathlib
import re
import socket
import ssl
import time
import urllib.parse
import uuid

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from device import Device, Refused, provision
from fleet import ALLOW_ALL, AS_ITSELF, ROLE_POLICY, allow, document, template_body
from hooks import Hooks
from identity import Identity, self_signed
from own_ca import OwnCa
from running import arn

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs/refusals.md"
PATIENCE = 20


def rows():
    """Name of each row, and the text of its log line as a pattern: `…` stands for anything."""
    found = {}
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 5 and cells[0] != "refusal":
            if set(cells[0]) <= set("-"):
                continue
            logged = cells[2].strip("`")
            assert cells[0] not in found, f"two rows are called {cells[0]}"
            found[cells[0]] = ".*".join(map(re.escape, logged.split("…")))
    return found


PROVOKE = {}


def row(function):
    PROVOKE[function.__name__.replace("_", " ")] = function
    return function


def refused(server, identity, **options):
    with pytest.raises((Refused, OSError)):
        Device(server, identity, **options).close()


def raw(server, data):
    host, port = server.mqtt.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(data)
        connection.recv(1000)


@row
def no_certificate(server, fleet, claim):
    refused(server, None)


@row
def server_not_trusted(server, fleet, claim):
    host, port = server.mqtt.rsplit(":", 1)
    context = ssl.create_default_context()
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(connection, server_hostname="localhost")


@row
def certificate_expired(server, fleet, claim):
    refused(server, self_signed(ends_in=-datetime.timedelta(days=1)))


@row
def HTTP_on_the_MQTT_port(server, fleet, claim):
    raw(server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")


@row
def MQTT_without_TLS(server, fleet, claim):
    raw(server, b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a")


@row
def certificate_unknown(server, fleet, claim):
    refused(server, self_signed())


@row
def certificate_inactive(server, fleet, claim):
    identity = fleet.identity(ALLOW_ALL)
    fleet.set_status(identity, "INACTIVE")
    refused(server, identity)


@row
def certificate_pending(server, fleet, claim):
    with Device(server, claim) as device:
        identity, _ = device.certificate_from_csr()
    refused(server, identity)


@row
def client_id_not_allowed(server, fleet, claim):
    refused(server, fleet.identity(allow("iot:Connect", arn("client", "other"))))


@row
def publish_not_allowed(server, fleet, claim):
    identity = fleet.identity(allow("iot:Connect", "*"))
    with Device(server, identity) as device:
        device.send("t")
        device.end()


@row
def reserved_topic(server, fleet, claim):
    with Device(server, fleet.identity(ALLOW_ALL)) as device:
        device.send("$aws/certificates/create")
        device.end()


@row
def reserved_filter(server, fleet, claim):
    with Device(server, fleet.identity(ALLOW_ALL)) as device:
        device.subscribe("$aws/certificates/create/accepted")


@row
def device_service_not_offered(server, fleet, claim):
    with Device(server, fleet.identity(ALLOW_ALL)) as device:
        prefix = f"$aws/things/{fleet.unique('thing')}/defender/metrics/json"
        device.subscribe(f"{prefix}/rejected")
        device.send(prefix, '{"header": {"report_id": 1}}')
        assert device.next().topic == f"{prefix}/rejected"


@row
def AWS_service_not_here(server, fleet, claim):
    key, secret = administrator(fleet)
    client = boto3.client(
        "dynamodb",
        endpoint_url=server.api,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(ClientError) as answer:
        client.list_tables()
    assert answer.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


@row
def CSR_is_none(server, fleet, claim):
    with Device(server, claim) as device:
        body = {"certificateSigningRequest": "file://device.csr"}
        device.rejected("$aws/certificates/create-from-csr", body)


@row
def token_missing(server, fleet, claim):
    with Device(server, claim) as device:
        device.rejected(provision(fleet.template()), {"parameters": {}})


def registering(server, fleet, claim, body=None, role=None, **parameters):
    body = body or template_body(fleet.policy(*AS_ITSELF))
    template = fleet.template(body, **({"role": role} if role else {}))
    with Device(server, claim) as device:
        _, token = device.certificate_from_csr()
        assert not device.register(template, token, **parameters).accepted


@row
def parameter_missing(server, fleet, claim):
    registering(server, fleet, claim)


@row
def role_does_not_exist(server, fleet, claim):
    missing = "arn:aws:iam::123456789012:role/nobody-made-this"
    registering(server, fleet, claim, role=missing, SerialNumber="1")


@row
def role_trusts_another_service(server, fleet, claim):
    role = fleet.role(fleet.unique("role"), ROLE_POLICY, service="lambda.amazonaws.com")
    registering(server, fleet, claim, role=role, SerialNumber="1")


@row
def role_trusts_on_a_condition(server, fleet, claim):
    name = fleet.unique("role")
    role = fleet.role(name, ROLE_POLICY)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "iot.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}},
    }
    fleet.iam.update_assume_role_policy(RoleName=name, PolicyDocument=document(statement))
    registering(server, fleet, claim, role=role, SerialNumber="1")


@row
def role_lacks_a_permission(server, fleet, claim):
    registering(server, fleet, claim, role=fleet.role(fleet.unique("role")), SerialNumber="1")


@row
def hook_function_missing(server, fleet, claim):
    body = template_body(fleet.policy(*AS_ITSELF))
    absent = "arn:aws:lambda:us-east-1:123456789012:function:absent"
    template = fleet.template(body, hook=absent)
    with Device(server, claim) as device:
        _, token = device.certificate_from_csr()
        assert not device.register(template, token, SerialNumber="1").accepted


def asking_hook(server, fleet, claim, function):
    hooks = Hooks()
    try:
        template = fleet.template(hook=hooks.at(function))
        with Device(server, claim) as device:
            _, token = device.certificate_from_csr()
            assert not device.register(template, token, SerialNumber="1").accepted
    finally:
        hooks.close()


@row
def hook_refuses(server, fleet, claim):
    asking_hook(server, fleet, claim, lambda request: {"allowProvisioning": False})


@row
def hook_answers_something_else(server, fleet, claim):
    asking_hook(server, fleet, claim, lambda request: {"allowed": True})


@row
def hook_fails(server, fleet, claim):
    asking_hook(server, fleet, claim, lambda request: 1 / 0)


@row
def bulk_file_missing(server, fleet, claim):
    body = json.loads(json.dumps(template_body(fleet.policy(*AS_ITSELF))))
    body["Parameters"]["CSR"] = {"Type": "String"}
    for resource in body["Resources"].values():
        if resource["Type"] == "AWS::IoT::Certificate":
            resource["Properties"] = {"CertificateSigningRequest": {"Ref": "CSR"}}
    fleet.iot.start_thing_registration_task(
        templateBody=json.dumps(body),
        inputFileBucket="absent",
        inputFileKey="absent.jsonl",
        roleArn=fleet.role(fleet.unique("role"), ROLE_POLICY),
    )


@row
def template_names_what_is_missing(server, fleet, claim):
    fleet.template(template_body("no-such-policy"))


@row
def template_lacks_the_subject(server, fleet, claim):
    body = template_body(fleet.policy(*AS_ITSELF))
    body = json.dumps(body).replace("SerialNumber", "AWS::IoT::Certificate::Country")
    ca = OwnCa(fleet.unique("ca"))
    config = {"templateBody": body, "roleArn": fleet.role(fleet.unique("role"), ROLE_POLICY)}
    ca.register(fleet.iot, registrationConfig=config, allowAutoRegistration=True, setAsActive=True)
    refused(server, identity_of(ca))


@row
def role_of_a_CA_lacks_a_permission(server, fleet, claim):
    body = template_body(fleet.policy(*AS_ITSELF))
    body = json.dumps(body).replace("SerialNumber", "AWS::IoT::Certificate::CommonName")
    ca = OwnCa(fleet.unique("ca"))
    config = {"templateBody": body, "roleArn": fleet.role(fleet.unique("role"))}
    ca.register(fleet.iot, registrationConfig=config, allowAutoRegistration=True, setAsActive=True)
    refused(server, identity_of(ca))


@row
def CA_does_not_register_by_itself(server, fleet, claim):
    ca = OwnCa(fleet.unique("ca"))
    ca.register(fleet.iot, allowAutoRegistration=False, setAsActive=True)
    refused(server, identity_of(ca))


def identity_of(ca):
    return Identity(*ca.issue(CN=uuid.uuid4().hex))


def asking_as(server, key, secret, region="us-east-1"):
    client = boto3.client(
        "iot",
        endpoint_url=server.api,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )
    with pytest.raises(ClientError):
        client.list_things()


def administrator(fleet):
    credentials = fleet.iot._request_signer._credentials
    return credentials.access_key, credentials.secret_key


@row
def wrong_secret(server, fleet, claim):
    asking_as(server, administrator(fleet)[0], "x" * 40)


@row
def access_key_unknown(server, fleet, claim):
    asking_as(server, "AKIAIOSFODNN7EXAMPLE", "x" * 40)


@row
def another_region(server, fleet, claim):
    asking_as(server, *administrator(fleet), region="eu-west-1")


@row
def clock_differs(server, fleet, claim):
    url = urllib.parse.urlsplit(server.api)
    key = administrator(fleet)[0]
    scope = f"{key}/20200101/us-east-1/iot/aws4_request"
    signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
    headers = {"Authorization": signed, "x-amz-date": "20200101T000000Z"}
    connection = http.client.HTTPConnection(url.netloc, timeout=PATIENCE)
    connection.request("GET", "/things", headers=headers)
    assert connection.getresponse().status == 403
    connection.close()


@row
def caller_not_allowed(server, fleet, claim):
    user = fleet.unique("user")
    fleet.iam.create_user(UserName=user)
    key = fleet.iam.create_access_key(UserName=user)["AccessKey"]
    asking_as(server, key["AccessKeyId"], key["SecretAccessKey"])


def test_rows_and_provocations_match():
    assert set(rows()) == set(PROVOKE)


@pytest.mark.parametrize("name", sorted(PROVOKE))
def test_a_row_is_as_documented(server, fleet, claim, name):
    pattern = re.compile(rows()[name])
    before = server.log.stat().st_size
    PROVOKE[name](server, fleet, claim)
    deadline = time.monotonic() + PATIENCE
    while True:
        with server.log.open("rb") as log:
            log.seek(before)
            text = log.read().decode()
        if pattern.search(text):
            return
        assert time.monotonic() < deadline, f"no line has {pattern.pattern}:\n{text}"
        time.sleep(0.05)
