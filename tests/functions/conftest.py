"""Functions that really run: servers with AWS's runtime interface clients."""

import subprocess

import pytest

from deploying import Site
from serving import BINARY, ROOT, OwnServer, clean_environment

# Installed once for all servers; beside the foreign clients, for they come from registries too.
INSTALLED = ROOT / ".venv" / "functions-data"
RUNTIMES = INSTALLED / "functions" / "runtimes"


@pytest.fixture(scope="session")
def runtimes():
    """The directory of the runtime interface clients, installed by our own command."""
    for kind in ("python", "nodejs"):
        if not list(RUNTIMES.glob(f"{kind}*")):
            command = [BINARY, "function", "install-runtime", kind, "--data-dir", str(INSTALLED)]
            done = subprocess.run(
                command, env=clean_environment(), capture_output=True, text=True, timeout=1200
            )
            assert done.returncode == 0, done.stderr
    return RUNTIMES


@pytest.fixture(scope="session")
def serve(tmp_path_factory, runtimes):
    """Starts servers that run functions; they end with the session."""
    started = []

    def start(functions="", more=""):
        config = f'[provisioning]\nkey-pool-capacity = 1\n[functions]\nruntimes-dir = "{runtimes}"\n'
        own = OwnServer(tmp_path_factory.mktemp("functions"), f"{config}{functions}\n{more}\n")
        started.append(own)
        return Site(own.start(), own)

    yield start
    for own in started:
        own.__exit__()


@pytest.fixture(scope="session")
def site(serve):
    """The server that the tests of this folder share."""
    return serve()


@pytest.fixture(scope="session")
def claim(site):
    return site.claim("*")
