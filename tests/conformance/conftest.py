"""A server of its own, for limits are reached here; its clients; the table's results."""

import json
import os
import pathlib
import threading
from http.server import BaseHTTPRequestHandler

import boto3
import botocore.session
import pytest
from botocore.config import Config

from documents import POLICY
from report import PATH, Committed, Results
from running import REGION, hook_server
from scene import PATIENCE
from trouble import Trouble

ALLOWED = {
    "isAuthenticated": True,
    "principalId": "somebody",
    "policyDocuments": [POLICY],
    "disconnectAfterInSeconds": 3600,
    "refreshAfterInSeconds": 300,
}
ANSWERS = {
    "/allow": json.dumps(ALLOWED),
    "/slow": json.dumps(ALLOWED),
    "/nonsense": "nonsense",
}
# Lines of a bulk registration that is still under way when it is stopped.
MANY = 20_000


class Hook:
    """A function that answers by its path; on `/slow` when it may."""

    def __init__(self):
        self.url, self.begun, self.may_answer = None, threading.Event(), threading.Event()

    def wait(self, path):
        if path == "/slow":
            self.begun.set()
            self.may_answer.wait(PATIENCE)


@pytest.fixture(scope="session")
def hook():
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            hook.wait(self.path)
            body = ANSWERS[self.path].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = hook_server(Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hook.url = f"http://127.0.0.1:{server.server_port}"
    yield hook
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def conforming(start_server):
    """The server under test."""
    server = start_server("conformance")
    (server.buckets / "bucket").mkdir()
    many = "".join(json.dumps({"ThingName": f"many-{n}"}) + "\n" for n in range(MANY))
    (server.buckets / "bucket" / "many.json").write_text(many)
    (server.buckets / "bucket" / "job.json").write_text('{"operation": "reboot"}')
    return server


@pytest.fixture(scope="session")
def clients(conforming):
    return clients_of(conforming)


@pytest.fixture(scope="session")
def trouble(start_server, hook):
    return Trouble(start_server, clients_of, hook)


@pytest.fixture(scope="session")
def client_of():
    """Makes a client of another server: `client_of(server, service)`."""
    return client


def clients_of(server, *key):
    return {name: client(server, name, *key) for name in ("iot", "iot-data", "iot-jobs-data", "iam", "sts")}


def client(server, service, key=None, secret=None):
    core = botocore.session.Session()
    core.set_config_variable("credentials_file", str(server.credentials))
    core.set_config_variable("config_file", os.devnull)
    session = boto3.Session(key, secret, None, REGION, core)
    config = Config(
        retries={"max_attempts": 0},
        connect_timeout=5,
        read_timeout=60,
        parameter_validation=True,
    )
    return session.client(service, endpoint_url=server.api, config=config)


@pytest.fixture(scope="session")
def nobody(conforming, clients):
    """Clients of a user without any permission."""
    iam = clients["iam"]
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    return clients_of(conforming, key["AccessKeyId"], key["SecretAccessKey"])


@pytest.fixture(scope="session")
def committed():
    return Committed(PATH.read_text() if PATH.exists() else "")


@pytest.fixture(scope="session")
def results():
    """Filled by the tests; written where CONFORMANCE_TABLE says once they have all run."""
    found = Results()
    yield found
    if os.environ.get("CONFORMANCE_TABLE"):
        pathlib.Path(os.environ["CONFORMANCE_TABLE"]).write_text(found.text())
