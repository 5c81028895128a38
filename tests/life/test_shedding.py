"""While memory is short and nobody who holds much can make room: devices that were here before come in,
and strangers later."""

import pytest

from device import Device, MQTTv5, MQTTv311, Refused
from fleet import ALLOW_ALL, Fleet
from packets import CONNACK, PUBLISH, SUBACK, V311, Wire, connect, subscribe

SERVER_UNAVAILABLE, QUOTA_EXCEEDED = 136, 151
# Of 16 MiB, twelve for wills; and of each of many so little that it is let alone.
WILLS, WILL, MANY, LITTLE = 200, 60_000, 260, 15_000


def open_one(server, identity, n):
    """A connection of MQTT 3.1.1, with a will as long as there is room for wills."""
    for will in [("will", bytes(WILL), 0, False), None] if n < WILLS else [None]:
        wire = Wire(server, identity)
        wire.send(connect(f"light-{n}", level=V311, will=will))
        if wire.expect(CONNACK)[1] == 0:
            wire.send(subscribe(f"little/{n}", qos=1, level=V311))
            wire.expect(SUBACK)
            return wire
        wire.tls.close()
    raise AssertionError(f"{n} cannot connect")


def test_strangers_wait_while_memory_is_short(own_server):
    own = own_server("[mqtt]\nmemory-mib = 16")
    server = own.start()
    identity = Fleet(server).identity(ALLOW_ALL)
    options = {"version": MQTTv5}
    Device(server, identity, "known", **options).close()
    with Device(server, identity, "kept", clean=False, expiry=600, **options) as kept:
        kept.subscribe("k")
    light = [open_one(server, identity, n) for n in range(MANY)]
    with Device(server, identity, "publisher", **options) as publisher:
        for n, wire in enumerate(light):
            # Not acknowledged: it is kept, to be sent again.
            assert publisher.publish(f"little/{n}", bytes(LITTLE)) == 0
            wire.expect(PUBLISH)
    for name in ("known", "kept", "publisher"):
        Device(server, identity, name, **options).close()
    for version, code in ((MQTTv5, QUOTA_EXCEEDED), (MQTTv311, SERVER_UNAVAILABLE)):
        with pytest.raises(Refused) as refused:
            Device(server, identity, "stranger", version=version)
        assert refused.value.args == (code,)
    for wire in light:
        wire.send(b"\xe0\x00")
        wire.rest()
    Device(server, identity, "stranger", **options).close()
    lines = [line for line in own.log.read_text().splitlines() if "LimitReached" in line]
    assert any("fifteen sixteenths" in line and '"stranger"' in line for line in lines), lines
