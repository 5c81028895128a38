"""While memory is short: devices that were here before come in, and strangers later."""

import pytest

from device import Device, MQTTv5, MQTTv311, Refused
from fleet import ALLOW_ALL, Fleet

SERVER_UNAVAILABLE, QUOTA_EXCEEDED = 136, 151
# Nearly four MiB for each of four: 14.5 of 16.
COUNT, SIZE, SILENT = 38, 100_000, 4


def test_strangers_wait_while_memory_is_short(own_server):
    own = own_server("[mqtt]\nmemory-mib = 16")
    server = own.start()
    identity = Fleet(server).identity(ALLOW_ALL)
    options = {"version": MQTTv5}
    Device(server, identity, "known", **options).close()
    with Device(server, identity, "kept", clean=False, expiry=600, **options) as kept:
        kept.subscribe("k")
    # Of MQTT 3.1.1: what they do not acknowledge is kept, to be sent again.
    silent = [
        Device(server, identity, f"silent-{n}",
               configure=lambda client: client.manual_ack_set(True))
        for n in range(SILENT)
    ]  # fmt: skip
    with Device(server, identity, "publisher", **options) as publisher:
        for n, device in enumerate(silent):
            device.subscribe(f"large/{n}")
            for _ in range(COUNT):
                assert publisher.publish(f"large/{n}", bytes(SIZE)) == 0
    for device in silent:
        for _ in range(COUNT):
            device.next()
    for name in ("known", "kept", "publisher"):
        Device(server, identity, name, **options).close()
    for version, code in ((MQTTv5, QUOTA_EXCEEDED), (MQTTv311, SERVER_UNAVAILABLE)):
        with pytest.raises(Refused) as refused:
            Device(server, identity, "stranger", version=version)
        assert refused.value.args == (code,)
    for device in silent:
        device.cut()
    # Who is taken over is gone for certain.
    for n in range(SILENT):
        Device(server, identity, f"silent-{n}", **options).close()
    Device(server, identity, "stranger", **options).close()
    lines = [line for line in own.log.read_text().splitlines() if "LimitReached" in line]
    assert any("seven eighths" in line and '"stranger"' in line for line in lines), lines
