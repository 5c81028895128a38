"""The table of permissions beside the service models that botocore ships."""

import pathlib
import re

import botocore.session
import pytest

TABLE = (
    pathlib.Path(__file__).resolve().parents[2] / "crates/core/src/authorization/permissions.txt"
)
SERVICES = {"iot": "iot", "iotdata": "iot-data", "iot-jobs-data": "iot-jobs-data",
            "iam": "iam", "sts": "sts", "lambda": "lambda"}  # fmt: skip
PLACES = {"uri": "", "querystring": "?", "header": "@", None: "."}


# Operations of our own, which no model has.
OURS = {
    ("iot", name)
    for name in ("CreateConsoleLink", "GetRootCertificate", "ListConnections", "ReadAudit",
                 "ReadFunctionLogs", "TestHook", "TraceConnection")  # fmt: skip
}


def entries():
    lines = TABLE.read_text().splitlines()
    every = [line.split() for line in lines if line and not line.startswith("#")]
    return [entry for entry in every if tuple(entry[:2]) not in OURS]


@pytest.fixture(scope="module")
def models():
    session = botocore.session.Session()
    return {ours: session.get_service_model(theirs) for ours, theirs in SERVICES.items()}


def members(operation):
    """The members of a request, written as the table writes them."""
    shapes = dict(operation.input_shape.members) if operation.input_shape else {}
    if payload := operation.input_shape and operation.input_shape.serialization.get("payload"):
        # The body is this member, unless it is bytes.
        shapes |= getattr(shapes[payload], "members", {})
    for name, shape in shapes.items():
        place = PLACES[shape.serialization.get("location")]
        name = shape.serialization.get("name", name)
        yield place + (name.lower() if place == "@" else name), shape


def test_every_iot_operation_of_the_model_is_in_the_table(models):
    named = {name for service, name, *_ in entries() if service == "iot"}
    assert named == set(models["iot"].operation_names)


def test_every_member_of_the_table_is_one_of_the_request(models):
    for service, name, *items in entries():
        known = {member for member, _ in members(models[service].operation_model(name))}
        for written in re.findall(r"\{([^}]+)\}", " ".join(items)):
            member = written.split(":")[0]
            first = "." + member[1:].split(".")[0] if member[0] == "." else member
            assert first in known, f"{service} {name}: {written}"


def test_every_role_that_an_iot_operation_takes_is_passed(models):
    for service, name, *items in entries():
        for member, _ in members(models[service].operation_model(name)):
            if service == "iot" and member.lower().endswith("rolearn") and "kms" not in member:
                assert any(item.startswith("iam:PassRole@") for item in items), f"{name}: {member}"
