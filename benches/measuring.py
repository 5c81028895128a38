"""Processes on a core of their own, and what they used."""

import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SERVER = ROOT / "target/release/fleetwright"
LOAD = ROOT / "target/release/fleetwright-load"
SERVER_CORE, LOAD_CORE, BOTH_CORES = "0", "1", "0,1"
SETTLE_SECONDS = 60


def on_core(core, *command, **options):
    return subprocess.Popen(["taskset", "-c", core, *map(str, command)], text=True, **options)


def report(core, *command):
    done = subprocess.run(["taskset", "-c", core, *map(str, command)], text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def settle(pid):
    """Waits until the server does nothing by itself: a key for its pool, an old file."""
    deadline, before = time.monotonic() + SETTLE_SECONDS, cpu_seconds(pid)
    while time.monotonic() < deadline:
        time.sleep(0.5)
        now = cpu_seconds(pid)
        if now == before:
            return
        before = now
    raise TimeoutError(f"process {pid} is still busy after {SETTLE_SECONDS} s")


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise LookupError("VmRSS")
