"""Servers of a test's own: to configure, to stop, to kill and to start again."""

import contextlib
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import time

from running import Server, with_hook_urls

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("FLEETWRIGHT_BIN", str(ROOT / "target/debug/fleetwright"))
PATIENCE = 60


def clean_environment():
    """The environment without settings of Fleetwright's or AWS's clients."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "FLEETWRIGHT_"))}


GIVEN = set()


def free_port():
    """One that nobody was given before, nor is a client given by chance while its server is away."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in GIVEN:
                GIVEN.add(port)
                return port


def run(*arguments, **options):
    """Runs `fleetwright` to its end and gives what came of it."""
    return subprocess.run(
        [BINARY, *map(str, arguments)],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        **options,
    )


def _faketime():
    library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    return {"LD_PRELOAD": str(library), "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def moving(file):
    """For `faults`: a wall clock that a test sets ahead while the server runs, by writing libfaketime's
    notation to a file. What the server waits for by its other clock does not come sooner."""
    return _faketime() | {"FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1"}


class OwnServer:
    """`fleetwright serve` in a directory of its own, on the same ports at every start."""

    def __init__(self, directory, config="", binary=None):
        self.binary = binary or BINARY
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.data = self.directory / "data"
        self.log = self.directory / "server.log"
        self.ports = free_port(), free_port()
        self.process = None
        self.configure(config)

    def configure(self, config):
        """Takes effect at the next start."""
        (self.directory / "fleetwright.toml").write_text(with_hook_urls(config))

    def arguments(self):
        mqtt, api = self.ports
        return [
            *("--data-dir", self.data, "--config", self.directory / "fleetwright.toml"),
            *("--mqtt-listen", f"127.0.0.1:{mqtt}", "--api-listen", f"127.0.0.1:{api}"),
            *("--ready-file", self.directory / "ready.json", "--log-format", "json"),
        ]

    def start(self, later=None, faults=None, options=()):
        """Starts it; `later` sets its wall clock ahead, by libfaketime's notation ("+61m");
        `faults` come from faults.py."""
        ready = self.directory / "ready.json"
        ready.unlink(missing_ok=True)
        command = [str(self.binary), "serve", *map(str, self.arguments()), *options]
        environment = clean_environment() | (faults or {})
        if later:
            environment |= _faketime() | {"FAKETIME": later}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command, stdout=output, stderr=output, env=environment
            )
        deadline = time.monotonic() + PATIENCE
        while not (ready.exists() and ready.stat().st_size):
            ended = self.process.poll()
            assert ended is None, f"the server ended with {ended}:\n{self.log.read_text()}"
            assert time.monotonic() < deadline, f"not ready:\n{self.log.read_text()}"
            time.sleep(0.02)
        bound = json.loads(ready.read_text())
        return Server(
            api=f"http://{bound['api']}",
            mqtt=bound["mqtt"],
            root_ca=self.data / "root-ca.pem",
            credentials=self.data / "admin.credentials",
        )

    def stop(self):
        """SIGTERM; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE)

    def kill(self):
        """What a power cut leaves of the process."""
        self.process.kill()
        self.process.wait(timeout=PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.kill()
