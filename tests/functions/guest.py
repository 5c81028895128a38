"""The init of a kernel of our own (User Mode Linux) whose control groups are the test's: starts a
server in one that was given to it, lets functions hoard, and says in one line what came of it.

    guest.py ROOT VERSION KIND…
"""

import ctypes
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time
import traceback

ROOT, VERSION, KINDS = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
MARK = "what came of it: "
MEMORY, PIDS = pathlib.Path("/tmp/memory/fleet"), pathlib.Path("/tmp/pids/fleet")
# A runtime of its own: no interface client has to be installed in here.
BOOTSTRAP = """#!/usr/bin/python3
import json, os, urllib.request, hoarding

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
while True:
    with urllib.request.urlopen(f"{API}/next") as answer:
        request = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.load(answer)
    said = json.dumps(hoarding.handler(event, None)).encode()
    urllib.request.urlopen(f"{API}/{request}/response", said).read()
"""


def mount(kind, place, options=""):
    pathlib.Path(place).mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", kind, *(["-o", options] if options else []), "none", place]
    subprocess.run(command, check=True)


def groups():
    """Makes a group for the server as systemd would with Delegate=yes, or as an operator would of
    version 1; gives the door of it, and what the server's configuration says."""
    if VERSION == "2":
        mount("cgroup2", "/tmp/memory")
        (MEMORY.parent / "cgroup.subtree_control").write_text("+memory +pids")
        MEMORY.mkdir()
        os.setxattr(MEMORY, "trusted.delegate", b"1")
        return MEMORY / "cgroup.procs", ""
    for place in (MEMORY, PIDS):
        mount("cgroup", str(place.parent), place.parent.name)
        place.mkdir()
    return None, f'[functions]\ncgroup = "{MEMORY}"\n'


def watch(most, stop):
    """Notes the most that any worker's group holds, and the least of its bounds."""
    names = {
        "2": ("memory.current", "memory.max", "pids.max"),
        "1": ("memory.usage_in_bytes", "memory.limit_in_bytes", None),
    }[VERSION]
    while not stop.wait(0.01):
        for name in names:
            for file in MEMORY.glob(f"worker-*/{name}") if name else PIDS.glob("worker-*/pids.max"):
                try:
                    value = int(file.read_text())
                except (OSError, ValueError):
                    continue
                # A bound is there as soon as it was written, which is before anything runs.
                worst = max if file.name == names[0] else min
                most[file.name] = worst(most.get(file.name, value), value)


def run():
    os.environ |= {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp"}
    mount("proc", "/proc")
    mount("sysfs", "/sys")
    mount("tmpfs", "/tmp")
    socket.sethostname("guest")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    door, config = groups()
    for folder in ("tests", "tests/functions", "tests/provisioning"):
        sys.path.insert(0, str(ROOT / folder))
    from deploying import Site
    from serving import BINARY, OwnServer
    from test_memory import HOARDING

    place = pathlib.Path("/tmp/site")
    place.mkdir()
    binary = place / "start"
    enter = f"echo $$ > {door}\n" if door else ""
    binary.write_text(f'#!/bin/sh\n{enter}exec {BINARY} "$@"\n')
    binary.chmod(0o755)
    own = OwnServer(place, f"[provisioning]\nkey-pool-capacity = 1\n{config}", binary=binary)
    site = Site(own.start(), own)
    files = {"bootstrap": BOOTSTRAP, "hoarding.py": HOARDING}
    function = site.deploy(files, Runtime="provided.al2023", Timeout=60, MemorySize=128)
    found = {"kinds": {}, "doctor": doctor(own)}
    for kind in KINDS:
        most, stop = {}, threading.Event()
        watching = threading.Thread(target=watch, args=(most, stop))
        watching.start()
        payload = json.dumps({"hoard": kind})
        answer = site.functions.invoke(FunctionName=function, Payload=payload)["Payload"].read()
        stop.set()
        watching.join()
        found["kinds"][kind] = {"said": json.loads(answer), "most": most}
    found["log"] = re.findall(r"functions' memory is bounded by [^\"]*", own.log.read_text())
    deadline = time.monotonic() + 60
    site.functions.delete_function(FunctionName=function.rpartition(":")[2])
    while (left := list(MEMORY.glob("worker-*"))) and time.monotonic() < deadline:
        time.sleep(0.5)
    found["left"] = [each.name for each in left]
    found["stopped"] = own.stop()
    return found


def doctor(own):
    done = subprocess.run([own.binary, "doctor", "--data-dir", own.data, "--output", "json",
                           "--config", own.directory / "fleetwright.toml"],
                          capture_output=True, text=True)  # fmt: skip
    return json.loads(done.stdout)["findings"]


if __name__ == "__main__":
    try:
        print(MARK + json.dumps(run()), flush=True)
    except BaseException:
        traceback.print_exc()
        for line in open("/tmp/site/server.log"):
            print(line, end="")
    finally:
        os.sync()
        time.sleep(0.2)
        # LINUX_REBOOT_CMD_POWER_OFF
        ctypes.CDLL(None).reboot(0x4321FEDC)
