"""A running server for foreign clients.

By default each test session starts its own `fleetwright serve` in a new directory. The environment
changes that:

FLEETWRIGHT_BIN   the command to start (default: target/debug/fleetwright)
FLEETWRIGHT_API   URL of the control plane of a server that runs already; then also
                  AWS_SHARED_CREDENTIALS_FILE, FLEETWRIGHT_MQTT (host:port) and
                  FLEETWRIGHT_ROOT_CA (a file) of that server
"""

import contextlib
import itertools
import json
import os
import pathlib
import signal
import subprocess
import time
import uuid

import pytest

from running import Server, with_hook_urls

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("FLEETWRIGHT_BIN", str(ROOT / "target/debug/fleetwright"))
START_SECONDS = 60
INSTALL_SECONDS = 1200
# Runtime interface clients, installed once for all servers; beside the foreign clients, for they
# come from registries too.
INSTALLED = ROOT / ".venv/functions-data"
RUNTIMES = INSTALLED / "functions/runtimes"


def clean_environment():
    return {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "FLEETWRIGHT_"))}


def _wait_until_ready(process, ready, log):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.exit(f"the server ended with {process.returncode}:\n{log.read_text()}", 1)
        if ready.exists() and ready.stat().st_size:
            return json.loads(ready.read_text())
        time.sleep(0.05)
    process.kill()
    pytest.exit(f"the server was not ready after {START_SECONDS} s:\n{log.read_text()}", 1)


@contextlib.contextmanager
def _serving(directory, settings):
    """`fleetwright serve` in a new directory, with further settings."""
    data, ready, log = directory / "data", directory / "ready.json", directory / "server.log"
    buckets, config = directory / "buckets", directory / "fleetwright.toml"
    buckets.mkdir()
    # A directory that a configuration names must be there, also before the first runtime is.
    RUNTIMES.mkdir(parents=True, exist_ok=True)
    functions = f'[functions]\nruntimes-dir = "{RUNTIMES}"\n'
    config.write_text(with_hook_urls(f'[bulk]\ndirectory = "{buckets}"\n{functions}{settings}'))
    command = [BINARY, "serve", "--data-dir", data, "--ready-file", ready, "--config", config]
    command += ["--mqtt-listen", "127.0.0.1:0", "--api-listen", "127.0.0.1:0"]
    clean = clean_environment()
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=clean)
    try:
        bound = _wait_until_ready(process, ready, log)
        yield Server(
            api=f"http://{bound['api']}",
            mqtt=bound["mqtt"],
            root_ca=data / "root-ca.pem",
            credentials=data / "admin.credentials",
            buckets=buckets,
            registry=data / "fleetwright.db",
            log=log,
        )
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode == 0, log.read_text()


@pytest.fixture(scope="session")
def start_server(tmp_path_factory):
    """Starts a server that runs until the session ends."""
    with contextlib.ExitStack() as running:

        def start(name, settings=""):
            return running.enter_context(_serving(tmp_path_factory.mktemp(name), settings))

        yield start


@pytest.fixture(scope="session")
def runtimes():
    """The directory of AWS's runtime interface clients, installed by our own command."""
    # What each has since it was first installed.
    newest = {"python": "python*", "nodejs": "nodejs*/node_modules/@aws-sdk/client-iot"}
    for kind, part in newest.items():
        if not list(RUNTIMES.glob(part)):
            command = [BINARY, "function", "install-runtime", kind, "--data-dir", str(INSTALLED)]
            done = subprocess.run(
                command,
                env=clean_environment(),
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
            )
            assert done.returncode == 0, done.stderr
    return RUNTIMES


@pytest.fixture(scope="session")
def server(request):
    """The server that all tests of the session share; names of resources are unique per test."""
    if os.environ.get("FLEETWRIGHT_API"):
        yield Server(
            api=os.environ["FLEETWRIGHT_API"],
            mqtt=os.environ.get("FLEETWRIGHT_MQTT", ""),
            root_ca=pathlib.Path(os.environ.get("FLEETWRIGHT_ROOT_CA", "")),
            credentials=pathlib.Path(os.environ["AWS_SHARED_CREDENTIALS_FILE"]),
        )
        return
    yield request.getfixturevalue("start_server")("fleetwright")


@pytest.fixture
def unique():
    """Makes names that no other test uses, short enough for a template's."""
    prefix, count = uuid.uuid4().hex[:10], itertools.count()
    return lambda kind: f"{kind}-{prefix}-{next(count)}"
