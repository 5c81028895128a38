"""Who is not let in: no CONNACK, a closed connection, and a server that goes on."""

import datetime

import pytest

from device import CREATE, VERSIONS, Refused
from fleet import ALLOW_ALL
from identity import self_signed


def unknown(fleet, claim, device):
    return self_signed()


def expired(fleet, claim, device):
    return self_signed(ends_in=-datetime.timedelta(days=1))


def inactive(fleet, claim, device):
    identity = fleet.identity(ALLOW_ALL)
    fleet.set_status(identity, "INACTIVE")
    return identity


def revoked(fleet, claim, device):
    identity = fleet.identity(ALLOW_ALL)
    fleet.set_status(identity, "REVOKED")
    return identity


def pending_activation(fleet, claim, device):
    identity, _ = device(claim).certificate_from_csr()
    assert fleet.status(identity) == "PENDING_ACTIVATION"
    return identity


def deleted(fleet, claim, device):
    identity = fleet.identity()
    fleet.set_status(identity, "INACTIVE")
    fleet.iot.delete_certificate(certificateId=identity.id)
    return identity


def none_at_all(fleet, claim, device):
    return None


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "who",
    [unknown, expired, inactive, revoked, pending_activation, deleted, none_at_all],
)
def test_is_refused_before_mqtt(fleet, claim, device, who, version):
    with pytest.raises(Refused) as caught:
        device(who(fleet, claim, device), version=version)
    assert caught.value.args == (None,)
    device(claim)


DAY = datetime.timedelta(days=1)
CULPRITS = {
    "past its end (notAfter) of {not_after}": {"ends_in": -DAY},
    "not valid yet (notBefore): from {not_before}": {"begins_in": DAY, "ends_in": 2 * DAY},
    "whose critical extensions are 1.2.3.4.5": {"critical": ["1.2.3.4.5"]},
}


@pytest.mark.parametrize("line", CULPRITS)
def test_the_log_names_the_certificate_and_what_is_wrong_with_it(server, device, line):
    culprit = self_signed(**CULPRITS[line])
    with pytest.raises(Refused):
        device(culprit)
    times = {
        "not_before": culprit.certificate.not_valid_before_utc,
        "not_after": culprit.certificate.not_valid_after_utc,
    }
    text = line.format(**{name: f"{time:%Y-%m-%dT%H:%M:%SZ}" for name, time in times.items()})
    log = server.log.read_text()
    told = [each for each in log.splitlines() if culprit.id in each]
    assert told and text in told[0], log[-2000:]


def test_an_active_certificate_without_a_policy_may_not_connect(fleet, device):
    with pytest.raises(Refused) as caught:
        device(fleet.identity())
    assert caught.value.args == (135,)


def test_a_certificate_switched_on_again_is_let_in(fleet, claim, device):
    identity = fleet.claim("*")
    fleet.set_status(identity, "INACTIVE")
    with pytest.raises(Refused):
        device(identity)
    fleet.set_status(identity, "ACTIVE")
    device(identity).accepted(CREATE)
