"""URLs that this server asks are those that its operator listed: at creation and at each call."""

import http.server
import json
import sqlite3
import threading

import pytest

from clients import make_client
from running import HOOK_URLS

TEMPLATE = json.dumps({"Parameters": {}, "Resources": {"certificate": {
    "Type": "AWS::IoT::Certificate", "Properties": {"CertificateId": "0a" * 32}}}})  # fmt: skip
ROLE = "arn:aws:iam::123456789012:role/nobody-needs-this"


@pytest.fixture(scope="module")
def victim():
    """A service on loopback that nobody listed; knows what it was sent."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            Handler.asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    Handler.asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", Handler.asked
    server.shutdown()
    server.server_close()


def unlisted(url):
    """Targets at a service that is not listed, and ways to write one as if it were."""
    host = url.removeprefix("http://")
    listed = HOOK_URLS[0].removeprefix("http://").rstrip("/")
    return [
        f"{url}/", f"{url}/admin", f"{url}/{listed}/", f"http://{host}?http://{listed}/",
        f"http://{listed}@{host}/", f"http://{host}#@{listed}/", f"http://{host}\\@{listed}/",
        "https://hook.example.evil.example/", "https://hook.example:444/", "http://127.0.0.1:9/",
        "http://127.0.0.1:9/hook?x", "http://127.0.0.1:9/hook/../x", "https://hook.example/../x",
        "https://hook.example/%2e%2e/x", f"HTTP://{listed}/", f"http://localhost:{listed[-5:]}/",
    ]  # fmt: skip


def ways(iot, unique):
    """Every operation by which a URL is named."""
    template, authorizer, provider = unique("t"), unique("a"), unique("p")
    iot.create_provisioning_template(
        templateName=template, templateBody=TEMPLATE, provisioningRoleArn=ROLE
    )
    iot.create_authorizer(
        authorizerName=authorizer, authorizerFunctionArn="command:x", signingDisabled=True
    )
    iot.create_certificate_provider(
        certificateProviderName=provider, lambdaFunctionArn="command:x",
        accountDefaultForOperations=["CreateCertificateFromCsr"],
    )  # fmt: skip
    return {
        "CreateProvisioningTemplate": lambda url: iot.create_provisioning_template(
            templateName=unique("t"), templateBody=TEMPLATE, provisioningRoleArn=ROLE,
            preProvisioningHook={"targetArn": url},
        ),
        "UpdateProvisioningTemplate": lambda url: iot.update_provisioning_template(
            templateName=template, preProvisioningHook={"targetArn": url}
        ),
        "CreateAuthorizer": lambda url: iot.create_authorizer(
            authorizerName=unique("a"), authorizerFunctionArn=url, signingDisabled=True
        ),
        "UpdateAuthorizer": lambda url: iot.update_authorizer(
            authorizerName=authorizer, authorizerFunctionArn=url
        ),
        "UpdateCertificateProvider": lambda url: iot.update_certificate_provider(
            certificateProviderName=provider, lambdaFunctionArn=url
        ),
    }  # fmt: skip


def test_no_operation_takes_a_url_that_is_not_listed(start_server, refused, victim, request):
    server = start_server("urls")
    iot, url, numbers = make_client(server), victim[0], iter(range(1000))
    for name, attach in ways(iot, lambda kind: f"{kind}{next(numbers)}").items():
        for target in unlisted(url):
            code, _, message = refused(attach, url=target)
            assert code == "InvalidRequestException", (name, target)
            assert "[hooks] urls" in message or "not valid" in message, (name, message)
        message = refused(attach, url=f"{url}/")[2]
        assert "[hooks] urls" in message, (name, message)
        attach("https://hook.example/check")
    assert victim[1] == []


def test_a_url_that_is_listed_no_more_is_not_asked(start_server, refused, victim, request):
    """As one that an older server took: it stands in the registry and is refused at the call."""
    server = start_server("urls-later")
    iot, (url, asked) = make_client(server), victim
    iot.create_authorizer(
        authorizerName="old", authorizerFunctionArn="https://hook.example/", signingDisabled=True,
        status="ACTIVE",
    )  # fmt: skip
    with sqlite3.connect(server.registry, timeout=10) as registry:
        changed = registry.execute(
            "UPDATE authorizers SET function_arn = ? WHERE name = 'old'", (f"{url}/",)
        )
        assert changed.rowcount == 1
    refusal = refused(iot.test_invoke_authorizer, authorizerName="old", token="t")
    assert refusal[0] == "InvalidResponseException"
    assert "[hooks] urls" in server.log.read_text()
    assert asked == []
