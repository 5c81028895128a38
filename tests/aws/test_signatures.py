"""Credentials that are not accepted, and requests that are none."""

import datetime
import http.client
import json
import urllib.parse

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import botocore.session
from running import REGION

from clients import make_client


def key_of(server):
    session = botocore.session.Session()
    session.set_config_variable("credentials_file", str(server.credentials))
    key = session.get_credentials()
    return Credentials(key.access_key, key.secret_key)


def send(server, method="GET", path="/endpoint", body=b"", sign=SigV4Auth, change=None, service="iot"):
    """One raw request, signed by botocore; `change` tampers with it after that."""
    request = AWSRequest(method, server.api + path, data=body)
    if sign:
        sign(key_of(server), service, REGION).add_auth(request)
    url = urllib.parse.urlsplit(request.url)
    headers = dict(request.headers) | {"Host": url.netloc}
    target = url.path + (f"?{url.query}" if url.query else "")
    if change:
        method, target, headers, body = change(method, target, headers, body)
    connection = http.client.HTTPConnection(url.netloc, timeout=10)
    connection.request(method, target, body, headers)
    answer = connection.getresponse()
    parsed = json.loads(answer.read() or b"null")
    assert answer.headers["x-amzn-RequestId"]
    return answer.status, answer.headers.get("x-amzn-ErrorType"), parsed


def test_header_and_query_signatures_are_accepted(server):
    assert send(server)[0] == 200
    presign = lambda key, *scope: SigV4QueryAuth(key, *scope, expires=60)
    assert send(server, sign=presign)[0] == 200
    assert send(server, path="/endpoint?endpointType=iot%3AData-ATS", sign=presign)[0] == 200


def test_health_needs_no_credentials(server):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(server.api).netloc, timeout=10)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200


def test_an_unsigned_request_is_refused(server):
    status, name, body = send(server, sign=None)
    assert (status, name) == (403, "MissingAuthenticationTokenException")
    assert body["message"].startswith("Missing Authentication Token")


@pytest.mark.parametrize(
    "change",
    [
        lambda m, t, h, b: (m, t, h, b + b" "),
        lambda m, t, h, b: (m, t + "?x=1", h, b),
        lambda m, t, h, b: (m, "/certificates", h, b),
        lambda m, t, h, b: ("PUT", t, h, b),
        lambda m, t, h, b: (m, t, h | {"Host": "elsewhere"}, b),
    ],
    ids=["body", "query", "path", "method", "host"],
)
def test_a_changed_request_is_refused(server, change):
    status, name, body = send(server, "POST", "/things/a", b"{}", change=change)
    assert (status, name) == (403, "InvalidSignatureException")
    assert body["message"].startswith("The request signature we calculated does not match")


def test_an_old_signature_names_both_times(server, monkeypatch):
    for minutes, words in ((-20, "Signature expired"), (20, "Signature not yet current")):
        moved = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
        monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *a, **k: moved)
        status, name, body = send(server)
        assert (status, name) == (403, "InvalidSignatureException")
        assert words in body["message"] and moved.strftime("%Y%m%dT%H%M%SZ") in body["message"]
        assert "clock" in body["message"]


def test_wrong_credentials_are_refused_as_on_aws(server, refused):
    key = key_of(server)
    stranger = make_client(server, access_key="AKIASTRANGERSTRANGER", secret="x")
    code, status, message = refused(stranger.describe_endpoint)
    assert (code, status) == ("UnrecognizedClientException", 403)
    assert message.startswith("The security token included in the request is invalid.")
    liar = make_client(server, access_key=key.access_key, secret="wrong")
    code, status, _ = refused(liar.describe_endpoint)
    assert (code, status) == ("InvalidSignatureException", 403)
    token = make_client(
        server, access_key=key.access_key, secret=key.secret_key, token="token"
    )
    code, _, message = refused(token.describe_endpoint)
    assert code == "UnrecognizedClientException" and "AWS_SESSION_TOKEN" in message
    abroad = make_client(server, region="eu-west-1")
    code, _, message = refused(abroad.describe_endpoint)
    assert code == "InvalidSignatureException"
    assert "eu-west-1" in message and REGION in message


def test_other_operations_answer_in_awss_shape(iot, refused, aws):
    code, status, message = refused(iot.list_detect_mitigation_actions_tasks, startTime=0, endTime=1)
    assert (code, status) == ("NotImplementedException", 501)
    assert message.startswith("ListDetectMitigationActionsTasks is not implemented by Fleetwright.")
    assert "NotImplementedException" in aws("list-audit-findings", fails=True)


def test_paths_and_methods_that_are_none_answer_in_awss_shape(server):
    status, name, body = send(server, path="/nothing/here")
    assert (status, name) == (404, "UnknownOperationException")
    assert body["message"]
    status, name, body = send(server, "PUT", "/endpoint")
    assert (status, name) == (405, "MethodNotAllowedException")
    assert "DescribeEndpoint" in body["message"]


def test_bodies_are_read_strictly(server):
    for body, words in (
        (b"{", "not JSON"),
        (b"[]", "JSON object"),
        (b'{"policyDocument": 1}', "'policyDocument' must be a string"),
        (b'{"unknown": 1}', "'policyDocument' is required"),
    ):
        status, name, answer = send(server, "POST", "/policies/strict", body)
        assert (status, name) == (400, "InvalidRequestException")
        assert words in answer["message"]


def test_a_large_body_is_refused(server):
    status, name, body = send(server, "POST", "/policies/large", b"x" * (1024 * 1024 + 1))
    assert (status, name) == (413, "RequestEntityTooLargeException")


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# One request of each service that reads, and what it is signed as: until the end of 2022 AWS's own
# models signed the control plane of AWS IoT as execute-api.
SERVICES = {
    "iot": (("GET", "/endpoint", b"", {}), {"iot", "execute-api"}),
    "iot-data": (("GET", "/retainedMessage", b"", {}), {"iotdata", "iotdevicegateway"}),
    "iot-jobs-data": (("GET", "/things/nobody/jobs/$next", b"", {}), {"iot-jobs-data"}),
    "iam": (("POST", "/", b"Action=ListUsers&Version=2010-05-08", FORM), {"iam"}),
    "sts": (("POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15", FORM), {"sts"}),
    "lambda": (("GET", "/2015-03-31/functions", b"", {}), {"lambda"}),
}
SCOPES = [
    "iot", "execute-api", "iotdata", "iotdevicegateway", "iam", "sts", "lambda",
    "iot-jobs-data", "apigateway", "s3", "EXECUTE-API", "execute-api2", "x",
]


def raw(server, request, sign):
    """Status and body of one request, signed by `sign`."""
    method, path, body, headers = request
    signed = AWSRequest(method, server.api + path, data=body, headers=headers)
    sign.add_auth(signed)
    url = urllib.parse.urlsplit(signed.url)
    target = url.path + (f"?{url.query}" if url.query else "")
    connection = http.client.HTTPConnection(url.netloc, timeout=10)
    connection.request(method, target, body, dict(signed.headers) | {"Host": url.netloc})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_opens_its_service_and_no_other(server, scope):
    for name, (request, scopes) in SERVICES.items():
        signers = [SigV4Auth(key_of(server), scope, REGION)]
        if request[0] == "GET":
            signers.append(SigV4QueryAuth(key_of(server), scope, REGION, expires=60))
        for signer in signers:
            status, body = raw(server, request, signer)
            assert (status == 200) == (scope in scopes), (name, type(signer), status, body)


@pytest.mark.parametrize("scope", ["iot", "execute-api"])
def test_the_secret_key_decides_whatever_the_scope(server, scope):
    key = key_of(server)
    for liar in (Credentials(key.access_key, "wrong"), Credentials("AKIANOBODY", key.secret_key)):
        status, body = raw(server, SERVICES["iot"][0], SigV4Auth(liar, scope, REGION))
        assert status == 403 and "ndpointAddress" not in body
    # A signature made for one scope is none for the other.
    def renamed(method, target, headers, body):
        other = {"iot": "execute-api", "execute-api": "iot"}[scope]
        value = headers["Authorization"].replace(f"/{scope}/", f"/{other}/")
        return method, target, headers | {"Authorization": value}, body

    status, name, _ = send(server, service=scope, change=renamed)
    assert (status, name) == (403, "InvalidSignatureException")
