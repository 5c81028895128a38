"""What a warm Python hook costs: the server's share per call, and how long devices wait for it."""

import io
import json
import os
import pathlib
import subprocess
import sys
import zipfile

from measuring import BOTH_CORES, LOAD, ROOT, SERVER, cpu_seconds, report

CALLS = int(os.environ.get("BENCH_HOOK_CALLS", "1000"))
AT_ONCE = 200
TEMPLATE = "FleetTemplate"
HOOK = """
def handler(event, context):
    return {"allowProvisioning": event["parameters"]["SerialNumber"] != "refused"}
"""


def hooks(make_server, directory):
    """`make_server` starts a prepared release server in a directory, with a configuration."""
    runtimes = install_runtime()
    config = f'[functions]\nruntimes-dir = "{runtimes}"\n'
    own = pathlib.Path(directory) / "hooks"
    own.mkdir()
    server = make_server(own, cores=BOTH_CORES, config=config)
    try:
        without = per_device(server, "plain")
        deploy(server)
        with_hook = per_device(server, "hooked")
        burst = load(server, "burst", AT_ONCE * 5, AT_ONCE)
    finally:
        server.stop()
    overhead = (with_hook[0] - without[0]) / 1000
    print(f"warm Python hook         {overhead:6.2f} ms of server CPU per call   "
          f"(and {with_hook[1] / 1000:.2f} ms of the hook's own; {CALLS} registrations; aim 2)")
    print(f"{AT_ONCE} devices at once      {burst['register_p99_millis']:6.0f} ms p99 of RegisterThing   "
          f"(p50 {burst['register_p50_millis']:.0f}, longest {burst['register_max_millis']:.0f}; "
          f"both cores, the load on them too; limit 5000)")


def install_runtime():
    data = ROOT / ".venv" / "functions-data"
    runtimes = data / "functions" / "runtimes"
    if not list(runtimes.glob("python*")):
        command = [SERVER, "function", "install-runtime", "python", "--data-dir", data]
        if subprocess.run(command, stdout=sys.stderr).returncode:
            sys.exit("the runtime interface client cannot be installed")
    return runtimes


def deploy(server):
    """From now on the template has a hook."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", HOOK)
    url = f"http://{server.api}"
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = server.session.client("iam", endpoint_url=url)
    role = iam.create_role(RoleName="Functions", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    functions = server.session.client("lambda", endpoint_url=url)
    hook = functions.create_function(
        FunctionName="hook", Runtime="python3.11", Handler="app.handler", Role=role,
        Code={"ZipFile": code.getvalue()},
    )["FunctionArn"]
    functions.add_permission(FunctionName="hook", StatementId="iot", Action="lambda:InvokeFunction",
                             Principal="iot.amazonaws.com")
    server.iot.update_provisioning_template(
        templateName=TEMPLATE, preProvisioningHook={"payloadVersion": "2020-04-01", "targetArn": hook}
    )


def load(server, prefix, count, concurrency):
    return report(BOTH_CORES, LOAD, "provision", *server.credentials(), "--template", TEMPLATE,
                  "--count", count, "--concurrency", concurrency, "--prefix", prefix)


def per_device(server, prefix):
    """Microseconds of the server, and of the processes that it started, per device."""
    load(server, f"{prefix}-warm", 100, 32)
    before = cpu_seconds(server.process.pid), of_workers(server.process.pid)
    load(server, prefix, CALLS, 32)
    after = cpu_seconds(server.process.pid), of_workers(server.process.pid)
    return [(now - then) * 1e6 / CALLS for now, then in zip(after, before)]


def of_workers(pid):
    return sum(cpu_seconds(child) + of_workers(child) for child in children(pid))


def children(pid):
    found = []
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (thread / "children").read_text().split())
    return found
