"""Functions that really run: servers with AWS's runtime interface clients."""

import pytest

from deploying import Site
from serving import OwnServer


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
