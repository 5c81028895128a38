"""Rates of one connection: who publishes too often is read more slowly, and loses nothing."""

from device import Device
from fleet import ALLOW_ALL, Fleet


def test_who_publishes_too_often_waits(own_server):
    own = own_server("[mqtt]\npublishes-per-second = 5")
    server = own.start()
    identity = Fleet(server).identity(ALLOW_ALL)
    with Device(server, identity, "often") as often, Device(server, identity, "hears") as hears:
        hears.subscribe("often")
        for number in range(9):
            often.send("often", str(number), qos=1)
        assert [hears.next().payload for _ in range(9)] == [b"%d" % number for number in range(9)]
    lines = [line for line in own.log.read_text().splitlines() if "LimitReached" in line]
    assert len(lines) == 1 and "publishes-per-second" in lines[0] and "often" in lines[0]
