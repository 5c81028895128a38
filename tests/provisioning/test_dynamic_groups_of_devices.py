"""Devices in fleet indexing: who is connected, and the dynamic groups that they enter by it."""

import json
import time

import pytest

from device import Device
from fleet import ALLOW_ALL, AS_ITSELF, Fleet, template_body

# Who came and went is written in the background, soon.
SOON = 10


@pytest.fixture
def indexed(fleet):
    """Connectivity is indexed, with addresses."""

    def switch(mode="STATUS", sockets=("GET_THING_CONNECTIVITY_DATA",)):
        filter = {"connectivity": {"includeSocketInformation": list(sockets)}}
        fleet.iot.update_indexing_configuration(
            thingIndexingConfiguration={
                "thingIndexingMode": "REGISTRY",
                "thingConnectivityIndexingMode": mode,
                "filter": filter,
            }
        )

    switch()
    yield switch
    switch()


@pytest.fixture
def soon():
    """Waits until something is so."""

    def soon(look, wanted):
        deadline = time.monotonic() + SOON
        while (found := look()) != wanted and time.monotonic() < deadline:
            time.sleep(0.02)
        assert found == wanted

    return soon


@pytest.fixture
def connectivity(fleet):
    def connectivity(name, **more):
        answer = fleet.iot.get_thing_connectivity_data(thingName=name, **more)
        return answer["connected"], answer["disconnectReason"]

    return connectivity


@pytest.fixture
def thing(fleet):
    """A thing with an identity that connects under its name."""
    name = fleet.unique("thing")
    fleet.iot.create_thing(thingName=name)
    return name, fleet.identity(ALLOW_ALL)


@pytest.fixture
def group(fleet):
    """Makes dynamic groups; gives what tells who is in one."""
    made = []

    def make(query):
        made.append(fleet.unique("dynamic"))
        name = made[-1]
        fleet.iot.create_dynamic_thing_group(thingGroupName=name, queryString=query)
        return lambda: fleet.iot.list_things_in_thing_group(thingGroupName=name)["things"]

    yield make
    for name in made:
        fleet.iot.delete_dynamic_thing_group(thingGroupName=name)


def test_who_connects_and_goes_is_told(fleet, indexed, thing, connectivity, soon):
    name, identity = thing
    assert connectivity(name) == (False, "UNKNOWN")
    before = time.time()
    with Device(fleet.server, identity, name, keepalive=45):
        soon(lambda: connectivity(name), (True, "NONE"))
        answer = fleet.iot.get_thing_connectivity_data(
            thingName=name, includeSocketInformation=True
        )
        assert before - 1 < answer["timestamp"].timestamp() < time.time() + 1
        assert (answer["keepAliveDuration"], answer["clientId"]) == (45, name)
        assert answer["sourceIp"] == answer["targetIp"] == "127.0.0.1"
        assert str(answer["targetPort"]) == fleet.server.mqtt.rpartition(":")[2]
        quiet = fleet.iot.get_thing_connectivity_data(thingName=name)
        assert "sourceIp" not in quiet
        indexed(sockets=())
        hidden = fleet.iot.get_thing_connectivity_data(
            thingName=name, includeSocketInformation=True
        )
        assert hidden["connected"] and "sourceIp" not in hidden
        query = f"connectivity.connected:true AND thingName:{name}"
        found = fleet.iot.search_index(queryString=query)["things"]
        assert found[0]["connectivity"]["connected"] is True
        assert found[0]["connectivity"]["timestamp"] == int(answer["timestamp"].timestamp() * 1000)
    soon(lambda: connectivity(name), (False, "CLIENT_INITIATED_DISCONNECT"))
    query = f"thingName:{name} connectivity.disconnectReason:client_initiated_disconnect"
    assert len(fleet.iot.search_index(queryString=query)["things"]) == 1
    assert fleet.iot.search_index(queryString=f"{query} connectivity.connected:true")["things"] == []


def test_a_taken_over_client_id_stays_connected(fleet, indexed, thing, connectivity, soon):
    name, identity = thing
    with Device(fleet.server, identity, name):
        with Device(fleet.server, identity, name):
            soon(lambda: connectivity(name), (True, "NONE"))
            time.sleep(0.3)
            assert connectivity(name) == (True, "NONE")


def test_who_is_there_when_it_is_switched_on_is_told(fleet, indexed, thing, connectivity, soon):
    name, identity = thing
    indexed("OFF")
    with Device(fleet.server, identity, name):
        indexed()
        soon(lambda: connectivity(name), (True, "NONE"))
    soon(lambda: connectivity(name), (False, "CLIENT_INITIATED_DISCONNECT"))


def test_a_device_whose_thing_is_made_while_it_is_there_is_told(fleet, indexed, connectivity, soon):
    name, identity = fleet.unique("thing"), fleet.identity(ALLOW_ALL)
    with Device(fleet.server, identity, name):
        fleet.iot.create_thing(thingName=name)
        soon(lambda: connectivity(name), (True, "NONE"))


def test_a_group_of_connected_things_follows_them(fleet, indexed, thing, group, soon):
    name, identity = thing
    connected = group(f"connectivity.connected:true AND thingName:{name}")
    gone = group(f"connectivity.connected:false AND thingName:{name}")
    # One that never connected is not connected.
    assert (connected(), gone()) == ([], [name])
    with Device(fleet.server, identity, name):
        soon(connected, [name])
        soon(gone, [])
    soon(gone, [name])
    assert connected() == []


def test_a_device_that_is_provisioned_by_claim_enters_its_group_at_once(fleet, indexed, group):
    mark = fleet.unique("site")
    members = group(f"attributes.site:{mark}")
    policy = fleet.policy(*AS_ITSELF)
    thing = {"AttributePayload": {"site": mark, "serial": {"Ref": "SerialNumber"}}}
    template = fleet.template(template_body(policy, thing=thing))
    claim, serial = fleet.claim(template), fleet.unique("s")
    fleet.device(claim, template, serial)
    assert members() == [f"sensor-{serial}"]


def test_a_template_cannot_put_a_thing_into_a_dynamic_group(fleet, indexed, device):
    name = fleet.unique("dynamic")
    fleet.iot.create_dynamic_thing_group(thingGroupName=name, queryString="thingName:nothing")
    body = template_body(fleet.policy(*AS_ITSELF), thing={"ThingGroups": [name]})
    template = fleet.template(body)
    asking = device(fleet.claim(template))
    _, token = asking.certificate_from_csr()
    answer = asking.register(template, token, SerialNumber=fleet.unique("s"))
    assert not answer.accepted
    assert "dynamic" in answer.body["errorMessage"]
    fleet.iot.delete_dynamic_thing_group(thingGroupName=name)


def test_nobody_is_connected_to_a_server_that_starts(own_server, soon):
    own = own_server()
    fleet = Fleet(own.start())
    fleet.iot.update_indexing_configuration(
        thingIndexingConfiguration={
            "thingIndexingMode": "REGISTRY",
            "thingConnectivityIndexingMode": "STATUS",
        }
    )
    names = [fleet.unique("thing") for _ in range(2)]
    for name in names:
        fleet.iot.create_thing(thingName=name)
    fleet.iot.create_dynamic_thing_group(
        thingGroupName="online", queryString="connectivity.connected:true"
    )

    def online():
        return fleet.iot.list_things_in_thing_group(thingGroupName="online")["things"]

    def reasons():
        answers = [fleet.iot.get_thing_connectivity_data(thingName=name) for name in names]
        return [(answer["connected"], answer["disconnectReason"]) for answer in answers]

    identity = fleet.identity(ALLOW_ALL)
    devices = [Device(fleet.server, identity, name) for name in names]
    soon(online, names)
    own.kill()
    fleet = Fleet(own.start())
    assert reasons() == [(False, "SERVER_ERROR")] * 2
    soon(online, [])
    # A new connection counts, though its number begins anew.
    devices += [Device(fleet.server, identity, name) for name in names]
    soon(online, names)
    own.stop()
    fleet = Fleet(own.start())
    assert reasons() == [(False, "SERVER_INITIATED_DISCONNECT")] * 2
    for device in devices:
        device.close()


def test_entering_and_leaving_a_dynamic_group_is_an_event(fleet, indexed, group, device):
    name = fleet.unique("thing")
    kind = {"THING_GROUP_MEMBERSHIP": {"Enabled": True}}
    fleet.iot.update_event_configurations(eventConfigurations=kind)
    hearing = device(fleet.identity(ALLOW_ALL))
    group(f"thingName:{name} attributes.warm:yes")
    assert hearing.subscribe("$aws/events/thingGroupMembership/#") == [1]
    fleet.iot.create_thing(thingName=name, attributePayload={"attributes": {"warm": "yes"}})
    fleet.iot.update_thing(thingName=name, attributePayload={"attributes": {"warm": "no"}})
    heard = []
    while len(heard) < 2:
        body = json.loads(hearing.next().payload)
        if body["thingArn"].endswith(f"/{name}"):
            heard.append(body["operation"])
    assert heard == ["ADDED", "REMOVED"]
    kind["THING_GROUP_MEMBERSHIP"]["Enabled"] = False
    fleet.iot.update_event_configurations(eventConfigurations=kind)
