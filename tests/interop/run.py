"""`make interop`: every client of the matrix, or those that are named, a line each while it goes,
and a table."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "aws")]

from matrix import CLIENTS, NotHere, check  # noqa: E402
from running import Server  # noqa: E402

BINARY = os.environ.get("FLEETWRIGHT_BIN", str(HERE.parents[1] / "target/debug/fleetwright"))
START_SECONDS = 60


def start(directory):
    """A server, and its process."""
    ready, data = directory / "ready.json", directory / "data"
    command = [BINARY, "serve", "--data-dir", data, "--ready-file", ready]
    command += ["--mqtt-listen", "127.0.0.1:0", "--api-listen", "127.0.0.1:0"]
    with (directory / "server.log").open("wb") as output:
        process = subprocess.Popen(list(map(str, command)), stdout=output, stderr=output)
    deadline = time.monotonic() + START_SECONDS
    while not (ready.exists() and ready.stat().st_size):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            sys.exit(f"the server did not start:\n{(directory / 'server.log').read_text()}")
        time.sleep(0.05)
    bound = json.loads(ready.read_text())
    root, credentials = data / "root-ca.pem", data / "admin.credentials"
    return process, Server(f"http://{bound['api']}", bound["mqtt"], root, credentials)


def outcome(client, server, number):
    """A word about it, and its version or why not."""
    name = f"interop-{number}"
    try:
        client.install()
        result = client.walk(server, name)
        check(client, result, name)
    except NotHere as why:
        return "skipped", str(why)
    except (AssertionError, subprocess.TimeoutExpired) as why:
        return "FAILED", str(why)
    return "passed", result["version"]


def main():
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        process, server = start(pathlib.Path(directory))
        try:
            wanted = [client for client in CLIENTS if not sys.argv[1:] or client.name in sys.argv]
            for number, client in enumerate(wanted, 1):
                begun = time.monotonic()
                print(f"[{number}/{len(wanted)}] {client.name} …", end=" ", flush=True)
                word, detail = outcome(client, server, number)
                print(f"{word} in {time.monotonic() - begun:.0f} s", flush=True)
                rows.append((client.family, client.name, word, detail))
        finally:
            process.terminate()
            process.wait(timeout=30)
    print()
    for family, name, word, detail in rows:
        print(f"  {family:14} {name:21} {word:8} {detail.splitlines()[0] if detail else ''}")
    failed = [(name, detail) for _, name, word, detail in rows if word == "FAILED"]
    for name, detail in failed:
        print(f"\n{name}:\n{detail}", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
