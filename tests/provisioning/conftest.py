"""Devices on the wire: fleet provisioning and policies, through foreign clients.

`fleet` is the account of the server that the whole session shares; tests that configure, stop or
kill a server start their own with `own_server`.
"""

import pytest

from device import Device
from fleet import AS_ITSELF, Fleet, template_body
from hooks import Hooks
from serving import OwnServer


@pytest.fixture(scope="session")
def fleet(server):
    return Fleet(server)


@pytest.fixture(scope="session")
def hooks():
    hooks = Hooks()
    yield hooks
    hooks.close()


@pytest.fixture(scope="module")
def template(fleet):
    """A template that makes `sensor-SERIAL`, an ACTIVE certificate and `AS_ITSELF`."""
    return fleet.template(template_body(fleet.policy(*AS_ITSELF)))


@pytest.fixture(scope="module")
def claim(fleet):
    """A claim certificate for every template."""
    return fleet.claim("*")


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

    def make(config="", keys_ahead=1):
        config = f"[provisioning]\nkey-pool-capacity = {keys_ahead}\n{config}\n"
        made.append(OwnServer(tmp_path_factory.mktemp("own"), config))
        return made[-1]

    yield make
    for each in made:
        each.__exit__()
