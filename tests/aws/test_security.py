"""What a signature must cover, for whom, and for how long."""

import datetime
import functools
import re

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth

from test_signatures import key_of, send
from running import REGION


@pytest.fixture
def signed_at(monkeypatch):
    """Lets botocore sign as if some minutes had passed already."""

    def move(minutes):
        moved = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
        monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *a, **k: moved)

    return move


def presigned(seconds):
    return functools.partial(SigV4QueryAuth, expires=seconds)


def edited(pattern, replacement):
    """Changes the Authorization header."""

    def change(method, target, headers, body):
        header = re.sub(pattern, replacement, headers["Authorization"])
        assert header != headers["Authorization"]
        return method, target, headers | {"Authorization": header}, body

    return change


def test_a_signature_of_another_secret_is_refused(server):
    def sign(key, *scope):
        key.secret_key = "x" * 40
        return SigV4Auth(key, *scope)

    assert send(server, sign=sign)[:2] == (403, "InvalidSignatureException")


@pytest.mark.parametrize(
    "change",
    [
        edited(r"Signature=.*", "Signature=" + "0" * 64),
        edited(f"/{REGION}/", "/eu-west-1/"),
        edited("/iot/", "/no-service/"),
        edited(r"/\d{8}/", "/20200101/"),
        edited("/aws4_request", "/aws4"),
        edited("host;", ""),
    ],
    ids=["signature", "region", "service", "date", "terminator", "host not signed"],
)
def test_another_scope_or_signature_is_refused(server, change):
    status, name, body = send(server, change=change)
    assert status == 403 and name in ("InvalidSignatureException", "IncompleteSignatureException")
    assert body["message"]


@pytest.mark.parametrize("declared", ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"])
def test_a_body_must_be_signed(server, declared):
    class Unsigned(SigV4Auth):
        def payload(self, request):
            return declared

        def add_auth(self, request):
            request.headers["X-Amz-Content-SHA256"] = declared
            super().add_auth(request)

    status, name, body = send(server, "POST", "/things/unsigned", b"{}", sign=Unsigned)
    assert (status, name) == (403, "InvalidSignatureException")
    assert "unsigned" in body["message"]


def test_a_request_cannot_be_replayed_once_it_is_old(server, signed_at):
    signed_at(-6)
    status, name, body = send(server, "POST", "/things/replayed", b"{}")
    assert (status, name) == (403, "InvalidSignatureException")
    assert "Signature expired" in body["message"]


def test_a_presigned_read_lives_as_long_as_it_says(server, signed_at):
    signed_at(-6)
    assert send(server, sign=presigned(3600))[0] == 200
    assert send(server, sign=presigned(60))[:2] == (403, "InvalidSignatureException")


def test_a_presigned_change_lives_five_minutes_at_most(server, signed_at):
    assert send(server, "POST", "/thing-types/presigned", sign=presigned(3600))[0] == 200
    signed_at(-6)
    status, name, _ = send(server, "POST", "/thing-types/later", sign=presigned(3600))
    assert (status, name) == (403, "InvalidSignatureException")


def test_a_request_for_another_host_is_refused(server):
    for host in ("iot.us-east-1.amazonaws.com", "127.0.0.1"):
        change = lambda m, t, h, b: (m, t, h | {"Host": host}, b)
        assert send(server, change=change)[:2] == (403, "InvalidSignatureException")


def test_a_session_token_that_nobody_gave_is_refused(server):
    def sign(key, *scope):
        key.token = "made-up"
        return SigV4Auth(key, *scope)

    assert send(server, sign=sign)[:2] == (403, "UnrecognizedClientException")


def test_an_unsigned_request_reaches_no_operation(server):
    for method, path in (("GET", "/things"), ("POST", "/things/a"), ("DELETE", "/policies/p")):
        status, name, _ = send(server, method, path, sign=None)
        assert (status, name) == (403, "MissingAuthenticationTokenException")


def test_the_administrator_may(server):
    assert key_of(server).access_key.startswith("AKIA")
    assert send(server, path="/things")[0] == 200
