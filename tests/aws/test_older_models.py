"""The wire is what clients of ten years send: every operation of every year's service model is
known by its path, its action and its signing name, and no member has moved."""

import functools
import gzip
import http.client
import json
import pathlib
import re
import urllib.parse
import zipfile

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from clients import make_client
from running import REGION

VENV = pathlib.Path(__file__).resolve().parents[2] / ".venv"
SERVICES = ["iot", "iot-data", "iam", "sts", "lambda"]
# Beside it, botocore carries Lambda's interface of 2014, which no client asks for by itself.
VERSIONS = {"lambda": "2015-03-31"}
# The name by which a 501 knows it, where a parameter of the query tells two operations apart.
BY_QUERY = {"GetLayerVersionByArn": "ListLayers"}


def installed(venv):
    [data] = venv.glob("lib/python3.*/site-packages/botocore/data")
    return data.parent.parent


def sources():
    wheels = sorted((VENV / "service-models").glob("botocore-*.whl"))
    assert wheels, "the service models are not there: run scripts/venv"
    return wheels + [installed(VENV / "old-clients"), installed(VENV)]


@functools.cache
def models(source):
    """The service models of a botocore, in a wheel or installed, by service."""
    found = {}
    place = zipfile.Path(source) if source.suffix == ".whl" else source
    for service in SERVICES:
        versions = {entry.name: entry for entry in (place / "botocore/data" / service).iterdir()}
        directory = versions[VERSIONS.get(service, max(versions))]
        [file] = [entry for entry in directory.iterdir() if entry.name.startswith("service-2.json")]
        content = file.read_bytes()
        found[service] = json.loads(gzip.decompress(content) if file.name.endswith("gz") else content)
    return found


@pytest.fixture(scope="module")
def nobody(server):
    """The key of a user who may do nothing: an operation that is known is refused for that."""
    iam = make_client(server, "iam")
    iam.create_user(UserName="of-older-models")
    key = iam.create_access_key(UserName="of-older-models")["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def request_of(model, name):
    """Method, path and body as a client of that model sends them, labels and members made up."""
    operation = model["operations"][name]["http"]
    if model["metadata"]["protocol"] == "query":
        version = model["metadata"]["apiVersion"]
        return "POST", "/", f"Action={name}&Version={version}".encode()
    path = re.sub(r"\{(\w+)\+?\}", "x", operation["requestUri"])
    return operation["method"], path, b"" if operation["method"] in ("GET", "DELETE") else b"{}"


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name.split("-py")[0])
def test_every_operation_of_every_year_is_known(server, nobody, source, service):
    model = models(source)[service]
    scope = model["metadata"].get("signingName", model["metadata"]["endpointPrefix"])
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(server.api).netloc, timeout=30)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    unknown = []
    for name in sorted(model["operations"]):
        method, path, body = request_of(model, name)
        headers = form if model["metadata"]["protocol"] == "query" else {}
        request = AWSRequest(method, server.api + path, data=body, headers=headers)
        SigV4Auth(nobody, scope, REGION).add_auth(request)
        connection.request(method, path, body, dict(request.headers))
        answer = connection.getresponse()
        known = BY_QUERY.get(name, name)
        text = answer.read().decode()
        # Not allowed, not offered by this name, a fault of its members, or done: it was found.
        found = (
            (answer.status == 501 and f"{known} is not implemented" in text)
            or (answer.status == 403 and "is not authorized to perform: " in text)
            or (answer.status in (200, 400) and "InvalidAction" not in text)
        )
        if not found:
            unknown.append((name, method, path, answer.status, text))
    assert unknown == []


def members(model, shape):
    """Where each member of a structure stands, and as what."""
    shapes = model["shapes"]
    return {
        name: (
            member.get("location", "body"),
            member.get("locationName", name),
            shapes[member["shape"]]["type"],
        )
        for name, member in shapes[shape].get("members", {}).items()
    }


def test_no_member_of_an_earlier_model_has_gone_or_moved():
    """What today's model says is asserted member by member by the conformance suite; so it is for
    earlier years, as long as theirs are among today's."""
    *earlier, today = sources()
    differences = set()
    for source in earlier:
        for service, model in models(source).items():
            now = models(today)[service]
            for name, operation in model["operations"].items():
                for side in ("input", "output"):
                    if side not in operation:
                        continue
                    there = members(now, now["operations"][name][side]["shape"])
                    for member, place in members(model, operation[side]["shape"]).items():
                        if there.get(member) != place:
                            differences.add((service, name, member, place, there.get(member)))
    # A label's name is not on the wire.
    label = [("uri", "ARN", "string"), ("uri", "Resource", "string")]
    assert differences == {
        ("lambda", name, "Resource", *label) for name in ("ListTags", "TagResource", "UntagResource")
    }
