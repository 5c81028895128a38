"""Functions that really run: servers with AWS's runtime interface clients."""

import os
import pathlib
import pwd
import shutil
import tempfile

import pytest

from deploying import Site
from serving import BINARY, OwnServer


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


@pytest.fixture(scope="session")
def site_of_nobody(runtimes):
    """Gives a server that runs as an unprivileged user, the same each time; only root can."""
    with tempfile.TemporaryDirectory() as directory:
        started = []

        def start():
            if os.getuid() != 0:
                pytest.skip("only root can start a server as somebody else")
            if not started:
                started.append(_as_nobody(pathlib.Path(directory), runtimes))
            return started[0]

        yield start
        for site in started:
            site.own.__exit__()


def _as_nobody(place, runtimes):
    nobody = pwd.getpwnam("nobody")
    # Where pytest's own directories are, nobody else may look.
    place.chmod(0o755)
    shutil.copy2(BINARY, place / "fleetwright")
    for runtime in runtimes.glob("python*"):
        shutil.copytree(runtime, place / "runtimes" / runtime.name)
    wrapper = place / "as-nobody"
    wrapper.write_text(
        f"#!/bin/sh\nexec setpriv --reuid {nobody.pw_uid} --regid {nobody.pw_gid} "
        f'--clear-groups {place}/fleetwright "$@"\n'
    )
    wrapper.chmod(0o755)
    home = place / "home"
    home.mkdir()
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    config = (
        "[provisioning]\nkey-pool-capacity = 1\n"
        f'[functions]\nruntimes-dir = "{place}/runtimes"\n'
    )
    own = OwnServer(home, config, binary=wrapper)
    return Site(own.start(), own)
