"""What operators do with data directories. The helpers of tests/provisioning are at hand here too."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "provisioning"))

from serving import OwnServer  # noqa: E402

CONFIG = "[provisioning]\nkey-pool-capacity = 4\n"


@pytest.fixture
def own(tmp_path):
    with OwnServer(tmp_path / "site", CONFIG) as own:
        yield own


@pytest.fixture
def elsewhere(tmp_path):
    """A server on a directory that is not there yet, such as one to be restored."""
    with OwnServer(tmp_path / "elsewhere", CONFIG) as own:
        yield own
