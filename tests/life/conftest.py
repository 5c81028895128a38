"""The life of a provisioned device: sessions, shadows, jobs, credentials, every way in.

`fleet` is the account of the server that the whole session shares; `own_server` makes further ones.
"""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "provisioning"))

from device import Device  # noqa: E402
from fleet import ALLOW_ALL, Fleet  # noqa: E402
from serving import OwnServer  # noqa: E402


@pytest.fixture(scope="session")
def fleet(server):
    return Fleet(server)


@pytest.fixture(scope="session")
def someone(fleet):
    """A device that may do everything."""
    return fleet.identity(ALLOW_ALL)


@pytest.fixture
def device(server):
    """Opens connections that end with the test."""
    opened = []

    def connect(identity, *arguments, **options):
        opened.append(Device(server, identity, *arguments, **options))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


@pytest.fixture(scope="module")
def own_server(tmp_path_factory):
    """Makes servers that end with the module; few keys ahead leave the machine to the tests."""
    made = []

    def make(config=""):
        config = f"[provisioning]\nkey-pool-capacity = 1\n{config}\n"
        made.append(OwnServer(tmp_path_factory.mktemp("own"), config))
        return made[-1]

    yield make
    for each in made:
        each.__exit__()
