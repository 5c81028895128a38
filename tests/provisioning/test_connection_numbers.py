"""Lifecycle events tell connections apart and in order, whatever happens to the server."""

import json
import threading

import pytest

from device import Device, Refused
from faults import full_while
from fleet import ALLOW_ALL, Fleet, allow


def connect(fleet, identity, client, refused=None):
    """Connects, and is refused with another identity; gives the three events."""
    with Device(fleet.server, identity, client_id="hearing") as hearing:
        assert hearing.subscribe("$aws/events/presence/#") == [1]
        with Device(fleet.server, identity, client_id=client):
            pass
        with pytest.raises(Refused):
            Device(fleet.server, refused, client_id=client)
        told = []
        while len(told) < 3:
            message = hearing.next()
            if message.topic.endswith(f"/{client}"):
                told.append(json.loads(message.payload))
        return {event["eventType"]: event for event in told}


def test_numbers_rise_and_sessions_differ_over_restarts_crashes_and_a_clock_set_back(own_server):
    own = own_server()
    fleet = Fleet(own.start())
    identity, stranger = fleet.identity(ALLOW_ALL), fleet.identity(allow("iot:Publish", "*"))
    told = [connect(fleet, identity, "lamp", stranger) for _ in range(2)]
    # Set ahead and then back: certificates are not valid before they were made.
    clocks = [(own.stop, None), (own.kill, None), (own.kill, "+6h"), (own.kill, "+3h")]
    for end, later in [*clocks, (own.stop, None)]:
        end()
        fleet.server = own.start(later=later)
        told += [connect(fleet, identity, "lamp", stranger) for _ in range(2)]
    assert own.stop() == 0
    begun = [events["connected"] for events in told]
    ended = [events["disconnected"] for events in told]
    numbers = [event["versionNumber"] for event in begun]
    assert numbers == [event["versionNumber"] for event in ended]
    assert numbers == sorted(set(numbers)) and 1_600_000_000_000 < numbers[0]
    assert numbers[-1] < 2**53
    sessions = [event["sessionIdentifier"] for event in begun]
    assert sessions == [event["sessionIdentifier"] for event in ended]
    sessions += [events["connect_failed"]["sessionIdentifier"] for events in told]
    assert len(set(sessions)) == len(sessions) == 2 * len(told)


def test_on_a_disk_that_is_full_since_before_the_start_nobody_connects_until_it_has_room(
    own_server, tmp_path
):
    own, full = own_server(), tmp_path / "full"
    fleet = Fleet(own.start())
    identity = fleet.identity(ALLOW_ALL)
    own.kill()
    full.touch()
    fleet.server = own.start(faults=full_while(own.data, full))
    with pytest.raises(Refused):
        Device(fleet.server, identity, client_id="lamp")
    assert "numbers of connections cannot be reserved" in own.log.read_text()
    # Who connects as the disk gets its room has to wait for a moment, and is not refused.
    threading.Timer(0.5, full.unlink).start()
    Device(fleet.server, identity, client_id="lamp").close()
    Device(fleet.server, identity, client_id="another").close()
    assert own.stop() == 0
