"""Functions that are invoked."""

import base64
import json

import pytest

from packages import bootstrap
from test_lambda import arn
from test_signatures import send


@pytest.fixture
def answering(create):
    """The name of a function that answers its event."""
    made = create(
        Runtime="provided.al2023",
        Handler="none",
        Code={"ZipFile": bootstrap()},
        Environment={"Variables": {"STAGE": "one"}},
        Timeout=10,
        Publish=True,
    )
    return made["FunctionName"]


def read(answer):
    return json.loads(answer["Payload"].read())


def test_a_function_answers_its_event(functions, answering):
    answer = functions.invoke(FunctionName=answering, Payload=b'{"a": 1}')
    assert answer["StatusCode"] == 200 and "FunctionError" not in answer
    assert answer["ExecutedVersion"] == "$LATEST"
    assert read(answer) == {"event": {"a": 1}, "stage": "one"}
    assert read(functions.invoke(FunctionName=answering)) == {"event": {}, "stage": "one"}


def test_a_failure_of_the_function_is_an_answer(functions, answering):
    answer = functions.invoke(FunctionName=answering, Payload=b'{"fail": "why"}')
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert read(answer)["errorMessage"] == "why"


def test_the_tail_of_the_log_is_given_when_asked_for(functions, answering):
    answer = functions.invoke(FunctionName=answering, LogType="Tail", Payload=b'{"a": "logged"}')
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert 'event {"a": "logged"}' in tail and "REPORT RequestId: " in tail
    assert "LogResult" not in functions.invoke(FunctionName=answering)


def test_a_version_and_an_alias_run_what_they_were(functions, answering):
    functions.update_function_configuration(
        FunctionName=answering, Environment={"Variables": {"STAGE": "two"}}
    )
    functions.create_alias(FunctionName=answering, Name="live", FunctionVersion="1")
    stages = {}
    for qualifier in ("$LATEST", "1", "live"):
        answer = functions.invoke(FunctionName=answering, Qualifier=qualifier)
        stages[qualifier] = (read(answer)["stage"], answer["ExecutedVersion"])
    assert stages == {"$LATEST": ("two", "$LATEST"), "1": ("one", "1"), "live": ("one", "1")}


def test_a_dry_run_runs_nothing(functions, function):
    answer = functions.invoke(FunctionName=function, InvocationType="DryRun")
    assert answer["StatusCode"] == 204 and answer["Payload"].read() == b""


def test_what_is_not_there_is_not_invoked(functions, function, refused):
    for name in ("absent", f"{function}:7", f"{function}:live"):
        error = refused(functions.invoke, FunctionName=name)
        assert error == ("ResourceNotFoundException", 404, f"Function not found: {arn(name)}")


def test_invocations_that_cannot_be_are_refused(server, functions, function, refused):
    error = refused(functions.invoke, FunctionName=function, Payload=b"{")
    assert error[:2] == ("InvalidRequestContentException", 400)
    error = refused(functions.invoke, FunctionName=function, InvocationType="Event")
    assert error[:2] == ("InvalidParameterValueException", 400)
    assert "RequestResponse" in error[2]
    large = json.dumps("x" * (6 * 1024 * 1024)).encode()
    path = f"/2015-03-31/functions/{function}/invocations"
    status, name, _ = send(server, "POST", path, large, service="lambda")
    assert (status, name) == (413, "RequestTooLargeException")


def test_reserving_nothing_stops_a_function(functions, answering, refused):
    functions.put_function_concurrency(FunctionName=answering, ReservedConcurrentExecutions=0)
    error = refused(functions.invoke, FunctionName=answering)
    assert error[:2] == ("TooManyRequestsException", 429)
    functions.delete_function_concurrency(FunctionName=answering)
    assert functions.invoke(FunctionName=answering)["StatusCode"] == 200
