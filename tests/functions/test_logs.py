"""`fleetwright function`: what functions logged, by invocation; functions listed and run by hand."""

import json
import subprocess
import time

import pytest

from by_serial import bootstrap
from device import Device
from serving import BINARY, clean_environment, run

PATIENCE = 20


@pytest.fixture(scope="module")
def fleetwright(site):
    """Runs a command against the server; gives what came of it."""

    def call(*words):
        reach = ("--api", site.server.api, "--credentials", site.server.credentials)
        return run(*words, *reach)

    return call


@pytest.fixture(scope="module")
def hook(site):
    """The name of a function that is a hook: it fails, refuses or allows by the serial number."""
    arn = site.deploy({}, Runtime="provided.al2023", Handler="none", Code=bootstrap())
    return arn.rpartition(":")[2]


@pytest.fixture
def lines(fleetwright):
    """The lines of a function's log, once one holds a text."""

    def read(name, text, *arguments):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            done = fleetwright("function", "logs", name, "--output", "json", *arguments)
            assert done.returncode == 0, done.stderr
            if text in done.stdout:
                return [json.loads(line) for line in done.stdout.splitlines()]
            time.sleep(0.05)
        raise AssertionError(f"no line holds {text}")

    return read


def invoke(site, name, **event):
    answer = site.functions.invoke(FunctionName=name, Payload=json.dumps(event))
    return answer["ResponseMetadata"]["RequestId"], json.load(answer["Payload"])


def test_what_was_printed_is_found_by_stream(site, hook, lines):
    invoke(site, hook, print="to the output", parameters={"SerialNumber": "good"})
    found = lines(hook, "to the output")
    [line] = [line for line in found if line["message"] == "to the output"]
    assert line["stream"] == "stdout" and line["version"] == "$LATEST"
    same = [other for other in found if other.get("requestId") == line["requestId"]]
    assert {"stdout", "stderr", "platform"} == {other["stream"] for other in same}
    only = lines(hook, "to the output", "--request-id", line["requestId"])
    assert only == same


def test_people_read_invocations(site, hook, lines, fleetwright):
    invoke(site, hook, print="for people", parameters={"SerialNumber": "good"})
    lines(hook, "for people")
    text = fleetwright("function", "logs", hook).stdout
    assert "  stdout  for people\n" in text and "\x1b" not in text
    assert "  ok  " in text and " ms\n" in text


def test_errors_are_told_from_the_rest_with_their_reason(site, hook, lines, fleetwright):
    invoke(site, hook, print="all is well", parameters={"SerialNumber": "good"})
    invoke(site, hook, parameters={"SerialNumber": "fail-1"})
    lines(hook, "REPORT")
    lines(hook, "no such serial")
    text = fleetwright("function", "logs", hook, "--errors").stdout
    assert "  reason  Unknown: no such serial fail-1\n" in text
    assert "all is well" not in text


def test_time_bounds_what_is_read(site, hook, lines, fleetwright):
    invoke(site, hook, print="just now", parameters={"SerialNumber": "good"})
    lines(hook, "just now", "--since", "1m")
    time.sleep(2.1)
    assert "just now" not in fleetwright("function", "logs", hook, "--since", "1s").stdout


def test_who_follows_sees_what_comes_once(site, hook, lines):
    invoke(site, hook, print="before", parameters={"SerialNumber": "good"})
    lines(hook, "before")
    command = [BINARY, "function", "logs", hook, "--follow", "--output", "json", "--since", "1m"]
    command += ["--api", site.server.api, "--credentials", str(site.server.credentials)]
    following = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=clean_environment()
    )
    try:
        heard = []
        while "before" not in heard:
            heard.append(json.loads(following.stdout.readline())["message"])
        invoke(site, hook, print="after", parameters={"SerialNumber": "good"})
        while "after" not in heard:
            heard.append(json.loads(following.stdout.readline())["message"])
        assert heard.count("before") == heard.count("after") == 1
    finally:
        following.kill()
        following.wait()


def test_a_device_that_a_hook_refused_is_found_in_trail_and_logs(site, hook, lines, fleetwright):
    template = site.hooked(f"arn:aws:lambda:us-east-1:123456789012:function:{hook}")
    for serial, what in [("bad-serial", "refused client"), ("fail-serial", "refused, for it")]:
        client_id = site.unique("client")
        with Device(site.server, site.claim(template), client_id) as asking:
            _, token = asking.certificate_from_csr()
            assert not asking.register(template, token, SerialNumber=serial).accepted
        found = lines(hook, client_id, "--errors")
        [verdict] = [line for line in found if client_id in line["message"]]
        assert what in verdict["message"] and serial not in verdict["message"]
        record = record_of(fleetwright, client_id)
        assert verdict["requestId"] in record["reason"] and f":{hook}" in record["reason"]
        assert serial not in json.dumps(record)
    assert "Unknown: no such serial <SerialNumber>" in record["reason"]
    assert verdict["requestId"] in site.read_log()


def record_of(fleetwright, client_id):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        done = fleetwright("audit", "--who", client_id, "--operation", "RegisterThing",
                           "--output", "json")  # fmt: skip
        if done.stdout:
            return json.loads(done.stdout.splitlines()[0])
        time.sleep(0.05)
    raise AssertionError("no record")


def test_a_hook_that_may_not_be_invoked_says_so_in_its_log(site, hook, lines):
    arn = site.deploy({}, Runtime="provided.al2023", Handler="none", Code=bootstrap())
    template = site.hooked(arn, permit=False)
    with Device(site.server, site.claim(template)) as asking:
        _, token = asking.certificate_from_csr()
        assert not asking.register(template, token, SerialNumber="good").accepted
    [line] = lines(arn.rpartition(":")[2], "NOT INVOKED")
    assert f"provisioningtemplate/{template}" in line["message"]
    assert "has no policy" in line["message"]


def test_hook_test_shows_a_functions_log(site, hook, fleetwright):
    template = site.hooked(f"arn:aws:lambda:us-east-1:123456789012:function:{hook}")
    done = fleetwright("hook", "test", "--template", template, "-p", "SerialNumber=fail-1",
                       "--output", "json")  # fmt: skip
    told = json.loads(done.stdout)
    assert done.returncode == 3 and told["hook"]["verdict"] == "failed"
    assert told["hook"]["requestId"] and "asked about fail-1" in told["hook"]["log"]


def test_functions_are_listed_and_run_by_hand(site, hook, fleetwright, tmp_path):
    listed = fleetwright("function", "list", "--output", "json").stdout.splitlines()
    [found] = [each for each in map(json.loads, listed) if each["FunctionName"] == hook]
    assert found["Runtime"] == "provided.al2023" and found["Timeout"] == 10
    assert hook in fleetwright("function", "list").stdout
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"parameters": {"SerialNumber": "good"}}))
    done = fleetwright("function", "invoke", hook, "--payload", f"@{event}")
    assert done.returncode == 0 and json.loads(done.stdout) == {"allowProvisioning": True}
    assert "asked about good" in done.stderr and "REPORT RequestId" in done.stderr
    failing = '{"parameters": {"SerialNumber": "fail-1"}}'
    done = fleetwright("function", "invoke", hook, "--payload", failing)
    assert done.returncode == 3 and json.loads(done.stdout)["errorType"] == "Unknown"
    done = fleetwright("function", "invoke", "no-such-function")
    assert done.returncode == 1 and "ResourceNotFoundException" in done.stderr


def test_logs_of_a_function_that_is_none_are_refused(fleetwright):
    done = fleetwright("function", "logs", "no-such-function")
    assert done.returncode == 1 and "does not exist" in done.stderr
    done = fleetwright("function", "logs", "no such name")
    assert done.returncode == 1 and "InvalidRequestException" in done.stderr


def test_a_log_goes_with_its_function(site, lines, fleetwright):
    arn = site.deploy({}, Runtime="provided.al2023", Handler="none", Code=bootstrap())
    name = arn.rpartition(":")[2]
    invoke(site, name, print="before", parameters={"SerialNumber": "good"})
    lines(name, "before")
    site.functions.delete_function(FunctionName=name)
    site.deploy({}, FunctionName=name, Runtime="provided.al2023", Handler="none", Code=bootstrap())
    invoke(site, name, print="after", parameters={"SerialNumber": "good"})
    found = [line["message"] for line in lines(name, "after")]
    assert "after" in found and "before" not in found
