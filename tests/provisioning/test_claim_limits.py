"""`[claims]`: optional limits of claim certificates, off unless configured."""

import pytest

from device import CREATE_FROM_CSR, Device, rejection
from fleet import Fleet
from identity import make_csr, make_key


@pytest.fixture(scope="module")
def limited(own_server):
    """A server with one claim certificate for each limit, and one without any."""
    own = own_server()
    fleet = Fleet(own.start())
    claims = {name: fleet.claim("*") for name in ("rate", "devices", "expires", "later", "free")}
    template = fleet.template()
    assert own.stop() == 0
    limits = {
        "rate": "requests-per-second = 3",
        "devices": "max-devices = 2",
        "expires": "expires = 1600000000",
        "later": "expires = 4000000000",
    }
    config = ["[provisioning]", "key-pool-capacity = 1"]
    for name, limit in limits.items():
        config += [f"[claims.certificates.{claims[name].id}]", limit]
    own.configure("\n".join(config))
    fleet.server = own.start()
    return fleet, claims, template


def test_requests_above_the_rate_are_told_to_come_later(limited):
    fleet, claims, _ = limited
    csr = make_csr(make_key())
    with Device(fleet.server, claims["rate"]) as asking:
        pipelined = [
            asking.send(f"{CREATE_FROM_CSR}/json", f'{{"x": "{n}"}}'.encode()) for n in range(30)
        ]
        codes = [rejection(asking.answer(CREATE_FROM_CSR).body)[:2] for _ in pipelined]
    # Whatever the machine's speed: the first ones are looked at, most of thirty at once are not.
    assert codes[:3] == [(400, "InvalidRequest")] * 3
    assert codes.count((429, "Throttling")) > 10
    with Device(fleet.server, claims["free"]) as asking:
        for _ in range(10):
            asking.accepted(CREATE_FROM_CSR, {"certificateSigningRequest": csr})


def test_a_claim_registers_no_more_devices_than_it_may(limited):
    fleet, claims, template = limited
    with Device(fleet.server, claims["devices"]) as asking:
        tokens = [asking.certificate_from_csr()[1] for _ in range(3)]
        answers = [
            asking.register(template, token, SerialNumber=f"limited-{n}")
            for n, token in enumerate(tokens)
        ]
        assert [answer.accepted for answer in answers] == [True, True, False]
        assert rejection(answers[2].body)[0] == 403
        assert not fleet.exists("sensor-limited-2")
        # A retry is no further device.
        assert asking.register(template, tokens[0], SerialNumber="limited-0") == answers[0]
    with Device(fleet.server, claims["free"]) as asking:
        assert asking.register(template, tokens[2], SerialNumber="limited-2").accepted


def test_an_expired_claim_provisions_nobody(limited):
    fleet, claims, template = limited
    with Device(fleet.server, claims["expires"]) as asking:
        csr = {"certificateSigningRequest": make_csr(make_key())}
        assert asking.rejected(CREATE_FROM_CSR, csr)[:2] == (403, "AccessDenied")
    with Device(fleet.server, claims["later"]) as asking:
        _, token = asking.certificate_from_csr()
        assert asking.register(template, token, SerialNumber="later").accepted
