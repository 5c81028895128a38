"""Every operation, as the installed botocore model has it."""

import json

import pytest
from botocore.exceptions import ClientError

import asking
import iam_and_sts_refusals  # noqa: F401  registers its cases
import refusals_of_accounts  # noqa: F401  registers its cases
import refusals_of_certificates  # noqa: F401  registers its cases
import refusals_of_jobs  # noqa: F401  registers its cases
import refusals_of_messages  # noqa: F401  registers its cases
import refusals_of_policies  # noqa: F401  registers its cases
import refusals_of_things  # noqa: F401  registers its cases
import service_model
from operations import OPERATIONS, label
from refusals import case_of
from scene import Scene

# What AWS's control plane answers for want of a permission, beside the model's own name.
DENIED = ("UnauthorizedException", "AccessDeniedException", "ForbiddenException")
IDS = [label(*operation) for operation in OPERATIONS]


class Call:
    """One operation, called as the administrator; holds the answer to the model."""

    def __init__(self, clients, nobody, trouble, service, operation):
        self.clients, self.nobody, self.trouble = clients, nobody, trouble
        self.service, self.operation = service, operation

    def _call(self, clients, members):
        return service_model.method(clients[self.service], self.operation)(**members)

    def of(self, clients, members):
        """Asks another server."""
        return self._call(clients, members)

    def probe(self, clients):
        """Asks another server for what it need not look at."""
        model = service_model.operation(self.service, self.operation)
        return self._call(clients, service_model.probe(model))

    def changed_on_the_way(self, change, **members):
        """Sends a request that no SDK builds: `change` gets it as it is before it is signed."""
        events = self.clients[self.service].meta.events
        name = f"before-call.{self.service}.{self.operation}"

        def on_the_way(params, **_):
            change(params)

        events.register(name, on_the_way)
        try:
            self(**members)
        finally:
            events.unregister(name, on_the_way)

    def accepted(self, **members):
        return self._call(self.clients, members)

    def __call__(self, goes_on=False, **members):
        """Must be refused in the end; with `goes_on` an earlier one may be accepted."""
        answer = self._call(self.clients, members)
        if not goes_on:
            raise AssertionError(f"{self.operation} was accepted: {members} gave {answer}")

    def as_nobody(self, **members):
        self._call(self.nobody, members)
        raise AssertionError(f"{self.operation} was accepted without permission")


@pytest.fixture
def scene(clients, hook, conforming):
    return Scene(clients, hook.url, conforming)


@pytest.fixture(scope="session")
def is_offered(clients):
    known = {}

    def ask(service, operation):
        if (service, operation) not in known:
            known[service, operation] = probe(clients[service], service, operation)
        return known[service, operation]

    return ask


def probe(client, service, operation):
    model = service_model.operation(service, operation)
    try:
        service_model.method(client, operation)(**service_model.probe(model))
    except ClientError as error:
        return not is_not_implemented(error)
    return True


def is_not_implemented(error):
    """In AWS's shape, with a line of advice."""
    answer = error.response
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    if answer["Error"]["Code"] == "NotImplementedException":
        assert status == 501 and answer["ResponseMetadata"]["RequestId"]
        assert len(answer["Error"]["Message"]) > 30
        return True
    return answer["Error"]["Code"] in ("UnknownOperationException", "InvalidSignatureException")


@pytest.fixture
def offered(is_offered, committed, service, operation):
    """Skips what is not offered, unless the committed table says that it is."""
    if is_offered(service, operation):
        return
    name = label(service, operation)
    assert not committed.works(name, "minimal"), "offered once, and no longer"
    pytest.skip("not offered")


def send(clients, service, operation, members):
    """Sends a request; the answer must be as the model has it, parsed and on the wire."""
    model, wire = service_model.operation(service, operation), {}
    client = clients[service]
    events, name = client.meta.events, f"response-received.{service}.{operation}"

    def keep(response_dict=None, **_):
        wire.update(response_dict or {})

    events.register(name, keep)
    try:
        answer = service_model.method(client, operation)(**members)
    finally:
        events.unregister(name, keep)
    assert answer["ResponseMetadata"]["RequestId"]
    found = service_model.faults(model.output_shape, answer)
    has_stream = model.output_shape is not None and model.has_streaming_output
    payload = model.output_shape and model.output_shape.serialization.get("payload")
    if wire.get("body") and service_model.answers_json(model) and not has_stream and not payload:
        found += service_model.faults(model.output_shape, json.loads(wire["body"]), "wire")
    assert not found, found


@pytest.mark.parametrize("kind", ["minimal", "maximal"])
@pytest.mark.parametrize("service, operation", OPERATIONS, ids=IDS)
def test_an_operation_takes_what_the_model_allows(
    service, operation, kind, offered, clients, scene, results, committed, hook, conforming
):
    name = label(service, operation)
    results.worked(name, kind, False)
    for error in without_case(service, operation):
        results.provoked(name, error, False)
    try:
        if kind == "minimal":
            send(clients, service, operation, asking.minimal(scene, service, operation))
        else:
            for without in asking.maximal_forms(operation):
                fresh = Scene(clients, hook.url, conforming)
                request = asking.maximal(fresh, service, operation, without)
                send(clients, service, operation, request)
    except ClientError as error:
        if error.operation_name != operation and is_not_implemented(error):
            assert not committed.works(name, kind), f"needs {error.operation_name}"
            pytest.skip(f"needs {error.operation_name}, which is not offered")
        raise
    results.worked(name, kind, True)


def test_no_case_is_gone(committed):
    for service, operation in OPERATIONS:
        for error in without_case(service, operation):
            assert not committed.provokes(label(service, operation), error), (operation, error)


def test_the_maximal_requests_together_have_every_member():
    for service, operation in OPERATIONS:
        members = service_model.optional_members(service_model.operation(service, operation))
        forms = asking.maximal_forms(operation)
        never = set.intersection(*map(set, forms)) & members
        assert never <= set(asking.LEFT_OUT), f"{operation} is never sent {never}"


def without_case(service, operation):
    """The errors of an operation for which nobody has written a case."""
    model, name = service_model.operation(service, operation), label(service, operation)
    return [error for error in service_model.errors(model) if case_of(name, error) is None]


ERRORS = [
    (service, operation, error)
    for service, operation in OPERATIONS
    for error in service_model.errors(service_model.operation(service, operation))
    if error not in without_case(service, operation)
]


@pytest.mark.parametrize(
    "service, operation, error", ERRORS, ids=[f"{label(s, o)}-{e}" for s, o, e in ERRORS]
)
def test_a_listed_error_is_provoked(
    service, operation, error, offered, clients, scene, results, nobody, trouble
):
    name = label(service, operation)
    case = case_of(name, error)
    if isinstance(case, str):
        results.provoked(name, error, case)
        pytest.skip(case)
    results.provoked(name, error, False)
    call = Call(clients, nobody, trouble, service, operation)
    with pytest.raises(ClientError) as caught:
        case(scene, call)
    assert caught.value.operation_name == operation, caught.value
    code = caught.value.response["Error"]["Code"]
    expected = service_model.code(service_model.operation(service, operation), error)
    assert code == expected or (error == "UnauthorizedException" and code in DENIED), caught.value
    assert caught.value.response["Error"]["Message"]
    results.provoked(name, error, True)
