"""The credentials provider: certificates become sessions of roles, which open this server's APIs."""

import datetime
import http.client
import json
import ssl
import time

import pytest
from botocore.exceptions import ClientError

from aliased import ASSUME, Setup, client, refused
from fleet import allow, document
from over_https import Https
from running import arn
from serving import run


@pytest.fixture(scope="module")
def setup(fleet):
    return Setup(fleet, allow("iot:DescribeThing", arn("thing", "${credentials-iot:ThingName}")))


def test_a_device_gets_the_credentials_of_the_aliass_role(setup):
    answer = setup.ask(setup.thing)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    made = answer.body["credentials"]
    assert set(made) == {"accessKeyId", "secretAccessKey", "sessionToken", "expiration"}
    assert made["accessKeyId"].startswith("ASIA")
    ends = datetime.datetime.strptime(made["expiration"], "%Y-%m-%dT%H:%M:%S%z")
    left = ends - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(minutes=50) < left <= datetime.timedelta(hours=1)
    caller = client(setup.fleet.server, "sts", made).get_caller_identity()
    session = f"assumed-role/{setup.role}/{setup.device.id}"
    assert caller["Arn"] == f"arn:aws:sts::123456789012:{session}"


def test_the_role_may_be_bound_to_the_devices_thing(setup):
    iot = client(setup.fleet.server, "iot", setup.ask(setup.thing).body["credentials"])
    assert iot.describe_thing(thingName=setup.thing)["thingTypeName"] == setup.kind
    other = setup.fleet.unique("other")
    setup.fleet.iot.create_thing(thingName=other)
    for denied, members in [(iot.describe_thing, {"thingName": other}), (iot.list_things, {})]:
        with pytest.raises(ClientError, match="AccessDenied"):
            denied(**members)
    # Without the header there is no such variable.
    iot = client(setup.fleet.server, "iot", setup.ask().body["credentials"])
    with pytest.raises(ClientError, match="AccessDenied"):
        iot.describe_thing(thingName=setup.thing)


def test_certificate_and_thing_type_are_condition_keys(fleet):
    setup = Setup(fleet)
    named = {
        "credentials-iot:AwsCertificateId": setup.device.id,
        "credentials-iot:ThingTypeName": setup.kind,
    }
    statement = allow("iot:ListThings", "*") | {"Condition": {"StringEquals": named}}
    fleet.iam.put_role_policy(
        RoleName=setup.role, PolicyName="own", PolicyDocument=document(statement)
    )
    client(fleet.server, "iot", setup.ask(setup.thing).body["credentials"]).list_things()
    with pytest.raises(ClientError, match="AccessDenied"):
        client(fleet.server, "iot", setup.ask().body["credentials"]).list_things()


def test_another_thing_is_refused_as_one_that_is_not_there(setup):
    stranger = setup.fleet.unique("stranger")
    setup.fleet.iot.create_thing(thingName=stranger)
    for thing in [stranger, "nowhere", "not a name"]:
        invalid = (403, "AccessDeniedException", "Invalid thing name passed")
        assert refused(setup.ask(thing)) == invalid


def test_the_devices_policies_decide_before_the_alias_is_looked_up(setup):
    denied = (403, "AccessDeniedException", "Access Denied")
    assert refused(setup.ask(alias="nowhere")) == denied
    bare = setup.fleet.identity(allow("iot:Connect", "*"))
    assert refused(setup.ask(device=bare)) == denied


def test_an_alias_that_is_not_there(setup):
    anyone = setup.fleet.identity(allow(ASSUME, arn("rolealias", "*")))
    for alias in ["nowhere", setup.alias.upper(), "not%20a%20name"]:
        answer = refused(setup.ask(alias=alias, device=anyone))
        assert answer == (404, "ResourceNotFoundException", "Role alias does not exist")


def test_a_role_that_cannot_be_assumed(fleet):
    unable = "Unable to assume the role, or the role to assume does not exist"
    foreign = Setup(fleet, service="iot.amazonaws.com")
    gone = Setup(fleet)
    assert gone.ask().status == 200
    fleet.iam.delete_role(RoleName=gone.role)
    for setup in [foreign, gone]:
        assert refused(setup.ask()) == (400, "InvalidRequestException", unable)


def test_the_alias_says_for_how_long_within_the_roles_longest_session(fleet):
    short = Setup(fleet, credentialDurationSeconds=900)
    ends = short.ask().body["credentials"]["expiration"]
    ends = datetime.datetime.strptime(ends, "%Y-%m-%dT%H:%M:%S%z")
    assert ends - datetime.datetime.now(datetime.timezone.utc) <= datetime.timedelta(minutes=15)
    long = Setup(fleet, credentialDurationSeconds=43_200)
    status, _, message = refused(long.ask())
    assert status == 400 and "exceeds the MaxSessionDuration" in message
    fleet.iam.update_role(RoleName=long.role, MaxSessionDuration=43_200)
    assert long.ask().status == 200


def test_a_certificate_that_is_not_active_gets_nothing(fleet):
    setup = Setup(fleet)
    connection = Https(fleet.server, setup.device, alpn="x-amzn-http-ca")
    assert connection.credentials(setup.alias).status == 200
    fleet.set_status(setup.device, "INACTIVE")
    # A connection that was open is ended; a new one is answered.
    with pytest.raises((http.client.HTTPException, OSError)):
        connection.credentials(setup.alias)
    again = Https(fleet.server, setup.device, alpn="x-amzn-http-ca").credentials(setup.alias)
    invalid = "Certificate is invalid on this endpoint"
    assert refused(again) == (403, "AccessDeniedException", invalid)
    fleet.set_status(setup.device, "ACTIVE")
    assert setup.ask().status == 200


def test_without_a_certificate_there_is_no_connection(fleet, setup):
    connection = Https(fleet.server, None, alpn="x-amzn-http-ca")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connection.credentials(setup.alias)


def test_only_get(setup):
    connection = Https(setup.fleet.server, setup.device)
    answer = connection.ask("POST", f"/role-aliases/{setup.alias}/credentials")
    assert refused(answer)[:2] == (405, "MethodNotAllowedException")
    # Refused or not, the connection goes on.
    assert connection.credentials(setup.alias).status == 200


def test_what_was_given_and_refused_is_in_the_audit_trail(fleet):
    setup, server = Setup(fleet), fleet.server
    given, denied = setup.ask(setup.thing), setup.ask(alias="nowhere")
    command = ["audit", "--endpoint-url", server.api, "--credentials", server.credentials]
    command += ["--who", setup.device.id, "--output", "json"]
    deadline = time.monotonic() + 30
    records = []
    while len(records) < 2 and time.monotonic() < deadline:
        records = [json.loads(line) for line in run(*command).stdout.splitlines()]
    assert {each["operation"] for each in records} == {"AssumeRoleWithCertificate"}
    assert {each["principal"] for each in records} == {fleet.arn(setup.device)}
    found = {each["requestId"]: (each["outcome"], each["resource"]) for each in records}
    assert found == {
        given.headers["x-amzn-requestid"]: ("Accepted", arn("rolealias", setup.alias)),
        denied.headers["x-amzn-requestid"]: ("Denied", arn("rolealias", "nowhere")),
    }
