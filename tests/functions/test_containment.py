"""What a function sees of the machine, and what it may do to it."""

import json
import os
import pwd
import socket
import subprocess

import pytest

LOOKING = '''
import json, os, resource, socket, subprocess

def attempt(action, *arguments):
    try:
        return str(action(*arguments))
    except Exception as error:
        return f"{type(error).__name__}: {error}"

def read(path):
    with open(path) as file:
        return file.read()

def write(path):
    with open(path, "w") as file:
        return file.write("x")

def handler(event, context):
    if "eval" in event:
        return attempt(eval, event["eval"])
    return {
        "user": os.getuid(),
        "groups": os.getgroups(),
        "root": sorted(os.listdir("/")),
        "processes": [each for each in os.listdir("/proc") if each.isdigit()],
        "environment": sorted(os.environ),
        "limits": {name: resource.getrlimit(getattr(resource, name))[1] for name in
                   ("RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CPU", "RLIMIT_DATA",
                    "RLIMIT_CORE")},
        "capabilities": [line for line in read("/proc/self/status").splitlines()
                         if line.startswith(("CapEff", "CapPrm", "CapAmb", "NoNewPrivs"))],
    }
'''


@pytest.fixture(scope="module")
def looking(site):
    return site.deploy({"app.py": LOOKING}, Environment={"Variables": {"OWN": "value"}})


@pytest.fixture(scope="module")
def attempt(site, looking):
    """Evaluates an expression inside the function."""

    def evaluate(expression, function=looking, of=site):
        payload = json.dumps({"eval": expression})
        answer = of.functions.invoke(FunctionName=function, Payload=payload)
        return json.loads(answer["Payload"].read())

    return evaluate


def look(site, function):
    return json.loads(site.functions.invoke(FunctionName=function)["Payload"].read())


def test_a_function_is_an_unprivileged_user_with_limits_and_no_rights(site, looking):
    seen = look(site, looking)
    assert seen["user"] not in (0, os.getuid() or -1) and 0 not in seen["groups"]
    assert seen["capabilities"] == [
        *("CapPrm:\t0000000000000000", "CapEff:\t0000000000000000"),
        *("CapAmb:\t0000000000000000", "NoNewPrivs:\t1"),
    ]
    limits = seen["limits"]
    assert (limits["RLIMIT_NPROC"], limits["RLIMIT_NOFILE"]) == (256, 1024)
    assert (limits["RLIMIT_FSIZE"], limits["RLIMIT_CORE"]) == (64 << 20, 0)
    assert 0 < limits["RLIMIT_CPU"] <= 600 and 0 < limits["RLIMIT_DATA"] < 1 << 30


def test_a_function_sees_its_own_processes_and_files_only(site, looking, attempt):
    seen = look(site, looking)
    assert len(seen["processes"]) == 2, "the init and itself"
    assert set(seen["root"]) <= {
        *("bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "nix", "proc", "root", "sbin"),
        *("tmp", "usr", "var", "opt"),
    }
    for path in (site.own.data, site.own.directory, "/etc/shadow", "/home", "/run", "/sys"):
        assert attempt(f"os.listdir({str(path)!r})").startswith("FileNotFoundError"), path
    assert attempt("os.listdir('/tmp')") == "[]"
    assert attempt("os.listdir('/var/task')") == "['app.py']"


def test_it_inherits_no_open_file(attempt):
    seen = attempt("[os.readlink(f'/proc/self/fd/{each}') for each in os.listdir('/proc/self/fd')"
                   " if os.path.exists(f'/proc/self/fd/{each}')]")  # fmt: skip
    kinds = sorted({each.partition(":")[0] for each in json.loads(seen.replace("'", '"'))})
    assert set(kinds) <= {"/dev/null", "pipe", "socket"}, seen
    assert seen.count("pipe:") == 2, "standard output and error"


def test_its_environment_is_lambdas_and_its_owners(site, looking):
    seen = look(site, looking)["environment"]
    assert {"OWN", "AWS_REGION", "AWS_LAMBDA_FUNCTION_NAME", "LAMBDA_TASK_ROOT"} <= set(seen)
    assert not [name for name in seen if name.startswith("FLEETWRIGHT")]
    assert not {"SSH_AUTH_SOCK", "USER", "LOGNAME", "CARGO_HOME"} & set(seen)


@pytest.mark.parametrize(
    "expression",
    [
        "write('/var/task/app.py')",
        "write('/usr/bin/python3')",
        "write('/etc/passwd')",
        "write('/new')",
        "write('/proc/sys/kernel/core_pattern')",
        "os.mknod('/tmp/device', 0o60600, os.makedev(8, 0))",
        "os.chroot('/tmp')",
        "os.setuid(0)",
        "os.kill(1, 9) or read('/proc/1/environ')",
        "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
        "subprocess.run(['mount', '-t', 'tmpfs', 'x', '/tmp'], check=True)",
        "subprocess.run(['unshare', '--mount', 'true'], check=True)",
        "os.sethostname('mine') if hasattr(os, 'sethostname') else socket.sethostname('mine')",
    ],
)
def test_what_a_function_may_not_do(attempt, expression):
    said = attempt(expression)
    assert said.startswith(("PermissionError", "OSError", "CalledProcessError")), said


def test_what_a_function_may_do(attempt):
    assert attempt("write('/tmp/own')") == "1"
    assert attempt("subprocess.run(['true'], check=True).returncode") == "0"
    assert attempt("socket.getaddrinfo('localhost', 80)[0][4][1]") == "80"


def test_a_function_cannot_take_anothers_events(site, attempt):
    """The Runtime API of each worker is for that worker's own processes."""
    victim = site.deploy({"app.py": LOOKING})
    payload = json.dumps({"eval": "os.environ['AWS_LAMBDA_RUNTIME_API']"})
    answer = site.functions.invoke(FunctionName=victim, Payload=payload)
    address = json.loads(answer["Payload"].read())
    base = f"http://{address}/2018-06-01/runtime"
    fetch = "__import__('urllib.request').request.urlopen({!r}, {}).read()"
    for path, body in [
        ("invocation/next", None),
        ("init/error", b"{}"),
        ("invocation/guess/response", b"{}"),
    ]:
        said = attempt(fetch.format(f"{base}/{path}", body))
        assert said.startswith(("RemoteDisconnected", "ConnectionResetError", "URLError")), said
    # Nor can whoever else is on this machine, however often.
    strangers = [socket.create_connection(address.split(":")) for _ in range(64)]
    command = ["curl", "-sS", "-m", "10", f"{base}/invocation/next"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and done.stdout == ""
    for stranger in strangers:
        stranger.close()
    assert look(site, victim)["user"], "it still has its own"


def test_its_own_credentials_are_its_roles_and_no_more(attempt):
    said = attempt("__import__('boto3').client('iot').list_things()")
    assert "AccessDenied" in said and "assumed-role/functions/" in said


SHELL_RUNTIME = """#!/bin/sh
API=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while :; do
    EVENT=$(curl -sS -D /tmp/headers "$API/next")
    REQUEST=$(sed -n 's/^lambda-runtime-aws-request-id: *//Ip' /tmp/headers | tr -d '[:space:]')
    SEEN="$(id -u) $(ls /proc | grep -c '^[0-9]') $(ls / | tr '\\n' ' ')"
    curl -sS -X POST "$API/$REQUEST/response" -d "\\"$SEEN\\""
done
"""


def test_a_server_that_is_no_root_contains_its_functions_too(site_of_nobody):
    """In a user namespace, which gives the right to make the others and no more."""
    site = site_of_nobody()
    function = site.deploy({"bootstrap": SHELL_RUNTIME}, Runtime="provided.al2023", Handler="none")
    answer = site.functions.invoke(FunctionName=function)
    user, processes, *root = json.loads(answer["Payload"].read()).split()
    assert user not in ("0", str(pwd.getpwnam("nobody").pw_uid))
    assert int(processes) < 8 and "home" not in root and "work" not in root
