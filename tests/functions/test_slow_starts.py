"""A worker that is not ready in time: the reason is what it was at, or who had the workers."""

import concurrent.futures
import json
import socket
import time

import pytest

from serving import run

ALLOWS = "def h(e, c): return {'allowProvisioning': True}\n"
PATIENCE = 60
PYTHON = {"Runtime": "python3.12", "Handler": "l.h", "Timeout": 15}
NODE = {"Runtime": "nodejs20.x", "Handler": "l.h", "Timeout": 15, "MemorySize": 256}


def rehearse(site, template):
    """Exit code of `fleetwright hook test`, and the reason why the hook failed."""
    done = run(
        *("hook", "test", "--api", site.server.api, "--credentials", site.server.credentials),
        *("--template", template, "--parameter", "SerialNumber=1", "--output", "json"),
    )
    assert done.returncode in (0, 3), done.stderr
    return done.returncode, json.loads(done.stdout)["hook"].get("reason") or ""


def log_of(site, function):
    name = function.rsplit(":", 1)[-1]
    api = ("--api", site.server.api, "--credentials", site.server.credentials)
    done = run("function", "logs", name, *api)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "files, options",
    [
        ({"l.py": "import time\ntime.sleep(6)\n" + ALLOWS}, PYTHON),
        (
            {
                "l.mjs": "await new Promise((done) => setTimeout(done, 6000));\n"
                "export const h = async () => ({ allowProvisioning: true });\n"
            },
            NODE,
        ),
    ],
    ids=["python", "nodejs"],
)
def test_a_function_that_is_still_importing_is_said_to_be(site, files, options):
    function = site.deploy(files, **options)
    template = site.hooked(function)
    code, reason = rehearse(site, template)
    assert code == 3
    assert "was still starting (importing l) after " in reason, reason
    assert "invoke it once beforehand" in reason and "max-workers" not in reason
    assert f"NOT INVOKED for {template_arn(site, template)}: " in log_of(site, function)
    assert "still starting (importing l)" in log_of(site, function)
    # What the message says helps.
    deadline = time.monotonic() + PATIENCE
    while rehearse(site, template)[0] != 0:
        assert time.monotonic() < deadline


def template_arn(site, template):
    return site.iot.describe_provisioning_template(templateName=template)["templateArn"]


@pytest.mark.parametrize(
    "source, reason",
    [
        ("import os\nos.kill(os.getpid(), 9)\n", "signal: killed while it was importing l"),
        ("import os\nos._exit(3)\n", "exit status 3 while it was importing l"),
        ("kept = bytearray(b'x') * (400 * 1024 * 1024)\nimport time\ntime.sleep(9)\n",
         "it used more than 128 MB while it was importing l"),
        ("import nothing_of_this_name\n", "Runtime.ImportModuleError"),
    ],
    ids=["killed", "exits", "memory", "no such module"],
)  # fmt: skip
def test_a_worker_that_is_lost_while_it_starts_is_told_by_its_cause(site, source, reason):
    function = site.deploy({"l.py": source + ALLOWS}, MemorySize=128, **PYTHON)
    code, told = rehearse(site, site.hooked(function))
    assert code == 3 and reason in told, told
    assert reason in log_of(site, function)


def test_time_that_went_to_the_start_is_told_when_the_rest_is_too_short(site):
    source = "import time\ntime.sleep(3)\ndef h(e, c): time.sleep(30)\n"
    code, reason = rehearse(site, site.hooked(site.deploy({"l.py": source}, **PYTHON)))
    assert code == 3 and "Task timed out after " in reason, reason
    assert "seconds of that time went to its start" in reason, reason
    # A function that is slow by itself is not said to start slowly.
    source = "import time\ndef h(e, c): time.sleep(30)\n"
    code, reason = rehearse(site, site.hooked(site.deploy({"l.py": source}, **PYTHON)))
    assert code == 3 and "Task timed out after " in reason and "start" not in reason, reason


# Busy until its caller hangs up.
WAITS = """
import socket

def h(event, context):
    if "port" in event:
        socket.create_connection(("127.0.0.1", event["port"])).recv(1)
    return {"allowProvisioning": True}
"""


@pytest.mark.parametrize(
    "settings, reserved, other, reason",
    [
        ("max-workers-per-function = 1", None, False, "[functions] max-workers-per-function is 1"),
        ("max-workers-per-function = 2", 1, False, "its reserved concurrency is 1"),
        ("max-workers = 1\nmax-workers-per-function = 1", None, True, "[functions] max-workers is 1"),
    ],
    ids=["per function", "reserved", "of all"],
)
def test_who_has_the_workers_is_told_with_the_bound(serve, settings, reserved, other, reason):
    site = serve(settings)
    options = PYTHON | {"Timeout": 60}
    function = site.deploy({"l.py": WAITS}, **options)
    busy = site.deploy({"l.py": WAITS}, **options) if other else function
    if reserved is not None:
        site.functions.put_function_concurrency(
            FunctionName=function, ReservedConcurrentExecutions=reserved
        )
    template = site.hooked(function)
    with concurrent.futures.ThreadPoolExecutor(1) as pool, socket.create_server(("127.0.0.1", 0)) as door:
        event = json.dumps({"port": door.getsockname()[1]})
        running = pool.submit(site.functions.invoke, FunctionName=busy, Payload=event)
        with door.accept()[0]:
            code, told = rehearse(site, template)
        assert code == 3 and reason in told and "still starting" not in told, told
        assert "FunctionError" not in running.result()
