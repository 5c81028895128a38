"""Authorizers; their functions are URLs of an HTTP server on loopback."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from conftest import EXAMPLE_POLICY
from running import arn, hook_server

YES = {
    "isAuthenticated": True,
    "principalId": "somebody",
    "policyDocuments": [json.loads(EXAMPLE_POLICY)],
    "disconnectAfterInSeconds": 3600,
    "refreshAfterInSeconds": 300,
}


@pytest.fixture(scope="module")
def function():
    """A function whose `answer` a test sets; `asked` is what it was asked, in order."""

    class Function:
        answer, asked = YES, []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            Function.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps(Function.answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = hook_server(Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Function.url = f"http://127.0.0.1:{server.server_port}/"
    yield Function
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def fresh(function):
    function.answer, function.asked[:] = YES, []


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, 2048)


def public(key):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def sign(key, token):
    return base64.b64encode(key.sign(token.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


@pytest.fixture
def create(iot, unique, function, key):
    made = []

    def make(signed=True, **members):
        name = unique("authorizer")
        signing = {"tokenKeyName": "token", "tokenSigningPublicKeys": {"first": public(key)}}
        request = signing if signed else {"signingDisabled": True}
        request |= {"authorizerFunctionArn": function.url} | members
        iot.create_authorizer(authorizerName=name, **request)
        made.append(name)
        return name

    yield make
    try:
        iot.clear_default_authorizer()
    except iot.exceptions.ResourceNotFoundException:
        pass
    for name in made:
        iot.update_authorizer(authorizerName=name, status="INACTIVE")
        iot.delete_authorizer(authorizerName=name)


def test_an_authorizer_is_described_and_updated(iot, create, function, key):
    name = create(enableCachingForHttp=True)
    found = iot.describe_authorizer(authorizerName=name)["authorizerDescription"]
    assert found["authorizerArn"] == arn("authorizer", name)
    assert found["authorizerFunctionArn"] == function.url
    assert found["tokenSigningPublicKeys"] == {"first": public(key)}
    assert (found["tokenKeyName"], found["status"]) == ("token", "ACTIVE")
    assert (found["signingDisabled"], found["enableCachingForHttp"]) == (False, True)
    iot.update_authorizer(authorizerName=name, status="INACTIVE", tokenKeyName="other")
    found = iot.describe_authorizer(authorizerName=name)["authorizerDescription"]
    assert (found["tokenKeyName"], found["status"]) == ("other", "INACTIVE")
    assert found["enableCachingForHttp"] is True


def test_authorizers_are_listed_by_status(iot, create):
    active, idle = create(), create(status="INACTIVE")
    for status, expected, other in (("ACTIVE", active, idle), ("INACTIVE", idle, active)):
        pages = iot.get_paginator("list_authorizers").paginate(status=status)
        listed = [each["authorizerName"] for page in pages for each in page["authorizers"]]
        assert expected in listed and other not in listed


def test_one_authorizer_is_the_default(iot, create, refused):
    first, second = create(), create()
    code, status, _ = refused(iot.describe_default_authorizer)
    assert (code, status) == ("ResourceNotFoundException", 404)
    iot.set_default_authorizer(authorizerName=first)
    found = iot.describe_default_authorizer()["authorizerDescription"]
    assert found["authorizerName"] == first
    code, _, message = refused(iot.set_default_authorizer, authorizerName=second)
    assert code == "ResourceAlreadyExistsException" and first in message
    iot.clear_default_authorizer()
    iot.set_default_authorizer(authorizerName=second)


def test_an_active_authorizer_is_not_deleted(iot, create, refused):
    code, _, message = refused(iot.delete_authorizer, authorizerName=create())
    assert code == "InvalidRequestException" and "INACTIVE" in message


def test_the_function_is_asked_with_what_the_client_sent(iot, create, function, key):
    name = create()
    answer = iot.test_invoke_authorizer(
        authorizerName=name,
        token="a-token",
        tokenSignature=sign(key, "a-token"),
        httpContext={"headers": {"h": "v"}, "queryString": "q=1"},
        mqttContext={"username": "u", "password": b"\x00secret", "clientId": "c"},
        tlsContext={"serverName": "iot.example.com"},
    )
    assert (answer["isAuthenticated"], answer["principalId"]) == (True, "somebody")
    assert [json.loads(each) for each in answer["policyDocuments"]] == YES["policyDocuments"]
    assert answer["refreshAfterInSeconds"] == 300
    assert answer["disconnectAfterInSeconds"] == 3600
    (asked,) = function.asked
    assert (asked["token"], asked["signatureVerified"]) == ("a-token", True)
    assert asked["protocols"] == ["tls", "http", "mqtt"]
    assert asked["protocolData"] == {
        "tls": {"serverName": "iot.example.com"},
        "http": {"headers": {"h": "v"}, "queryString": "q=1"},
        "mqtt": {
            "username": "u",
            "password": base64.b64encode(b"\x00secret").decode(),
            "clientId": "c",
        },
    }
    assert asked["connectionMetadata"]["id"]


def test_a_token_of_a_foreign_key_never_reaches_the_function(iot, create, function, key, refused):
    name, foreign = create(), rsa.generate_private_key(65537, 2048)
    for signature in (sign(foreign, "a-token"), sign(key, "another"), "bm8gc2lnbmF0dXJl"):
        code, status, _ = refused(
            iot.test_invoke_authorizer,
            authorizerName=name,
            token="a-token",
            tokenSignature=signature,
        )
        assert (code, status) == ("UnauthorizedException", 401)
    code, _, message = refused(iot.test_invoke_authorizer, authorizerName=name)
    assert code == "InvalidRequestException" and "tokenSignature" in message
    assert function.asked == []


def test_without_signing_any_token_reaches_the_function(iot, create, function):
    function.answer = {"isAuthenticated": False}
    answer = iot.test_invoke_authorizer(authorizerName=create(signed=False), token="t")
    assert answer["isAuthenticated"] is False
    assert function.asked[0]["signatureVerified"] is False


@pytest.mark.parametrize(
    "answer",
    [
        {},
        "yes",
        YES | {"principalId": "not alphanumeric"},
        YES | {"policyDocuments": ["no policy"]},
        YES | {"policyDocuments": [EXAMPLE_POLICY] * 11},
        YES | {"refreshAfterInSeconds": -1},
        YES | {"policyDocuments": [json.loads(EXAMPLE_POLICY) | {"Id": "x" * 2048}]},
    ],
)
def test_an_answer_that_is_none_is_told(iot, create, function, refused, answer):
    function.answer = answer
    name = create(signed=False)
    code, status, message = refused(iot.test_invoke_authorizer, authorizerName=name)
    assert (code, status) == ("InvalidResponseException", 400)
    assert message


def test_a_function_that_is_not_there_authenticates_nobody(iot, create, refused):
    name = create(signed=False, authorizerFunctionArn="command:none")
    code, _, message = refused(iot.test_invoke_authorizer, authorizerName=name)
    assert code == "InvalidResponseException" and name in message
    assert "command:none" not in message


def test_keys_are_checked(iot, create):
    small = public(rsa.generate_private_key(65537, 1024))
    for members in (
        {"tokenSigningPublicKeys": {"first": "no key"}},
        {"tokenSigningPublicKeys": {"first": small}},
        {"tokenSigningPublicKeys": {}},
        {"tokenKeyName": "not valid!"},
        {"authorizerFunctionArn": "http://192.0.2.1/"},
    ):
        with pytest.raises(iot.exceptions.InvalidRequestException):
            create(**members)
