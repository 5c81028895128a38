"""Hooks by URL that are signed, and hooks that are functions of another server."""

import hashlib
import hmac
import http.server
import io
import json
import os
import threading
import time
import zipfile

import pytest

from device import Device
from fleet import Fleet, document, make_client
from running import ACCOUNT, REGION, hook_server
from serving import run

SECRET = "0123456789abcdef0123456789abcdef"


def is_signed(secret, header, body, now):
    """What docs/hooks.md shows."""
    fields = dict(part.split("=", 1) for part in header.split(","))
    if abs(now - int(fields["t"])) > 300:
        return False
    signed = fields["t"].encode() + b"." + body
    wanted = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, fields["v1"])


class Verifying:
    """A hook by URL that allows what is signed with a secret."""

    def __init__(self, secret):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                header = self.headers.get("X-Fleetwright-Signature", "t=0,v1=")
                allowed = is_signed(secret, header, body, time.time())
                answer = json.dumps({"allowProvisioning": allowed}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = hook_server(Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def secret_file(tmp_path):
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    return path


def test_a_hook_knows_its_server_by_the_signature(own_server, secret_file):
    server = own_server(f'[hooks]\nhmac-secret-file = "{secret_file}"\n').start()
    fleet = Fleet(server)
    for secret, accepted in [(SECRET, True), (SECRET + "x", False)]:
        template = fleet.template(hook=Verifying(secret).url)
        with Device(server, fleet.claim(template)) as asking:
            _, token = asking.certificate_from_csr()
            answer = asking.register(template, token, SerialNumber=fleet.unique("serial"))
        assert answer.accepted == accepted, answer


def test_a_signature_is_for_its_body_and_its_time():
    body, now = b'{"a": 1}', 1_700_000_000
    signed = hmac.new(SECRET.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    header = f"t={now},v1={signed}"
    assert is_signed(SECRET, header, body, now)
    assert not is_signed(SECRET, header, body + b" ", now)
    assert not is_signed(SECRET, header, body, now + 301)
    assert not is_signed(SECRET, header.replace(str(now), str(now + 1)), body, now)


def test_a_secret_that_everybody_may_read_starts_no_server(tmp_path, secret_file):
    secret_file.chmod(0o644)
    config = tmp_path / "fleetwright.toml"
    config.write_text(f'[hooks]\nhmac-secret-file = "{secret_file}"\n')
    done = run("serve", "--config", config, "--data-dir", tmp_path / "data",
               "--mqtt-listen", "127.0.0.1:0", "--api-listen", "127.0.0.1:0")  # fmt: skip
    assert done.returncode != 0 and "chmod o= it" in done.stderr


REMOTE = """#!/usr/bin/python3
import json, os, urllib.request

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"

while True:
    with urllib.request.urlopen(f"{API}/next") as answer:
        request = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.load(answer)
    serial = event["parameters"]["SerialNumber"]
    print("elsewhere", serial, flush=True)
    path, value = "response", {"allowProvisioning": not serial.startswith("bad")}
    if serial.startswith("fail"):
        path, value = "error", {"errorType": "Elsewhere", "errorMessage": "it failed there"}
    urllib.request.urlopen(f"{API}/{request}/{path}", json.dumps(value).encode()).read()
"""


def deploy(server, name):
    """A hook on a server."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    make_client(server, "iam").create_role(
        RoleName="functions", AssumeRolePolicyDocument=document(trust)
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("bootstrap", (2026, 1, 1, 0, 0, 0))
        info.external_attr = 0o100755 << 16
        archive.writestr(info, REMOTE)
    make_client(server, "lambda").create_function(
        FunctionName=name,
        Runtime="provided.al2023",
        Handler="none",
        Timeout=4,
        Role=f"arn:aws:iam::{ACCOUNT}:role/functions",
        Code={"ZipFile": buffer.getvalue()},
    )


def test_a_hook_may_be_a_function_of_another_server(own_server, server, tmp_path):
    name = f"elsewhere-{os.getpid()}"
    deploy(server, name)
    arn = f"arn:aws:lambda:eu-central-1:999999999999:function:{name}"
    own = own_server(
        f'[hooks.lambda-endpoints."{arn}"]\nurl = "{server.api}"\nregion = "{REGION}"\n'
        f'access-key-file = "{server.credentials}"\n'
    )
    here = own.start()
    fleet = Fleet(here)
    template = fleet.template(hook=arn)

    def rehearse(serial):
        done = run("hook", "test", "--api", here.api, "--credentials", here.credentials,
                   "--template", template, "-p", f"SerialNumber={serial}",
                   "--output", "json")  # fmt: skip
        return json.loads(done.stdout)["hook"]

    fleet.device(fleet.claim(template), template, "good")
    told = rehearse("good")
    assert told["verdict"] == "allow" and told["requestId"]
    assert "elsewhere good" in told["log"]
    assert rehearse("bad")["verdict"] == "refuse"
    told = rehearse("fail-0001")
    assert told["verdict"] == "failed"
    assert told["reason"] == "the function failed: Elsewhere: it failed there"
    make_client(server, "lambda").delete_function(FunctionName=name)
    told = rehearse("good")
    assert told["verdict"] == "failed" and "404" in told["reason"]
