"""What the hour of an ownership token means to its certificate. The clock is the server's own,
set ahead by libfaketime."""

import time

import pytest
from botocore.exceptions import ClientError

from device import Device
from fleet import AS_ITSELF, Fleet, template_body
from serving import PATIENCE


def wait_for(own, text):
    deadline = time.monotonic() + PATIENCE
    while text not in own.log.read_text():
        assert time.monotonic() < deadline, own.log.read_text()
        time.sleep(0.05)


@pytest.fixture(scope="module")
def after_the_hour(own_server):
    """A fleet with a certificate that was registered, one that was not, and its token."""
    own = own_server()
    fleet = Fleet(own.start())
    claim, template = fleet.claim("*"), fleet.template(template_body(fleet.policy(*AS_ITSELF)))
    registered = fleet.device(claim, template, "SN-1")
    with Device(fleet.server, claim) as device:
        left, token = device.certificate_from_csr()
    return own, fleet, claim, template, registered, left, token


def test_v13_a_certificate_that_nobody_registered_is_gone_after_an_hour(after_the_hour):
    own, fleet, claim, template, registered, left, token = after_the_hour
    assert own.stop() == 0
    own.start(later="+58m")
    assert own.stop() == 0
    fleet.server = own.start()
    assert (fleet.status(left), fleet.status(registered)) == ("PENDING_ACTIVATION", "ACTIVE")
    assert own.stop() == 0
    own.start(later="+61m")
    wait_for(own, "deleted certificates that nobody registered")
    assert own.stop() == 0
    fleet.server = own.start()
    assert fleet.status(registered) == "ACTIVE"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        fleet.status(left)
    with Device(fleet.server, claim) as device:
        refused = device.register(template, token, SerialNumber="SN-2")
    assert refused.body["errorCode"] == "InvalidCertificateOwnershipToken"
