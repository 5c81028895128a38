"""A change is acknowledged when its record is durable too: every operation of the server's tables,
on a server that writes the records of reads and refusals an hour later."""

import pathlib
import re
import sqlite3

import asking
import pytest
import service_model
from botocore.exceptions import ClientError
from operations import OPERATIONS
from packages import package
from scene import Scene

CONTROL = pathlib.Path(__file__).resolve().parents[2] / "crates/control/src"
LATER = "[audit]\ngather-millis = 3600000\n"
# Services by the directory of their operations.
SERVICES = {"iot": "iot", "iot_data": "iot-data", "iot_jobs_data": "iot-jobs-data",
            "iam": "iam", "sts": "sts", "lambda": "lambda"}
# What changes nothing: asked, tried or signed in to.
READ = re.compile("Describe|Get|List|Search|Test|Read|Assume|Invoke|Simulate")
# Named like a read, but made on first use.
CHANGE = {"GetRegistrationCode"}
# Asked again, they change nothing.
IDEMPOTENT = {"GetRegistrationCode", "StopThingRegistrationTask"}
# Of what these change nobody has any here: they are never acknowledged.
OF_NOTHING = {"DeleteInstanceProfile", "DeleteLoginProfile", "DeleteFunctionEventInvokeConfig",
              "DeleteFunctionUrlConfig"}  # fmt: skip
# The clients have no model of it: our own.
OWN = {"CreateConsoleLink", "GetRootCertificate", "ListConnections", "ReadAudit",
       "ReadFunctionLogs", "TestHook", "TraceConnection"}  # fmt: skip


TRUST_LAMBDA = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"""


def is_change(operation):
    return operation in CHANGE or not READ.match(operation)


def registered():
    """(service, operation) of the server's tables."""
    for directory, service in SERVICES.items():
        for source in (CONTROL / directory).rglob("*.rs"):
            for name in re.findall(r'operation!\("(\w+)"', source.read_text()):
                if name not in OWN:
                    yield service, name


class Ledger:
    """What was acknowledged: service, operation and id of each request."""

    def __init__(self, clients):
        self.acknowledged = []
        for service, client in clients.items():
            client.meta.events.register("after-call", self.note(service))

    def note(self, service):
        def noted(http_response, parsed, model, **_):
            if http_response.status_code < 300:
                request = parsed["ResponseMetadata"]["RequestId"]
                self.acknowledged.append((service, model.name, request))

        return noted


def all_of_lambda(client, role):
    """Every change that Lambda offers, as a story."""
    name, zipped = {"FunctionName": "recorded"}, package()
    arn = client.create_function(
        Runtime="python3.12", Role=role, Handler="app.handler", Code={"ZipFile": zipped}, **name
    )["FunctionArn"]
    client.update_function_code(ZipFile=zipped, **name)
    client.update_function_configuration(Timeout=5, **name)
    version = client.publish_version(**name)["Version"]
    client.create_alias(Name="live", FunctionVersion=version, **name)
    client.update_alias(Name="live", Description="now", **name)
    client.add_permission(
        StatementId="iot",
        Action="lambda:InvokeFunction",
        Principal="iot.amazonaws.com",
        **name,
    )
    client.remove_permission(StatementId="iot", **name)
    client.put_function_concurrency(ReservedConcurrentExecutions=1, **name)
    client.delete_function_concurrency(**name)
    client.tag_resource(Resource=arn, Tags={"a": "b"})
    client.untag_resource(Resource=arn, TagKeys=["a"])
    client.delete_alias(Name="live", **name)
    client.delete_function(**name)


@pytest.fixture(scope="module")
def later(start_server):
    server = start_server("records", LATER)
    (server.buckets / "bucket").mkdir()
    many = "".join(f'{{"ThingName": "many-{n}"}}\n' for n in range(20_000))
    (server.buckets / "bucket" / "many.json").write_text(many)
    return server


# What they change is no row of the registry: a message, and a connection without its session.
IN_MEMORY = {
    ("iot-data", "Publish"), ("iot-data", "SendDirectMessage"), ("iot-data", "DeleteConnection"),
}  # fmt: skip


def ask_everything(clients, hook, server):
    for service, operation in OPERATIONS:
        scene = Scene(clients, hook.url, server)
        method = service_model.method(clients[service], operation)
        try:
            method(**asking.minimal(scene, service, operation))
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] < 500 or (
                error.response["Error"]["Code"] == "NotImplementedException"
            ), error
    clients["iot-data"].publish(topic="records/kept", retain=True, payload=b"kept")
    clients["iot-data"].publish(topic="records/kept", retain=True, payload=b"")


def test_a_change_that_was_acknowledged_has_its_record(later, hook, client_of):
    clients = {service: client_of(later, service) for service in SERVICES.values()}
    ledger = Ledger(clients)
    ask_everything(clients, hook, later)
    made = clients["iam"].create_role(
        RoleName="recorded-function", AssumeRolePolicyDocument=TRUST_LAMBDA
    )
    all_of_lambda(clients["lambda"], made["Role"]["Arn"])

    registry = sqlite3.connect(f"file:{later.registry}?mode=ro", uri=True)
    rows = registry.execute("SELECT request_id, outcome FROM audit").fetchall()
    kept = {}
    for request, outcome in rows:
        kept.setdefault(request, []).append(outcome)
    wrong = [
        (service, operation, kept.get(request))
        for service, operation, request in ledger.acknowledged
        if is_change(operation)
        and (service, operation) not in IN_MEMORY
        and kept.get(request) != ["Accepted"]
        and not (operation in IDEMPOTENT and request not in kept)
    ]
    assert not wrong, sorted(set(map(str, wrong)))
    changed = {operation for _, operation, request in ledger.acknowledged if request in kept}
    assert changed >= IDEMPOTENT
    # Of the data plane, what is retained, and a session.
    client = Scene(clients, hook.url, later).client
    ended = clients["iot-data"].delete_connection(clientId=client, cleanSession=True)
    request = ended["ResponseMetadata"]["RequestId"]
    rows = registry.execute("SELECT outcome FROM audit WHERE request_id = ?", [request])
    assert rows.fetchall() == [("Accepted",)]
    published = [r for s, o, r in ledger.acknowledged if (s, o) == ("iot-data", "Publish")]
    assert [kept.get(r) for r in published[-2:]] == [["Accepted"]] * 2
    # The records of what changed nothing were indeed not written yet.
    read = [r for _, o, r in ledger.acknowledged if not is_change(o)]
    assert read and not any(r in kept for r in read)
    # No operation of the tables was forgotten here.
    seen = {(service, operation) for service, operation, _ in ledger.acknowledged}
    unseen = {each for each in registered() if is_change(each[1])} - seen
    assert {name for _, name in unseen} == OF_NOTHING, unseen
